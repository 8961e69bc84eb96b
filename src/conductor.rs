//! The spine: decide, write down, count. Shared by the daemon and the lab, so that a rehearsal
//! runs the very lines that real life runs.
//!
//! Deliberately absent: tokio, AWS, clocks, performing. The caller performs what comes back,
//! and only what comes back: a decision that could not be made durable is not returned.
//! Awaits the ledger and nothing else; a ledger in memory or in a file never makes it wait.

use crate::ledger::{Entry, Ledger, LedgerError, Trouble, fold};
use crate::metrics::Metrics;
use drd_state_machine::command::Command;
use drd_state_machine::event::Event;
use drd_state_machine::evidence::Noted;
use drd_state_machine::record::RECORD_VERSION;
use drd_state_machine::time::Time;
use drd_state_machine::{Decision, Record, Setup, step};
use std::sync::Arc;

/// After so many lines the whole record is written once more, so that a start on a table need
/// not read everything that ever happened: 500 lines are about 1 MiB, one page of a query.
const KEEP_EVERY: u32 = 500;

/// Decides, writes down, counts.
#[derive(Debug)]
pub struct Conductor {
    setup: Setup,
    record: Record,
    ledger: Ledger,
    metrics: Arc<Metrics>,
    trouble: Trouble,
    lines_since_kept: u32,
}

/// The ledger refused: nothing may act, but people must be told.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub error: LedgerError,
    /// The page that is due, to be carried out although no ledger holds it.
    pub page: Option<Command>,
}

impl Conductor {
    /// Starts on what the ledger holds (`entries`, already checked), or from nothing, and writes
    /// down under which setup it runs from here.
    ///
    /// # Errors
    /// When the ledger cannot take the opening line.
    pub async fn open(
        setup: Setup,
        ledger: Ledger,
        entries: &[Entry],
        metrics: Arc<Metrics>,
        now: Time,
    ) -> Result<Conductor, LedgerError> {
        let record = fold(entries).unwrap_or_else(|| Record::new(&setup, now));
        debug_assert_eq!(record.version, RECORD_VERSION);
        let mut conductor = Conductor {
            setup,
            record,
            ledger,
            metrics,
            trouble: Trouble::default(),
            lines_since_kept: 0,
        };
        let kept = conductor.record.clone();
        conductor.keep(now, kept).await?;
        Ok(conductor)
    }

    /// Takes one event. What comes back is durable; its commands may act now.
    ///
    /// # Errors
    /// When the ledger refused: the machine is as before, and nothing may act.
    pub async fn conduct(&mut self, now: Time, event: Event) -> Result<Decision, Refused> {
        let before = self.record.clone();
        let decision = step(&mut self.record, &self.setup, now, &event);
        match self.write_down(now, event, &before, &decision).await {
            Ok(()) => {
                self.metrics
                    .decided(&before, &self.record, &decision, now, &self.setup);
                if self.trouble.stands() {
                    self.metrics.held_by_ledger();
                }
                Ok(decision)
            }
            Err(error) => {
                self.record = before;
                Err(self.refused(now, error))
            }
        }
    }

    fn refused(&mut self, now: Time, error: LedgerError) -> Refused {
        self.metrics.ledger_refused();
        // A term that is over is no trouble: the next one, here or elsewhere, goes on.
        let page = if error.ends_term() {
            None
        } else {
            self.metrics.held_by_ledger();
            let incident_id = self.record.facts.incident_id;
            self.trouble.refused(now, incident_id, &error.to_string())
        };
        Refused { error, page }
    }

    async fn keep(&mut self, now: Time, record: Record) -> Result<(), LedgerError> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let setup = self.setup.clone();
        let record = Some(Box::new(record));
        self.ledger
            .append(Entry::Opened {
                now,
                version,
                setup,
                record,
            })
            .await?;
        self.lines_since_kept = 0;
        Ok(())
    }

    async fn write_down(
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
        if self.lines_since_kept >= KEEP_EVERY {
            self.keep(now, before.clone()).await?;
        }
        self.ledger.append(entry).await?;
        self.lines_since_kept += 1;
        self.trouble.works();
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

    /// Whether the newest line that was due was taken.
    pub fn ledger_works(&self) -> bool {
        !self.trouble.stands()
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
}
