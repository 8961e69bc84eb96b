//! The judge's own book: what the sensors reported, what was taken from the queue, what was lagging.
//!
//! Deliberately absent: verdicts, and anything that the machine concluded.

use super::{FLAP_STANDS, JUST_BACK, Judge, JudgedReading, QUORUM};
use crate::lab::world::World;
use crate::ledger::Entry;
use drd_state_machine::Setup;
use drd_state_machine::event::{Completion, Event, Side, Vantage, Verdict};
use drd_state_machine::policy::{OWN_FRESH, Sensor};
use drd_state_machine::reading::Noted;
use drd_state_machine::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The longest time for which any sensor of the endpoint counts without being read again (DESIGN section
/// 4, rule 1).
const FRESH: Span = Span::secs(135);

impl Judge {
    /// A sensor's word reached drd. Order is by when the sensor looked.
    pub fn received(&mut self, looked: Time, name: &Arc<str>, sensor: &Sensor, verdict: Verdict) {
        let reading = JudgedReading {
            vantage: sensor.vantage,
            verdict,
            looked,
            since: looked,
        };
        match self.readings.iter_mut().find(|(known, _, _)| known == name) {
            // A reading that failed neither counts nor resets, while the one before it is fresh.
            Some((_, _, old)) if verdict == Verdict::Unknown && looked - old.looked <= FRESH => {}
            // A state, or the witness's item, may be read before its event arrives, and the event dates it.
            Some((_, _, old)) if looked < old.looked => {
                if sensor.vantage != Vantage::Probe && old.verdict == verdict {
                    old.since = old.since.min(looked);
                }
            }
            Some((_, _, old)) if old.verdict == verdict => old.looked = looked,
            Some((_, _, old)) => *old = reading,
            None => self.readings.push((name.clone(), sensor.side, reading)),
        }
        let agreed = self.runs(sensor.side).get(QUORUM - 1).copied();
        let blind_until = self.blind_until.unwrap_or_default();
        let agreed = agreed.map(|at| at.max(blind_until));
        // Which domains make it may change while it lasts.
        let quorum = &mut self.quorum_since[sensor.side.index()];
        if let (Some(since), None) = (*quorum, agreed) {
            self.quorum_lost = Some((since, looked));
        }
        *quorum = agreed.map(|at| quorum.map_or(at, |before| before.min(at)));
    }

    /// When each fault domain's bad run began, by when its sensors looked; oldest first.
    fn runs(&self, side: Side) -> Vec<Time> {
        let mut runs: BTreeMap<&'static str, Time> = BTreeMap::new();
        for (_, about, reading) in &self.readings {
            let bad = reading.verdict == Verdict::Unhealthy && reading.vantage.sees_endpoint();
            if *about == side && bad {
                let domain = reading.vantage.domain().name();
                let first = runs.entry(domain).or_insert(reading.since);
                *first = reading.since.min(*first);
            }
        }
        let mut begun: Vec<Time> = runs.into_values().collect();
        begun.sort_unstable();
        begun
    }

    /// drd's own eyes are shut. For a moment that neither counts nor resets; longer than its own
    /// readings stay fresh, and no quorum has lasted.
    pub fn blind(&mut self, now: Time) {
        let from = self
            .blind
            .filter(|(_, last)| now - *last <= OWN_FRESH)
            .map_or(now, |(from, _)| from);
        self.blind = Some((from, now));
        if now - from > OWN_FRESH {
            self.quorum_since = [None; 2];
            self.blind_until = Some(now);
        }
    }

    /// A message was taken from the queue, and the machine accepted or refused it (S4).
    pub fn took(&mut self, now: Time, id: &str, accepted: bool) {
        if accepted {
            let first = self.accepted.insert(id.to_owned());
            self.require(first, "S4", now, || {
                format!("message {id} took effect twice")
            });
        }
    }

    /// A message left the queue for drd.
    pub fn handed_out(&mut self) {
        self.handed_out += 1;
    }

    /// A reading was deleted from the queue: its line must be durable by now, unless the machine
    /// reported that it is no news.
    pub fn deleted(&mut self, now: Time, id: &str, noted: Option<Noted>, entries: &[Entry]) {
        let tells = |event: &Event| matches!(event, Event::Signalled(s) if *s.id == *id);
        let durable = match noted {
            None => false,
            Some(Noted::Changed | Noted::Refreshed) => {
                entries.iter().rev().any(|entry| match entry {
                    Entry::Noted { event, .. } | Entry::Decided { event, .. } => tells(event),
                    Entry::Opened { .. } => false,
                })
            }
            Some(Noted::Duplicate | Noted::Late | Noted::Stale | Noted::UnknownSensor) => true,
        };
        self.require(durable, "L3", now, || {
            format!("message {id} was deleted before the ledger held it")
        });
        self.settled();
    }

    /// The end of an attempt that is not the newest of its kind, or was received before, must change
    /// nothing: with a tick in its place the machine must be in the same state.
    pub fn reported_again(&mut self, now: Time, done: &Completion, same: bool) {
        self.require(same, "S4", now, || {
            format!(
                "the end of {} attempt {} of run {} had an effect although it was stale",
                done.kind, done.attempt, done.incident_id
            )
        });
    }

    /// A message was deleted, or left for the dead-letter queue.
    pub fn settled(&mut self) {
        self.settled += 1;
    }

    /// The daemon crashed with this many messages in its hands.
    pub fn returned(&mut self, messages: u64) {
        self.handed_out -= messages;
    }

    /// Fault domains whose endpoint sensors report down.
    pub(super) fn domains_down(&self, side: Side) -> BTreeSet<&'static str> {
        self.readings
            .iter()
            .filter(|(_, s, w)| *s == side && w.vantage.sees_endpoint())
            .filter(|(_, _, w)| w.verdict == Verdict::Unhealthy)
            .map(|(_, _, w)| w.vantage.domain().name())
            .collect()
    }

    /// Whether as many fault domains as the quorum wants report down what is well.
    pub(super) fn quorum_is_wrong(&self, world: &World, side: Side) -> bool {
        let flapped = self
            .flapped_at
            .is_some_and(|at| side == Side::Primary && world.now - at <= FLAP_STANDS);
        let alarm = flapped || self.alarm_is_late(world, side);
        world.faults.wrong_domains(side, alarm) >= QUORUM
    }

    /// Route 53's alarm shows an outage that is over: it follows in 75 to 155 s (DESIGN section 4). For a
    /// moment after the end every sensor does.
    fn alarm_is_late(&self, world: &World, side: Side) -> bool {
        let over = |(_, until)| world.now - until > JUST_BACK;
        let served = side == world.answer && world.takes_writes(side) && self.bad.is_none_or(over);
        served
            && self.readings.iter().any(|(_, about, reading)| {
                *about == side
                    && reading.vantage == Vantage::Route53
                    && reading.verdict == Verdict::Unhealthy
            })
    }

    /// The gate, by the truth: what users wrote before the outage and the replica does not have.
    /// 6 s of slack: a probe's period and its way. Where a sensor reported the endpoint down before it
    /// was, the first bad reading may follow the last good one of the others at once: a period of the
    /// witness more.
    pub(super) fn loss_is_within(&self, setup: &Setup, world: &World) -> bool {
        let Some((onset, _)) = self.bad else {
            return false;
        };
        let lost = onset - world.replica_position();
        let mut reports = world.faults.wrong_sensors.iter();
        let early = reports.any(|(_, verdict)| *verdict == Verdict::Unhealthy);
        let slack = Span::secs(if early { 6 + 30 } else { 6 });
        world.lag_was_wrong || lost <= setup.policy.rpo + slack
    }
}
