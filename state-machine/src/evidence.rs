//! What the independent sources report, since when. Unknown is never down.
//!
//! Deliberately absent: conclusions. `assessment` draws them.

use crate::event::{GlobalView, LagSample, Observation, Side, SideView, Signal, Vantage, Verdict};
use crate::lag::LagBook;
use crate::policy::{LOOK_FRESH, Policy, Sensor};
use crate::reading::{ALARM_FRESH, Noted, Reading};
use crate::repeated::BadSpells;
use crate::time::{Span, Time};
use crate::unreplicated::Unreplicated;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;

/// A fact and when it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dated<T> {
    /// The fact.
    pub is: T,
    /// When.
    pub at: Time,
}

impl<T: Copy> Dated<T> {
    /// The fact, if it was seen recently: not longer ago than [`LOOK_FRESH`].
    pub fn recent(&self, now: Time) -> Option<T> {
        (now - self.at <= LOOK_FRESH).then_some(self.is)
    }
}

/// Everything that was seen and still matters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// One reading per configured sensor. Shared with the records before: most events change none.
    pub readings: Arc<Vec<Reading>>,
    /// Lag samples, by source.
    pub lag: LagBook,
    /// Whether our own references answer.
    pub references: Dated<Verdict>,
    /// Since when they have answered without a gap: what was not received before proves nothing.
    pub observer_ok_since: Time,
    /// Since when the side that serves has done so: what its sensors reported before is about no outage.
    pub active_since: Time,
    /// The global database.
    pub global: Option<Dated<GlobalView>>,
    /// The sides, primary first.
    pub sides: [Option<Dated<SideView>>; 2],
    /// Where the resolvers point.
    pub dns: Option<Dated<Side>>,
    /// Where the latch sends users.
    pub latch: Option<Dated<Side>>,
    /// When drd's own probe was bad of late.
    pub bad_spells: BadSpells,
    /// What no known position of the replica covers.
    pub unreplicated: Unreplicated,
    /// Since when the region's database has not been what is wrong, while something is.
    pub lossless_since: Option<Time>,
    /// The newest sample that the event path brought.
    pub pushed_lag: Option<Time>,
    /// When the event path was last known to lose a sample, or a heartbeat.
    pub unpushed_at: Option<Time>,
    /// Whether the event path would have carried a further sample by now.
    pub path_is_proven: bool,
    /// The first bad reading of the episode that is being watched.
    pub first_bad_at: Option<Time>,
    /// Since when a quorum of domains has reported it, by when their sensors looked.
    pub corroborated_at: Option<Time>,
    /// When a quorum agreed last.
    pub agreed_at: Option<Time>,
}

impl Evidence {
    /// No evidence at all about these sensors.
    pub fn new(sensors: &[Sensor]) -> Evidence {
        Evidence {
            readings: Arc::new(sensors.iter().map(Reading::new).collect()),
            lag: LagBook::default(),
            references: Dated {
                is: Verdict::Unknown,
                at: Time::default(),
            },
            observer_ok_since: Time::default(),
            active_since: Time::default(),
            global: None,
            sides: [None; 2],
            dns: None,
            latch: None,
            bad_spells: BadSpells::default(),
            unreplicated: Unreplicated::default(),
            lossless_since: None,
            pushed_lag: None,
            unpushed_at: None,
            path_is_proven: false,
            first_bad_at: None,
            corroborated_at: None,
            agreed_at: None,
        }
    }

    /// Keeps what is known about the sensors that still exist; new ones start unknown.
    pub fn adopt(&mut self, sensors: &[Sensor]) {
        let old = std::mem::take(&mut self.readings);
        let same = |r: &&Reading, sensor: &Sensor| {
            r.sensor == sensor.name && r.vantage == sensor.vantage && r.side == sensor.side
        };
        let kept = |sensor: &Sensor| {
            let known = old.iter().find(|r| same(r, sensor)).cloned();
            known.unwrap_or_else(|| Reading::new(sensor))
        };
        self.readings = Arc::new(sensors.iter().map(kept).collect());
    }

    /// Takes a sensor's statement. The same statement again, or an older one, changes nothing:
    /// order is by when the sensor looked, never by arrival.
    pub fn take_signal(
        &mut self,
        signal: &Signal,
        clock_error: Span,
        now: Time,
        policy: &Policy,
    ) -> Noted {
        let of_sensor = |r: &Reading| *r.sensor == *signal.sensor;
        let Some(place) = self.readings.iter().position(of_sensor) else {
            return Noted::UnknownSensor;
        };
        let reading = &self.readings[place];
        let pushed = !signal.id.is_empty();
        let ahead = if pushed { clock_error } else { Span::ZERO };
        let observed_at = (signal.observed_at - ahead).min(now);
        let good_at = signal.good_at.map(|at| at - ahead);
        if pushed && now - observed_at > policy.event_max_age {
            return Noted::Stale;
        }
        match observed_at.cmp(&reading.observed_at) {
            // By the id as well: after a clock was set back, times alone do not decide.
            _ if pushed && signal.id == reading.id => Noted::Duplicate,
            _ if pushed && Some(signal.observed_at) < reading.stamped_at => Noted::Late,
            _ if pushed && Some(signal.observed_at) == reading.stamped_at => Noted::Duplicate,
            Ordering::Less => Noted::Late,
            Ordering::Equal if pushed && reading.verdict != Verdict::Unknown => Noted::Duplicate,
            Ordering::Equal | Ordering::Greater => {
                let reading = &mut Arc::make_mut(&mut self.readings)[place];
                reading.id = signal.id.clone();
                if pushed {
                    reading.stamped_at = Some(signal.observed_at);
                }
                let fresh_for = reading.fresh_for(policy);
                reading.update(signal.verdict, observed_at, good_at, fresh_for, pushed)
            }
        }
    }

    /// Takes a lag sample. What its source showed before stays apart from what the others show.
    pub fn take_lag(
        &mut self,
        sample: LagSample,
        clock_error: Span,
        now: Time,
        policy: &Policy,
    ) -> Noted {
        let sample = LagSample {
            taken_at: (sample.taken_at - clock_error).min(now),
            ..sample
        };
        let before = self.position();
        let noted = self.lag.take(sample, policy.rpo);
        let position = self.position();
        if let Some(position) = position.filter(|_| position != before) {
            // A position that was not known before, or not as far as this: it is counted anew from it.
            let first = before.is_none_or(|before| position < before);
            self.unreplicated.advanced(position, first, now);
        }
        noted
    }

    /// Takes a poll of the estate. Parts that could not be read leave what was known, with its age.
    pub fn take_observation(&mut self, seen: &Observation, now: Time) {
        if seen.references != Verdict::Unknown {
            self.take_references(seen.references, now);
        }
        if let Some(global) = seen.global {
            self.global = Some(Dated {
                is: global,
                at: now,
            });
        }
        for (slot, side) in self.sides.iter_mut().zip(seen.sides) {
            // A look that read nothing of a side is no answer of its region.
            if let Some(view) = side.filter(|view| *view != SideView::default()) {
                *slot = Some(Dated { is: view, at: now });
            }
        }
        if let Some(side) = seen.dns {
            self.dns = Some(Dated { is: side, at: now });
        }
        if let Some(side) = seen.latch {
            self.latch = Some(Dated { is: side, at: now });
        }
    }

    fn take_references(&mut self, references: Verdict, now: Time) {
        let before = self.references;
        // A process that was frozen did not look: what it looked at goes on, as a quorum's silence does.
        let was_ok = before.is == Verdict::Healthy && now - before.at <= ALARM_FRESH;
        if references == Verdict::Healthy && !was_ok {
            self.observer_ok_since = now;
        }
        self.references = Dated {
            is: references,
            at: now,
        };
    }

    /// What the endpoint sensors of one vantage (so of one domain) report about a side. One that
    /// reports healthy outweighs its siblings in the same domain.
    pub fn vote(&self, vantage: Vantage, side: Side, now: Time, policy: &Policy) -> Verdict {
        self.readings
            .iter()
            .filter(|r| r.vantage == vantage && r.side == side)
            .map(|r| r.current_verdict(now, policy))
            .fold(Verdict::Unknown, |all, one| match (all, one) {
                (Verdict::Healthy, _) | (_, Verdict::Healthy) => Verdict::Healthy,
                (Verdict::Unhealthy, _) | (_, Verdict::Unhealthy) => Verdict::Unhealthy,
                (Verdict::Unknown, Verdict::Unknown) => Verdict::Unknown,
            })
    }

    /// The global database, if it was looked at recently.
    pub fn global_now(&self, now: Time) -> Option<GlobalView> {
        self.global?.recent(now)
    }

    /// A side, if it was looked at recently.
    pub fn side_now(&self, side: Side, now: Time) -> Option<SideView> {
        self.sides[side.index()]?.recent(now)
    }

    /// Where the latch sends users, if it was read recently.
    pub fn latch_now(&self, now: Time) -> Option<Side> {
        self.latch?.recent(now)
    }

    /// What resolvers give, if they were asked recently.
    pub fn dns_now(&self, now: Time) -> Option<Side> {
        self.dns?.recent(now)
    }

    /// The newest lag sample.
    pub fn newest_lag(&self) -> Option<LagSample> {
        self.lag.newest()
    }

    /// Since when the quorum has lasted while drd could see. What drd was blind for may have been
    /// another outage: neither its length nor the lag before it is evidence about this one.
    pub fn onset(&self) -> Option<Time> {
        self.corroborated_at
            .map(|since| since.max(self.observer_ok_since))
    }

    /// How long that is.
    pub fn quorum_for(&self, now: Time) -> Option<Span> {
        self.onset().map(|since| now - since)
    }

    /// Forgets what the roles made meaningless: lag samples of the other direction, the episode.
    pub fn roles_swapped(&mut self, now: Time) {
        self.active_since = now;
        self.lag = LagBook::default();
        self.pushed_lag = None;
        self.bad_spells.forget();
        self.first_bad_at = None;
        self.corroborated_at = None;
    }

    /// Moves every remembered moment by `by`: the clock was set back between two runs.
    pub fn shift(&mut self, by: Span) {
        for r in Arc::make_mut(&mut self.readings) {
            r.observed_at = r.observed_at + by;
            r.since = r.since + by;
            r.good_at = r.good_at + by;
            r.bad_at = r.bad_at + by;
            r.flips = r.flips.map(|t| t + by);
        }
        self.lag.shift(by);
        self.unreplicated.shift(by);
        self.bad_spells.shift(by);
        self.unpushed_at = self.unpushed_at.map(|at| at + by);
        self.pushed_lag = self.pushed_lag.map(|at| at + by);
        self.lossless_since = self.lossless_since.map(|at| at + by);
        self.latch = self.latch.map(|s| Dated { at: s.at + by, ..s });
        self.references.at = self.references.at + by;
        self.observer_ok_since = self.observer_ok_since + by;
        self.active_since = self.active_since + by;
        self.first_bad_at = self.first_bad_at.map(|t| t + by);
        self.corroborated_at = self.corroborated_at.map(|t| t + by);
        self.agreed_at = self.agreed_at.map(|t| t + by);
        self.global = self.global.map(|s| Dated { at: s.at + by, ..s });
        self.sides = self.sides.map(|s| s.map(|s| Dated { at: s.at + by, ..s }));
        self.dns = self.dns.map(|s| Dated { at: s.at + by, ..s });
    }
}
