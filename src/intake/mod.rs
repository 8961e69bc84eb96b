//! From the text of a queue message to an event that the machine can take.
//!
//! Everything here is pure: no queue, no clock, no memory of earlier messages. Deliberately
//! absent: receiving and deleting (`aws::queue`), and remembering what was accepted (the machine
//! does, so that a replay of the ledger decides the same).

pub mod compose;
mod envelope;
mod eventbridge;
mod reading;
mod sns;
mod timestamps;
mod trust;

pub use envelope::{BODY_BYTES_MAX, parse, read};
pub use reading::{DiscardReason, Hint, HintKind, Parsed, Reading, SenderKind, verdict_of_witness};
pub use timestamps::read as rfc3339_time;
pub use trust::Known;
