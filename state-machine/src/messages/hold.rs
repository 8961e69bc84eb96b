//! How a hold is reported: why, what state things are in, the ways out, and the end by an operator.
//!
//! Deliberately absent: entering and leaving it (`machine`).

use crate::assessment::Assessment;
use crate::blocker::joined;
use crate::diagnosis::Diagnosis;
use crate::gates;
use crate::policy::Setup;
use crate::record::{Facts, Operation};
use crate::state::{Hold, Stopped};
use crate::time::Time;

pub(crate) fn given_up(facts: &Facts, outage_stands: bool) -> String {
    let paused = if outage_stands {
        "; the outage still stands, so drd is paused. It acts by itself again after: drd resume"
    } else {
        ""
    };
    format!(
        "run {} was abandoned by an operator; {}{paused}",
        facts.incident_id,
        untouched(facts)
    )
}

/// Who writes where drd has moved nothing, as it was seen last.
fn untouched(facts: &Facts) -> String {
    let active = facts.active;
    let writer = facts.evidence.global.and_then(|seen| seen.is.writer);
    match writer.filter(|writer| *writer != active) {
        None => format!("{active} is active, drd has changed nothing"),
        Some(writer) => {
            format!("drd has changed nothing, and {writer} is the writer: somebody else moved it")
        }
    }
}

/// The page of a hold that lasts, with what closes the gates now: a figure of when it began is none any more.
pub(crate) fn still_held(
    facts: &Facts,
    (hold, stage): (&Hold, &Stopped),
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> String {
    let for_long = now - facts.entered_at;
    let known = matches!(hold, Hold::Blocked(_)) && seen.diagnosis.has_ladder();
    let closed = known.then(|| gates::closed(facts, setup, now, seen));
    let closed = closed.filter(|closed| !closed.is_empty());
    let hold = closed.map_or_else(|| hold.clone(), Hold::Blocked);
    let text = held(facts, (&hold, stage), setup, now, seen);
    format!("still so after {for_long}: {text}")
}

/// The page of a hold: why, what state things are in, the ways out.
pub(crate) fn held(
    facts: &Facts,
    (hold, stage): (&Hold, &Stopped),
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> String {
    let why = hold.reason();
    let waits = waits_for(facts, stage, setup, now, seen);
    format!(
        "run {} ({}) is held: {why}. {}. {}{}",
        facts.incident_id,
        held_diagnosis(facts),
        progress(facts, stage),
        waits.map_or(String::new(), |waits| format!("{waits}. ")),
        exits(facts, stage)
    )
}

/// What a role change that did not come about waits for before drd asks for it again by itself.
fn waits_for(
    facts: &Facts,
    stage: &Stopped,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> Option<String> {
    let Stopped::Promoting(p) = stage else {
        return None;
    };
    let ordered = facts.incident.as_ref()?.is_ordered(now, &setup.policy);
    if p.database.is_done() || p.database.accepted || ordered {
        return None;
    }
    if !seen.diagnosis.has_ladder() {
        let summary = seen.summary(facts, setup, now);
        return Some(format!(
            "The role change is asked for again once an outage is confirmed: now {}, {summary}",
            seen.diagnosis
        ));
    }
    let closed = joined(&gates::closed(facts, setup, now, seen));
    let text = format!("The role change is asked for again once this opens: {closed}");
    (!closed.is_empty()).then_some(text)
}

/// What the run is about: what was decided on while one is open, else what is seen.
fn held_diagnosis(facts: &Facts) -> Diagnosis {
    let open = facts.incident.as_ref().filter(|i| i.ended_at.is_none());
    open.map_or(facts.diagnosis.is, |incident| incident.diagnosis)
}

/// What is done of a run that is held, and what is not.
pub fn progress(facts: &Facts, stage: &Stopped) -> String {
    let kind = match &facts.incident {
        Some(i) if i.operation == Operation::Switchover => "switchover",
        Some(_) | None => "promotion",
    };
    match stage {
        Stopped::Before => untouched(facts),
        Stopped::Promoting(p) => format!(
            "{kind}: database {}, write {}, capacity {}; traffic has not moved",
            done(p.database.is_done()),
            done(p.writable.is_done()),
            done(p.capacity.is_done())
        ),
        Stopped::Redirecting { .. } => {
            "the new side writes; resolvers do not give it yet".to_owned()
        }
        Stopped::Verifying => "traffic moved; the last proof is missing".to_owned(),
    }
}

fn done(is: bool) -> &'static str {
    if is { "done" } else { "pending" }
}

/// The ways out of `held`.
pub fn exits(facts: &Facts, stage: &Stopped) -> String {
    match stage {
        Stopped::Before => format!(
            "Ways out: what is closed opens while the outage lasts, or the {} endpoint is well again (drd goes on by itself in both cases); drd failover, drd resume or drd abandon",
            facts.active
        ),
        Stopped::Promoting(_) => "Ways out: drd asks for what is missing again and goes on by itself; drd resume or drd abandon".to_owned(),
        Stopped::Redirecting { .. } | Stopped::Verifying => {
            "Ways out: it is observed (drd goes on by itself); drd resume or drd abandon".to_owned()
        }
    }
}
