//! From the text of a queue message to something the machine can be told.
//!
//! Everything here is pure: no queue, no clock, no memory of earlier messages. Deliberately
//! absent: receiving and deleting (`queue`), and remembering what was seen (the machine does, so
//! that a replay of the ledger decides the same).

pub mod compose;
pub mod envelope;

mod bridge;
mod known;
mod sns;
mod stamp;

pub use envelope::{Discard, Hint, HintKind, Known, Parsed, Reading, Source, parse, read};
