//! What do we store? Every decision with the record it was made on, before anything acts on
//! it, and every accepted message before it is deleted from the queue. State is the fold of it.
//!
//! Deliberately absent: who may write. `crate::lease` says that, and the table checks it.

mod chain;
mod file;
mod memory;
mod replay;
#[cfg(feature = "aws")]
mod table;
mod trouble;

pub use chain::{Fault, GENESIS, seal, unseal};
pub use file::FileLedger;
pub use memory::{MemoryLedger, MemoryTable, Trap, Way};
pub use replay::{Replayed, replay, what_if};
#[cfg(feature = "aws")]
pub use table::{TableLedger, Tail};
pub use trouble::Trouble;

use crate::estate::error::EstateError;
use drd_state_machine::event::Event;
use drd_state_machine::time::Time;
use drd_state_machine::{Decision, Record, Setup, step};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One thing that was made durable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Entry {
    /// A daemon runs from here with this setup, on this record: whoever reads on needs nothing
    /// that was written before.
    Opened {
        /// When, by the daemon's clock.
        now: Time,
        /// drd's version.
        version: String,
        /// Everything fixed that its decisions depend on.
        setup: Setup,
        /// The fold of everything before; absent in lines of older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<Box<Record>>,
    },
    /// An event was taken in without any consequence yet.
    Noted {
        /// When.
        now: Time,
        /// The event.
        event: Event,
    },
    /// A decision, with everything that is needed to make it again.
    Decided {
        /// When.
        now: Time,
        /// The event that led to it.
        event: Event,
        /// What was decided.
        decision: Decision,
        /// The record before the event.
        before: Box<Record>,
    },
}

impl Entry {
    /// When it was made, by the daemon's clock.
    pub fn now(&self) -> Time {
        match self {
            Entry::Opened { now, .. } | Entry::Noted { now, .. } | Entry::Decided { now, .. } => {
                *now
            }
        }
    }
}

/// Why the ledger cannot go on. Each stops the daemon or its acting; none is skipped.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file system refused.
    #[error("{operation} ledger {path}")]
    Io {
        /// Verb, e.g. "append to".
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A line cannot be believed.
    #[error(
        "ledger {path} line {line} cannot be believed: {fault}. drd will not start on it, and nothing was changed. Move the file away to start from nothing, or restore it"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Another daemon holds it.
    #[error("ledger {path} is held by another drd; stop that one first")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// An item of the table cannot be believed.
    #[error(
        "ledger table {table} item {seq} cannot be believed: {fault}. drd will not start on it, and nothing was changed. Restore the table to a moment before (it keeps 35 days)"
    )]
    Corrupt {
        /// The table.
        table: String,
        /// The item's number.
        seq: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The table's service did not do what was asked.
    #[error(transparent)]
    Store(#[from] EstateError),
    /// An entry cannot be expressed, which would be a defect.
    #[error("express a ledger line as JSON")]
    Inexpressible(#[source] serde_json::Error),
    /// Another daemon leads: this one's lease is over.
    #[error("another daemon leads; this one's lease is over, and it acts no more")]
    Deposed,
    /// Nobody knows whether the entry was written.
    #[error(
        "the ledger did not answer in time: whether it holds the newest line is not known. drd begins a new term, which settles it"
    )]
    InDoubt,
    /// The simulated store is down.
    #[error("the ledger is unavailable")]
    Unavailable,
}

impl LedgerError {
    /// Whether this daemon's term is over: what it remembers may differ from what is durable, and
    /// only a new term that starts on the ledger settles it.
    pub fn ends_term(&self) -> bool {
        match self {
            LedgerError::Deposed | LedgerError::InDoubt => true,
            LedgerError::Io { .. }
            | LedgerError::Unreadable { .. }
            | LedgerError::Locked { .. }
            | LedgerError::Corrupt { .. }
            | LedgerError::Store(_)
            | LedgerError::Inexpressible(_)
            | LedgerError::Unavailable => false,
        }
    }
}

/// The ledger of a daemon, or of a rehearsal.
#[derive(Debug)]
pub enum Ledger {
    /// JSON Lines on disk; a single daemon.
    File(FileLedger),
    /// A table in the standby region; one of several daemons, under its lease.
    #[cfg(feature = "aws")]
    DynamoDb(TableLedger),
    /// Kept in memory for a rehearsal.
    Memory(MemoryLedger),
}

impl Ledger {
    /// Makes an entry durable. When this returns `Ok`, a crash cannot lose it.
    ///
    /// # Errors
    /// When the store refused: then nothing may act on the entry.
    pub async fn append(&mut self, entry: Entry) -> Result<u64, LedgerError> {
        match self {
            Ledger::File(file) => file.append(&entry),
            #[cfg(feature = "aws")]
            Ledger::DynamoDb(table) => table.append(&entry).await,
            Ledger::Memory(memory) => memory.append(entry),
        }
    }

    /// The number of the newest entry; 0 when empty.
    pub fn seq(&self) -> u64 {
        match self {
            Ledger::File(file) => file.seq(),
            #[cfg(feature = "aws")]
            Ledger::DynamoDb(table) => table.seq(),
            Ledger::Memory(memory) => memory.seq(),
        }
    }
}

/// Folds entries to the record that the next daemon starts from; `None` when nothing was decided
/// or noted yet.
pub fn fold<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Option<Record> {
    let mut setup: Option<&Setup> = None;
    let mut record: Option<Record> = None;
    for entry in entries {
        match entry {
            Entry::Opened {
                setup: opened,
                now,
                record: kept,
                ..
            } => {
                if let Some(kept) = kept {
                    record = Some(kept.as_ref().clone());
                }
                record.get_or_insert_with(|| Record::new(opened, *now));
                setup = Some(opened);
            }
            Entry::Noted { now, event } => {
                if let (Some(record), Some(setup)) = (&mut record, setup) {
                    let _ = step(record, setup, *now, event);
                }
            }
            Entry::Decided {
                now, event, before, ..
            } => {
                if let Some(setup) = setup {
                    let mut again = before.as_ref().clone();
                    let _ = step(&mut again, setup, *now, event);
                    record = Some(again);
                }
            }
        }
    }
    record
}
