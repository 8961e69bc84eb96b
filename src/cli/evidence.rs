//! `drd evidence verify`: whether a bundle of evidence is as it was written.
//!
//! Deliberately absent: verifying it (`crate::evidence`).

use super::error::CliError;
use super::exit::Exit;
use super::output::print;
use crate::evidence::verify;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum EvidenceCommand {
    /// Verify every file, the ledger's chain, and that the ledger leads to the report.
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The folder that `drd report --evidence` or `drd gameday run --evidence` wrote.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl EvidenceCommand {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let EvidenceCommand::Verify(args) = self;
        let found = verify(&args.folder)?;
        print(&format!(
            "The evidence in {} is whole: {} files as written.\n\
             Ledger    {} lines, chain whole, newest hash\n          {}\n\
             Report    {}\n\
             Manifest  compare its SHA-256 with the signed paper:\n          {}",
            args.folder.display(),
            found.files,
            found.lines,
            found.head,
            found.report,
            found.manifest_sha256
        ))?;
        Ok(Exit::Done)
    }
}
