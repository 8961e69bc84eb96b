//! The daemon dies at every line that it writes.
//!
//! Deliberately absent: crashes between lines. What is not durable is not known to the next
//! daemon, so between two lines nothing differs.

/// Where the daemon dies, as seen from one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the line is durable.
    Before,
    /// After it, before its commands leave.
    After,
    /// After its commands left.
    Sent,
    /// It does not die: it is frozen before its commands leave, for longer than its lease lasts.
    Frozen,
}

/// One line of one rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The line's number, counted from 1.
    pub append: usize,
    /// When.
    pub phase: Phase,
}
