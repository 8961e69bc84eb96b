//! Attempts that failed, and how late the next one is, by the moments at which the world took the
//! requests and gave its answers.
//!
//! Deliberately absent: whether it should be made again at all, and the verdict (`duties`).

use super::requests::Sender;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Outcome};
use drd_state_machine::time::{Span, Time};

/// Before what was refused or denied is asked for again, at least.
const AFTER_REFUSAL: Span = Span::secs(5);
/// The gaps between attempts, in seconds; the last one again and again (DESIGN section 4, rule 13).
const GAPS: [i64; 6] = [2, 4, 8, 16, 32, 45];

fn gap(attempt: u32) -> Span {
    let earlier = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    Span::secs(GAPS[earlier.min(GAPS.len() - 1)])
}

/// The newest attempt that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct FailedAttempt {
    pub(super) kind: Kind,
    incident_id: u64,
    pub(super) attempt: u32,
    generation: u64,
    pub(super) again_at: Time,
    pub(super) answered_at: Time,
}

impl FailedAttempt {
    /// `None` where nothing has to be made again.
    fn of(now: Time, generation: u64, done: &Completion) -> Option<FailedAttempt> {
        if done.kind == Kind::Fence {
            // Asked for every 10 s, whatever comes of it (rule 15).
            return None;
        }
        let gap = match &done.outcome {
            Outcome::Unknown { .. } => gap(done.attempt),
            Outcome::Refused { .. } | Outcome::Denied { .. } => {
                gap(done.attempt).max(AFTER_REFUSAL)
            }
            Outcome::Done | Outcome::AlreadySo => return None,
        };
        Some(FailedAttempt {
            kind: done.kind,
            incident_id: done.incident_id,
            attempt: done.attempt,
            generation,
            again_at: now + gap,
            answered_at: now,
        })
    }

    fn is_followed_by(&self, sender: Sender, command: &Command) -> bool {
        let next = (command.kind(), command.incident_id(), command.attempt());
        next == (self.kind, self.incident_id, self.attempt + 1)
            && sender.generation == self.generation
    }
}

/// The newest one of each kind of command.
#[derive(Debug, Default)]
pub(super) struct Retries {
    failed: Vec<FailedAttempt>,
}

impl Retries {
    /// The daemon received how an attempt ended.
    pub(super) fn note(&mut self, now: Time, generation: u64, done: &Completion) {
        if let Some(failed) = FailedAttempt::of(now, generation, done) {
            self.failed.retain(|old| old.kind != done.kind);
            self.failed.push(failed);
        }
    }

    /// The attempt that this request makes again.
    pub(super) fn take(&mut self, sender: Sender, command: &Command) -> Option<FailedAttempt> {
        let again = |old: &FailedAttempt| old.is_followed_by(sender, command);
        let place = self.failed.iter().position(again)?;
        Some(self.failed.remove(place))
    }
}
