//! The ledger in a table that several daemons share: the same sealed lines as in the file, each
//! written by a transaction that the leader's lease is a condition of, and the lease's own calls.
//!
//! Deliberately absent: when to renew (`engine::leadership`) and whole-chain checks: a start reads
//! back to the newest line that holds the whole record.

use crate::aws::error::{AwsError, Class};
use crate::aws::ledger::{Table, Written};
use crate::engine::lease::Row;
use crate::engine::port::{AppendFault, StoreAnswer, StoreCall};
use crate::ledger::{Entry, GENESIS, LedgerError, fold, seal, unseal_after};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often one line is tried. With 2 s an attempt this is well within a lease of 15 s, and more
/// than DynamoDB's usual blips.
const TRIES: u32 = 4;
/// Before the second try, and twice as long before each further one: another write to the lease's
/// item takes some milliseconds, a throttled table some hundreds.
const PAUSE: Duration = Duration::from_millis(50);

/// The table, the lease that this daemon wrote last, and where its next line goes.
#[derive(Clone)]
pub(super) struct TableStore {
    table: Table,
    holder: Arc<Mutex<Option<Row>>>,
    ledger: Arc<tokio::sync::Mutex<Option<TableLedger>>>,
}

/// A table under this daemon's lease.
#[derive(Debug)]
struct TableLedger {
    table: Table,
    holder: Row,
    sequence: u64,
    hash: String,
}

/// Why a table could not be read.
#[derive(Debug)]
pub(super) enum TailError {
    /// It did not answer.
    Unanswered(AwsError),
    /// A line failed verification.
    Corrupt(LedgerError),
}

/// What a table holds, from the newest line with a whole record on.
#[derive(Debug)]
pub(super) struct Tail {
    /// The entries, oldest first.
    pub(super) entries: Vec<Entry>,
    sequence: u64,
    hash: String,
}

impl Tail {
    /// Reads back from the newest line.
    ///
    /// # Errors
    /// What AWS answered, or which line failed verification.
    pub(super) async fn read(table: &Table) -> Result<Tail, TailError> {
        let mut lines: Vec<(u64, String)> = Vec::new();
        loop {
            let below = lines.last().map(|(seq, _)| *seq);
            let page = table
                .lines_below(below)
                .await
                .map_err(TailError::Unanswered)?;
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
        Tail::check(table.name(), &lines).map_err(TailError::Corrupt)
    }

    fn check(table: &str, lines: &[(u64, String)]) -> Result<Tail, LedgerError> {
        let mut tail = Tail {
            entries: Vec::new(),
            sequence: 0,
            hash: GENESIS.to_owned(),
        };
        for (seq, line) in lines {
            // What the oldest of them follows was not read, unless it is the very first.
            let known = tail.sequence > 0 || *seq == 1;
            let next = if known { tail.sequence + 1 } else { *seq };
            let (entry, hash) =
                unseal_after(line, next, known.then_some(&*tail.hash)).map_err(|fault| {
                    LedgerError::Corrupt {
                        table: table.to_owned(),
                        seq: *seq,
                        fault,
                    }
                })?;
            tail.entries.push(entry);
            tail.sequence = next;
            tail.hash = hash;
        }
        Ok(tail)
    }

    /// The number of the newest line.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// Cheap and sure enough to stop reading: whether it is whole is checked afterwards.
fn holds_a_record(line: &str) -> bool {
    line.contains("\"kind\":\"opened\"") && line.contains("\"record\":{")
}

impl TableStore {
    pub(super) fn new(table: Table) -> TableStore {
        TableStore {
            table,
            holder: Arc::default(),
            ledger: Arc::default(),
        }
    }

    /// Everything that can be read without a lease: for what a follower shows.
    pub(super) async fn tail(&self) -> Result<Tail, TailError> {
        Tail::read(&self.table).await
    }

    /// Lines in order, each a transaction of its own. Once one is durable, a later one that is
    /// refused leaves the rest in doubt.
    pub(super) async fn append(&self, lines: Vec<Entry>) -> Result<(), AppendFault> {
        let mut ledger = self.ledger.lock().await;
        let Some(ledger) = ledger.as_mut() else {
            return Err(AppendFault::Refused("the ledger is not open".to_owned()));
        };
        for (place, line) in lines.iter().enumerate() {
            match ledger.append(line).await {
                Err(AppendFault::Refused(why)) if place > 0 => {
                    return Err(AppendFault::InDoubt(why));
                }
                result => result?,
            }
        }
        Ok(())
    }

    /// A call about the lease, or the reading with which a term begins.
    pub(super) async fn call(&self, call: StoreCall) -> Result<StoreAnswer, LedgerError> {
        match call {
            StoreCall::ReadLease => Ok(self.read_lease().await),
            StoreCall::WriteLease { found, next } => Ok(self.write_lease(found, next).await),
            StoreCall::ReadLedger => self.read_ledger().await,
        }
    }

    async fn read_lease(&self) -> StoreAnswer {
        match self.table.lease().await {
            Ok(row) => StoreAnswer::Lease(row),
            Err(error) => StoreAnswer::Unanswered(error.to_string()),
        }
    }

    async fn write_lease(&self, found: Option<Row>, next: Row) -> StoreAnswer {
        match self.table.write_lease(found.as_ref(), &next).await {
            Ok(true) => {
                let mut holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
                *holder = Some(next);
                StoreAnswer::Written
            }
            Ok(false) => match self.table.lease().await {
                Ok(row) => StoreAnswer::Refused(row),
                Err(error) => StoreAnswer::Unanswered(error.to_string()),
            },
            Err(error) => StoreAnswer::Unanswered(error.to_string()),
        }
    }

    async fn read_ledger(&self) -> Result<StoreAnswer, LedgerError> {
        let tail = match Tail::read(&self.table).await {
            Ok(tail) => tail,
            Err(TailError::Unanswered(error)) => {
                return Ok(StoreAnswer::Unanswered(error.to_string()));
            }
            Err(TailError::Corrupt(error)) => return Err(error),
        };
        let holder = self
            .holder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(holder) = holder else {
            return Ok(StoreAnswer::Unanswered("no lease was taken".to_owned()));
        };
        let record = fold(&tail.entries).map(Box::new);
        let sequence = tail.sequence;
        let ledger = TableLedger::after(self.table.clone(), holder, tail);
        *self.ledger.lock().await = Some(ledger);
        Ok(StoreAnswer::Ledger { record, sequence })
    }
}

impl TableLedger {
    /// Goes on after `tail`, under the lease that `holder` took before the tail was read.
    fn after(table: Table, holder: Row, tail: Tail) -> TableLedger {
        TableLedger {
            table,
            holder,
            sequence: tail.sequence,
            hash: tail.hash,
        }
    }

    /// Appends. When this returns `Ok` the line is durable and the lease was this daemon's.
    async fn append(&mut self, entry: &Entry) -> Result<(), AppendFault> {
        let sequence = self.sequence + 1;
        let (line, hash) = seal(sequence, entry, &self.hash)
            .map_err(|error| AppendFault::Refused(error.to_string()))?;
        for earlier in 0..TRIES {
            if self.is_durable(sequence, &line).await? {
                self.sequence = sequence;
                self.hash = hash;
                return Ok(());
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(earlier)).await;
        }
        Err(in_doubt())
    }

    /// One try. `false`: not known to be durable, try again.
    async fn is_durable(&self, sequence: u64, line: &str) -> Result<bool, AppendFault> {
        match self.table.put_line(&self.holder, sequence, line).await {
            Ok(Written::Yes) => Ok(true),
            Ok(Written::Deposed) => Err(AppendFault::Deposed(
                "another daemon leads; this one's lease is over, and it acts no more".to_owned(),
            )),
            Ok(Written::Busy) => Ok(false),
            Ok(Written::Exists) => match self.table.line(sequence).await {
                Ok(found) => its_own(found.as_deref(), line),
                Err(error) => unanswered(&error),
            },
            Err(error) => unanswered(&error),
        }
    }
}

/// What is found in the place of a line: an earlier try of ours, whose answer was lost, or a line
/// that this daemon has not read. Then its memory is not the ledger's.
fn its_own(found: Option<&str>, line: &str) -> Result<bool, AppendFault> {
    if found == Some(line) {
        Ok(true)
    } else {
        Err(in_doubt())
    }
}

fn in_doubt() -> AppendFault {
    AppendFault::InDoubt(
        "the ledger did not answer in time: whether it holds the newest line is not known. drd begins a new term, which settles it".to_owned(),
    )
}

fn unanswered(error: &AwsError) -> Result<bool, AppendFault> {
    tracing::warn!(%error, "the ledger's table did not take a line");
    match error.class {
        Class::Transient | Class::Conflict => Ok(false),
        // Nothing was written, and trying again cannot help: people must.
        Class::Unauthenticated | Class::Denied | Class::Malformed | Class::Gone => {
            Err(AppendFault::Refused(error.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::LineFault;
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
    fn a_tail_is_verified_from_the_middle_on() {
        let tail = Tail::check("t", &lines(7, 3)).expect("a tail");
        assert_eq!((tail.entries.len(), tail.sequence()), (3, 9));
        assert_eq!(Tail::check("t", &[]).expect("an empty table").sequence(), 0);
    }

    #[test]
    fn a_line_counts_as_durable_only_when_its_own_bytes_are_in_its_place() {
        let [(_, mine), (_, other)] = &lines(3, 2)[..] else {
            panic!("two lines");
        };
        assert_eq!(its_own(Some(mine), mine), Ok(true));
        for found in [Some(&**other), None] {
            assert!(matches!(its_own(found, mine), Err(AppendFault::InDoubt(_))));
        }
    }

    #[test]
    fn a_gap_and_a_changed_letter_fail_verification() {
        let mut gap = lines(1, 3);
        gap.remove(1);
        let mut changed = lines(7, 3);
        changed[1].1 = changed[1].1.replace("tick", "tock");
        for (broken, at, why) in [
            (gap, 3, LineFault::BrokenChain),
            (changed, 8, LineFault::BadHash),
        ] {
            match Tail::check("t", &broken) {
                Err(LedgerError::Corrupt { seq, fault, .. }) => assert_eq!((seq, fault), (at, why)),
                other => panic!("{other:?}"),
            }
        }
    }
}
