//! The daemon's life: wait until it may lead, lead, and begin again when the term is over.
//!
//! A daemon alone on its ledger leads at once and for ever. Of two on one table one leads; the
//! other watches the lease and does nothing else. Every term starts on the ledger, like a fresh
//! process: whatever the last one was in doubt about is settled there. Deliberately absent:
//! the lease's figures, and the decisions.

use super::control::{Control, Ended, stance};
use super::lease::{Begun, Seat, keep, status};
use super::{Asked, DaemonError, Parts, host, identity, intake, loops};
use crate::conductor::Conductor;
use crate::config::LedgerConfig;
use crate::lease::Term;
use crate::ledger::{Entry, FileLedger, Ledger, TableLedger};
use crate::status::LeaderStatus;
use crate::telemetry::message_id as id;
use drd_state_machine::Setup;
use drd_state_machine::time::Span;
use std::cell::RefCell;
use std::path::Path;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Events that wait for the control loop: a batch of ten messages, a dozen of our own readings
/// and every command's completion, four times over. A sender that finds it full waits.
const NEWS_MAX: usize = 128;

/// Runs until a signal asks for the end.
pub(super) async fn live(parts: &Parts, setup: &Setup, asked: Asked) -> Result<(), DaemonError> {
    match &parts.config.ledger {
        LedgerConfig::File { path } => alone(parts, setup, path, asked).await,
        LedgerConfig::DynamoDb {
            table,
            terms,
            identity,
        } => {
            let name = identity::Identity::take(identity).map_err(host("a name to lead under"))?;
            let attempt = super::duration(terms.attempt());
            let table = parts.estate.ledger_table(table.clone(), attempt);
            let seat = Seat::new(table, *terms, name, parts.clock.read());
            in_turns(parts, setup, seat, asked).await
        }
    }
}

async fn alone(parts: &Parts, setup: &Setup, path: &Path, asked: Asked) -> Result<(), DaemonError> {
    let (file, found) = FileLedger::open(path)?;
    if found.torn_bytes > 0 {
        tracing::warn!(
            path = %path.display(),
            bytes = found.torn_bytes,
            "the ledger's last line was torn and is cut off; nothing had acted on it"
        );
    }
    parts.gate.open_until(Span(i64::MAX));
    let conductor = open(parts, setup, Ledger::File(file), &found.entries).await?;
    drop(found);
    match lead(parts, conductor, None, asked).await? {
        Ended::Asked => Ok(()),
        Ended::TermOver(why) => Err(DaemonError::Part { what: why }),
    }
}

async fn in_turns(
    parts: &Parts,
    setup: &Setup,
    mut seat: Seat,
    mut asked: Asked,
) -> Result<(), DaemonError> {
    loop {
        let begun = tokio::select! {
            begun = seat.follow(parts, setup) => begun?,
            _ = asked.wait_for(Option::is_some) => return Ok(()),
        };
        let term = RefCell::new(begun.term.clone());
        let ended = one_term(parts, setup, &seat, begun, &term, asked.clone()).await;
        parts.gate.close();
        parts.metrics.leading(false);
        match ended? {
            Ended::Asked => {
                seat.give_up(&term.into_inner()).await;
                return Ok(());
            }
            Ended::TermOver(why) => {
                tracing::warn!(message_id = id::LEADS_NO_MORE, %why, "this daemon leads no more");
            }
        }
    }
}

async fn one_term(
    parts: &Parts,
    setup: &Setup,
    seat: &Seat,
    begun: Begun,
    term: &RefCell<Term>,
    asked: Asked,
) -> Result<Ended, DaemonError> {
    let kept = keep(&seat.table, seat.terms, term, &parts.gate);
    let row = begun.term.row.clone();
    let leader = status(Some(&row), true, seat.terms);
    let ledger = TableLedger::after(seat.table.clone(), row, &begun.tail);
    let led = async {
        let ledger = Ledger::DynamoDb(ledger);
        match open(parts, setup, ledger, &begun.tail.entries).await {
            Ok(conductor) => lead(parts, conductor, Some(leader), asked).await,
            Err(DaemonError::Ledger(error)) if error.ends_term() => {
                Ok(Ended::TermOver(error.to_string()))
            }
            Err(error) => Err(error),
        }
    };
    tokio::select! {
        ended = led => ended,
        over = kept => Ok(Ended::TermOver(over.to_owned())),
    }
}

async fn open(
    parts: &Parts,
    setup: &Setup,
    ledger: Ledger,
    entries: &[Entry],
) -> Result<Conductor, DaemonError> {
    let (metrics, now) = (parts.metrics.clone(), parts.clock.read());
    let opened = Conductor::open(setup.clone(), ledger, entries, metrics, now).await;
    Ok(opened?)
}

/// Leads until asked to stop, or the term is over. Whatever still runs then is broken off.
async fn lead(
    parts: &Parts,
    conductor: Conductor,
    leader: Option<LeaderStatus>,
    mut asked: Asked,
) -> Result<Ended, DaemonError> {
    parts.metrics.leading(true);
    let (tell, news) = mpsc::channel(NEWS_MAX);
    let (stance, look) = watch::channel(stance(conductor.record()));
    let (stop, stopped) = watch::channel(false);
    let mut tasks: JoinSet<&'static str> = JoinSet::new();
    loops::spawn(&mut tasks, parts, &tell, &look);
    intake::spawn(&mut tasks, parts, &tell, &stopped);
    let control = Control::new(parts.clone(), conductor, stance, leader);
    let asked = async move {
        let told = asked.wait_for(Option::is_some).await;
        told.ok().and_then(|name| *name).unwrap_or("the end")
    };
    tokio::select! {
        ended = control.run(news, asked, stop) => Ok(ended),
        Some(ended) = tasks.join_next() => {
            let what = ended.map_or_else(|e| e.to_string(), str::to_owned);
            Err(DaemonError::Part { what })
        }
    }
}
