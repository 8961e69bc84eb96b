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
    longest: Span,
    /// Rows that were not acknowledged.
    pub refused: u32,
}

impl Client {
    /// Writes the next row.
    pub fn write(&mut self, world: &World) {
        let side = self.resolve(world);
        if world.takes_writes(side) {
            self.acknowledged.push(world.now);
            if let Some(since) = self.failing_since.take() {
                self.longest = self.longest.max(world.now - since);
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
        let open = self.failing_since.map_or(Span::ZERO, |since| now - since);
        self.longest.max(open)
    }

    /// How long writes have failed until now.
    pub fn failing_for(&self, now: Time) -> Span {
        self.failing_since.map_or(Span::ZERO, |since| now - since)
    }

    /// Acknowledged rows that a lossy role change left behind.
    pub fn lost(&self, losses: &[(Time, Time)]) -> usize {
        self.acknowledged
            .iter()
            .filter(|at| {
                losses
                    .iter()
                    .any(|(from, until)| *at > from && *at <= until)
            })
            .count()
    }

    /// The stretch of time whose acknowledged rows were lost.
    pub fn loss(&self, losses: &[(Time, Time)]) -> Span {
        let lost: Vec<Time> = self
            .acknowledged
            .iter()
            .filter(|at| {
                losses
                    .iter()
                    .any(|(from, until)| *at > from && *at <= until)
            })
            .copied()
            .collect();
        match (lost.first(), lost.last()) {
            (Some(first), Some(last)) => (*last - *first) + PERIOD,
            _ => Span::ZERO,
        }
    }
}
