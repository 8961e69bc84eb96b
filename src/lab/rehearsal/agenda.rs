//! What happens next: the heap's entries, earliest first, and of two at once the older one.
//!
//! Deliberately absent: doing it.

use crate::lab::daemon::Place;
use crate::lab::senses::Message;
use crate::lab::term::{Duty, Letter};
use drd_state_machine::command::Command;
use drd_state_machine::event::{Completion, Event, Word};
use drd_state_machine::time::{Span, Time};
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
    /// The daemon of this term is ready to send this.
    Send(u64, Command),
    /// A request arrives.
    Act(Parcel),
    /// What the daemon of one term does next.
    Daemon(u64, Turn),
    /// A process starts.
    Start(Place),
    /// An operator says a word, for the nth time.
    Order(Word, u32),
    /// What a process of a pair does next about the lease.
    Duty(u64, Duty),
    /// A request to the ledger's store arrives.
    Letter(Letter),
    /// A line of the ledger arrives that its daemon gave up.
    LineArrives,
}

/// A request on its way.
pub(in crate::lab) struct Parcel {
    pub(in crate::lab) who: Place,
    pub(in crate::lab) generation: u64,
    pub(in crate::lab) command: Command,
    /// How much longer than usual the answer takes; `None` when nobody waits for it.
    pub(in crate::lab) back: Option<Span>,
}

/// What the daemon of one term does next.
pub(in crate::lab) enum Turn {
    Probe,
    Look,
    Readiness,
    Heartbeat,
    Tick,
    Tell(Event),
    /// An operator's word, said for the nth time.
    Order(Word, u32),
    /// The end of an attempt that was told before.
    Again(Completion),
}

/// A happening and its moment.
pub(super) struct Scheduled {
    pub(super) at: Time,
    pub(super) order: u64,
    /// Boxed: the heap moves its entries, and a message is many times the size of a moment.
    pub(super) what: Box<Happening>,
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
