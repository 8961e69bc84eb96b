//! A simulated client: it writes a numbered row every second to wherever DNS sends it, so that
//! its outage and the acknowledged writes that were lost are counted, not assumed.
//!
//! Deliberately absent: any knowledge of drd.

use super::world::World;
use drd_state_machine::event::Side;
use drd_state_machine::time::{Span, Time};

/// One row a second: the resolution of the client's clock.
pub const PERIOD: Span = Span::secs(1);

/// The client and what it got acknowledged.
#[derive(Debug, Default)]
pub struct Client {
    resolved: Option<(Side, Time)>,
    acknowledged: Vec<Time>,
    failing_since: Option<Time>,
    /// Stretches without an acknowledged write that have ended.
    outages: Vec<(Time, Time)>,
    /// Rows that an old writer acknowledged, which nobody will see again.
    stray: usize,
    /// Rows that were not acknowledged.
    pub refused: u32,
}

impl Client {
    /// Writes the next row.
    pub fn write(&mut self, world: &World) {
        let side = self.resolve(world);
        if world.takes_writes(side) {
            if side == world.writer {
                self.acknowledged.push(world.now);
            } else {
                self.stray += 1;
            }
            if let Some(since) = self.failing_since.take() {
                self.outages.push((since, world.now));
            }
        } else {
            self.refused += 1;
            self.failing_since.get_or_insert(world.now);
        }
    }

    /// The answer is kept for the record's TTL, as a well-behaved resolver does.
    fn resolve(&mut self, world: &World) -> Side {
        match self.resolved {
            Some((side, until)) if world.now < until => side,
            Some(_) | None => {
                self.resolved = Some((world.answer, world.now + world.ttl));
                world.answer
            }
        }
    }

    /// The longest time without an acknowledged write, counting one that has not ended.
    pub fn longest_outage(&self, now: Time) -> Span {
        let all = self.outages(now).into_iter();
        all.map(|(since, until)| until - since)
            .max()
            .unwrap_or_default()
    }

    /// Every stretch without an acknowledged write, in order; one that has not ended lasts until now.
    pub fn outages(&self, now: Time) -> Vec<(Time, Time)> {
        let open = self.failing_since.map(|since| (since, now));
        self.outages.iter().copied().chain(open).collect()
    }

    /// How long writes have failed until now.
    pub fn failing_for(&self, now: Time) -> Span {
        self.failing_since.map_or(Span::ZERO, |since| now - since)
    }

    /// Acknowledged rows that a lossy role change left behind, and those of an old writer.
    pub fn lost(&self, losses: &[(Time, Time)]) -> usize {
        let one = |at: &&Time| losses.iter().any(|loss| is_within(**at, loss));
        let left = self.acknowledged.iter().filter(one).count();
        left + self.stray
    }

    /// The longest stretch of time whose acknowledged rows one role change lost.
    pub fn loss(&self, losses: &[(Time, Time)]) -> Span {
        let of_one = |loss: &(Time, Time)| {
            let mut lost = self.acknowledged.iter().filter(|at| is_within(**at, loss));
            let first = lost.next();
            let last = lost.next_back().or(first);
            first
                .zip(last)
                .map(|(first, last)| (*last - *first) + PERIOD)
        };
        losses.iter().filter_map(of_one).max().unwrap_or(Span::ZERO)
    }
}

/// Whether a row of this moment was lost with a role change.
fn is_within(at: Time, (from, until): &(Time, Time)) -> bool {
    at > *from && at <= *until
}
