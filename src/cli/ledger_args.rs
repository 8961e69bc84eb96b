//! `--ledger FILE`: which ledger a command reads, the daemon's own where the configuration names a file.
//!
//! Deliberately absent: tables. RUNBOOK "Where to look" has the call that writes the lines of one to a file.

use super::error::CliError;
use super::process::variables;
use crate::config::{self, LedgerConfig};
use crate::history::History;
use crate::ledger::VerifiedLedger;
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    /// A ledger file; without it the one of the configuration.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// The configuration file that names the ledger; /etc/drd/drd.toml when absent.
    #[arg(long, value_name = "FILE", env = "DRD_CONFIG")]
    config: Option<PathBuf>,
}

/// A ledger that was verified, under the name that it was asked for by.
pub(super) struct NamedLedger {
    pub(super) name: String,
    pub(super) verified: VerifiedLedger,
}

impl NamedLedger {
    pub(super) fn history(&self) -> History {
        History::of_ledger(&self.name, &self.verified)
    }
}

impl LedgerArgs {
    /// Reads and verifies it.
    pub(super) fn read(&self) -> Result<NamedLedger, CliError> {
        let path = match &self.ledger {
            Some(path) => path.clone(),
            None => self.configured()?,
        };
        Ok(NamedLedger {
            name: path.display().to_string(),
            verified: VerifiedLedger::read(&path)?,
        })
    }

    /// The configuration file that was named, if one was.
    pub(super) fn configuration(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    fn configured(&self) -> Result<PathBuf, CliError> {
        match config::load(self.config.as_deref(), variables())?.ledger {
            LedgerConfig::File { path } => Ok(path),
            LedgerConfig::DynamoDb { table, .. } => Err(CliError::Usage(format!(
                "the ledger is the table {table}, and this command reads files; nothing was read. Write its lines to a \
                 file (RUNBOOK \"Where to look\"), and name that: --ledger FILE"
            ))),
        }
    }
}
