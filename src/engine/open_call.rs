//! A call to the store that is not answered, and when it counts as one that hangs.
//!
//! It goes on: what it does is not known, and a second one beside it would hang as well.
//! Deliberately absent: giving it up. The table's own deadlines do that within seconds.

use super::port::StoreCall;
use drd_state_machine::time::Span;

/// Not answered for so long: the table gives its own calls up within seconds, and a file of a
/// year's lines is read in two.
const HANGS: Span = Span::secs(30);
/// A process that was frozen finds the answer that waited for it within this long.
const GRACE: Span = Span::secs(1);

/// The newest call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct OpenCall {
    pub(super) number: u64,
    pub(super) sent_at: Span,
    pub(super) call: StoreCall,
    /// When it is next asked for whether it hangs.
    pub(super) checked_at: Span,
    /// It was overdue when that was last asked.
    late: bool,
}

impl OpenCall {
    pub(super) fn sent(number: u64, call: StoreCall, now: Span) -> OpenCall {
        OpenCall {
            number,
            sent_at: now,
            call,
            checked_at: now + HANGS,
            late: false,
        }
    }

    /// Whether it hangs, once per [`HANGS`].
    pub(super) fn hangs(&mut self, now: Span) -> bool {
        if now < self.checked_at {
            return false;
        }
        let late = std::mem::replace(&mut self.late, true);
        self.checked_at = now + if late { HANGS } else { GRACE };
        late
    }
}
