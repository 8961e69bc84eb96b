//! The rooms of the project, the arrows between them, and the path of one message through them.
//!
//! Deliberately absent: which arrow is allowed; `borders` has that.

use crate::graph::Graph;
use crate::sources::Sources;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The files that a message passes, in order: from the client of the queue to the call that
/// fails over. Each imports the next, or is imported by it.
const MESSAGE_PATH: [&str; 22] = [
    "src/aws/queue.rs",
    "src/estate/aurora.rs",
    "src/estate/doors.rs",
    "src/daemon/shell.rs",
    "src/engine/mod.rs",
    "src/engine/leading.rs",
    "src/engine/leading/arrivals.rs",
    "src/engine/incoming.rs",
    "src/intake/envelope.rs",
    "src/engine/incoming.rs",
    "src/engine/leading/arrivals.rs",
    "src/engine/leading.rs",
    "src/engine/inbox.rs",
    "src/engine/conductor.rs",
    "state-machine/src/lib.rs",
    "src/engine/conductor.rs",
    "src/engine/leading.rs",
    "src/engine/port.rs",
    "src/daemon/shell.rs",
    "src/estate/doors.rs",
    "src/estate/perform.rs",
    "src/aws/database.rs",
];
/// What the first and the last of these files call.
const ENDS: [&str; 2] = [".receive_message()", ".failover_global_cluster()"];
/// Limit of DESIGN section 1: a reader remembers seven or eight places.
const ROOMS_MAX: usize = 8;
/// About three files a room.
const FILES_MAX: usize = 25;

/// A room is a folder of `src`, a file directly in `src`, or another crate.
pub fn room(file: &str) -> &str {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    let name = inside.split('/').next().unwrap_or(inside);
    name.trim_end_matches(".rs")
}

/// One line per room: its number of files, and for each room it imports, how many files do so.
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
        let own = arrows.iter().filter(|((start, _), _)| *start == from);
        let own: Vec<String> = own
            .map(|((_, to), count)| format!("{to} {count}"))
            .collect();
        text.push_str(&format!("  {from} ({files} files) -> {}\n", own.join(", ")));
    }
    text
}

/// The path of a message as it is printed: rooms in order, then files.
pub fn message_path() -> String {
    let mut rooms: Vec<&str> = MESSAGE_PATH.iter().map(|file| room(file)).collect();
    rooms.dedup();
    format!(
        "path of a message: {}: {} rooms, {} files\n    {}\n",
        rooms.join(" > "),
        distinct_rooms(&MESSAGE_PATH),
        distinct(&MESSAGE_PATH),
        MESSAGE_PATH.join("\n    ")
    )
}

fn distinct(files: &[&str]) -> usize {
    files.iter().collect::<BTreeSet<_>>().len()
}

fn distinct_rooms(files: &[&str]) -> usize {
    let rooms: BTreeSet<&str> = files.iter().map(|file| room(file)).collect();
    rooms.len()
}

/// [`MESSAGE_PATH`] is connected, its ends make their calls, and it is short.
pub fn a_message_crosses_few_rooms(graph: &Graph, sources: &Sources) -> Vec<String> {
    follow(graph, sources, &MESSAGE_PATH)
}

fn follow(graph: &Graph, sources: &Sources, path: &[&str]) -> Vec<String> {
    let neighbours = neighbours(graph);
    let lost = path.iter().filter(|file| !graph.edges.contains_key(**file));
    let mut complaints: Vec<String> = lost.map(|file| format!("{file} does not exist")).collect();
    for pair in path.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let hint = match shortest(&neighbours, from, to) {
            Some(between) if between.is_empty() => continue,
            Some(between) => between.join(", "),
            None => "nothing".to_owned(),
        };
        complaints.push(format!(
            "no import joins {from} and {to}; between them: {hint}"
        ));
    }
    for (file, call) in path.first().into_iter().chain(path.last()).zip(ENDS) {
        if !sources.get(*file).is_some_and(|text| text.contains(call)) {
            complaints.push(format!("{file} does not call {call}"));
        }
    }
    let (rooms, files) = (distinct_rooms(path), distinct(path));
    if rooms > ROOMS_MAX || files > FILES_MAX {
        complaints.push(format!(
            "a message passes {rooms} rooms and {files} files, {ROOMS_MAX} and {FILES_MAX} at most"
        ));
    }
    complaints
}

/// Files joined by an import, in both directions.
fn neighbours(graph: &Graph) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, imported) in &graph.edges {
        for to in imported.keys() {
            found.entry(from).or_default().insert(to);
            found.entry(to).or_default().insert(from);
        }
    }
    found
}

/// The fewest files between two. `None` if no imports join them, however many.
fn shortest<'a>(
    neighbours: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    from: &'a str,
    to: &str,
) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::from([from]);
    let mut waiting = VecDeque::from([(from, Vec::new())]);
    while let Some((file, between)) = waiting.pop_front() {
        for next in neighbours.get(file).into_iter().flatten() {
            if *next == to {
                return Some(between);
            }
            if seen.insert(next) {
                let mut further = between.clone();
                further.push(*next);
                waiting.push_back((next, further));
            }
        }
    }
    None
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::modules::Modules;
    use crate::sources::fixture;

    const FILES: [(&str, &str); 4] = [
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

    fn complaints(daemon: &str, path: &[&str]) -> Vec<String> {
        let files: Vec<_> = FILES
            .into_iter()
            .chain([("src/daemon.rs", daemon)])
            .collect();
        let sources = fixture(&files);
        follow(&Graph::of(&sources, &Modules::of(&sources)), &sources, path)
    }

    #[test]
    fn a_connected_path() {
        let daemon =
            "use crate::aws::{database, queue}; fn f() { queue::next(); database::fail() }";
        let path = ["src/aws/queue.rs", "src/daemon.rs", "src/aws/database.rs"];
        assert_eq!(complaints(daemon, &path), [""; 0]);
        assert_eq!((distinct_rooms(&path), distinct(&path)), (2, 3));
    }

    #[test]
    fn a_gap_that_files_between_would_close() {
        let daemon =
            "use crate::aws::{database, queue}; fn f() { queue::next(); database::fail() }";
        let gap = complaints(daemon, &["src/aws/queue.rs", "src/aws/database.rs"]);
        let expected = "no import joins src/aws/queue.rs and src/aws/database.rs; \
            between them: src/daemon.rs";
        assert_eq!(gap, [expected]);
    }

    #[test]
    fn a_wrong_end() {
        let daemon = "use crate::aws::queue::next;";
        let end = complaints(daemon, &["src/aws/queue.rs", "src/daemon.rs"]);
        assert_eq!(
            end,
            ["src/daemon.rs does not call .failover_global_cluster()"]
        );
    }

    #[test]
    fn too_many_rooms() {
        let path = ["src/a.rs", "src/b.rs", "src/c.rs", "src/d/e.rs", "src/f.rs"];
        let path = [
            &path[..],
            &["src/g.rs", "src/h.rs", "x/src/a.rs", "y/src/a.rs"],
        ]
        .concat();
        let last = complaints("", &path).pop();
        assert!(complaints("", &path).contains(&"src/a.rs does not exist".to_owned()));
        let expected = "a message passes 9 rooms and 9 files, 8 and 25 at most";
        assert_eq!(last.as_deref(), Some(expected));
    }
}
