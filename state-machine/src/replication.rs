//! What the lag samples show: how far the replica is known to be, whether the writer lives, and the
//! most that a failover would lose (DESIGN section 4, rules 6 to 11).
//!
//! A sample shows the position `taken_at - lag`. Deliberately absent: taking samples in (`evidence`),
//! and what is made of a loss (`gates`).

use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::time::{Span, Time};

/// How long a sample proves the writer alive where the event path is proven: two periods of 30 s and
/// 15 s of delivery.
const PROOF_FRESH: Span = Span::secs(75);
/// The same where only the slower read of CloudWatch is known to work: a minute more.
const PROOF_FRESH_BY_READING: Span = Span::secs(135);
/// Positions are as exact as the clocks of two regions: one that is no further than this does not
/// show that anything advances.
const ADVANCES: Span = Span::secs(1);

impl Evidence {
    /// The newest position that the replica is known to have.
    pub fn position(&self) -> Option<Time> {
        self.lag.iter().map(|s| s.taken_at - s.lag).max()
    }

    /// When the newest sample was taken that shows a position after `onset` which advances.
    pub fn alive_at(&self, onset: Time) -> Option<Time> {
        let mut furthest = Time::default();
        let mut taken = None;
        for sample in &self.lag {
            let position = sample.taken_at - sample.lag;
            if position > furthest + ADVANCES {
                furthest = position;
                taken = Some(sample.taken_at).filter(|_| position > onset).or(taken);
            }
        }
        taken
    }

    /// Whether the writer is proven alive after `onset`, and recently.
    pub fn is_proven_alive(&self, onset: Time, now: Time) -> bool {
        let fresh = if self.path_is_proven {
            PROOF_FRESH
        } else {
            PROOF_FRESH_BY_READING
        };
        self.alive_at(onset).is_some_and(|at| now - at <= fresh)
    }

    /// How long the outage has lasted, as far as it counts for a move that loses nothing; for a
    /// `lossy` one the newest proof of life starts it anew.
    pub fn held_for(&self, now: Time, lossy: bool) -> Option<Span> {
        let onset = self.onset()?;
        let since = if lossy {
            self.lived_until(onset)
        } else {
            onset
        };
        Some(now - since)
    }

    /// The newest proof of life after an onset, or the onset.
    pub fn lived_until(&self, onset: Time) -> Time {
        self.alive_at(onset).map_or(onset, |alive| alive.max(onset))
    }

    /// The most that a failover would lose before the next sample is due: what counts while all is
    /// well, so that a sample that just came does not make it look well.
    pub fn loss_by_next_sample(&self, now: Time, policy: &Policy) -> Option<Span> {
        let newest = self.lag.last()?;
        self.loss(now, policy)
            .max(Some(newest.lag + policy.lag_period))
    }

    /// The most that a failover would lose; `None` without a sample: unknown is not zero.
    ///
    /// Users wrote until the first bad reading at least, and not while a quorum reported it dark. A
    /// sample from after the first bad reading shows that the writer lived then: it may have gone on
    /// for a period.
    pub fn loss(&self, now: Time, policy: &Policy) -> Option<Span> {
        let position = self.position()?;
        let first_bad = self.first_bad_at.unwrap_or(now);
        let later = self.lag.last().filter(|s| s.taken_at > first_bad);
        let bound = match later {
            Some(sample) => (sample.taken_at + policy.lag_period).max(first_bad) - position,
            None => self.unreplicated.served().min(first_bad - position),
        };
        Some(Span(bound.0.max(0)))
    }
}
