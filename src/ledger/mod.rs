//! What do we store? Every decision with the record it was made on, before anything acts on
//! it, and every accepted message before it is deleted from the queue. State is the fold of it.
//!
//! Deliberately absent: who may write (`engine::lease`, checked by the table), and writing while
//! the daemon runs (`daemon::store`).

use drd_state_machine::time::Span;

mod chain;
mod conform;
mod entry;
mod error;
mod file;
mod fold;
mod replay;

pub use chain::{GENESIS, LineFault, seal, sealed, sha256, unseal, unseal_after};
pub use conform::{Deviation, LedgerRule, conform};
pub use entry::Entry;
pub use error::LedgerError;
pub use file::{FileLedger, Found, VerifiedLedger};
pub use fold::fold;
pub use replay::{Replayed, replay, what_if};

/// How long a write to the disk may take until nothing rests on it any more: a busy disk syncs within a
/// second, and half of the 5 s pace of a recovery is left.
pub const DISK_ANSWERS: Span = Span::secs(2);
