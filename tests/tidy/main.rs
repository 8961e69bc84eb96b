//! Project rules that the compiler and clippy do not check: the import graph has no circles and
//! keeps its borders, AWS clients are fenced, names are unique, comments are plain.
//!
//! A rule is a function from what was read to complaints; beside each is a sample that it
//! complains about. Deliberately absent: formatting and lints; rustfmt and clippy have them.

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

/// What the rules examine.
struct Project {
    sources: Sources,
    graph: Graph,
    types: Names,
}

/// Read once for all tests of the process.
fn project() -> &'static Project {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    PROJECT.get_or_init(|| {
        let sources = sources::tracked_texts();
        assert!(sources.len() > 20, "the tree was not found");
        let modules = Modules::of(&sources);
        Project {
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
    holds(&texts::texts_are_tidy(&project().sources));
}

#[test]
fn every_file_is_read_and_declared() {
    holds(&project().graph.problems);
}

#[test]
fn no_two_files_import_each_other_in_a_loop() {
    holds(&graph::no_two_files_import_each_other_in_a_loop(
        &project().graph,
    ));
}

#[test]
fn a_message_crosses_few_rooms() {
    let Project { graph, sources, .. } = project();
    holds(&rooms::a_message_crosses_few_rooms(graph, sources));
}

#[test]
fn tokio_stays_in_the_shell() {
    holds(&borders::tokio_stays_in_the_shell(&project().graph));
}

#[test]
fn the_sdk_stays_behind_its_border() {
    holds(&borders::the_sdk_stays_behind_its_border(
        &project().sources,
    ));
}

#[test]
fn aws_is_used_by_the_estate_only() {
    holds(&borders::aws_is_used_by_the_estate_only(&project().graph));
}

#[test]
fn pure_rooms_reach_nothing_impure() {
    holds(&borders::pure_rooms_reach_nothing_impure(&project().graph));
}

#[test]
fn pure_rooms_name_nothing_real() {
    holds(&borders::pure_rooms_name_nothing_real(&project().graph));
}

#[test]
fn the_judge_reads_the_world() {
    holds(&borders::the_judge_reads_the_world(&project().graph));
}

#[test]
fn the_machine_needs_little() {
    holds(&borders::the_machine_needs_little(&project().sources));
}

#[test]
fn clients_are_fenced() {
    holds(&clients::clients_are_fenced(&project().graph));
}

#[test]
fn type_names_are_unique() {
    holds(&names::type_names_are_unique(&project().types));
}

#[test]
fn comments_are_plain() {
    holds(&words::comments_are_plain(&project().sources));
}

/// Written to stdout directly: the test harness shows what `println!` prints for failures only.
#[test]
fn the_import_graph_is_printed() {
    let Project {
        sources,
        graph,
        types,
    } = project();
    let circles = graph.circles().len();
    let picture = format!(
        "\n{}circles: {circles}\n{}{}{}",
        rooms::picture(graph),
        rooms::message_path(),
        names::picture(types),
        words::picture(sources)
    );
    let written = std::io::stdout().lock().write_all(picture.as_bytes());
    assert!(written.is_ok(), "{written:?}");
}
