//! One poll: due again a period after it began, and never while it is under way.
//!
//! Deliberately absent: which polls there are, and their periods (`polling`).

use drd_state_machine::time::Span;

/// One poll: when it is due, and whether it is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Poll {
    pub(super) due: Span,
    pub(super) began: Span,
    pub(super) under_way: bool,
}

impl Poll {
    pub(super) fn is_due(&self, now: Span) -> bool {
        !self.under_way && self.due <= now
    }

    pub(super) fn begin(&mut self, now: Span, period: Span) {
        self.began = now;
        self.due = now + period;
        self.under_way = true;
    }

    pub(super) fn end(&mut self) {
        self.under_way = false;
    }

    /// Due at once, but not within `gap` of the last one.
    pub(super) fn hasten(&mut self, now: Span, gap: Span) {
        self.due = self.due.min((self.began + gap).max(now));
    }

    pub(super) fn wakes_at(&self) -> Option<Span> {
        (!self.under_way).then_some(self.due)
    }
}
