//! `drd run`.
//!
//! Deliberately absent: the daemon (`crate::daemon`).

use super::config_args::ConfigArgs;
use super::error::CliError;
use super::estate_args::{self, EstateArgs};
use super::exit::Exit;
use crate::daemon::{self, Ended};
use crate::telemetry::Telemetry;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    estate: EstateArgs,
}

impl RunArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let _logging = Telemetry::from_process().start()?;
        let ended = daemon::run(estate_args::config(&self.config, &self.estate)?)?;
        Ok(match ended {
            Ended::Done => Exit::Done,
            Ended::Unfinished => Exit::Unfinished,
        })
    }
}
