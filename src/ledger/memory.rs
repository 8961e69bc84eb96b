//! The ledger of a rehearsal: the same entries and the same lease, in memory. One table may be
//! shared by two daemons, and can be made unavailable.
//!
//! Deliberately absent: hashing. What the chain protects against cannot happen here.

use super::{Entry, LedgerError};
use crate::lease::Row;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a store holds.
#[derive(Debug, Default)]
pub struct MemoryTable {
    /// Everything that is durable, oldest first.
    pub entries: Vec<Entry>,
    /// The lease, once somebody took it.
    pub lease: Option<Row>,
    /// The store answers nobody.
    pub down: bool,
}

/// One daemon's way to the store.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    table: Arc<Mutex<MemoryTable>>,
    /// Under which lease this daemon writes; `None` for a daemon that is alone by configuration.
    epoch: Option<u64>,
    /// This daemon cannot reach the store, whatever the others can.
    cut: bool,
    /// The write takes effect, the answer never arrives.
    deaf: bool,
}

impl MemoryLedger {
    /// A way to this store, under the lease of `epoch`.
    pub fn sharing(table: Arc<Mutex<MemoryTable>>, epoch: Option<u64>) -> MemoryLedger {
        MemoryLedger {
            table,
            epoch,
            ..MemoryLedger::default()
        }
    }

    /// Keeps an entry, if the lease is still this daemon's.
    ///
    /// # Errors
    /// While the simulated store is down, or when another daemon leads, or when the answer is lost.
    pub fn append(&mut self, entry: Entry) -> Result<u64, LedgerError> {
        let (epoch, cut, deaf) = (self.epoch, self.cut, self.deaf);
        let mut table = self.table();
        if table.down || cut {
            return Err(if epoch.is_some() {
                LedgerError::InDoubt
            } else {
                LedgerError::Unavailable
            });
        }
        if epoch.is_some() && epoch != table.lease.as_ref().map(|row| row.epoch) {
            return Err(LedgerError::Deposed);
        }
        table.entries.push(entry);
        if deaf && epoch.is_some() {
            return Err(LedgerError::InDoubt);
        }
        Ok(table.entries.len() as u64)
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

    /// Cuts this daemon off from the store, or lets it back.
    pub fn set_cut(&mut self, cut: bool) {
        self.cut = cut;
    }

    /// From here answers of the store get lost, or arrive again.
    pub fn set_deaf(&mut self, deaf: bool) {
        self.deaf = deaf;
    }
}
