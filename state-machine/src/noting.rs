//! How an event changes the facts, before anything is decided.
//!
//! Deliberately absent: what the facts mean (`assessment`) and what follows (`machine`).

use crate::event::{Event, Signal, Vantage, Verdict, Word};
use crate::late_requests;
use crate::policy::{OWN_FRESH, Setup};
use crate::reading::Noted;
use crate::record::Facts;
use crate::time::{Span, Time};

/// A clock error under this is transport: EventBridge and SQS take up to 10 s (aws-facts 11).
const CLOCK_ERROR_MIN: Span = Span::secs(15);

impl Facts {
    /// Takes an event's facts. What it means is decided later, from the facts alone.
    pub(crate) fn note(&mut self, setup: &Setup, now: Time, event: &Event) -> Noted {
        let newest = self.now;
        self.now = self.now.max(now);
        match event {
            Event::Signalled(signal) => {
                self.note_probe(signal);
                self.evidence
                    .take_signal(signal, self.clock_error, now, &setup.policy)
            }
            Event::Sampled(sample) => {
                self.evidence.note_push(sample.taken_at, now, &setup.policy);
                self.evidence
                    .take_lag(*sample, self.clock_error, now, &setup.policy)
            }
            Event::LagRead(sample) => {
                self.evidence.note_read(sample.taken_at, now, &setup.policy);
                self.evidence
                    .take_lag(*sample, self.clock_error, now, &setup.policy)
            }
            Event::Observed(seen) => {
                self.evidence.take_observation(seen, now);
                Noted::Refreshed
            }
            Event::Checked { checks } => {
                self.readiness.take(now, checks);
                Noted::Refreshed
            }
            Event::HeartbeatReturned {
                sent_at,
                stamped_at,
                earlier_lost,
            } => {
                if *earlier_lost {
                    self.evidence.note_unpushed(now);
                }
                let error = *stamped_at - *sent_at;
                self.clock_error = if error.0.saturating_abs() < CLOCK_ERROR_MIN.0 {
                    Span::ZERO
                } else {
                    error
                };
                self.heartbeat_took = now - *sent_at;
                self.heartbeat_at = Some(now);
                self.event_path_paged = false;
                Noted::Refreshed
            }
            Event::Ordered { word, lasts, .. } => {
                self.apply_order(*word, *lasts, now);
                Noted::Changed
            }
            Event::Started => {
                if now - newest > OWN_FRESH {
                    self.evidence.observer_ok_since = now;
                }
                self.started_at = now;
                late_requests::started(self, newest, now);
                self.evidence.adopt(&setup.sensors);
                self.evidence.lag.weigh(setup.policy.rpo);
                Noted::Refreshed
            }
            Event::Tick | Event::Finished(_) => Noted::Refreshed,
        }
    }

    /// What drd's own probe of the side that serves found, unless drd was cut off.
    fn note_probe(&mut self, signal: &Signal) {
        let evidence = &mut self.evidence;
        let cut_off = evidence.references.is == Verdict::Unhealthy;
        let probe = evidence.readings.iter().any(|reading| {
            reading.sensor == signal.sensor
                && reading.vantage == Vantage::Probe
                && reading.side == self.active
        });
        if probe && !cut_off {
            let bad = signal.verdict == Verdict::Unhealthy;
            evidence.bad_spells.take(signal.observed_at, bad);
        }
    }

    fn apply_order(&mut self, word: Word, lasts: Option<Span>, now: Time) {
        match word {
            Word::Pause => {
                self.pause(now);
                self.paused_until = lasts.map(|lasts| now + lasts);
            }
            Word::Resume => self.resume(),
            Word::Abandon | Word::Failover | Word::Switchover => {}
        }
    }

    fn resume(&mut self) {
        self.paused = false;
        self.paused_since = None;
        self.paused_until = None;
    }

    /// Ends a pause whose time is over. Whether it ended now.
    pub(crate) fn end_pause(&mut self, now: Time) -> bool {
        let over = self.paused && self.paused_until.is_some_and(|until| now >= until);
        if over {
            self.resume();
        }
        over
    }

    /// A pause that holds already goes on: its beginning stays.
    pub(crate) fn pause(&mut self, now: Time) {
        self.paused = true;
        self.paused_since.get_or_insert(now);
    }
}
