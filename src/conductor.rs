//! The spine: decide, write down, count. Shared by the daemon and the lab, so that a rehearsal
//! runs the very lines that real life runs.
//!
//! Deliberately absent: tokio, AWS, clocks, performing. The caller performs what comes back,
//! and only what comes back: a decision that could not be made durable is not returned.

use crate::ledger::{Entry, Ledger, LedgerError, fold};
use crate::metrics::Metrics;
use drd_state_machine::event::{Event, Verdict};
use drd_state_machine::evidence::Noted;
use drd_state_machine::record::RECORD_VERSION;
use drd_state_machine::time::Time;
use drd_state_machine::{Decision, Picture, Record, Setup, step};
use std::sync::Arc;

/// Decides, writes down, counts.
#[derive(Debug)]
pub struct Conductor {
    setup: Setup,
    record: Record,
    ledger: Ledger,
    metrics: Arc<Metrics>,
}

impl Conductor {
    /// Starts on what the ledger holds (`entries`, already checked), or from nothing, and writes
    /// down under which setup it runs from here.
    ///
    /// # Errors
    /// When the ledger cannot take the opening line.
    pub fn open(
        setup: Setup,
        mut ledger: Ledger,
        entries: &[Entry],
        metrics: Arc<Metrics>,
        now: Time,
    ) -> Result<Conductor, LedgerError> {
        let record = fold(entries).unwrap_or_else(|| Record::new(&setup, now));
        debug_assert_eq!(record.version, RECORD_VERSION);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        ledger.append(Entry::Opened {
            now,
            version,
            setup: setup.clone(),
        })?;
        Ok(Conductor {
            setup,
            record,
            ledger,
            metrics,
        })
    }

    /// Takes one event. What comes back is durable; its commands may act now.
    ///
    /// # Errors
    /// When the ledger refused: the machine is as before, and nothing may act.
    pub fn conduct(&mut self, now: Time, event: Event) -> Result<Decision, LedgerError> {
        let before = self.record.clone();
        let decision = step(&mut self.record, &self.setup, now, &event);
        match self.write_down(now, event, &before, &decision) {
            Ok(()) => {
                self.metrics
                    .decided(&before, &self.record, &decision, now, &self.setup);
                Ok(decision)
            }
            Err(error) => {
                self.record = before;
                self.metrics.ledger_refused();
                Err(error)
            }
        }
    }

    fn write_down(
        &mut self,
        now: Time,
        event: Event,
        before: &Record,
        decision: &Decision,
    ) -> Result<(), LedgerError> {
        let entry = if decision.matters {
            let (decision, before) = (decision.clone(), Box::new(before.clone()));
            Entry::Decided {
                now,
                event,
                decision,
                before,
            }
        } else if self.is_news(&event, before, decision) {
            Entry::Noted { now, event }
        } else {
            return Ok(());
        };
        self.ledger.append(entry)?;
        self.metrics.ledger_appended();
        Ok(())
    }

    /// Whether an event without consequence is worth a line: what was pushed is kept before its
    /// message is deleted; our own readings only when they say something new or an episode runs.
    fn is_news(&self, event: &Event, before: &Record, decision: &Decision) -> bool {
        let heard = matches!(decision.noted, Noted::Changed | Noted::Refreshed);
        let episode = self.record.facts.evidence.first_bad_at.is_some();
        match event {
            Event::Signalled(signal) if !signal.id.is_empty() => heard,
            Event::Signalled(_) => decision.noted == Noted::Changed || episode,
            Event::Sampled(_) => decision.noted == Noted::Changed,
            Event::Observed(seen) => {
                let (old, new) = (&before.facts.evidence, &self.record.facts.evidence);
                let views = |e: &drd_state_machine::evidence::Evidence| {
                    (
                        e.global.map(|s| s.is),
                        e.sides.map(|s| s.map(|v| v.is)),
                        e.dns.map(|s| s.is),
                    )
                };
                views(old) != views(new) || seen.references != old.references.is || episode
            }
            Event::Checked { .. } => {
                before.facts.readiness.checks != self.record.facts.readiness.checks
            }
            Event::HeartbeatReturned { .. } => {
                before.facts.clock_error != self.record.facts.clock_error
            }
            Event::Finished(_) | Event::Ordered { .. } | Event::Started => true,
            Event::Tick => false,
        }
    }

    /// The record as it stands.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// What the machine decides under.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The ledger, to look at.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The ledger, to give back after a crash or to take down in a rehearsal.
    pub fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// Ends this daemon's life; only the ledger survives.
    pub fn into_ledger(self) -> Ledger {
        self.ledger
    }

    /// The picture at this moment, without telling the machine anything.
    pub fn look(&self, now: Time) -> Picture {
        drd_state_machine::look(&self.record, &self.setup, now)
    }

    /// Whether our own references answered.
    pub fn sees(&self, now: Time) -> bool {
        self.look(now).observer == Verdict::Healthy
    }
}
