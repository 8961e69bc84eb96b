//! The ledger of a rehearsal: the same entries, in memory, that can be made unavailable.
//!
//! Deliberately absent: hashing. What the chain protects against cannot happen here.

use super::{Entry, LedgerError};

/// Entries of one rehearsal.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    entries: Vec<Entry>,
    down: bool,
}

impl MemoryLedger {
    /// Keeps an entry.
    ///
    /// # Errors
    /// While the simulated store is down.
    pub fn append(&mut self, entry: Entry) -> Result<u64, LedgerError> {
        if self.down {
            return Err(LedgerError::Unavailable);
        }
        self.entries.push(entry);
        Ok(self.seq())
    }

    /// The number of the newest entry.
    pub fn seq(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Everything that is durable.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Everything that is durable, when the rehearsal is over.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Takes the store down, or brings it back.
    pub fn set_down(&mut self, down: bool) {
        self.down = down;
    }
}
