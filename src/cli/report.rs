//! `drd report`: the document of one run, from a ledger alone. No daemon is asked.
//!
//! Deliberately absent: making it (`crate::report`).

use super::error::CliError;
use super::exit::Exit;
use super::ledger_args::LedgerArgs;
use super::output::print;
use crate::report::RunReport;
use clap::{Args, ValueEnum};

/// What a report is printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// Markdown.
    Md,
    /// One page without external assets.
    Html,
    /// For programs.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The number of the run: drd history has them.
    #[arg(value_name = "RUN")]
    run: u64,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// How to print.
    #[arg(long, value_enum, default_value_t = ReportFormat::Md)]
    format: ReportFormat,
}

impl ReportArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let ledger = self.ledger.read()?;
        let report = RunReport::of(self.run, &ledger.history(), &ledger.verified)?;
        match self.format {
            ReportFormat::Md => print(&report.markdown())?,
            ReportFormat::Html => print(&report.html())?,
            ReportFormat::Json => print(&serde_json::to_string_pretty(&report)?)?,
        }
        Ok(Exit::Done)
    }
}
