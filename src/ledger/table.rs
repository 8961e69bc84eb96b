//! The ledger in a table that several daemons share: the same sealed lines as in the file, each
//! written by a transaction that the leader's lease is a condition of.
//!
//! Deliberately absent: the lease's own life (the daemon renews it) and whole-chain checks: a
//! start reads back to the newest line that holds the whole record.

use super::chain::{GENESIS, seal, unseal_after};
use super::{Entry, LedgerError};
use crate::aws::error::{AwsError, Class};
use crate::aws::ledger::{Table, Written};
use crate::lease::Row;
use std::time::Duration;

/// How often one line is tried. With 2 s an attempt this is well within a lease of 15 s, and more
/// than DynamoDB's usual blips.
const TRIES: u32 = 4;
/// Before the second try, and twice as long before each further one: another write to the lease's
/// item takes some milliseconds, a throttled table some hundreds.
const PAUSE: Duration = Duration::from_millis(50);

/// A table under this daemon's lease.
#[derive(Debug)]
pub struct TableLedger {
    table: Table,
    holder: Row,
    seq: u64,
    hash: String,
}

/// What a table holds, from the newest line with a whole record on.
#[derive(Debug)]
pub struct Tail {
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
    seq: u64,
    hash: String,
}

impl Tail {
    /// Reads back from the newest line.
    ///
    /// # Errors
    /// What AWS said, or which line cannot be believed.
    pub async fn read(table: &Table) -> Result<Tail, LedgerError> {
        let mut lines: Vec<(u64, String)> = Vec::new();
        loop {
            let below = lines.last().map(|(seq, _)| *seq);
            let page = table.lines_below(below).await?;
            if page.is_empty() {
                break;
            }
            let kept = page.iter().position(|(_, line)| holds_a_record(line));
            lines.extend(page.into_iter().take(kept.map_or(usize::MAX, |k| k + 1)));
            if kept.is_some() {
                break;
            }
        }
        lines.reverse();
        Tail::check(table.name(), &lines)
    }

    fn check(table: &str, lines: &[(u64, String)]) -> Result<Tail, LedgerError> {
        let mut tail = Tail {
            entries: Vec::new(),
            seq: 0,
            hash: GENESIS.to_owned(),
        };
        for (seq, line) in lines {
            // What the oldest of them follows was not read, unless it is the very first.
            let known = tail.seq > 0 || *seq == 1;
            let next = if known { tail.seq + 1 } else { *seq };
            let (entry, hash) =
                unseal_after(line, next, known.then_some(&*tail.hash)).map_err(|fault| {
                    LedgerError::Corrupt {
                        table: table.to_owned(),
                        seq: *seq,
                        fault,
                    }
                })?;
            tail.entries.push(entry);
            tail.seq = next;
            tail.hash = hash;
        }
        Ok(tail)
    }

    /// The number of the newest line.
    pub fn seq(&self) -> u64 {
        self.seq
    }
}

/// Cheap and sure enough to stop reading: whether it is believed is checked afterwards.
fn holds_a_record(line: &str) -> bool {
    line.contains("\"kind\":\"opened\"") && line.contains("\"record\":{")
}

impl From<AwsError> for LedgerError {
    fn from(error: AwsError) -> LedgerError {
        LedgerError::Store(error.into())
    }
}

impl TableLedger {
    /// Goes on after `tail`, under the lease that `holder` took before the tail was read.
    pub fn after(table: Table, holder: Row, tail: &Tail) -> TableLedger {
        TableLedger {
            table,
            holder,
            seq: tail.seq,
            hash: tail.hash.clone(),
        }
    }

    /// Appends. When this returns `Ok` the line is durable and the lease was this daemon's.
    ///
    /// # Errors
    /// [`LedgerError::Deposed`] when another daemon leads; [`LedgerError::InDoubt`] when no try
    /// got an answer that settles it.
    pub async fn append(&mut self, entry: &Entry) -> Result<u64, LedgerError> {
        let seq = self.seq + 1;
        let (line, hash) = seal(seq, entry, &self.hash).map_err(LedgerError::Inexpressible)?;
        for earlier in 0..TRIES {
            if self.is_durable(seq, &line).await? {
                self.seq = seq;
                self.hash = hash;
                return Ok(seq);
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(earlier)).await;
        }
        Err(LedgerError::InDoubt)
    }

    /// One try. `false`: not known to be durable, try again.
    async fn is_durable(&self, seq: u64, line: &str) -> Result<bool, LedgerError> {
        match self.table.put_line(&self.holder, seq, line).await {
            Ok(Written::Yes) => Ok(true),
            Ok(Written::Deposed) => Err(LedgerError::Deposed),
            Ok(Written::Busy) => Ok(false),
            // An earlier try of ours, whose answer was lost, or a line that this daemon has not
            // read: then its memory is not the ledger's.
            Ok(Written::Exists) => match self.table.line(seq).await {
                Ok(Some(found)) if found == line => Ok(true),
                Ok(_) => Err(LedgerError::InDoubt),
                Err(error) => self.unanswered(error),
            },
            Err(error) => self.unanswered(error),
        }
    }

    fn unanswered(&self, error: AwsError) -> Result<bool, LedgerError> {
        tracing::warn!(%error, "the ledger's table did not take a line");
        match error.class {
            Class::Transient | Class::Conflict => Ok(false),
            // Nothing was written, and trying again cannot help: people must.
            Class::Unauthenticated | Class::Denied | Class::Malformed | Class::Gone => {
                Err(error.into())
            }
        }
    }

    /// The number of the newest line.
    pub fn seq(&self) -> u64 {
        self.seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Fault;
    use drd_state_machine::event::Event;
    use drd_state_machine::time::Time;

    fn lines(from: u64, count: u64) -> Vec<(u64, String)> {
        let mut hash = GENESIS.to_owned();
        let mut all = Vec::new();
        for seq in 1..from + count {
            let entry = Entry::Noted {
                now: Time(0),
                event: Event::Tick,
            };
            let (line, next) = seal(seq, &entry, &hash).expect("a line");
            hash = next;
            all.push((seq, line));
        }
        all.split_off(usize::try_from(from - 1).expect("small"))
    }

    #[test]
    fn a_tail_is_believed_from_the_middle_on() {
        let tail = Tail::check("t", &lines(7, 3)).expect("a tail");
        assert_eq!((tail.entries.len(), tail.seq()), (3, 9));
        assert_eq!(Tail::check("t", &[]).expect("an empty table").seq(), 0);
    }

    #[test]
    fn a_gap_and_a_changed_letter_are_not_believed() {
        let mut gap = lines(1, 3);
        gap.remove(1);
        let mut changed = lines(7, 3);
        changed[1].1 = changed[1].1.replace("tick", "tock");
        for (broken, at, why) in [(gap, 3, Fault::BrokenChain), (changed, 8, Fault::BadHash)] {
            match Tail::check("t", &broken) {
                Err(LedgerError::Corrupt { seq, fault, .. }) => assert_eq!((seq, fault), (at, why)),
                other => panic!("{other:?}"),
            }
        }
    }
}
