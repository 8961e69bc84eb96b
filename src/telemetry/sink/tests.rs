//! The sink with outputs that are never read, that refuse, and that recover.
//!
//! Deliberately absent: the process's own stderr and journald's socket (tests/wire has both).

use super::*;
use std::io::Write as _;
use std::sync::mpsc;

/// Far above what any of these steps needs, far below a wait for a reader that never comes.
const DEADLINE: Duration = Duration::from_secs(5);

fn counters() -> &'static DroppedLines {
    Box::leak(Box::new(DroppedLines::none()))
}

/// An output that passes each line on, and each time first waits for a permit; none is given
/// before `permits` is used, none is needed once it is dropped.
fn gated() -> (
    Sink,
    &'static DroppedLines,
    mpsc::Sender<()>,
    mpsc::Receiver<Vec<u8>>,
) {
    let (permits, gate) = mpsc::channel();
    let (written, read) = mpsc::channel();
    let dropped = counters();
    let output = move |line: &[u8]| {
        let _ = gate.recv();
        written.send(line.to_vec()).map_err(io::Error::other)
    };
    let sink = Sink::start(output, dropped, |_| {}).expect("a thread");
    (sink, dropped, permits, read)
}

/// Milliseconds since `begun`.
fn since(begun: Span) -> Duration {
    Duration::from_millis((clock::boot() - begun).0.unsigned_abs())
}

#[test]
fn a_pipe_that_is_never_read_blocks_no_caller_and_costs_counted_lines() {
    let (unread, mut pipe) = io::pipe().expect("a pipe");
    let dropped = counters();
    let sink = Sink::start(move |line| pipe.write_all(line), dropped, |_| {}).expect("a thread");
    let line = [b'x'; 512];
    let pushed = 4 * LINES_MAX;
    let begun = clock::boot();
    for _ in 0..pushed {
        let written = sink.make_writer().write_all(&line);
        written.expect("never an error");
    }
    assert!(since(begun) < DEADLINE, "{:?}", since(begun));
    // A pipe holds 64 KiB: 128 of these lines; the queue holds the rest of what is not dropped.
    let lost = dropped.count(DropReason::QueueFull);
    assert!(lost >= (pushed - LINES_MAX - 200) as u64, "{lost}");
    assert_eq!(dropped.count(DropReason::NotWritten), 0);
    let begun = clock::boot();
    assert!(!sink.flush(FLUSH_MAX));
    assert!(
        since(begun) < 10 * FLUSH_MAX,
        "the end of the process is not held up"
    );
    drop(unread);
    assert!(
        sink.flush(DEADLINE),
        "the closed pipe refuses what was queued"
    );
    assert!(dropped.count(DropReason::NotWritten) > 0);
}

#[test]
fn lines_keep_their_order_and_are_all_written_at_the_end() {
    let (sink, dropped, permits, read) = gated();
    drop(permits);
    for n in 0..1000_u32 {
        sink.push(n.to_be_bytes().to_vec());
    }
    assert!(sink.flush(DEADLINE));
    let written: Vec<Vec<u8>> = read.try_iter().collect();
    let expected: Vec<Vec<u8>> = (0..1000_u32).map(|n| n.to_be_bytes().to_vec()).collect();
    assert_eq!(written, expected);
    assert_eq!(dropped.count(DropReason::QueueFull), 0);
}

#[test]
fn bytes_are_bounded_as_well_as_lines() {
    let (sink, dropped, _permits, _read) = gated();
    sink.push(vec![0; BYTES_MAX + 1]);
    assert_eq!(
        dropped.count(DropReason::QueueFull),
        1,
        "it would never fit"
    );
    let large = BYTES_MAX / 4;
    (0..8).for_each(|_| sink.push(vec![0; large]));
    // Four in the queue, and perhaps one in the thread's hand.
    let lost = dropped.count(DropReason::QueueFull) - 1;
    assert!((3..=4).contains(&lost), "{lost}");
}

#[test]
fn an_output_that_is_read_again_gets_what_was_queued_and_then_new_lines() {
    let (sink, dropped, permits, read) = gated();
    (0..2 * LINES_MAX).for_each(|n| sink.push(n.to_be_bytes().to_vec()));
    let lost = dropped.count(DropReason::QueueFull);
    assert!(lost >= (LINES_MAX - 1) as u64, "{lost}");
    drop(permits);
    assert!(sink.flush(DEADLINE));
    sink.push(b"new".to_vec());
    assert!(sink.flush(DEADLINE));
    let written: Vec<Vec<u8>> = read.try_iter().collect();
    assert_eq!(written.len() as u64 + lost, 2 * LINES_MAX as u64 + 1);
    assert_eq!(written.last().map(Vec::as_slice), Some(&b"new"[..]));
    assert_eq!(dropped.count(DropReason::QueueFull), lost);
}

#[test]
fn upkeep_runs_when_the_output_took_everything_and_not_while_it_refuses() {
    let (ran, runs) = mpsc::channel();
    let dropped = counters();
    let output = |line: &[u8]| match line {
        b"refused" => Err(io::Error::other("closed")),
        _ => Ok(()),
    };
    let upkeep = move |_| ran.send(()).unwrap_or(());
    let sink = Sink::start(output, dropped, upkeep).expect("a thread");
    sink.push(b"refused".to_vec());
    assert!(sink.flush(DEADLINE));
    assert_eq!(dropped.count(DropReason::NotWritten), 1);
    assert!(runs.recv_timeout(Duration::from_millis(100)).is_err());
    sink.push(b"taken".to_vec());
    runs.recv_timeout(DEADLINE).expect("the output recovered");
}

#[test]
fn drops_are_reported_once_per_reason_and_minute_with_their_number() {
    let (dropped, mut reports, start) =
        (DroppedLines::none(), DropReports::default(), clock::boot());
    assert_eq!(reports.due(&dropped, start), []);
    (0..3).for_each(|_| dropped.add(DropReason::QueueFull));
    assert_eq!(reports.due(&dropped, start), [(DropReason::QueueFull, 3)]);
    dropped.add(DropReason::QueueFull);
    dropped.add(DropReason::NotWritten);
    let soon = start + Span::secs(30);
    assert_eq!(reports.due(&dropped, soon), [(DropReason::NotWritten, 1)]);
    let later = start + REPORT_EVERY;
    assert_eq!(reports.due(&dropped, later), [(DropReason::QueueFull, 1)]);
    assert_eq!(reports.due(&dropped, later + REPORT_EVERY), []);
}
