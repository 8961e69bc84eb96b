//! The habits of the house that a compiler does not know: lengths, headers, borders, circles,
//! names, words.
//!
//! Each rule is a function from what was read to complaints, and is shown beside its definition
//! to complain about a bad sample. The tree is read once, paths are resolved as the compiler
//! does. Deliberately absent: formatting and lints; rustfmt and clippy have them.

mod borders;
mod clients;
mod code;
mod graph;
mod imports;
mod mentions;
mod modules;
mod names;
mod resolve;
mod rooms;
mod sources;
mod texts;
mod words;

use graph::Graph;
use modules::Modules;
use names::Names;
use sources::Sources;
use std::io::Write as _;
use std::sync::OnceLock;

/// What the rules are about.
struct House {
    sources: Sources,
    graph: Graph,
    types: Names,
}

/// Read once for all tests.
fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(|| {
        let sources = sources::tracked_texts();
        assert!(sources.len() > 20, "the tree was not found");
        let modules = Modules::of(&sources);
        House {
            graph: Graph::of(&sources, &modules),
            types: names::types(&modules),
            sources,
        }
    })
}

fn holds(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn texts_are_tidy() {
    holds(&texts::texts_are_tidy(&house().sources));
}

#[test]
fn every_file_is_read_and_declared() {
    holds(&house().graph.problems);
}

#[test]
fn no_two_files_import_each_other_in_a_loop() {
    holds(&graph::no_two_files_import_each_other_in_a_loop(
        &house().graph,
    ));
}

#[test]
fn a_message_takes_a_short_way() {
    let House { graph, sources, .. } = house();
    holds(&rooms::a_message_takes_a_short_way(graph, sources));
}

#[test]
fn tokio_stays_in_the_shell() {
    holds(&borders::tokio_stays_in_the_shell(&house().graph));
}

#[test]
fn the_sdk_stays_behind_its_border() {
    holds(&borders::the_sdk_stays_behind_its_border(&house().sources));
}

#[test]
fn pure_rooms_reach_nothing_impure() {
    holds(&borders::pure_rooms_reach_nothing_impure(&house().graph));
}

#[test]
fn pure_rooms_name_nothing_real() {
    holds(&borders::pure_rooms_name_nothing_real(&house().graph));
}

#[test]
fn the_machine_needs_little() {
    holds(&borders::the_machine_needs_little(&house().sources));
}

#[test]
fn clients_are_fenced() {
    holds(&clients::clients_are_fenced(&house().graph));
}

#[test]
fn type_names_are_unique() {
    holds(&names::type_names_are_unique(&house().types));
}

#[test]
fn comments_are_plain() {
    holds(&words::comments_are_plain(&house().sources));
}

/// Written past the test harness, which would show it for failures only: the picture is to be
/// read when all is well.
#[test]
fn the_house_is_drawn() {
    let House {
        sources,
        graph,
        types,
    } = house();
    let circles = graph.circles().len();
    let picture = format!(
        "\n{}circles: {circles}\n{}{}{}",
        rooms::picture(graph),
        rooms::way(),
        names::picture(types),
        words::picture(sources)
    );
    let written = std::io::stdout().lock().write_all(picture.as_bytes());
    assert!(written.is_ok(), "{written:?}");
}
