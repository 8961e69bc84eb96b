//! Near misses: an outage was suspected, and nothing was asked of AWS that moves a role.
//!
//! Deliberately absent: what would have happened with other thresholds (`drd replay --policy`).

use super::dates::{moment, seconds_since};
use super::runs::RunSummary;
use super::walk::FoldedLine;
use drd_state_machine::event::Verdict;
use drd_state_machine::gates::{closed, explain};
use drd_state_machine::state::{State, Stopped};
use drd_state_machine::time::Time;
use drd_state_machine::{Assessment, Phase, Record, Setup, assess};
use serde::Serialize;

/// An episode without an act.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearMiss {
    /// Its number, of the same count as runs.
    pub number: u64,
    /// When the first bad reading was taken.
    pub began_at: String,
    /// When it was over; `None` where it lasts to the end of the ledger.
    pub ended_at: Option<String>,
    /// For how long.
    pub seconds: f64,
    /// What was seen last.
    pub diagnosis: &'static str,
    /// Why it was held, where it came so far.
    pub held: Option<String>,
    /// What was missing for an act when it ended: each with its figures.
    pub missing: Vec<String>,
    /// What ended it.
    pub because: Option<String>,
    /// The line that it began with.
    pub first_line: u64,
    /// The line that it ended with, or the newest.
    pub last_line: u64,
    #[serde(skip)]
    pub(super) began: Time,
}

/// Finds them, line by line.
#[derive(Default)]
pub(super) struct EpisodeTracker {
    open: Option<NearMiss>,
    over: Vec<NearMiss>,
}

/// Whether an outage is suspected or held before anything irreversible.
fn is_undecided(record: &Record) -> bool {
    match &record.state {
        State::Suspecting | State::Fencing => true,
        State::Held { stage, .. } => matches!(stage, Stopped::Before),
        State::Watching
        | State::Promoting(_)
        | State::Redirecting { .. }
        | State::Verifying
        | State::Exposed
        | State::Switching(_) => false,
    }
}

impl EpisodeTracker {
    pub(super) fn take(&mut self, line: &FoldedLine<'_>) {
        let (after, now) = (line.after, line.now());
        let number = after.facts.incident_id;
        if line.decided().is_none() {
            self.last_until(now, line.number);
            return;
        }
        if let Some(mut open) = self
            .open
            .take_if(|open| !is_undecided(after) || open.number != number)
        {
            if let Some((decision, before)) = line.decided() {
                let seen = assess(before, line.setup, now);
                open.missing = missing(before, line.setup, now, &seen);
                open.because = Some(decision.because.to_string());
            }
            open.seconds = seconds_since(open.began, now);
            open.ended_at = Some(moment(now));
            open.last_line = line.number;
            self.over.push(open);
        }
        if is_undecided(after) {
            self.note(line, number);
            self.last_until(now, line.number);
        }
    }

    fn last_until(&mut self, now: Time, number: u64) {
        if let Some(open) = &mut self.open {
            open.seconds = seconds_since(open.began, now);
            open.last_line = number;
        }
    }

    fn note(&mut self, line: &FoldedLine<'_>, number: u64) {
        let (after, now) = (line.after, line.now());
        let began = after.facts.evidence.first_bad_at.unwrap_or(now).min(now);
        let open = self.open.get_or_insert_with(|| NearMiss {
            number,
            began_at: moment(began),
            ended_at: None,
            seconds: 0.0,
            diagnosis: "",
            held: None,
            missing: Vec::new(),
            because: None,
            first_line: line.number,
            last_line: line.number,
            began,
        });
        let seen = assess(after, line.setup, now);
        open.diagnosis = seen.diagnosis.name();
        if let State::Held { hold, .. } = &after.state {
            open.held = Some(hold.reason());
        }
        open.missing = missing(after, line.setup, now, &seen);
    }

    /// Newest first, without those that a run came of.
    pub(super) fn finish(self, runs: &[RunSummary]) -> Vec<NearMiss> {
        let mut found = self.over;
        found.extend(self.open);
        found.retain(|one| runs.iter().all(|run| run.run != one.number));
        found.reverse();
        found
    }
}

/// What drd would have needed beside what it saw.
fn missing(record: &Record, setup: &Setup, now: Time, seen: &Assessment) -> Vec<String> {
    let facts = &record.facts;
    let rules = explain(facts, setup, now, seen);
    let unmet = rules
        .into_iter()
        .filter(|rule| !matches!(rule.code, "gate" | "rpo") && rule.met != Verdict::Healthy);
    let mut missing: Vec<String> = unmet
        .map(|rule| format!("{}: {}", rule.code, rule.text))
        .collect();
    let gates = closed(facts, setup, now, seen);
    missing.extend(gates.iter().map(|gate| format!("gate: {gate}")));
    if record.state.phase() == Phase::Fencing {
        missing.push("last look: what was decided did not hold at the edge".to_owned());
    }
    missing
}
