//! One sensor's reports: what it says now, since when, and for how long that counts.
//!
//! Deliberately absent: what several of them mean together (`evidence`, `episode`).

use crate::event::{Side, Vantage, Verdict};
use crate::policy::{FLAP_WINDOW, OWN_FRESH, Policy, Sensor};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long a report of the witness counts: it repeats itself every 60 s, and 30 s of delivery.
const WITNESS_FRESH: Span = Span::secs(90);
/// How long an alarm's state counts since it was received or read: two reads of 60 s, and 15 s.
pub(crate) const ALARM_FRESH: Span = Span::secs(135);

/// What became of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noted {
    /// The sensor's verdict changed.
    Changed,
    /// The verdict is as before, seen later.
    Refreshed,
    /// This very statement was received before.
    Duplicate,
    /// A newer statement of the same sensor was received before.
    Late,
    /// Too old to count.
    Stale,
    /// No configured sensor has this name.
    UnknownSensor,
}

/// The newest report of one sensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The sensor.
    pub sensor: Arc<str>,
    /// Where it looks from.
    pub vantage: Vantage,
    /// The side it reports about.
    pub side: Side,
    /// What it reports.
    pub verdict: Verdict,
    /// When it looked.
    pub observed_at: Time,
    /// Since when it has reported that.
    pub since: Time,
    /// The delivery that reported it; empty for drd's own readings.
    pub id: Arc<str>,
    /// What the sender's own clock showed at its newest delivered report: of two deliveries the older one is
    /// known by it, whatever is known of this host's clock by then.
    pub stamped_at: Option<Time>,
    /// When it last changed between healthy and unhealthy, newest first.
    pub flips: [Time; 4],
    /// When it last saw it well; of an alarm, when its state became so.
    pub good_at: Time,
    /// When it last saw it bad.
    pub bad_at: Time,
}

impl Reading {
    pub(crate) fn new(sensor: &Sensor) -> Reading {
        Reading {
            sensor: sensor.name.clone(),
            vantage: sensor.vantage,
            side: sensor.side,
            verdict: Verdict::Unknown,
            observed_at: Time::default(),
            since: Time::default(),
            id: Arc::from(""),
            stamped_at: None,
            flips: [Time::default(); 4],
            good_at: Time::default(),
            bad_at: Time::default(),
        }
    }

    /// Whether it keeps changing and has not reported the same for a hold-down: an endpoint's sensor
    /// after three changes, another one after four.
    pub(crate) fn is_muted(&self, now: Time, policy: &Policy) -> bool {
        let changes = if self.vantage.sees_endpoint() { 2 } else { 3 };
        now - self.flips[changes] < FLAP_WINDOW && now - self.since < policy.hold_down
    }

    /// The sensor's verdict now: unknown when it is stale or flapping.
    pub fn current_verdict(&self, now: Time, policy: &Policy) -> Verdict {
        if self.is_muted(now, policy) {
            Verdict::Unknown
        } else {
            self.last_verdict(now, policy)
        }
    }

    /// The sensor's last verdict: unknown when it is stale.
    pub fn last_verdict(&self, now: Time, policy: &Policy) -> Verdict {
        if now - self.observed_at > self.fresh_for(policy) {
            Verdict::Unknown
        } else {
            self.verdict
        }
    }

    pub(crate) fn fresh_for(&self, policy: &Policy) -> Span {
        match self.vantage {
            Vantage::Probe | Vantage::ControlPlane => OWN_FRESH,
            Vantage::Witness => WITNESS_FRESH,
            Vantage::Route53 | Vantage::Inside => ALARM_FRESH,
            Vantage::Replication => policy.event_max_age,
        }
    }

    /// `pushed`: it reports a change of its own accord, where a state that was read may have been so
    /// for long.
    pub(crate) fn update(
        &mut self,
        verdict: Verdict,
        observed_at: Time,
        good_at: Option<Time>,
        fresh_for: Span,
        pushed: bool,
    ) -> Noted {
        let changed = self.verdict != verdict;
        let alarm = matches!(self.vantage, Vantage::Route53 | Vantage::Inside);
        // Only what it reports itself: its report of the change may be lost, and this one be much later.
        if let Some(good_at) = good_at {
            self.good_at = self.good_at.max(good_at.min(observed_at));
        }
        // An alarm's state that is read is no older than its last change, and the first one that is
        // read is no change.
        let became_good = changed && (pushed || self.verdict == Verdict::Unhealthy);
        if verdict == Verdict::Healthy && (!alarm || became_good) {
            self.good_at = observed_at;
        }
        // About a time in which it did not look a sensor reports nothing.
        if !changed && !alarm && observed_at - self.observed_at > fresh_for {
            self.since = observed_at;
        }
        if changed {
            // Only a change between two known verdicts is a flip.
            if self.verdict != Verdict::Unknown && verdict != Verdict::Unknown {
                self.flips.rotate_right(1);
                self.flips[0] = observed_at;
            }
            self.since = observed_at;
        }
        if verdict == Verdict::Unhealthy {
            self.bad_at = observed_at;
        }
        self.verdict = verdict;
        self.observed_at = observed_at;
        if changed {
            Noted::Changed
        } else {
            Noted::Refreshed
        }
    }
}
