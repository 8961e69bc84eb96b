//! Log lines on their way out of the process: a bounded queue, and one thread that alone writes.
//!
//! The caller never waits for a reader. A line that does not fit into the queue is dropped and
//! counted; so is one that the output refuses. Deliberately absent: the form of a line, files, and
//! a second attempt to write one.

use crate::clock;
use drd_state_machine::time::Span;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// A failover writes about 150 lines: the queue holds more than ten of them.
const LINES_MAX: usize = 2048;
/// A line has 200 to 500 bytes: as many lines as above, within the daemon's memory budget of 6 MiB.
const BYTES_MAX: usize = 1024 * 1024;
/// The end of the process waits this long for the queue: writing all of it takes about 10 ms where
/// the output is read, and where it is not, a stop must not be late for that.
pub(super) const FLUSH_MAX: Duration = Duration::from_millis(200);
/// The pause between two reports of one kind.
pub(super) const REPORT_EVERY: Span = Span::secs(60);
/// How often an idle thread looks for a report that is due: a tenth of a minute late at most.
const UPKEEP_EVERY: Duration = Duration::from_secs(6);

/// Why a line was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// The queue was full: the output is not read.
    QueueFull,
    /// The output refused it: a closed pipe, a journald that is away.
    NotWritten,
}

impl DropReason {
    /// Every reason, in the order of the counters.
    pub const ALL: [DropReason; 2] = [DropReason::QueueFull, DropReason::NotWritten];

    /// The name used in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            DropReason::QueueFull => "queue_full",
            DropReason::NotWritten => "not_written",
        }
    }
}

/// How many lines were dropped since the process started, by reason.
#[derive(Debug)]
pub struct DroppedLines {
    queue_full: AtomicU64,
    not_written: AtomicU64,
}

impl DroppedLines {
    /// None yet.
    pub const fn none() -> DroppedLines {
        DroppedLines {
            queue_full: AtomicU64::new(0),
            not_written: AtomicU64::new(0),
        }
    }

    fn of(&self, reason: DropReason) -> &AtomicU64 {
        match reason {
            DropReason::QueueFull => &self.queue_full,
            DropReason::NotWritten => &self.not_written,
        }
    }

    /// Lines dropped for this reason.
    pub fn count(&self, reason: DropReason) -> u64 {
        self.of(reason).load(Ordering::Relaxed)
    }

    fn add(&self, reason: DropReason) {
        self.of(reason).fetch_add(1, Ordering::Relaxed);
    }
}

/// Which drops were reported, and when.
#[derive(Debug, Default)]
pub(super) struct DropReports {
    reported: [(u64, Option<Span>); DropReason::ALL.len()],
}

impl DropReports {
    /// The drops that no report has covered yet: at most one report per reason and minute. `now`
    /// is how long the host is up, here and below.
    pub fn due(&mut self, dropped: &DroppedLines, now: Span) -> Vec<(DropReason, u64)> {
        let mut due = Vec::new();
        for (reason, (covered, at)) in DropReason::ALL.into_iter().zip(&mut self.reported) {
            let count = dropped.count(reason);
            let waits = at.is_some_and(|at| now - at < REPORT_EVERY);
            if count > *covered && !waits {
                due.push((reason, count - *covered));
                (*covered, *at) = (count, Some(now));
            }
        }
        due
    }
}

#[derive(Debug, Default)]
struct Queue {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// A line was taken out and is not written yet.
    writing: bool,
}

impl Queue {
    fn is_idle(&self) -> bool {
        self.lines.is_empty() && !self.writing
    }
}

#[derive(Debug)]
struct Channel {
    /// Locked to push or to pop, never while something is written.
    queue: Mutex<Queue>,
    arrived: Condvar,
    idle: Condvar,
    dropped: &'static DroppedLines,
}

/// The queue's entrance. Its clones share it.
#[derive(Clone, Debug)]
pub struct Sink(Arc<Channel>);

impl Sink {
    /// Starts the thread. `output` writes one line, and may block; `upkeep` runs on the thread
    /// whenever the output was able to take all that there was, and every few seconds at rest.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(
        output: impl FnMut(&[u8]) -> io::Result<()> + Send + 'static,
        dropped: &'static DroppedLines,
        upkeep: impl FnMut(Span) + Send + 'static,
    ) -> io::Result<Sink> {
        let channel = Arc::new(Channel {
            queue: Mutex::default(),
            arrived: Condvar::new(),
            idle: Condvar::new(),
            dropped,
        });
        let served = channel.clone();
        std::thread::Builder::new()
            .name("drd-log".to_owned())
            .spawn(move || served.write_all(output, upkeep))?;
        Ok(Sink(channel))
    }

    /// Queues one line, or drops and counts it. Never waits for the output.
    pub fn push(&self, line: Vec<u8>) {
        let mut queue = self.0.lock();
        if queue.lines.len() >= LINES_MAX || queue.bytes + line.len() > BYTES_MAX {
            drop(queue);
            self.0.dropped.add(DropReason::QueueFull);
            return;
        }
        queue.bytes += line.len();
        queue.lines.push_back(line);
        drop(queue);
        self.0.arrived.notify_one();
    }

    /// Waits until everything was written, `within` at most. Whether it was.
    pub fn flush(&self, within: Duration) -> bool {
        let queue = self.0.lock();
        let waited = self
            .0
            .idle
            .wait_timeout_while(queue, within, |queue| !queue.is_idle());
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: for as long as the process lives.
    fn write_all(
        &self,
        mut output: impl FnMut(&[u8]) -> io::Result<()>,
        mut upkeep: impl FnMut(Span),
    ) {
        let mut writes = true;
        loop {
            if let Some(line) = self.next() {
                writes = output(&line).is_ok();
                if !writes {
                    self.dropped.add(DropReason::NotWritten);
                }
            }
            if self.rests() && writes {
                upkeep(clock::boot());
            }
        }
    }

    /// The oldest line; `None` when there was none for a while.
    fn next(&self) -> Option<Vec<u8>> {
        let queue = self.lock();
        let waited = self
            .arrived
            .wait_timeout_while(queue, UPKEEP_EVERY, |queue| queue.lines.is_empty());
        let mut queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        let line = queue.lines.pop_front()?;
        queue.bytes -= line.len();
        queue.writing = true;
        Some(line)
    }

    /// The line that was taken out is dealt with. Whether it was the last.
    fn rests(&self) -> bool {
        let mut queue = self.lock();
        queue.writing = false;
        let rests = queue.is_idle();
        if rests {
            self.idle.notify_all();
        }
        rests
    }
}

/// What `tracing-subscriber` writes a formatted line to: it hands over each line in one piece.
#[derive(Debug)]
pub struct LineWriter<'a>(&'a Sink);

impl io::Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(self)
    }
}

#[cfg(test)]
mod tests;
