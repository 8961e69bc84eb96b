//! What was shown last, and what a follower read for it.
//!
//! Deliberately absent: showing it (`show`).

use drd_state_machine::Record;
use drd_state_machine::time::{Span, Time};

/// The ledger is read again for what a follower shows, at most this often: a query costs money.
const READ_EVERY: Span = Span::secs(30);

/// What was shown, and what a follower read.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) armed: bool,
    pub(super) read: Option<(Record, u64)>,
    pub(super) read_at: Option<Time>,
}

impl Shown {
    /// Whether what the leader wrote is to be read again.
    pub(super) fn is_due(&self, now: Time) -> bool {
        self.read_at.is_none_or(|at| now - at >= READ_EVERY)
    }
}
