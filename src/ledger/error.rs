//! Why a ledger cannot be gone on with.
//!
//! Deliberately absent: a store that does not answer (`engine::port::AppendFault`).

use super::chain::LineFault;
use std::path::PathBuf;

/// Why the ledger cannot go on. Each stops the daemon or its acting; none is skipped.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file system refused.
    #[error("{operation} ledger {path}")]
    Io {
        /// Verb, e.g. "append to".
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A line fails verification.
    #[error(
        "ledger {path} line {line} cannot be believed: {fault}. drd will not start on it, and nothing was changed. Move the file away to start from nothing, or restore it"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// Another daemon holds it.
    #[error("ledger {path} is held by another drd; stop that one first")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// An item of the table fails verification.
    #[error(
        "ledger table {table} item {seq} cannot be believed: {fault}. drd will not start on it, and nothing was changed. Restore the table to a moment before (it keeps 35 days)"
    )]
    Corrupt {
        /// The table.
        table: String,
        /// The item's number.
        seq: u64,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// An entry cannot be expressed, which would be a defect.
    #[error("express a ledger line as JSON")]
    Inexpressible(#[source] serde_json::Error),
}
