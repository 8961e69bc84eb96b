//! The judge's own book: what the sensors reported, what was taken from the queue, what was lagging.
//!
//! Deliberately absent: verdicts, and anything that the machine concluded.

use super::{Judge, JudgedReading, QUORUM};
use crate::ledger::Entry;
use drd_state_machine::Setup;
use drd_state_machine::event::{Completion, Event, LagSample, Side, Verdict};
use drd_state_machine::evidence::Noted;
use drd_state_machine::policy::{OWN_FRESH, Sensor};
use drd_state_machine::time::{Span, Time};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Judge {
    /// A sensor's word reached drd. Order is by when the sensor looked.
    pub fn received(
        &mut self,
        now: Time,
        looked: Time,
        name: &Arc<str>,
        sensor: &Sensor,
        verdict: Verdict,
    ) {
        let reading = JudgedReading {
            vantage: sensor.vantage,
            verdict,
            looked,
        };
        match self.readings.iter_mut().find(|(known, _, _)| known == name) {
            Some((_, _, old)) if looked < old.looked => {}
            Some((_, _, old)) if old.verdict == verdict => old.looked = looked,
            Some((_, _, old)) => *old = reading,
            None => self.readings.push((name.clone(), sensor.side, reading)),
        }
        let enough = self.domains_down(sensor.side).len() >= QUORUM;
        let since = &mut self.quorum_since[sensor.side.index()];
        *since = if enough { since.or(Some(now)) } else { None };
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

    /// A lag sample reached drd.
    pub fn sampled(&mut self, sample: LagSample) {
        self.lag.push(sample);
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

    /// The gate, from the book and the truth: a sample was known, and none was over the RPO. drd
    /// dates the onset by its first bad sample, up to 30 s after the truth.
    pub(super) fn loss_was_within(&self, setup: &Setup) -> bool {
        let Some((onset, _)) = self.bad else {
            return false;
        };
        let slack = Span::secs(30);
        let from = onset - setup.policy.lag_fresh;
        let known = self
            .lag
            .iter()
            .any(|s| s.taken_at >= from && s.taken_at <= onset + slack);
        let over = self
            .lag
            .iter()
            .filter(|s| s.taken_at >= from + slack && s.taken_at <= onset)
            .any(|s| s.lag + setup.policy.lag_period > setup.policy.rpo);
        known && !over
    }
}
