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
    /// A line of the ledger that a daemon is to start on fails verification.
    #[error(
        "ledger {path} line {line} failed verification: {fault}. drd does not start on it, and nothing was changed. {}",
        fault.next_step()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// A line of a file that is only read fails verification.
    #[error(
        "{path} line {line} failed verification: {fault}. Nothing was read further or changed. Is this a ledger, and whole? \
         Name the file of [ledger] path, or a copy of it"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// A file that is only read has no whole line.
    #[error(
        "{path} has no whole line{}, so there is nothing to read. Name the file of [ledger] path of a daemon that ran, or a copy of it",
        if *torn_bytes > 0 { ", only the beginning of one" } else { "" }
    )]
    Empty {
        /// The file.
        path: PathBuf,
        /// Bytes of a torn line; 0 for a file of no bytes.
        torn_bytes: usize,
    },
    /// Another daemon holds it.
    #[error("ledger {path} is held by another drd; stop that one first")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// An item of the table fails verification.
    #[error(
        "ledger table {table} item {seq} failed verification: {fault}. drd does not start on it, and nothing was changed. Restore the table to a moment before (it keeps 35 days)"
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
