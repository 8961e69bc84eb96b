//! The ledger's store while the daemon runs: a file with a thread of its own, or a table.
//!
//! No call keeps the control loop waiting: each is a future with a deadline. A write to the disk
//! that is late may still succeed, so it is reported as in doubt, and the next term reads the file
//! again.
//! Deliberately absent: what is written, and when a term ends.

use super::causes::causes;
#[cfg(feature = "aws")]
use super::table_store::TableStore;
use crate::clock::duration;
use crate::engine::port::{AppendFault, StoreAnswer, StoreCall};
use crate::ledger::{DISK_ANSWERS, Entry, FileLedger, LedgerError, fold};
use drd_state_machine::Record;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use tokio::sync::oneshot;

/// Jobs that wait for the disk: one. A second one would wait for a disk that does not answer.
const JOBS_MAX: usize = 1;

/// Where lines become durable. Share it by clone.
#[derive(Clone)]
pub(super) enum LedgerStore {
    /// A file of this daemon alone.
    File(FileStore),
    /// A table that several daemons share.
    #[cfg(feature = "aws")]
    Table(TableStore),
}

impl LedgerStore {
    /// Makes lines durable, in order.
    pub(super) async fn append(&self, lines: Vec<Entry>) -> Result<(), AppendFault> {
        match self {
            LedgerStore::File(file) => file.append(lines).await,
            #[cfg(feature = "aws")]
            LedgerStore::Table(table) => table.append(lines).await,
        }
    }

    /// A call that no term makes.
    ///
    /// # Errors
    /// A ledger that failed verification, or that another daemon holds: this one must stop.
    pub(super) async fn call(&self, call: StoreCall) -> Result<StoreAnswer, LedgerError> {
        match self {
            LedgerStore::File(file) => file.call(call).await,
            #[cfg(feature = "aws")]
            LedgerStore::Table(table) => table.call(call).await,
        }
    }

    /// What the leader wrote, for a follower to show; `None` when it could not be read.
    pub(super) async fn read_for_show(&self) -> Option<(Record, u64)> {
        match self {
            // A file has one daemon, which leads.
            LedgerStore::File(_) => None,
            #[cfg(feature = "aws")]
            LedgerStore::Table(table) => {
                let tail = table.tail().await.ok()?;
                Some((fold(&tail.entries)?, tail.sequence()))
            }
        }
    }
}

enum Job {
    Open(oneshot::Sender<Result<StoreAnswer, LedgerError>>),
    Append(Vec<Entry>, oneshot::Sender<Result<(), AppendFault>>),
}

/// The file's side of the daemon.
#[derive(Clone)]
pub(super) struct FileStore {
    jobs: SyncSender<Job>,
    path: Arc<PathBuf>,
}

impl FileStore {
    /// Starts the thread; opens nothing.
    ///
    /// # Errors
    /// When the host gives no thread.
    pub(super) fn start(path: &Path) -> std::io::Result<FileStore> {
        let (jobs, queue) = sync_channel(JOBS_MAX);
        let path = Arc::new(path.to_owned());
        let worker = Worker {
            path: path.clone(),
            ledger: None,
            opened_once: false,
        };
        std::thread::Builder::new()
            .name("drd-ledger".to_owned())
            .spawn(move || worker.run(&queue))?;
        Ok(FileStore { jobs, path })
    }

    fn hand_over(&self, job: Job) -> Result<(), String> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => {
                format!("the disk of ledger {} does not answer", self.path.display())
            }
            TrySendError::Disconnected(_) => "the ledger's thread has ended".to_owned(),
        })
    }

    fn late(&self) -> String {
        let path = self.path.display();
        format!("ledger {path}: no answer of the disk within {DISK_ANSWERS}")
    }

    async fn append(&self, lines: Vec<Entry>) -> Result<(), AppendFault> {
        let (done, answer) = oneshot::channel();
        self.hand_over(Job::Append(lines, done))
            .map_err(AppendFault::Refused)?;
        match tokio::time::timeout(duration(DISK_ANSWERS), answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(AppendFault::InDoubt(self.late())),
        }
    }

    async fn call(&self, call: StoreCall) -> Result<StoreAnswer, LedgerError> {
        let unanswered = |why| Ok(StoreAnswer::Unanswered(why));
        if call != StoreCall::ReadLedger {
            return unanswered("a ledger file has no lease".to_owned());
        }
        let (done, answer) = oneshot::channel();
        if let Err(why) = self.hand_over(Job::Open(done)) {
            return unanswered(why);
        }
        // A long ledger takes longer to read than a line to write; nothing else waits for it.
        match answer.await {
            Ok(result) => result,
            Err(_) => unanswered("the ledger's thread has ended".to_owned()),
        }
    }
}

/// The thread: the only one that touches the file.
struct Worker {
    path: Arc<PathBuf>,
    ledger: Option<FileLedger>,
    opened_once: bool,
}

impl Worker {
    fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            // An answer that is not awaited any more came too late; what was written stays.
            match job {
                Job::Open(done) => drop(done.send(self.open())),
                Job::Append(lines, done) => drop(done.send(self.append(&lines))),
            }
        }
    }

    fn open(&mut self) -> Result<StoreAnswer, LedgerError> {
        // The lock is the old one's: it goes first.
        self.ledger = None;
        match FileLedger::open(&self.path) {
            Ok((ledger, found)) => {
                if found.torn_bytes > 0 {
                    tracing::warn!(
                        path = %self.path.display(),
                        bytes = found.torn_bytes,
                        "the ledger's last line was torn and is cut off; nothing had acted on it"
                    );
                }
                let sequence = ledger.sequence();
                self.ledger = Some(ledger);
                self.opened_once = true;
                let record = fold(&found.entries).map(Box::new);
                Ok(StoreAnswer::Ledger { record, sequence })
            }
            Err(error @ LedgerError::Io { .. }) if self.opened_once => {
                Ok(StoreAnswer::Unanswered(causes(&error)))
            }
            Err(error) => Err(error),
        }
    }

    fn append(&mut self, lines: &[Entry]) -> Result<(), AppendFault> {
        let Some(ledger) = &mut self.ledger else {
            return Err(AppendFault::Refused("the ledger is not open".to_owned()));
        };
        ledger
            .append(lines)
            .map_err(|error| AppendFault::Refused(causes(&error)))
    }
}
