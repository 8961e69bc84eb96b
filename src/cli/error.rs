//! Why a command could not do its work: printed once, with its causes, and mapped to an exit code.
//!
//! Deliberately absent: most texts; each is written where the error is known.

#[cfg(feature = "aws")]
use super::fetch_config::FetchConfigError;
use crate::config::ConfigError;
#[cfg(feature = "aws")]
use crate::daemon::DaemonError;
use crate::daemon::client::{CommandError, FetchError, Unhealthy};
use crate::daemon::demo::DemoError;
use crate::evidence::{EvidenceError, EvidenceFaults};
use crate::lab::scenario::ScenarioError;
use crate::ledger::LedgerError;
use crate::metrics::MetricsError;
use crate::metrics::dashboard::DashboardError;
use crate::report::UnknownRun;
use crate::telemetry::TelemetryError;
use std::process::ExitCode;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each is the error it carries")]
pub enum CliError {
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[cfg(feature = "aws")]
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    Dashboard(#[from] DashboardError),
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error(transparent)]
    Faults(#[from] EvidenceFaults),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[cfg(feature = "aws")]
    #[error(transparent)]
    FetchConfig(#[from] FetchConfigError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    Provision(#[from] drd_bootstrap::Error),
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error(transparent)]
    Unhealthy(#[from] Unhealthy),
    #[error(transparent)]
    Run(#[from] UnknownRun),
    #[error("{0}")]
    Usage(String),
    #[error("write the output")]
    Output(#[from] std::io::Error),
    #[error("express the output as JSON")]
    Json(#[from] serde_json::Error),
}

impl CliError {
    fn code(&self) -> u8 {
        match self {
            CliError::Config(_)
            | CliError::Run(_)
            | CliError::Scenario(_)
            | CliError::Telemetry(_)
            | CliError::Usage(_) => 2,
            #[cfg(feature = "aws")]
            CliError::Daemon(DaemonError::Watchdog(_)) => 2,
            #[cfg(feature = "aws")]
            CliError::Daemon(_) => 1,
            CliError::Provision(error) => error.exit_code(),
            CliError::Fetch(_) => FetchError::EXIT_CODE,
            CliError::Command(error) => error.exit_code(),
            #[cfg(feature = "aws")]
            CliError::FetchConfig(error) => error.exit_code(),
            CliError::Unhealthy(error) => error.exit_code(),
            CliError::Dashboard(_)
            | CliError::Demo(_)
            | CliError::Evidence(_)
            | CliError::Faults(_)
            | CliError::Ledger(_)
            | CliError::Metrics(_)
            | CliError::Output(_)
            | CliError::Json(_) => 1,
        }
    }

    /// Writes it to stderr, causes included, and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let mut text = format!("drd: {self}\n");
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(&format!("  because: {error}\n"));
            cause = error.source();
        }
        crate::telemetry::write_last(text);
        ExitCode::from(self.code())
    }
}
