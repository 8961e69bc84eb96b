//! Requests that left a daemon, and who led when: the judge's own notes.
//!
//! Deliberately absent: verdicts (`leadership`).

use drd_state_machine::command::Kind;
use drd_state_machine::event::Side;
use drd_state_machine::time::{Span, Time};

/// Who sends.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// The token of the lease under which it acts; `None` when it is alone.
    pub token: Option<u64>,
    /// Its term.
    pub generation: u64,
}

/// A request that moves the active side.
#[derive(Clone, Copy, Debug)]
pub(super) struct SentRequest {
    pub(super) kind: Kind,
    pub(super) incident_id: u64,
    pub(super) attempt: u32,
    pub(super) generation: u64,
    pub(super) to: Side,
    pub(super) at: Time,
    pub(super) answered: bool,
}

/// What was sent, and who led.
#[derive(Debug, Default)]
pub(super) struct Requests {
    pub(super) sent: Vec<SentRequest>,
    pub(super) lines_seen: usize,
    pub(super) newest_token: Option<u64>,
    pub(super) leaderless_since: Option<Time>,
    pub(super) able_since: Option<Time>,
    pub(super) led_since: Option<Time>,
}

impl Requests {
    /// The side that the newest request for a role change names.
    pub(super) fn newest_role(&self) -> Option<Side> {
        let roles = self.sent.iter().rev().find(|s| s.kind.irreversible());
        roles.map(|s| s.to)
    }

    /// Whether the newest request for a role change is of this kind.
    pub(super) fn newest_is(&self, kind: Kind) -> bool {
        let newest = self.sent.iter().rev().find(|s| s.kind.irreversible());
        newest.is_some_and(|s| s.kind == kind)
    }

    /// Since when somebody has led, if somebody does; gaps that a takeover may take do not count.
    pub(super) fn led_since(&self, now: Time) -> Option<Time> {
        let gap = self
            .leaderless_since
            .map_or(Span::ZERO, |since| now - since);
        self.led_since.filter(|_| gap == Span::ZERO)
    }
}
