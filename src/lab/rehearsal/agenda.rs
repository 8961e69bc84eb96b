//! What happens next: the heap's entries, earliest first, and of two at once the older one.
//!
//! Deliberately absent: doing it.

use crate::lab::senses::Message;
use drd_state_machine::command::Command;
use drd_state_machine::event::Event;
use drd_state_machine::time::Time;
use std::cmp::Ordering;

pub(in crate::lab) enum Happening {
    FaultOn(usize),
    FaultOff(usize),
    Second,
    Witness,
    Check,
    Alarm,
    Flap,
    Inside,
    Lag,
    Queued(Message),
    Act(u64, Command),
    Daemon(u64, Turn),
    Restart,
}

/// What the daemon of one generation does next.
pub(in crate::lab) enum Turn {
    Probe,
    Look,
    Readiness,
    Heartbeat,
    Tick,
    Tell(Event),
}

/// A happening and its moment.
pub(super) struct Scheduled {
    pub(super) at: Time,
    pub(super) order: u64,
    pub(super) what: Happening,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Scheduled) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Scheduled {}
impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Scheduled) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Scheduled {
    /// Reversed: the heap gives the earliest first, and of two at once the one scheduled first.
    fn cmp(&self, other: &Scheduled) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}
