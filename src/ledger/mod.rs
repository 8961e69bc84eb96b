//! What do we store? Every decision with the record it was made on, before anything acts on
//! it, and every accepted message before it is deleted from the queue. State is the fold of it.
//!
//! Deliberately absent: who may write (`engine::lease`, checked by the table), and writing while
//! the daemon runs (`daemon::store`).

mod chain;
mod conform;
mod entry;
mod error;
mod file;
mod fold;
mod replay;

pub use chain::{GENESIS, LineFault, seal, unseal, unseal_after};
pub use conform::{Deviation, LedgerRule, conform};
pub use entry::Entry;
pub use error::LedgerError;
pub use file::{FileLedger, Found};
pub use fold::fold;
pub use replay::{Replayed, replay, what_if};
