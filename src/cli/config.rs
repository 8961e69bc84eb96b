//! `drd config`: check a configuration; print the alerting rules and the dashboard.
//!
//! Deliberately absent: the checks (`crate::config`) and the texts (`exports`).

use super::error::CliError;
use super::exit::Exit;
use super::exports;
use super::output::print;
use super::process::variables;
use crate::config;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Point at what is wrong, or print what drd understood.
    Check {
        /// The file; /etc/drd/drd.toml when absent.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print the alerting rules for Prometheus.
    Alerts {
        /// Where your people read RUNBOOK.md; every alert links to its section there.
        #[arg(long, value_name = "URL", value_parser = exports::address)]
        runbook: Option<String>,
    },
    /// Print the dashboard for Grafana, made from the metrics of this build.
    Dashboard,
}

impl ConfigCommand {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        match self {
            ConfigCommand::Check { file } => {
                print(&config::check_report(file.as_deref(), variables())?)?;
            }
            ConfigCommand::Alerts { runbook } => print(&exports::alerts(runbook.as_deref()))?,
            ConfigCommand::Dashboard => print(&exports::dashboard()?)?,
        }
        Ok(Exit::Done)
    }
}
