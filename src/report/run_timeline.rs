//! What happened in a run, line by line of the ledger: orders, changed readings, states, commands, answers, pages.
//!
//! Deliberately absent: readings that repeat the one before, and looks. The ledger has them all.

use super::page::TimelineLine;
use crate::history::{FoldedLine, OrderOrigin, RunSummary, moment, walk};
use crate::ledger::Entry;
use drd_state_machine::command::Command;
use drd_state_machine::event::{Completion, Event, Outcome, Signal, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A daemon that wrote lines of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Writer {
    /// Its version.
    pub version: String,
    /// When it opened the ledger.
    pub opened_at: String,
    /// The line that it opened it with.
    pub line: u64,
    /// What the host's kernel calls its boot; `None` where it was not known.
    pub boot_id: Option<String>,
}

/// The daemons that wrote lines of a run, in order, and what happened in it.
pub(super) fn written(run: &RunSummary, entries: &[Entry]) -> (Vec<Writer>, Vec<TimelineLine>) {
    let (mut all, mut lines) = (Vec::new(), Vec::new());
    let mut verdicts = BTreeMap::new();
    walk(entries, &mut |line| {
        note_writer(line, &mut all);
        if line.number >= run.first_line && line.number <= run.last_line {
            let t = (line.now() - run.incident.first_bad_at).as_secs_f64();
            let found = happened(line, &mut verdicts).into_iter();
            lines.extend(found.map(|(kind, text)| TimelineLine {
                t,
                kind,
                text,
                line: Some(line.number),
            }));
        }
    });
    let before = all.iter().rposition(|w| w.line <= run.first_line);
    let own = all.into_iter().skip(before.unwrap_or(0));
    (own.take_while(|w| w.line <= run.last_line).collect(), lines)
}

/// A daemon that begins with this line, and the boot of the host that the newest one runs on.
fn note_writer(line: &FoldedLine<'_>, all: &mut Vec<Writer>) {
    if let (true, Entry::Opened { version, now, .. }) = (line.begins, line.entry) {
        all.push(Writer {
            version: version.clone(),
            opened_at: moment(*now),
            line: line.number,
            boot_id: None,
        });
    }
    let host = line.after.facts.host.as_ref();
    if let (Some(writer), Some(host)) = (all.last_mut(), host) {
        writer.boot_id = Some(host.boot_id.to_string());
    }
}

/// What a line has of a run: what it has taken in, the state that was entered, and what was asked for.
fn happened(
    line: &FoldedLine<'_>,
    verdicts: &mut BTreeMap<Arc<str>, Verdict>,
) -> Vec<(&'static str, String)> {
    let mut found: Vec<_> = received(line, verdicts).into_iter().collect();
    if let Some((decision, _)) = line.decided() {
        if decision.is_transition() {
            let (from, to) = (decision.from, decision.to);
            found.push(("state", format!("{from} -> {to}: {}", decision.because)));
        }
        found.extend(decision.commands.iter().map(ordered));
    }
    found
}

/// What a line has taken in, where that is worth a place.
fn received(
    line: &FoldedLine<'_>,
    verdicts: &mut BTreeMap<Arc<str>, Verdict>,
) -> Option<(&'static str, String)> {
    if let (true, Entry::Opened { version, .. }) = (line.begins, line.entry) {
        return Some(("start", format!("drd {version} opened the ledger")));
    }
    match line.event()? {
        Event::Signalled(signal) => Some(("sensor", changed(signal, verdicts)?)),
        Event::Finished(done) => Some(("answer", answered(done))),
        Event::Ordered { word, by, .. } => {
            let word = format!("{word:?}").to_lowercase();
            let by = OrderOrigin::of(by.as_ref());
            Some(("order", format!("{word}, by {}", by.words())))
        }
        Event::Tick
        | Event::Started
        | Event::Sampled(_)
        | Event::LagRead(_)
        | Event::Observed(_)
        | Event::Checked { .. }
        | Event::HeartbeatReturned { .. } => None,
    }
}

fn changed(signal: &Signal, verdicts: &mut BTreeMap<Arc<str>, Verdict>) -> Option<String> {
    let before = verdicts.insert(signal.sensor.clone(), signal.verdict);
    if before == Some(signal.verdict) {
        return None;
    }
    Some(format!(
        "{} reported {}",
        signal.sensor,
        signal.verdict.name()
    ))
}

fn answered(done: &Completion) -> String {
    let what = format!("{}, attempt {}", done.kind.name(), done.attempt);
    match &done.outcome {
        Outcome::Done => format!("{what}: done"),
        Outcome::AlreadySo => format!("{what}: was so already"),
        Outcome::Unknown { why } => format!("{what}: no answer, {why}"),
        Outcome::Refused { why } => format!("{what}: refused, {why}"),
        Outcome::Denied { why } => format!("{what}: denied, {why}"),
    }
}

fn ordered(command: &Command) -> (&'static str, String) {
    let attempt = command.attempt();
    let name = command.kind().name();
    match command {
        Command::Page { severity, text, .. } => ("page", format!("{}: {text}", severity.name())),
        Command::Prescale { side, min, .. } => {
            ("command", format!("{name} {side} to at least {min}"))
        }
        Command::ScaleBack { side, min, .. } => ("command", format!("{name} {side} to {min}")),
        Command::Scale { side, desired, .. } => (
            "command",
            format!("{name} {side} to {desired}, attempt {attempt}"),
        ),
        Command::Fence { side, .. } | Command::ProveWrite { side, .. } => {
            ("command", format!("{name} {side}, attempt {attempt}"))
        }
        Command::Promote { to, .. }
        | Command::Switchover { to, .. }
        | Command::Redirect { to, .. } => ("command", format!("{name} {to}, attempt {attempt}")),
    }
}
