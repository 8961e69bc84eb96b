//! `drd gameday`: rehearsals, soaks, crashes everywhere.
//!
//! Deliberately absent: rehearsing (`crate::lab`).

mod coverage;
mod crash_all;
mod list;
pub mod play;
mod run;
mod soak;
mod threads;
mod timeline;

use super::error::CliError;
use super::exit::Exit;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum GamedayCommand {
    /// Name the built-in scenarios.
    List,
    /// Rehearse one scenario.
    Run(run::RehearsalArgs),
    /// Rehearse random fault mixes, each judged on every step.
    Soak(soak::SoakArgs),
    /// Kill the daemon of every scenario at every line that it writes.
    CrashAll(crash_all::CrashAllArgs),
}

impl GamedayCommand {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        match self {
            GamedayCommand::List => list::run(),
            GamedayCommand::Run(args) => args.run(),
            GamedayCommand::Soak(args) => args.run(),
            GamedayCommand::CrashAll(args) => args.run(),
        }
    }
}
