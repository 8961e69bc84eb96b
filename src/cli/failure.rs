//! Why a command could not do its work: said once, with its causes, and mapped to an exit code.
//!
//! Deliberately absent: the words themselves; each is written where the failure is known.

use crate::config::ConfigError;
use crate::daemon::DaemonError;
use crate::dashboard::DashboardError;
use crate::handed::HandedError;
use crate::lab::scenario::ScenarioError;
use crate::ledger::LedgerError;
use crate::metrics::MetricsError;
use crate::status::{FetchError, Unhealthy};
use crate::telemetry::TelemetryError;
use std::io::Write as _;
use std::process::ExitCode;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each is the error it carries")]
pub enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error(transparent)]
    Dashboard(#[from] DashboardError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Handed(#[from] HandedError),
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
    #[error("write the output")]
    Output(#[from] std::io::Error),
    #[error("express the output as JSON")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Failure::Config(_)
            | Failure::Scenario(_)
            | Failure::Telemetry(_)
            | Failure::Daemon(DaemonError::Watchdog(_)) => 2,
            Failure::Provision(error) => error.exit_code(),
            Failure::Fetch(_) => FetchError::EXIT_CODE,
            Failure::Handed(error) => error.exit_code(),
            Failure::Unhealthy(error) => error.exit_code(),
            Failure::Daemon(_)
            | Failure::Dashboard(_)
            | Failure::Ledger(_)
            | Failure::Metrics(_)
            | Failure::Output(_)
            | Failure::Json(_) => 1,
        }
    }

    /// Says it on stderr, causes included, and gives the exit code.
    pub fn tell(&self) -> ExitCode {
        let mut text = format!("drd: {self}");
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(&format!("\n  because: {error}"));
            cause = error.source();
        }
        // Nobody is left to be told when stderr is gone.
        let _ = writeln!(std::io::stderr(), "{text}");
        ExitCode::from(self.code())
    }
}
