//! `drd gameday run`: one rehearsal, its report, and the time of its success.
//!
//! Deliberately absent: rehearsing (`play`) and what a report contains (`crate::report`).

use super::play::{self, Speed};
use super::timeline;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{OutputFormat, note, print};
use crate::evidence::{Bundle, Subject, provenance};
use crate::lab::scenario::builtin;
use crate::lab::simulation::Rehearsed;
use crate::ledger::sealed;
use crate::metrics::gameday_passed;
use crate::report::{Report, setup_json};
use clap::Args;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct RehearsalArgs {
    /// A built-in name, or a scenario file.
    #[arg(value_name = "NAME|FILE")]
    scenario: String,
    /// The same seed, the same story.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// max, 20x or 1x; on a terminal 60x, else max.
    #[arg(long)]
    speed: Option<Speed>,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
    /// Where the report goes; drd-lab in the temporary folder when absent.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Write a bundle of evidence into this new folder as well: the report, the ledger, and the hash of each file.
    #[arg(long, value_name = "DIR")]
    evidence: Option<PathBuf>,
    /// When it passed, leave the time for node_exporter's textfile collector; name it *.prom.
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
}

impl RehearsalArgs {
    pub(crate) fn run(&self) -> Result<Exit, CliError> {
        let scenario = builtin::find(&self.scenario)?;
        let live = std::io::stderr().is_terminal();
        // 20 virtual minutes in 20 s: long enough to follow, short enough to wait for.
        let speed = self
            .speed
            .unwrap_or(if live { Speed::Times(60.0) } else { Speed::Max });
        let (report, done) = play::run(&scenario, self.seed, speed, &mut timeline::show)?;
        let folder = self.report.clone().unwrap_or_else(|| {
            std::env::temp_dir()
                .join("drd-lab")
                .join(format!("{}-{}", scenario.name, self.seed))
        });
        let page = report.write(&folder)?;
        match self.output {
            OutputFormat::Json => print(&serde_json::to_string_pretty(&report)?)?,
            OutputFormat::Table => {
                print(&format!("{}Report: {}", report.summary(), page.display()))?;
            }
        }
        let report = match &self.evidence {
            Some(folder) => self.bundle(report, &done, folder)?,
            None => report,
        };
        if !report.passed {
            return Ok(Exit::Missed);
        }
        if let Some(file) = &self.metrics {
            leave_time(file, &scenario.name, report.outcome)?;
        }
        Ok(Exit::Done)
    }

    /// On stderr: JSON may be on stdout.
    fn bundle(&self, report: Report, done: &Rehearsed, folder: &Path) -> Result<Report, CliError> {
        let setup = setup_json(&done.setup)?;
        let made = provenance(&setup, None)?;
        let report = report.with(made.clone());
        let bundle = Bundle {
            subject: Subject::Rehearsal {
                scenario: report.name().to_owned(),
                seed: self.seed,
            },
            simulated: true,
            provenance: &made,
            report: report.documents()?,
            ledger: &sealed(&done.entries)?,
            setup,
        };
        let written = bundle.write(folder)?;
        note(&format!("{}\n", written.text(folder)));
        Ok(report)
    }
}

/// By way of a second file: the collector may read at any moment, and reads only `*.prom`.
fn leave_time(file: &Path, scenario: &str, outcome: &str) -> Result<(), CliError> {
    let now = crate::clock::Clock::start().read();
    let page = gameday_passed(scenario, outcome, now)?;
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    fs_err::write(&beside, page)?;
    fs_err::rename(&beside, file)?;
    Ok(())
}
