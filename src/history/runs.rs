//! Runs: the recoveries that drd began, each with its clocks against its objectives.
//!
//! Deliberately absent: what a client saw. No line of a ledger has that, and so it stays unknown here.

use super::dates::moment;
use super::walk::FoldedLine;
use crate::lengths::length;
use drd_state_machine::event::{Event, OrderedBy, Word};
use drd_state_machine::record::{Incident, Operation, Trigger};
use drd_state_machine::state::State;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Phase, Setup};
use serde::Serialize;
use std::sync::Arc;

/// How a run came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// The other side serves, and that was verified.
    Done,
    /// It was left as it was, after the writer had moved.
    LeftAsItWas,
    /// It ended without a role change.
    GivenUp,
    /// It waits for a person, or for what is missing.
    Held,
    /// The ledger ends in the middle of it.
    Unfinished,
}

impl RunOutcome {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            RunOutcome::Done => "done",
            RunOutcome::LeftAsItWas => "left as it was",
            RunOutcome::GivenUp => "given up",
            RunOutcome::Held => "held",
            RunOutcome::Unfinished => "unfinished",
        }
    }
}

/// A figure against its objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Within it.
    Met,
    /// Not within it.
    Missed,
    /// Nothing that can be compared is known.
    Unknown,
}

impl Goal {
    /// In words; a miss is loud.
    pub const fn words(self) -> &'static str {
        match self {
            Goal::Met => "met",
            Goal::Missed => "MISSED",
            Goal::Unknown => "unknown",
        }
    }

    fn of(met: bool) -> Goal {
        if met { Goal::Met } else { Goal::Missed }
    }
}

/// Whose order it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderOrigin {
    /// Who, as far as the way it came on proves it; `an operator` in lines of older versions.
    pub who: String,
    /// Why, in their words; empty where they gave no reason.
    pub why: String,
}

impl RunSummary {
    /// `for 6 min 1 s: denied: ...; then the objective is used up`; `None` where it never was held.
    pub fn held_words(&self) -> Option<String> {
        let reasons = self.held.join("; then ");
        let lasted = length(self.held_seconds);
        (!reasons.is_empty()).then(|| format!("for {lasted}: {reasons}"))
    }
}

impl OrderOrigin {
    pub(crate) fn of(by: Option<&Arc<OrderedBy>>) -> OrderOrigin {
        by.map_or_else(
            || OrderOrigin {
                who: "an operator".to_owned(),
                why: String::new(),
            },
            |by| OrderOrigin {
                who: by.who.to_string(),
                why: by.why.to_string(),
            },
        )
    }

    /// `anna: CHG-4712`, or the name alone.
    pub fn words(&self) -> String {
        if self.why.is_empty() {
            self.who.clone()
        } else {
            format!("{}: {}", self.who, self.why)
        }
    }
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    /// Its number.
    pub run: u64,
    /// When the first bad reading was taken; for an order while all was well, the order.
    pub began_at: String,
    /// When it was verified, or given up; `None` where it is open.
    pub ended_at: Option<String>,
    /// `failover` or `switchover`.
    pub operation: Operation,
    /// What was seen.
    pub diagnosis: &'static str,
    /// Who decided.
    pub trigger: Trigger,
    /// Whose order it was; `None`: drd's own decision.
    pub ordered_by: Option<OrderOrigin>,
    /// The side that served.
    pub from: &'static str,
    /// The side that was to serve.
    pub to: &'static str,
    /// How it came out.
    pub outcome: RunOutcome,
    /// The state that it led to.
    pub ended_in: Phase,
    /// Why it was held, each reason once, in order; empty where it never was.
    pub held: Vec<String>,
    /// For how long it was held, all in all.
    pub held_seconds: f64,
    /// From the first bad reading to the end; `None` where no role was moved to the end.
    pub detected_seconds: Option<f64>,
    /// From the decision to the end.
    pub decided_seconds: Option<f64>,
    /// The recovery time objective of this kind of move.
    pub rto_objective_seconds: f64,
    /// The first of the clocks against it.
    pub rto: Goal,
    /// The most that could be lost, as known at the decision; `None`: unknown.
    pub loss_at_most_seconds: Option<f64>,
    /// The recovery point objective.
    pub rpo_objective_seconds: f64,
    /// That bound against it.
    pub rpo: Goal,
    /// The line that its number was first in.
    pub first_line: u64,
    /// Its newest line.
    pub last_line: u64,
    #[serde(skip)]
    pub(crate) incident: Incident,
    #[serde(skip)]
    pub(crate) setup: Arc<Setup>,
}

/// What is known of a run while its lines are visited.
struct OpenRun {
    incident: Incident,
    setup: Arc<Setup>,
    ordered_by: Option<OrderOrigin>,
    ended_in: Phase,
    held: Vec<String>,
    held_for: Span,
    first_line: u64,
    last_line: u64,
    newest: Time,
    /// A later run, or the state before it, ends what belongs to it.
    over: bool,
}

/// Finds them, line by line.
#[derive(Default)]
pub(super) struct RunTracker {
    runs: Vec<OpenRun>,
    /// The suspicion's first line, of this number.
    suspected: Option<(u64, u64)>,
}

impl RunTracker {
    pub(super) fn take(&mut self, line: &FoldedLine<'_>) {
        let facts = &line.after.facts;
        if self.suspected.is_none_or(|(of, _)| of != facts.incident_id) {
            self.suspected = Some((facts.incident_id, line.number));
        }
        let Some(incident) = &facts.incident else {
            return;
        };
        let known = self.runs.last().map(|run| run.incident.incident_id);
        if known != Some(incident.incident_id) {
            self.begin(line, incident);
        }
        let Some(run) = self.runs.last_mut().filter(|run| !run.over) else {
            return;
        };
        if run.ended_in == Phase::Held {
            run.held_for = run.held_for + (line.now() - run.newest);
        }
        run.newest = line.now();
        run.last_line = line.number;
        if line.decided().is_none() {
            return;
        }
        run.incident = incident.clone();
        run.setup = line.setup.clone();
        run.ended_in = line.after.state.phase();
        if let State::Held { hold, .. } = &line.after.state {
            let reason = hold.reason();
            if !run.held.contains(&reason) {
                run.held.push(reason);
            }
        }
        let ordered_anew = facts.incident_id != incident.incident_id;
        run.over =
            ordered_anew || (run.incident.ended_at.is_some() && run.ended_in == Phase::Watching);
    }

    fn begin(&mut self, line: &FoldedLine<'_>, incident: &Incident) {
        let first_line = self
            .suspected
            .filter(|(of, _)| *of == incident.incident_id)
            .map_or(line.number, |(_, first)| first);
        self.runs.push(OpenRun {
            incident: incident.clone(),
            setup: line.setup.clone(),
            ordered_by: ordered_by(line, incident),
            ended_in: line.after.state.phase(),
            held: Vec::new(),
            held_for: Span::ZERO,
            first_line,
            last_line: line.number,
            newest: line.now(),
            over: false,
        });
    }

    /// Newest first.
    pub(super) fn finish(self) -> Vec<RunSummary> {
        self.runs.into_iter().rev().map(summary).collect()
    }
}

fn ordered_by(line: &FoldedLine<'_>, incident: &Incident) -> Option<OrderOrigin> {
    if incident.trigger == Trigger::Automatic {
        return None;
    }
    match line.event() {
        Some(Event::Ordered {
            word: Word::Failover | Word::Switchover,
            by,
            ..
        }) => Some(OrderOrigin::of(by.as_ref())),
        _ => Some(OrderOrigin::of(None)),
    }
}

fn outcome(run: &OpenRun) -> RunOutcome {
    let incident = &run.incident;
    match (incident.ended_at, run.ended_in) {
        (Some(_), _) if incident.redirected_at.is_some() => RunOutcome::Done,
        (Some(_), _) if incident.promoted_at.is_some() => RunOutcome::LeftAsItWas,
        (Some(_), _) => RunOutcome::GivenUp,
        (None, Phase::Held) => RunOutcome::Held,
        (None, _) => RunOutcome::Unfinished,
    }
}

/// The longest clock that drd has against the objective; an open run misses it once it is used up.
fn rto(run: &OpenRun, outcome: RunOutcome, objective: Span) -> Goal {
    let first = run.incident.first_bad_at;
    match (outcome, run.incident.ended_at) {
        (RunOutcome::Done, Some(end)) => Goal::of(end - first <= objective),
        _ if run.newest - first > objective => Goal::Missed,
        _ => Goal::Unknown,
    }
}

fn summary(run: OpenRun) -> RunSummary {
    let outcome = outcome(&run);
    let policy = &run.setup.policy;
    let objective = run.incident.objective(policy);
    let rto = rto(&run, outcome, objective);
    let incident = &run.incident;
    let loss = match incident.operation {
        Operation::Switchover => Some(Span::ZERO),
        Operation::Failover => incident.loss,
    };
    let moved = outcome == RunOutcome::Done;
    let rpo = loss
        .filter(|_| moved)
        .map(|loss| Goal::of(loss <= policy.rpo));
    let since = |from: Time| {
        let end = incident.ended_at.filter(|_| moved)?;
        Some((end - from).as_secs_f64())
    };
    RunSummary {
        run: incident.incident_id,
        began_at: moment(incident.first_bad_at),
        ended_at: incident.ended_at.map(moment),
        operation: incident.operation,
        diagnosis: incident.diagnosis.name(),
        trigger: incident.trigger,
        ordered_by: run.ordered_by.clone(),
        from: incident.from.name(),
        to: incident.to.name(),
        outcome,
        ended_in: run.ended_in,
        held: run.held.clone(),
        held_seconds: run.held_for.as_secs_f64(),
        detected_seconds: since(incident.first_bad_at),
        decided_seconds: since(incident.decided_at),
        rto_objective_seconds: objective.as_secs_f64(),
        rto,
        loss_at_most_seconds: loss.map(Span::as_secs_f64),
        rpo_objective_seconds: policy.rpo.as_secs_f64(),
        rpo: rpo.unwrap_or(Goal::Unknown),
        first_line: run.first_line,
        last_line: run.last_line,
        incident: run.incident.clone(),
        setup: run.setup.clone(),
    }
}
