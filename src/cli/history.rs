//! `drd history`: what a ledger has of runs, near misses and the time not armed. No daemon is asked.
//!
//! Deliberately absent: finding it (`crate::history`) and reading the ledger (`crate::ledger`).

use super::error::CliError;
use super::exit::Exit;
use super::ledger_args::LedgerArgs;
use super::output::{OutputFormat, print};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Each time in which drd was not armed, with its reason.
    #[arg(long)]
    armed: bool,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

impl HistoryArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let history = self.ledger.read()?.history();
        match (self.output, self.armed) {
            (OutputFormat::Json, _) => print(&serde_json::to_string_pretty(&history)?)?,
            (OutputFormat::Table, true) => print(&history.armed_table())?,
            (OutputFormat::Table, false) => print(&history.table())?,
        }
        Ok(Exit::Done)
    }
}
