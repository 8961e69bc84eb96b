//! `drd report`: the document of one run, from a ledger alone. No daemon is asked.
//!
//! Deliberately absent: making it (`crate::report`).

use super::error::CliError;
use super::exit::Exit;
use super::ledger_args::{LedgerArgs, NamedLedger};
use super::output::print;
use crate::evidence::{Bundle, Subject, provenance};
use crate::history::History;
use crate::report::{RunReport, setup_json};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

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
    /// How to print; md when absent.
    #[arg(long, value_enum)]
    format: Option<ReportFormat>,
    /// Write a bundle into this new folder instead: the report in every format, the ledger, and the hash of each.
    #[arg(long, value_name = "DIR", conflicts_with = "format")]
    evidence: Option<PathBuf>,
}

impl ReportArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let ledger = self.ledger.read()?;
        if let Some(folder) = &self.evidence {
            return self.bundle(&ledger, folder);
        }
        let report = RunReport::of(self.run, &ledger.history(), &ledger.verified)?;
        match self.format.unwrap_or(ReportFormat::Md) {
            ReportFormat::Md => print(&report.markdown())?,
            ReportFormat::Html => print(&report.html())?,
            ReportFormat::Json => print(&report.json()?)?,
        }
        Ok(Exit::Done)
    }

    fn bundle(&self, ledger: &NamedLedger, folder: &Path) -> Result<Exit, CliError> {
        let history = History::of_ledger("ledger.jsonl", &ledger.verified);
        let report = RunReport::of(self.run, &history, &ledger.verified)?;
        let setup = setup_json(report.setup())?;
        let made = provenance(&setup, self.ledger.configuration())?;
        let report = report.with(made.clone());
        let bundle = Bundle {
            subject: Subject::Run { run: self.run },
            simulated: report.is_simulated(),
            provenance: &made,
            report: report.documents()?,
            ledger: &ledger.verified.bytes,
            setup,
        };
        print(&bundle.write(folder)?.text(folder))?;
        Ok(Exit::Done)
    }
}
