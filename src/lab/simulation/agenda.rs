//! What happens next: the heap's entries, earliest first, and of two at once the older one.
//!
//! Deliberately absent: doing it.

use super::parcel::{Parcel, Signed, StoreLetter};
use crate::engine::port::Input;
use crate::lab::install::Install;
use crate::lab::sensors::SentMessage;
use drd_state_machine::event::{Completion, Word};
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
    /// A message arrives in the queue.
    Queued(SentMessage),
    /// Long polls of this process that found nothing end.
    PollEnds(u64),
    /// Messages that were received and not deleted become visible again.
    Redeliver,
    /// A command was signed.
    Send(Signed),
    /// A request arrives.
    Act(Parcel),
    /// An input reaches the process of this number.
    Input(u64, Input),
    /// The end of an attempt reaches that process and term a second time.
    Again(u64, u64, Completion),
    /// A process wanted to be woken.
    Wake(u64),
    /// A process starts.
    Start(Install),
    /// An operator's command, for the nth time.
    Order(Word, u32),
    /// A call to the ledger's store arrives.
    Letter(StoreLetter),
    /// Lines of the ledger arrive that their daemon gave up.
    LinesArrive,
}

/// A happening and its moment.
pub(in crate::lab) struct Scheduled {
    pub(in crate::lab) at: Time,
    pub(in crate::lab) order: u64,
    /// Boxed: the heap moves its entries, and a message is many times the size of a moment.
    pub(in crate::lab) what: Box<Happening>,
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
