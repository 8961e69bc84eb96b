//! How long a recovery took, by three clocks.
//!
//! Deliberately absent: whether that is soon enough (`expectation`).

use crate::lab::simulation::Rehearsed;
use serde::Serialize;

/// From the first bad sample, from the decision, and as a client saw it. `None`: no role changed.
#[derive(Debug, Serialize)]
pub(super) struct Clocks {
    pub detected_seconds: Option<f64>,
    pub decided_seconds: Option<f64>,
    pub client_seconds: f64,
}

impl Clocks {
    /// The longest one; `None` while a recovery has not ended.
    pub(super) fn slowest(&self) -> Option<f64> {
        let own = self.detected_seconds?.max(self.decided_seconds?);
        Some(own.max(self.client_seconds))
    }

    pub(super) fn of(done: &Rehearsed) -> Clocks {
        let changed = done.outcome.moved();
        let ended = done
            .incident
            .as_ref()
            .filter(|_| changed)
            .and_then(|i| i.ended_at.map(|end| (i, end)));
        Clocks {
            detected_seconds: ended.map(|(i, end)| (end - i.first_bad_at).as_secs_f64()),
            decided_seconds: ended.map(|(i, end)| (end - i.decided_at).as_secs_f64()),
            client_seconds: done.client_outage.as_secs_f64(),
        }
    }
}
