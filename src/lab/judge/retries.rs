//! Whether an attempt that failed is made again in time, by the moments at which the world took the
//! requests and gave its answers.
//!
//! Later is right where people were asked in between (the run is held), where another process or
//! term goes on, and where the daemon was not on duty all the time. Deliberately absent: whether it
//! should be made again at all; the promises about acts are elsewhere.

use super::Judge;
use super::requests::Sender;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Outcome};
use drd_state_machine::time::{Span, Time};

/// Time is given to the machine every second; then a line is written, and a request is signed.
const LATE: Span = Span::secs(2);
/// Before what was refused is asked for again.
const AFTER_REFUSAL: Span = Span::secs(5);

/// Before what got no answer is asked for again: 2 s, growing to 10 s (DESIGN section 4).
fn gap(attempt: u32) -> Span {
    Span::secs(2 * i64::from(attempt.min(5)))
}

/// The newest attempt that failed.
#[derive(Clone, Copy, Debug)]
struct Failed {
    kind: Kind,
    incident_id: u64,
    attempt: u32,
    generation: u64,
    again_at: Time,
    answered_at: Time,
}

/// What is to be made again, newest last; a run has four kinds of commands that are.
#[derive(Debug, Default)]
pub(super) struct Retries {
    failed: Vec<Failed>,
}

impl Judge {
    /// The daemon received how an attempt ended.
    pub(super) fn failed(&mut self, now: Time, generation: u64, done: &Completion) {
        let gap = match &done.outcome {
            Outcome::Unknown { .. } => gap(done.attempt),
            Outcome::Refused { .. } => AFTER_REFUSAL,
            Outcome::Done | Outcome::AlreadySo | Outcome::Denied { .. } => return,
        };
        self.retries.failed.retain(|old| old.kind != done.kind);
        self.retries.failed.push(Failed {
            kind: done.kind,
            incident_id: done.incident_id,
            attempt: done.attempt,
            generation,
            again_at: now + gap,
            answered_at: now,
        });
    }

    /// A request leaves: is it a further attempt, and in time?
    pub(super) fn tries_again(&mut self, now: Time, sender: Sender, command: &Command) {
        let further = |old: &Failed| {
            (old.kind, old.incident_id, old.attempt + 1, old.generation)
                == (
                    command.kind(),
                    command.incident_id(),
                    command.attempt(),
                    sender.generation,
                )
        };
        let Some(place) = self.retries.failed.iter().position(further) else {
            return;
        };
        let old = self.retries.failed.remove(place);
        let asked_people = self.paged_at.is_some_and(|at| at >= old.answered_at);
        let on_duty = self
            .watch
            .on_duty_since()
            .is_some_and(|at| at <= old.answered_at);
        if asked_people || !on_duty {
            return;
        }
        self.require(now - old.again_at <= LATE, "L1", now, || {
            format!(
                "{} is tried again {} after its attempt {} failed",
                old.kind,
                now - old.answered_at,
                old.attempt
            )
        });
    }
}
