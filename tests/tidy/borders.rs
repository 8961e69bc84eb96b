//! Which rooms may name or reach tokio, the AWS SDK, clocks and sockets.
//!
//! Names are judged after imports are resolved, reach over the whole import graph. Deliberately
//! absent: tests, which may use anything but the SDK.

use crate::code::code_only;
use crate::graph::{Foreign, Graph};
use crate::rooms::room;
use crate::sources::Sources;
use crate::texts::mentions;
use std::collections::BTreeMap;

/// Where tokio may be named.
const TOKIO: [&str; 7] = [
    "src/cli/",
    "src/daemon/",
    "src/estate/",
    "src/aws/",
    "bootstrap/src/apply/",
    "bootstrap/src/observe/",
    "bootstrap/src/aws/",
];
/// Where the SDK may be named, tests included.
const SDK: [&str; 4] = [
    "src/aws/",
    "bootstrap/src/apply/",
    "bootstrap/src/observe/",
    "bootstrap/src/aws/",
];
/// Who may import a file of `src/aws`: nothing else names a type of AWS.
const AWS_USERS: [&str; 5] = [
    "src/aws/",
    "src/estate/",
    // Reads `drd.toml` from the standby's bucket: before it is read there is no estate.
    "src/cli/fetch_config.rs",
    // The ledger's table is the daemon's store, not a part of what is failed over.
    "src/daemon/table_store.rs",
    // Makes the SDK's configuration for preflight, which runs before an estate exists.
    "src/doctor/mod.rs",
];
/// How the crates of the SDK are called.
const SDK_NAMES: [&str; 3] = ["aws_sdk_", "aws_config", "aws_smithy"];
/// Rooms that build without the SDK and run on virtual time.
const PURE: [&str; 10] = [
    "engine", "ledger", "intake", "config", "lab", "metrics", "status", "report", "history",
    "evidence",
];
/// Rooms that a pure room does not reach, directly or not.
const IMPURE: [&str; 3] = ["aws", "daemon", "estate"];
/// Files of those rooms that hold values only; the rules for pure rooms apply to them.
const PURE_FILES: [&str; 1] = ["src/estate/error.rs"];
/// Crates that a pure room does not name.
const REAL_CRATES: [&str; 3] = ["tokio", "hyper", "axum"];
/// Clocks that a pure room does not name, of whatever crate.
const REAL_ITEMS: [&str; 2] = ["SystemTime", "Instant"];
/// What a pure room may name of `std::net`: addresses, which are values.
const ADDRESSES: [&str; 6] = [
    "AddrParseError",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "SocketAddr",
    "SocketAddrV4",
];
/// All that the state machine may depend on, and therefore name.
const MACHINE_NEEDS: [&str; 3] = ["serde", "statig", "thiserror"];

/// Where rehearsals are judged.
const JUDGE: &str = "src/lab/judge";
/// What a daemon knows, and what it makes of it: its record, its states, its status.
const OWN_WORDS: [&str; 8] = [
    "state-machine/src/record.rs",
    "state-machine/src/state.rs",
    "state-machine/src/phase.rs",
    "state-machine/src/assessment.rs",
    "state-machine/src/gates.rs",
    "src/status/",
    "src/engine/",
    "src/report/",
];

/// Files by the beginning of their path; `src/cli.rs` belongs to `src/cli/`.
fn within(file: &str, places: &[&str]) -> bool {
    let folder = format!("{}/", file.trim_end_matches(".rs"));
    let starts = |place: &&str| file.starts_with(*place) || folder == **place;
    places.iter().any(starts)
}

fn named(foreign: &Foreign) -> String {
    let Foreign { file, line, path } = foreign;
    format!("{file}:{line}: names {}", path.join("::"))
}

/// tokio is named in [`TOKIO`] only.
pub fn tokio_stays_in_the_shell(graph: &Graph) -> Vec<String> {
    let is_tokio = |foreign: &&Foreign| foreign.path.first().is_some_and(|name| name == "tokio");
    let outside = |foreign: &&Foreign| !within(&foreign.file, &TOKIO);
    let found = graph.foreign.iter().filter(is_tokio).filter(outside);
    found.map(named).collect()
}

/// The SDK is named in [`SDK`] only.
pub fn the_sdk_stays_behind_its_border(sources: &Sources) -> Vec<String> {
    let rust = sources.iter().filter(|(path, _)| path.ends_with(".rs"));
    let outside = rust.filter(|(path, _)| !within(path, &SDK));
    outside
        .flat_map(|(path, text)| {
            let found = mentions(&code_only(text), &SDK_NAMES);
            found.into_iter().map(move |what| format!("{path}: {what}"))
        })
        .collect()
}

/// A file of `src/aws` is imported in [`AWS_USERS`] only.
pub fn aws_is_used_by_the_estate_only(graph: &Graph) -> Vec<String> {
    let files = graph.edges.iter();
    let others = files.filter(|(file, _)| !within(file, &AWS_USERS));
    others
        .flat_map(|(file, imported)| {
            let aws = imported.iter().filter(|(to, _)| room(to) == "aws");
            aws.map(move |(to, (line, path))| format!("{file}:{line} -> {to} ({path})"))
        })
        .collect()
}

/// A pure room reaches no impure one. One complaint per import that crosses the border, with
/// the shortest chain to it from a pure room.
pub fn pure_rooms_reach_nothing_impure(graph: &Graph) -> Vec<String> {
    let mut crossings: BTreeMap<(&str, &str), Vec<Vec<&str>>> = BTreeMap::new();
    for file in graph.edges.keys().filter(|file| PURE.contains(&room(file))) {
        let needs = graph.needs(file);
        let reached = needs.keys().copied().chain([file.as_str()]);
        for from in reached.filter(|from| !is_impure(from)) {
            for to in graph.imports(from).filter(|to| is_impure(to)) {
                let mut way = vec![from];
                while way[0] != file.as_str() {
                    way.insert(0, needs[way[0]]);
                }
                crossings.entry((from, to)).or_default().push(way);
            }
        }
    }
    let describe = |((from, to), ways): ((&str, &str), Vec<Vec<&str>>)| {
        let shortest = ways.iter().min_by_key(|way| way.len());
        let way = shortest.map_or_else(String::new, |way| way.join(" -> "));
        let count = ways.len();
        format!("{from} imports {to}: {count} files of pure rooms reach it: {way} -> {to}")
    };
    crossings.into_iter().map(describe).collect()
}

fn is_impure(file: &str) -> bool {
    IMPURE.contains(&room(file)) && !PURE_FILES.contains(&file)
}

/// Pure rooms and the state machine name no clock, no socket and no runtime.
pub fn pure_rooms_name_nothing_real(graph: &Graph) -> Vec<String> {
    let real = |foreign: &&Foreign| {
        let path: Vec<&str> = foreign.path.iter().map(String::as_str).collect();
        let crates = path.first().is_some_and(|name| REAL_CRATES.contains(name));
        let item = path.len() > 1 && path.iter().any(|name| REAL_ITEMS.contains(name));
        let socket = path.starts_with(&["std", "net"]) && path.len() > 2;
        crates || item || socket && !ADDRESSES.contains(&path[2])
    };
    let pure = |foreign: &&Foreign| {
        let room = room(&foreign.file);
        let value = PURE_FILES.contains(&foreign.file.as_str());
        value || room == "state-machine" || PURE.contains(&room)
    };
    let found = graph.foreign.iter().filter(pure).filter(real);
    found.map(named).collect()
}

/// The judge of rehearsals imports nothing that a daemon says of itself: it reads the world.
pub fn the_judge_reads_the_world(graph: &Graph) -> Vec<String> {
    let judge = graph.edges.iter();
    let judge = judge.filter(|(file, _)| file.starts_with(JUDGE));
    judge
        .flat_map(|(file, imported)| {
            let own = imported.iter().filter(|(to, _)| within(to, &OWN_WORDS));
            own.map(move |(to, (line, path))| format!("{file}:{line} -> {to} ({path})"))
        })
        .collect()
}

/// The state machine's manifest has no dependency but [`MACHINE_NEEDS`].
pub fn the_machine_needs_little(sources: &Sources) -> Vec<String> {
    let manifest = sources.get("state-machine/Cargo.toml");
    let lines = manifest.map_or("", String::as_str).lines();
    let section = lines
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    let name = |line: &str| {
        let end = line.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
        line[..end.unwrap_or(line.len())].to_owned()
    };
    let names = section.map(name).filter(|name| !name.is_empty());
    let more = names.filter(|name| !MACHINE_NEEDS.contains(&name.as_str()));
    more.map(|name| format!("state-machine depends on {name}"))
        .collect()
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::graph::samples::graph;
    use crate::sources::fixture;

    #[test]
    fn tokio_outside_the_shell() {
        let graph = graph(&[
            ("src/lib.rs", "mod cli; mod engine; // tokio"),
            ("src/cli.rs", "use tokio::time::sleep;"),
            ("src/engine.rs", "use tokio as t; fn f() { t::spawn(); }"),
        ]);
        let expected = [
            "src/engine.rs:1: names tokio",
            "src/engine.rs:1: names tokio::spawn",
        ];
        assert_eq!(tokio_stays_in_the_shell(&graph), expected);
    }

    #[test]
    fn the_sdk_outside_its_border() {
        let sources = fixture(&[
            ("src/aws/database.rs", "use aws_sdk_rds::Client;"),
            (
                "src/perform.rs",
                "//! Not `aws_sdk_rds`.\nuse aws_sdk_rds::Client;\n",
            ),
            ("tests/x.rs", "use aws_config::Region;"),
        ]);
        let expected = [
            "src/perform.rs: line 2: mentions aws_sdk_",
            "tests/x.rs: line 1: mentions aws_config",
        ];
        assert_eq!(the_sdk_stays_behind_its_border(&sources), expected);
    }

    #[test]
    fn a_daemon_that_calls_aws_itself() {
        let graph = graph(&[
            ("src/lib.rs", "mod aws; mod daemon; mod estate;"),
            ("src/aws/mod.rs", "pub fn call() {}"),
            ("src/daemon.rs", "use crate::aws; fn f() { aws::call() }"),
            ("src/estate.rs", "use crate::aws::call;"),
        ]);
        let expected = ["src/daemon.rs:1 -> src/aws/mod.rs (aws::call)"];
        assert_eq!(aws_is_used_by_the_estate_only(&graph), expected);
    }

    #[test]
    fn a_long_way_from_the_lab_to_aws() {
        let graph = graph(&[
            ("src/lib.rs", "mod lab; mod clock; mod aws;"),
            ("src/lab.rs", "use crate::clock::now;"),
            (
                "src/clock.rs",
                "use crate::aws::time; pub fn now() { time() }",
            ),
            ("src/aws.rs", "pub fn time() {}"),
        ]);
        assert_eq!(
            pure_rooms_reach_nothing_impure(&graph),
            [
                "src/clock.rs imports src/aws.rs: 1 files of pure rooms reach it: \
                src/lab.rs -> src/clock.rs -> src/aws.rs"
            ]
        );
    }

    #[test]
    fn reality_in_a_pure_room() {
        let text = "use std::time as real; fn f() { real::Instant::now(); std::net::bind(); }";
        let graph = graph(&[
            ("src/lib.rs", "mod lab; mod daemon; struct Instant;"),
            ("src/lab.rs", text),
            ("src/daemon.rs", text),
        ]);
        let expected = [
            "src/lab.rs:1: names std::time::Instant::now",
            "src/lab.rs:1: names std::net::bind",
        ];
        assert_eq!(pure_rooms_name_nothing_real(&graph), expected);
    }

    #[test]
    fn a_judge_that_reads_what_it_judges() {
        let graph = graph(&[
            ("src/lib.rs", "mod lab; mod status;"),
            ("src/lab.rs", "mod judge;"),
            ("src/lab/judge.rs", "use crate::status::armed;"),
            ("src/status.rs", "pub fn armed() {}"),
        ]);
        let expected = ["src/lab/judge.rs:1 -> src/status.rs (crate::status::armed)"];
        assert_eq!(the_judge_reads_the_world(&graph), expected);
    }

    #[test]
    fn a_machine_that_needs_more() {
        let text = "[dependencies]\nserde.workspace = true\ntokio = \"1\"\n\n[dev-dependencies]\nx = \"1\"\n";
        let sources = fixture(&[("state-machine/Cargo.toml", text)]);
        assert_eq!(
            the_machine_needs_little(&sources),
            ["state-machine depends on tokio"]
        );
    }
}
