//! What the lag samples show: how far the replica is known to be, whether the writer lives, and the
//! most that a failover would lose (DESIGN section 4, rules 6 to 11).
//!
//! A sample shows the position `taken_at - lag`. Deliberately absent: taking samples in (`evidence`),
//! and what is made of a loss (`gates`).

use crate::event::{LagSample, LagSource};
use crate::evidence::Evidence;
use crate::policy::Policy;
use crate::time::{Span, Time};

/// After a sample that only CloudWatch had, the event path is the faster source again once it has brought
/// every one for so long.
const PUSH_TRUSTED_AFTER: Span = Span::secs(600);
/// How often that is remembered anew.
const UNPUSHED_AGAIN: Span = Span::secs(60);
/// Positions are as exact as the clocks of two regions: one that is no further than this does not
/// show that anything advances.
const ADVANCES: Span = Span::secs(1);

impl Evidence {
    /// The newest position that the replica is known to have; `None` without a sample, and where the sources
    /// contradict each other.
    pub fn position(&self) -> Option<Time> {
        self.lag.agreed()
    }

    /// When the newest sample was taken that shows a position after `onset` which advances, by any source.
    pub fn alive_at(&self, onset: Time) -> Option<Time> {
        let by = |source| {
            let mut furthest = Time::default();
            let mut taken = None;
            for sample in self.lag.of(source) {
                let position = sample.position();
                if position > furthest + ADVANCES {
                    furthest = position;
                    taken = Some(sample.taken_at).filter(|_| position > onset).or(taken);
                }
            }
            taken
        };
        LagSource::ALL.into_iter().filter_map(by).max()
    }

    /// Whether the writer is proven alive after `onset`, and recently.
    pub fn is_proven_alive(&self, onset: Time, now: Time, policy: &Policy) -> bool {
        let lasts = self.proof_lasts(now, policy);
        self.alive_at(onset).is_some_and(|at| now - at <= lasts)
    }

    /// For how long a proof of life counts (rule 7): two periods and the delivery of the event path where that
    /// is known to bring all, else of the slowest source that is still read.
    fn proof_lasts(&self, now: Time, policy: &Policy) -> Span {
        if self.pushes_all(now) {
            return policy.proof_lasts(LagSource::Events);
        }
        let read = [LagSource::Metric, LagSource::Aws].into_iter();
        let live = read.filter(|source| self.is_live(*source, policy));
        let slowest = live.map(|source| policy.proof_lasts(source)).max();
        slowest.unwrap_or(policy.proof_lasts(LagSource::Metric))
    }

    fn is_live(&self, source: LagSource, policy: &Policy) -> bool {
        self.lag.is_live(source, policy.proof_lasts(source))
    }

    /// The fastest source that brings samples at all.
    pub fn fastest_live(&self, policy: &Policy) -> Option<LagSource> {
        let mut all = LagSource::ALL.into_iter();
        all.find(|source| self.is_live(*source, policy))
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

    /// A sample came by the event path: were all before it brought as well?
    pub(crate) fn note_push(&mut self, taken_at: Time, now: Time, policy: &Policy) {
        let missed = Span(policy.lag_period.0 * 3 / 2);
        if self
            .pushed_lag
            .is_some_and(|before| taken_at - before >= missed)
        {
            self.note_unpushed(now);
        }
        self.pushed_lag = self.pushed_lag.max(Some(taken_at));
    }

    /// CloudWatch has a sample: is it a period newer than all that the event path brought? Its
    /// datapoints are dated by the beginning of their minute, so by no more than that too old.
    pub(crate) fn note_read(&mut self, taken_at: Time, now: Time, policy: &Policy) {
        let newer = |pushed| taken_at - pushed >= policy.lag_period - ADVANCES;
        if self.pushed_lag.is_some_and(newer) {
            self.note_unpushed(now);
        }
    }

    /// The event path lost something. Once a minute is enough for what is distrusted for ten, and each time is
    /// worth a line.
    pub(crate) fn note_unpushed(&mut self, now: Time) {
        if self.unpushed_at.is_none_or(|at| now - at >= UNPUSHED_AGAIN) {
            self.unpushed_at = Some(now);
        }
    }

    /// Whether the event path brings samples, would have brought the next one, and has lost nothing of late
    /// that is known of.
    fn pushes_all(&self, now: Time) -> bool {
        let missed = self.unpushed_at;
        let all = missed.is_none_or(|at| now - at > PUSH_TRUSTED_AFTER);
        all && self.pushed_lag.is_some() && self.path_is_proven
    }

    /// How long a lossy move must wait so that a sample of a living writer would have arrived: a period
    /// and the delivery of the fastest source that brings samples (rule 9). The event path counts where it is
    /// known to bring all.
    pub fn sample_is_due_after(&self, now: Time, policy: &Policy) -> Span {
        let source = if self.pushes_all(now) {
            LagSource::Events
        } else if self.fastest_live(policy) == Some(LagSource::Aws) {
            LagSource::Aws
        } else {
            LagSource::Metric
        };
        policy.lag_comes_within(source)
    }

    /// The newest proof of life after an onset, or the onset.
    pub fn lived_until(&self, onset: Time) -> Time {
        self.alive_at(onset).map_or(onset, |alive| alive.max(onset))
    }

    /// The most that a failover would lose before the next sample is due: what counts while all is
    /// well, so that a sample that just came does not make it look well.
    pub fn loss_by_next_sample(
        &self,
        now: Time,
        policy: &Policy,
        started_at: Time,
    ) -> Option<Span> {
        let newest = self.lag.newest()?;
        let loss = self.loss(now, policy, started_at)?;
        Some(loss.max(newest.lag + policy.lag_period_of(newest.source)))
    }

    /// The most that a failover would lose; `None` without a sample, and where the sources contradict each
    /// other: unknown is not zero.
    ///
    /// Users wrote until the first bad reading at least, and not while a quorum reported it dark. A
    /// sample from after the first bad reading shows that the writer lived then: it may have gone on
    /// for a period.
    pub fn loss(&self, now: Time, policy: &Policy, started_at: Time) -> Option<Span> {
        let position = self.position()?;
        let first_bad = self.first_bad_at.unwrap_or(now);
        let later = self.lag.newest().filter(|s| s.taken_at > first_bad);
        let bound = match later {
            Some(sample) => self.wrote_until(sample, now, policy).max(first_bad) - position,
            // What was before this daemon began is not its to leave out: it does not know what was dark then.
            None if position < started_at => first_bad - position,
            None => self.unreplicated.served().min(first_bad - position),
        };
        Some(Span(bound.0.max(0)))
    }

    /// Until when a writer may have gone on whose newest sample this is: until its source's next one was due.
    /// Where the event path brings all, until its own next one was.
    fn wrote_until(&self, newest: LagSample, now: Time, policy: &Policy) -> Time {
        let pushed = self.lag.of(LagSource::Events).last();
        let last = pushed.filter(|_| self.pushes_all(now)).unwrap_or(&newest);
        let taken_by = last.taken_at + last.source.dated_within();
        (taken_by + policy.lag_period_of(last.source)).max(newest.taken_at)
    }
}
