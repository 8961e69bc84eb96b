//! Prints the table: as Markdown and a diagram for the README, as plain lines for the snapshot.
//!
//! Deliberately absent: what the rows contain (`rows`).

use crate::common::phrase;
use crate::rows::Row;
use std::fmt::Write;

fn phrases(row: &Row, separator: &str) -> String {
    let all: Vec<String> = row.commands.iter().map(phrase).collect();
    all.join(separator)
}

/// The rows that change the state or command something, a table per state. Situations with the
/// same answer share a line.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::new();
    for state in states(rows) {
        let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
        for row in rows.iter().filter(|row| row.state == state && row.acts()) {
            add(&mut lines, answer(row), row.situation);
        }
        let _ = write!(text, "\n### {state}\n\n");
        let _ = writeln!(text, "| when | then | commands |\n|---|---|---|");
        for (answer, when) in lines {
            let _ = writeln!(text, "| {} | {answer} |", when.join(";<br>"));
        }
    }
    text
}

/// The states of the rows, each once, in their order.
fn states(rows: &[Row]) -> Vec<&'static str> {
    let mut states: Vec<&'static str> = rows.iter().map(|row| row.state).collect();
    states.dedup();
    states
}

fn answer(row: &Row) -> String {
    let commands = phrases(row, "<br>");
    if row.is_transition() {
        format!("**{}** | {commands}", row.next)
    } else {
        format!("{} | {commands}", row.next)
    }
}

fn add<'r, K: PartialEq>(groups: &mut Vec<(K, Vec<&'r str>)>, key: K, situation: &'r str) {
    match groups.iter_mut().find(|(known, _)| *known == key) {
        Some((_, why)) if why.contains(&situation) => {}
        Some((_, why)) => why.push(situation),
        None => groups.push((key, vec![situation])),
    }
}

/// Situations on one arrow; the tables have the rest.
const LABELS_MAX: usize = 3;

/// The transitions that the rows really made, labelled by situation.
pub fn mermaid(rows: &[Row]) -> String {
    let mut edges: Vec<((&str, &str), Vec<&str>)> = Vec::new();
    for row in rows.iter().filter(|row| row.is_transition()) {
        add(&mut edges, (row.from, row.next), row.situation);
    }
    let mut text = String::from("stateDiagram-v2\n    [*] --> watching\n");
    for ((from, to), mut why) in edges {
        let more = why.len().saturating_sub(LABELS_MAX);
        why.truncate(LABELS_MAX);
        // A colon would end the label's place in the line.
        let mut label = why.join("<br/>").replace(':', "");
        if more > 0 {
            let _ = write!(label, "<br/>and {more} more");
        }
        let _ = writeln!(text, "    {from} --> {to} : {label}");
    }
    text
}

/// Every row, one a line: what changes and why. A row that changes nothing is written as `stays`.
pub fn matrix(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut state = "";
    for row in rows {
        if row.state != state {
            state = row.state;
            let _ = writeln!(text, "\n{state}");
        }
        let _ = write!(text, "  {}: ", row.situation);
        if row.acts() {
            let commands = phrases(row, ", ");
            let _ = writeln!(text, "{} [{commands}] {}", row.next, row.because);
        } else if row.consumed {
            let _ = writeln!(text, "stays, noted");
        } else {
            let _ = writeln!(text, "stays");
        }
    }
    text
}
