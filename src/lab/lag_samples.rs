//! What each source of lag samples makes of the replica: drd's lag function by an event, the same by its
//! metric, and AWS's own metric.
//!
//! Deliberately absent: what becomes of a sample on its way (`rehearsal`, and the simulated estate).

use super::world::World;
use drd_state_machine::event::{LagSample, LagSource};
use drd_state_machine::time::Time;

impl World {
    /// Whether a sample gets out: that needs the writer and the receiving region.
    fn lag_is_sampled(&self) -> bool {
        self.replica_connected
            && self.database_answers(self.writer)
            && self.is_reachable(self.writer.other())
    }

    /// What a source reports of this moment; `None` when it gets no sample out.
    pub fn lag_sample(&self, source: LagSource) -> Option<LagSample> {
        let wrong = self.faults.lag_reported[source.index()];
        let lag = wrong.unwrap_or(self.now - self.replica_position());
        let taken_at = dated(source, self.now);
        self.lag_is_sampled().then_some(LagSample {
            source,
            taken_at,
            lag,
        })
    }

    /// Whether a source reports what is not so, and drd's own monitor reports the truth in time by neither way.
    /// AWS's own metric is dated by the minute: it shows the truth no better than the RPO.
    pub(super) fn lag_is_hidden(&self) -> bool {
        let faults = &self.faults;
        let wrong = |source: LagSource| faults.lag_reported[source.index()].is_some();
        let missing = |source: LagSource| {
            let place = source.index();
            faults.lag_lost[place] > 0.0 || faults.lag_delay[place].0 > 0
        };
        let mut monitor = [LagSource::Events, LagSource::Metric].into_iter();
        let hidden = monitor.all(|source| wrong(source) || missing(source));
        hidden && LagSource::ALL.into_iter().any(wrong)
    }
}

/// CloudWatch dates a datapoint by the beginning of its period.
fn dated(source: LagSource, at: Time) -> Time {
    let period = source.dated_within().0.max(1);
    Time(at.0 - at.0.rem_euclid(period))
}

/// Of AWS's own metric there is one datapoint a minute: whether this is another one than the newest of its source
/// among these, newest first.
pub(crate) fn is_new<'s>(
    sample: &LagSample,
    mut known: impl Iterator<Item = &'s LagSample>,
) -> bool {
    let newest = known.find(|known| known.source == sample.source);
    newest.is_none_or(|known| known.taken_at < sample.taken_at)
}
