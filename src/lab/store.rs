//! The ledger's store of a rehearsal: the entries and the lease, with the conditions that a real
//! table checks, or those of a file of one daemon.
//!
//! Deliberately absent: hashing, since what the chain protects against cannot happen here, and the
//! way to the store (`host::store_calls`).

use crate::engine::lease::Row;
use crate::engine::port::AppendFault;
use crate::lab::scenario::Manner;
use crate::ledger::Entry;
use std::collections::VecDeque;

/// What a store holds.
#[derive(Debug, Default)]
pub struct SimulatedStore {
    /// Everything that is durable, oldest first.
    pub entries: Vec<Entry>,
    /// Under which lease each entry was written; `None` by a daemon that is alone.
    pub tokens: Vec<Option<u64>>,
    /// The lease, once a daemon took it.
    pub lease: Option<Row>,
    /// The store refuses everything.
    pub down: bool,
    /// The file is not the one that was opened any more.
    pub replaced: Option<Manner>,
    /// The daemon that makes the append of this number dies of it.
    pub trap: Option<Trap>,
    on_their_way: VecDeque<Lines>,
}

/// Lines and the conditions of their transaction.
#[derive(Clone, Debug)]
pub struct Lines {
    /// In order.
    pub entries: Vec<Entry>,
    /// The lease of their writer; `None` for a daemon that is alone.
    pub token: Option<u64>,
    /// The number of the first.
    pub number: usize,
}

/// Where a daemon dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// At the line of this number, counted from 1.
    pub append: usize,
    /// Whether that line becomes durable.
    pub keeps: bool,
    /// Whether the daemon still receives the answer.
    pub answers: bool,
    /// It struck.
    pub sprung: bool,
}

impl SimulatedStore {
    /// The number that the next line has.
    pub fn next_number(&self) -> usize {
        self.entries.len() + 1
    }

    /// Keeps lines if their conditions hold at this moment, as the table does: the lease is the
    /// writer's, and no line has this number.
    ///
    /// # Errors
    /// Another daemon leads, or this line's number is taken: the writer has not read that line.
    pub fn put(&mut self, lines: Lines) -> Result<(), AppendFault> {
        let lease = self.lease.as_ref().map(|row| row.fencing_token);
        if lines.token.is_some() && lines.token != lease {
            return Err(AppendFault::Deposed(
                "another daemon leads; this one's lease is over".to_owned(),
            ));
        }
        if lines.token.is_some() && lines.number != self.next_number() {
            return Err(AppendFault::InDoubt(
                "a line that was not read is there".to_owned(),
            ));
        }
        for entry in lines.entries {
            self.entries.push(entry);
            self.tokens.push(lines.token);
        }
        Ok(())
    }

    /// What a process that starts finds: the file that is there by then is its own. Whether that is another
    /// one than was written.
    pub fn opened(&mut self) -> bool {
        let kept = match self.replaced.take() {
            Some(Manner::Prefix) => self.entries.len() / 2,
            Some(Manner::Moved | Manner::Truncated) => 0,
            Some(Manner::Switchover | Manner::Failover) | None => return false,
        };
        self.entries.truncate(kept);
        self.tokens.truncate(kept);
        true
    }

    /// These lines arrive later than their writer waits.
    pub fn delay(&mut self, lines: Lines) {
        self.on_their_way.push_back(lines);
    }

    /// Whether lines are on their way.
    pub fn is_late(&self) -> bool {
        !self.on_their_way.is_empty()
    }

    /// The lines that have been on their way for the longest arrive. `false` when another lease
    /// than their own is in force by now.
    pub fn arrive(&mut self) -> bool {
        let put = self.on_their_way.pop_front().map(|lines| self.put(lines));
        !matches!(put, Some(Err(AppendFault::Deposed(_))))
    }

    /// Writes the lease if it still is as it was `found`.
    ///
    /// # Errors
    /// The row as it is.
    pub fn write_lease(&mut self, found: Option<&Row>, next: &Row) -> Result<(), Option<Row>> {
        if self.lease.as_ref() != found {
            return Err(self.lease.clone());
        }
        self.lease = Some(next.clone());
        Ok(())
    }

    /// The trap that these lines spring, and how many of them become durable with it.
    pub fn spring(&mut self, lines: usize) -> Option<(Trap, usize)> {
        let first = self.next_number();
        let trap = self
            .trap
            .as_mut()
            .filter(|t| !t.sprung && (first..first + lines).contains(&t.append))?;
        trap.sprung = true;
        let before = trap.append - first;
        let kept = if trap.answers {
            lines
        } else {
            before + usize::from(trap.keeps)
        };
        Some((*trap, kept))
    }
}
