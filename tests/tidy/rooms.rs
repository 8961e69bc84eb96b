//! The rooms of the house, the arrows between them, and the way of one message through them.
//!
//! Deliberately absent: which arrow is allowed; `borders` has that.

use crate::graph::Graph;
use crate::sources::Sources;
use std::collections::{BTreeMap, BTreeSet};

/// The files that a message passes: from the client of the queue to the call that fails over.
/// Two neighbours are joined by an import, one way or the other.
const WAY: [&str; 10] = [
    "src/aws/queue.rs",
    "src/estate/mod.rs",
    "src/daemon/queue_loop.rs",
    "src/intake/reading.rs",
    "src/engine/inbox.rs",
    "state-machine/src/lib.rs",
    "src/engine/conductor.rs",
    "src/engine/dispatch.rs",
    "src/estate/perform.rs",
    "src/aws/database.rs",
];
/// What the first and the last of them call.
const WAY_CALLS: [&str; 2] = [".receive_message()", ".failover_global_cluster()"];
/// A reader keeps seven or eight places in mind.
const WAY_ROOMS_MAX: usize = 8;
/// Three files a room.
const WAY_FILES_MAX: usize = 25;

/// A room is a folder of `src`, a file directly in it, or a crate.
pub fn room(file: &str) -> &str {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    let name = inside.split('/').next().unwrap_or(inside);
    name.trim_end_matches(".rs")
}

/// One line a room: how many files it has, and to which rooms how many of them lead.
pub fn picture(graph: &Graph) -> String {
    let mut rooms: BTreeMap<&str, usize> = BTreeMap::new();
    let mut arrows: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (file, imported) in &graph.edges {
        *rooms.entry(room(file)).or_default() += 1;
        let others: BTreeSet<&str> = imported.keys().map(|to| room(to)).collect();
        for other in others.into_iter().filter(|other| *other != room(file)) {
            *arrows.entry((room(file), other)).or_default() += 1;
        }
    }
    let mut text = format!("{} rooms, {} arrows:\n", rooms.len(), arrows.len());
    for (from, files) in rooms {
        let leading = arrows.iter().filter(|((start, _), _)| *start == from);
        let leading = leading.map(|((_, to), count)| format!("{to} {count}"));
        let leading = leading.collect::<Vec<_>>().join(", ");
        text.push_str(&format!("  {from} ({files} files) -> {leading}\n"));
    }
    text
}

/// The way as it is printed: rooms in order, then files.
pub fn way() -> String {
    let (rooms, distinct) = rooms_of(&WAY);
    let walk = rooms.join(" > ");
    let files = WAY.join("\n    ");
    let count = distinct.len();
    format!(
        "the way of a message: {walk}: {count} rooms, {} files\n    {files}\n",
        WAY.len()
    )
}

/// Rooms in the order in which they are entered, and each once.
fn rooms_of<'a>(way: &[&'a str]) -> (Vec<&'a str>, BTreeSet<&'a str>) {
    let mut rooms: Vec<&str> = way.iter().map(|file| room(file)).collect();
    rooms.dedup();
    let distinct = rooms.iter().copied().collect();
    (rooms, distinct)
}

/// Neighbours are joined, both ends make their call, and the way is short.
pub fn a_message_takes_a_short_way(graph: &Graph, sources: &Sources) -> Vec<String> {
    follow(graph, sources, &WAY)
}

fn follow(graph: &Graph, sources: &Sources, way: &[&str]) -> Vec<String> {
    let joined = |a: &str, b: &str| graph.imports(a).any(|file| file == b);
    let mut complaints = Vec::new();
    for pair in way.windows(2) {
        if !joined(pair[0], pair[1]) && !joined(pair[1], pair[0]) {
            complaints.push(format!("no import joins {} and {}", pair[0], pair[1]));
        }
    }
    for (file, call) in way.first().into_iter().chain(way.last()).zip(WAY_CALLS) {
        if !sources.get(*file).is_some_and(|text| text.contains(call)) {
            complaints.push(format!("{file} does not call {call}"));
        }
    }
    let (_, rooms) = rooms_of(way);
    if rooms.len() > WAY_ROOMS_MAX || way.len() > WAY_FILES_MAX {
        complaints.push(format!(
            "{} rooms and {} files on the way of a message, {WAY_ROOMS_MAX} and {WAY_FILES_MAX} at most",
            rooms.len(),
            way.len()
        ));
    }
    complaints
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::modules::Modules;
    use crate::sources::fixture;

    const HOUSE: [(&str, &str); 4] = [
        ("src/lib.rs", "mod aws; mod daemon;"),
        ("src/aws/mod.rs", "pub mod queue; pub mod database;"),
        (
            "src/aws/queue.rs",
            "pub fn next() { client.receive_message(); }",
        ),
        (
            "src/aws/database.rs",
            "fn fail() { client.failover_global_cluster() }",
        ),
    ];

    fn complaints(daemon: &str, way: &[&str]) -> Vec<String> {
        let files: Vec<_> = HOUSE
            .into_iter()
            .chain([("src/daemon.rs", daemon)])
            .collect();
        let sources = fixture(&files);
        follow(&Graph::of(&sources, &Modules::of(&sources)), &sources, way)
    }

    #[test]
    fn a_way_whose_files_are_joined() {
        let daemon =
            "use crate::aws::{database, queue}; fn f() { queue::next(); database::fail() }";
        let way = ["src/aws/queue.rs", "src/daemon.rs", "src/aws/database.rs"];
        assert_eq!(complaints(daemon, &way), [""; 0]);
        assert_eq!(rooms_of(&way).0, ["aws", "daemon", "aws"]);
    }

    #[test]
    fn a_gap_a_wrong_end_and_a_long_way() {
        let daemon = "use crate::aws::queue::next;";
        let gap = complaints(
            daemon,
            &["src/aws/queue.rs", "src/daemon.rs", "src/aws/database.rs"],
        );
        assert_eq!(
            gap,
            ["no import joins src/daemon.rs and src/aws/database.rs"]
        );
        let end = complaints(daemon, &["src/aws/queue.rs", "src/daemon.rs"]);
        assert_eq!(
            end,
            ["src/daemon.rs does not call .failover_global_cluster()"]
        );
        let long: Vec<_> = ["src/aws/queue.rs", "src/daemon.rs"].repeat(13);
        let last = complaints(daemon, &long).pop().unwrap_or_default();
        assert!(last.starts_with("2 rooms and 26 files"), "{last}");
    }
}
