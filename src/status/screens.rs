//! The lines of a status that belong to one state: what is counted down, what runs, why it is held.
//!
//! Deliberately absent: what every state shows (`text`).

use super::moment::{EyeStatus, HeldStatus, StepStatus, SuspicionStatus};
use super::{IncidentStatus, StatusView};
use crate::lengths::{clock, length};
use drd_state_machine::event::Verdict;
use std::fmt::{self, Write};

/// How long a step usually takes (reference: Aurora's promotion, an instance's launch).
const USUALLY: &str = "usually 45 to 120 s";

/// `suspecting` for the first line.
pub(super) fn suspecting(view: &StatusView, suspicion: &SuspicionStatus) -> String {
    let down = format!(
        "{} is down: {} fault domains of {} needed, for {}",
        view.active_side,
        suspicion.domains_down,
        suspicion.domains_needed,
        clock(suspicion.lasted_seconds)
    );
    match (suspicion.acts_in_seconds, view.not_armed_because.first()) {
        (Some(seconds), None) if seconds > 0.0 => format!(
            "{down}; drd acts in {} unless one of them sees it well",
            clock(seconds)
        ),
        (Some(_), None) => format!("{down}; drd acts once the gates are open: drd status --why"),
        (_, Some(because)) => format!("{down}; drd does not act: {because}"),
        (None, None) => format!("{down}; {} leads to no act", view.diagnosis),
    }
}

/// A recovery for the first line.
pub(super) fn acting(incident: &IncidentStatus) -> String {
    format!(
        "{} to {}, {} of {} used   run {}",
        incident.from,
        incident.to,
        clock(incident.elapsed_seconds),
        clock(incident.rto_seconds),
        incident.incident_id
    )
}

/// What belongs to this state alone.
pub(super) fn write(out: &mut String, view: &StatusView) -> fmt::Result {
    if let Some(held) = &view.held {
        write_held(out, held)?;
    }
    for step in &view.steps {
        writeln!(out, "  {:<9} {}", step.name, step_text(step, &view.steps))?;
    }
    Ok(())
}

fn write_held(out: &mut String, held: &HeldStatus) -> fmt::Result {
    writeln!(out, "  State     {}.", held.progress)?;
    if let Some(seconds) = held.asks_again_seconds {
        writeln!(out, "  Next      drd asks again in {}.", length(seconds))?;
    }
    writeln!(out, "  Do        {}.", held.exits)
}

fn step_text(step: &StepStatus, all: &[StepStatus]) -> String {
    if step.done {
        return "done".to_owned();
    }
    let Some(asked) = step.asked_seconds else {
        let database = all
            .iter()
            .any(|other| other.name == "database" && !other.done);
        return match step.name.as_str() {
            "write" if database => "waits for the database".to_owned(),
            _ => "not asked for yet".to_owned(),
        };
    };
    let asked = format!("attempt {}, asked {} ago", step.attempts, length(asked));
    match (step.accepted, step.asks_again_seconds) {
        (_, Some(again)) => format!("{asked}; asked for again in {}", length(again)),
        (true, None) if step.name == "latch" => {
            format!("{asked}, done; resolvers follow in 20 to 60 s")
        }
        (true, None) => format!("{asked}, accepted ({USUALLY})"),
        (false, None) => format!("{asked}, no answer yet"),
    }
}

/// Which fault domains see the side that serves, in one line.
pub(super) fn eyes(view: &StatusView) -> String {
    let all: Vec<String> = view.eyes.iter().map(eye).collect();
    let live = view.eyes.iter().filter(|eye| eye.live).count();
    format!("Eyes {live} of {}: {}.", view.eyes.len(), all.join(" | "))
}

fn eye(eye: &EyeStatus) -> String {
    let verdict = match (eye.live, eye.verdict) {
        (false, _) => "SILENT",
        (true, Verdict::Unhealthy) => "DOWN",
        (true, Verdict::Healthy) => "well",
        (true, Verdict::Unknown) => "unclear",
    };
    let age = eye.age_seconds.map_or_else(|| "never".to_owned(), length);
    format!("{} {verdict} {age}", eye.domain)
}

/// What a failover would lose now.
pub(super) fn loss(view: &StatusView) -> String {
    let allowed = view.replication.objective_seconds;
    view.loss_bound_seconds.map_or_else(
        || format!("Loss, if it failed over now: unknown; {allowed:.0} s allowed."),
        |loss| format!("Loss, if it failed over now: at most {loss:.1} s; {allowed:.0} s allowed."),
    )
}
