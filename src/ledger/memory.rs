//! The ledger of a rehearsal: the same entries and the same lease, in memory. One table may be
//! shared by two daemons; the way to it can be broken in every manner that a network knows.
//!
//! Deliberately absent: hashing. What the chain protects against cannot happen here.

use super::{Entry, LedgerError};
use crate::lease::Row;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a store holds.
#[derive(Debug, Default)]
pub struct MemoryTable {
    /// Everything that is durable, oldest first.
    pub entries: Vec<Entry>,
    /// Under which lease each entry was written; `None` by a daemon that is alone.
    pub epochs: Vec<Option<u64>>,
    /// The lease, once somebody took it.
    pub lease: Option<Row>,
    /// The store answers nobody.
    pub down: bool,
    /// The daemon that makes the append of this number dies of it.
    pub trap: Option<Trap>,
    on_their_way: VecDeque<Line>,
}

/// A line and the conditions of its transaction.
#[derive(Debug)]
struct Line {
    entry: Entry,
    epoch: Option<u64>,
    number: usize,
}

/// Where a daemon dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// At the append of this number, counted from 1.
    pub append: usize,
    /// Whether the line becomes durable.
    pub keeps: bool,
    /// Whether the daemon still hears that it did.
    pub answers: bool,
    /// It struck.
    pub sprung: bool,
}

/// How one daemon's appends fare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// They arrive and are answered.
    #[default]
    Open,
    /// They arrive nowhere.
    Cut,
    /// They take effect, the answer never arrives.
    Deaf,
    /// They arrive after the daemon gave them up: [`MemoryTable::arrive`] says when.
    Late,
    /// The store says no.
    Refused,
}

impl MemoryTable {
    /// Keeps a line if its conditions hold at this moment, as the store does: the lease is the
    /// writer's, and no line has this number.
    fn put(&mut self, line: Line) -> Result<u64, LedgerError> {
        if line.epoch.is_some() && line.epoch != self.lease.as_ref().map(|row| row.epoch) {
            return Err(LedgerError::Deposed);
        }
        if line.epoch.is_some() && line.number != self.entries.len() + 1 {
            return Err(LedgerError::InDoubt);
        }
        self.entries.push(line.entry);
        self.epochs.push(line.epoch);
        Ok(self.entries.len() as u64)
    }

    /// The line that has been on its way for the longest arrives. `false` when another lease
    /// than its own stands by now.
    pub fn arrive(&mut self) -> bool {
        let late = self.on_their_way.pop_front();
        let put = late.map(|line| self.put(line));
        !matches!(put, Some(Err(LedgerError::Deposed)))
    }

    /// Writes the lease if it stands as it was `found`. Otherwise says how it stands.
    ///
    /// # Errors
    /// The row as it stands.
    pub fn write_lease(&mut self, found: Option<&Row>, next: &Row) -> Result<(), Option<Row>> {
        if self.lease.as_ref() != found {
            return Err(self.lease.clone());
        }
        self.lease = Some(next.clone());
        Ok(())
    }

    /// The trap that this append springs.
    fn spring(&mut self) -> Option<Trap> {
        let next = self.entries.len() + 1;
        let trap = self
            .trap
            .as_mut()
            .filter(|t| !t.sprung && t.append == next)?;
        trap.sprung = true;
        Some(*trap)
    }
}

/// One daemon's way to the store.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    table: Arc<Mutex<MemoryTable>>,
    /// Under which lease this daemon writes; `None` for a daemon that is alone by configuration.
    epoch: Option<u64>,
    way: Way,
}

impl MemoryLedger {
    /// A way to this store, under the lease of `epoch`.
    pub fn sharing(table: Arc<Mutex<MemoryTable>>, epoch: Option<u64>) -> MemoryLedger {
        MemoryLedger {
            table,
            epoch,
            way: Way::Open,
        }
    }

    /// Keeps an entry, if the lease is still this daemon's.
    ///
    /// # Errors
    /// While the simulated store is down, or when another daemon leads, or when the answer is lost.
    pub fn append(&mut self, entry: Entry) -> Result<u64, LedgerError> {
        let (epoch, way) = (self.epoch, self.way);
        let mut table = self.table();
        let number = table.entries.len() + 1;
        let line = Line {
            entry,
            epoch,
            number,
        };
        // A table that does not answer may have taken the line; a disk that refuses has not.
        let silence = || match epoch {
            Some(_) => LedgerError::InDoubt,
            None => LedgerError::Unavailable,
        };
        if table.down || way == Way::Cut {
            return Err(silence());
        }
        if way == Way::Refused {
            return Err(LedgerError::Unavailable);
        }
        if way == Way::Late {
            table.on_their_way.push_back(line);
            return Err(silence());
        }
        let trap = table.spring();
        if trap.is_some_and(|trap| !trap.keeps) {
            return Err(silence());
        }
        let kept = table.put(line)?;
        if way == Way::Deaf || trap.is_some_and(|trap| !trap.answers) {
            return Err(silence());
        }
        Ok(kept)
    }

    /// The number of the newest entry.
    pub fn seq(&self) -> u64 {
        self.table().entries.len() as u64
    }

    /// The store.
    pub fn table(&self) -> MutexGuard<'_, MemoryTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store, to share.
    pub fn shared(&self) -> Arc<Mutex<MemoryTable>> {
        self.table.clone()
    }

    /// How this daemon's appends fare from here.
    pub fn set_way(&mut self, way: Way) {
        self.way = way;
    }
}
