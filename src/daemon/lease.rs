//! How a term begins and is kept: the lease is watched, taken, renewed, and given up.
//!
//! The arithmetic is `crate::lease`'s; here are its clock and its calls. Deliberately absent:
//! what the leader does with its term.

use super::Parts;
use super::identity::Identity;
use crate::aws::AwsError;
use crate::aws::ledger::Table;
use crate::clock::boot;
use crate::estate::error::EstateError;
use crate::estate::lease_gate::LeaseGate;
use crate::lease::{Claim, Row, Term, Terms, Watch, takeover_after};
use crate::ledger::{LedgerError, Tail, Trouble, fold};
use crate::perform::perform;
use crate::status::LeaderStatus;
use crate::status::build::{LedgerHealth, StatusInput, build};
use crate::telemetry::message_id as id;
use drd_state_machine::event::Outcome;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Record, Setup};
use std::cell::RefCell;
use std::time::Duration;

/// Between two looks while following: `/healthz` counts as turned what turned within 15 s, and a
/// call may take 2 s besides.
const LOOK_MAX: Span = Span::secs(5);
/// The ledger is read again for what is shown, at most this often: a query costs money.
const READ_EVERY: Span = Span::secs(30);
/// After a call that failed: half a second is nothing to a lease of 15 s, and no hammering.
const PAUSE: Duration = Duration::from_millis(500);

/// A place at the table.
pub(super) struct Seat {
    pub(super) table: Table,
    pub(super) terms: Terms,
    identity: Identity,
    watch: Watch,
    trouble: Trouble,
    /// When the store last answered, by the daemon's clock.
    answered_at: Time,
    known: Option<(Record, u64, Time)>,
}

/// A term that began: the lease, and what the ledger holds.
pub(super) struct Begun {
    pub(super) term: Term,
    pub(super) tail: Tail,
}

impl Seat {
    pub(super) fn new(table: Table, terms: Terms, identity: Identity, now: Time) -> Seat {
        Seat {
            table,
            terms,
            identity,
            watch: Watch::default(),
            trouble: Trouble::default(),
            answered_at: now,
            known: None,
        }
    }

    /// Waits until this daemon may lead; ends when it does, or a record cannot be read.
    ///
    /// # Errors
    /// A line that cannot be believed: the daemon stops.
    pub(super) async fn follow(
        &mut self,
        parts: &Parts,
        setup: &Setup,
    ) -> Result<Begun, LedgerError> {
        parts.metrics.leading(false);
        parts.turned();
        loop {
            let wait = match self.look(parts, setup).await {
                Ok(Looked::Mine(begun)) => {
                    self.trouble.works();
                    return Ok(begun);
                }
                Ok(Looked::Wait(left)) => {
                    // What a stand-by needs it has: it knows who leads, and believes the ledger.
                    parts.manager.ready();
                    duration(left.min(self.terms.renew).min(LOOK_MAX))
                }
                Err(LedgerError::Store(error)) => {
                    self.refused(parts, setup, &error);
                    PAUSE
                }
                Err(error) => return Err(error),
            };
            parts.turned();
            tokio::time::sleep(parts.manager.wait_at_most(wait)).await;
        }
    }

    async fn look(&mut self, parts: &Parts, setup: &Setup) -> Result<Looked, LedgerError> {
        let found = self.table.lease().await?;
        self.answered_at = parts.clock.read();
        self.trouble.works();
        match self.watch.look(found.as_ref(), &self.identity.name, boot()) {
            Claim::Wait(left) => {
                self.read(parts).await?;
                self.show(parts, setup, found.as_ref(), LedgerHealth::Works);
                Ok(Looked::Wait(left))
            }
            Claim::Take => self.take(found.as_ref()).await,
        }
    }

    async fn take(&mut self, found: Option<&Row>) -> Result<Looked, LedgerError> {
        let row = Row::taken(found, &self.identity.name, self.terms.lease);
        let sent_at = boot();
        if !self.table.write_lease(found, &row).await? {
            tracing::info!("another daemon took the lease first");
            return Ok(Looked::Wait(Span::ZERO));
        }
        let before = found.map(|row| row.owner.clone()).unwrap_or_default();
        tracing::info!(message_id = id::LEADS, epoch = row.epoch, owner = %row.owner, before = %before, "this daemon leads");
        // Read after the lease was taken: from here nobody else can add a line.
        let tail = Tail::read(&self.table).await?;
        let term = Term { row, sent_at };
        Ok(Looked::Mine(Begun { term, tail }))
    }

    /// What the leader wrote, for people.
    async fn read(&mut self, parts: &Parts) -> Result<(), LedgerError> {
        let now = parts.clock.read();
        let fresh = |(_, _, at): &(Record, u64, Time)| now - *at < READ_EVERY;
        if self.known.as_ref().is_some_and(fresh) {
            return Ok(());
        }
        let tail = Tail::read(&self.table).await?;
        if let Some(record) = fold(&tail.entries) {
            self.known = Some((record, tail.seq(), now));
        }
        Ok(())
    }

    fn show(&self, parts: &Parts, setup: &Setup, row: Option<&Row>, ledger: LedgerHealth) {
        let now = parts.clock.read();
        let fresh = Record::new(setup, now);
        let (record, seq) = self
            .known
            .as_ref()
            .map_or((&fresh, 0), |(record, seq, _)| (record, *seq));
        let input = StatusInput {
            record,
            setup,
            seq,
            ledger,
            leader: Some(status(row, false, self.terms)),
        };
        match ledger {
            LedgerHealth::Refuses => parts.metrics.held_by_ledger(),
            LedgerHealth::Works => parts.metrics.following(record, now, setup),
        }
        parts.publish(build(&input, &parts.config, now));
    }

    /// Nobody can lead while the store answers nobody: after a whole lease people are told.
    fn refused(&mut self, parts: &Parts, setup: &Setup, error: &EstateError) {
        let now = parts.clock.read();
        tracing::warn!(message_id = id::LEDGER_REFUSES, %error, "the ledger's table does not answer: nothing acts");
        if now - self.answered_at < self.terms.lease {
            return;
        }
        let incident_id = self
            .known
            .as_ref()
            .map_or(0, |(record, _, _)| record.facts.incident_id);
        if let Some(page) = self.trouble.refused(now, incident_id, &error.to_string()) {
            let (estate, metrics) = (parts.estate.clone(), parts.metrics.clone());
            // Beside the watch: the bus may be as slow as the table.
            drop(tokio::spawn(async move {
                let done = estate.perform(&page).await;
                metrics.paged(matches!(done.outcome, Outcome::Done));
            }));
        }
        self.show(parts, setup, None, LedgerHealth::Refuses);
    }

    /// Gives the lease up, so that another daemon need not wait it out. Best effort.
    pub(super) async fn give_up(&self, term: &Term) {
        let row = &term.row;
        match self.table.write_lease(Some(row), &row.given_up()).await {
            Ok(true) => tracing::info!(epoch = row.epoch, "the lease is given up"),
            Ok(false) => tracing::warn!("the lease was another's already"),
            Err(error) => {
                tracing::warn!(%error, "the lease could not be given up; it runs out by itself")
            }
        }
    }
}

enum Looked {
    Mine(Begun),
    Wait(Span),
}

/// Who leads, as people are shown it.
pub(super) fn status(row: Option<&Row>, leads: bool, terms: Terms) -> LeaderStatus {
    let lease = row.map_or(terms.lease, |row| Span::millis(row.lease_ms));
    LeaderStatus {
        leads,
        owner: row.map(|row| row.owner.clone()).unwrap_or_default(),
        fencing_token: row.map_or(0, |row| row.epoch),
        takeover_after_seconds: takeover_after(lease).as_secs_f64(),
    }
}

/// Renews until the term is over; gives why. The gate is open exactly as long as the term holds.
pub(super) async fn keep(
    table: &Table,
    terms: Terms,
    term: &RefCell<Term>,
    gate: &LeaseGate,
) -> &'static str {
    gate.open_until(term.borrow().until());
    let mut wait = terms.renew;
    loop {
        let left = term.borrow().until() - boot();
        if left <= Span::ZERO {
            return "the lease ran out before it could be renewed";
        }
        tokio::time::sleep(duration(wait.min(left))).await;
        let (row, sent_at) = (term.borrow().row.clone(), boot());
        let next = row.renewed();
        wait = match table.write_lease(Some(&row), &next).await {
            Ok(true) => {
                term.borrow_mut().renewed(next, sent_at);
                gate.open_until(term.borrow().until());
                terms.renew - (boot() - sent_at)
            }
            Ok(false) => match table.lease().await {
                Ok(Some(found)) if is_ours(&found, &row) => {
                    // An earlier renewal of ours whose answer was lost: it counts from nothing.
                    term.borrow_mut().row = found;
                    Span::ZERO
                }
                Ok(_) => return "another daemon took the lease",
                Err(error) => failed(&error),
            },
            Err(error) => failed(&error),
        };
    }
}

fn is_ours(found: &Row, row: &Row) -> bool {
    found.owner == row.owner && found.epoch == row.epoch
}

fn failed(error: &AwsError) -> Span {
    tracing::warn!(%error, "the lease was not renewed; trying again");
    Span::millis(i64::try_from(PAUSE.as_millis()).unwrap_or(500))
}

fn duration(span: Span) -> Duration {
    super::duration(span)
}
