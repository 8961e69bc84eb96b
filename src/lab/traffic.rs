//! Where users end up in the simulated world: what the zone answers, and an old writer that still takes
//! what they send.
//!
//! Deliberately absent: the latch's objects (`latch`), and how long a client keeps an answer (`client`).

use super::world::World;
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;

impl World {
    /// Which of the latch's stores can be read.
    pub fn readable_latches(&self) -> [bool; 2] {
        let down = self.faults.latch_stores_down;
        [!down[0] && self.is_reachable(Side::Standby), !down[1]]
    }

    /// The checkers see the latch, or an edited record, after 10 to 40 s (aws-facts 4.4).
    pub(super) fn resolve(&mut self) {
        let latch = self.latch.asks_for(self.readable_latches());
        let wanted = self.faults.record_to.unwrap_or(latch);
        let moves = self.answer_moves.map_or(self.answer, |(_, side)| side);
        if self.faults.record_to.is_some() || self.readable_latches() == [false; 2] {
            self.disturbed_at = Some(self.now);
        }
        if wanted == self.answer {
            self.answer_moves = None;
        } else if wanted != moves {
            let after = self.chance.span(Span::secs(10), Span::secs(40)) + self.faults.dns_extra;
            self.answer_moves = Some((self.now + after, wanted));
        }
    }

    /// Aurora closes the old writer once it reaches it again, within half a minute.
    pub(super) fn close_old_writer(&mut self) {
        let old = self.writer.other();
        let reached = self.database_answers(old) && !self.faults.old_writer_unfenced;
        if !self.open[old.index()] || !reached {
            self.closes_at = None;
        } else if self.closes_at.is_none() {
            let after = self.chance.span(Span::secs(5), Span::secs(30));
            self.closes_at = Some(self.now + after);
        }
    }
}
