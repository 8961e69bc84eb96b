//! The commands and their help. Data on stdout, messages on stderr, exit codes as DESIGN section 9.
//!
//! Deliberately absent: logic. Each command has a file, and each of those is one call into the
//! library.

#[cfg(feature = "aws")]
mod bootstrap;
mod config;
mod config_args;
#[cfg(feature = "aws")]
mod consent;
mod demo;
#[cfg(feature = "aws")]
mod destroy;
#[cfg(feature = "aws")]
mod doctor;
mod error;
#[cfg(feature = "aws")]
mod estate_args;
mod evidence;
mod exit;
mod exports;
#[cfg(feature = "aws")]
mod fetch_config;
mod follow;
pub mod gameday;
mod history;
mod ledger_args;
mod order;
mod output;
#[cfg(feature = "aws")]
mod outputs;
#[cfg(feature = "aws")]
mod preflight;
mod process;
#[cfg(feature = "aws")]
mod progress;
mod replay;
mod report;
#[cfg(feature = "aws")]
mod run;
#[cfg(feature = "aws")]
mod saved_estate;
#[cfg(feature = "aws")]
mod setting_flags;
mod status;
#[cfg(not(feature = "aws"))]
mod without_aws;

pub use error::CliError;
pub use exit::Exit;

use clap::{Parser, Subcommand};
use drd_state_machine::event::Word;
#[cfg(not(feature = "aws"))]
use without_aws::{
    self as bootstrap, self as destroy, self as doctor, self as outputs, self as run,
};

const EXIT_CODES: &str = "Exit codes: 0 done and verified; 1 failed, nothing running; 2 usage; 3 refused; \
4 (with --detailed-exitcode) not armed, or changes pending; 5 still in progress; 6 missed RTO or RPO, or a rehearsal's \
expectation; 7 AWS or the daemon is unreachable.";

/// What a command is for, marked where this build does not have it.
#[cfg(feature = "aws")]
macro_rules! of_the_full_build {
    ($about:literal) => {
        $about
    };
}
#[cfg(not(feature = "aws"))]
macro_rules! of_the_full_build {
    ($about:literal) => {
        concat!("(full build only) ", $about)
    };
}

/// Cross-region failover for Aurora on AWS: watch, fail over, prove it.
///
/// Try it without an AWS account:   drd gameday run region-dark
/// Is it ready right now?           drd status
#[derive(Debug, Parser)]
#[command(name = "drd", version, verbatim_doc_comment, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(about = of_the_full_build!("Build both regions, or finish or update what is there"))]
    Bootstrap(Box<bootstrap::BootstrapArgs>),
    #[command(about = of_the_full_build!("What an estate offers: endpoints, dashboard, queue, topics"))]
    Outputs(outputs::OutputsArgs),
    #[command(about = of_the_full_build!("Take an estate away, and prove that nothing is left"))]
    Destroy(destroy::DestroyArgs),
    #[command(about = of_the_full_build!("Run the daemon until SIGTERM"))]
    Run(run::RunArgs),
    /// Ask the running daemon: armed or not, and why.
    Status(status::StatusArgs),
    /// Keep drd from beginning a run by itself, for a while.
    Pause(order::PauseArgs),
    /// End a pause; in held: try the stage again.
    Resume(order::OrderArgs),
    /// Give up a run before its point of no return, or leave a held one as it is.
    Abandon(order::OrderArgs),
    /// Move to the other side now; the newest writes may be lost.
    Failover(order::FailoverArgs),
    /// Move to the other side without losing anything.
    Switchover(order::SwitchoverArgs),
    #[command(about = of_the_full_build!("Check whether an estate can be built, or the one that exists could fail over"))]
    Doctor(Box<doctor::DoctorArgs>),
    /// Check a configuration; print what Prometheus and Grafana are to be given.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// A live pretend estate in this process, for every other command to poke: no account, no configuration.
    Demo(demo::DemoArgs),
    /// Rehearse failovers in the embedded lab: no account, no configuration.
    #[command(subcommand)]
    Gameday(gameday::GamedayCommand),
    /// What a ledger has of runs, near misses and the time not armed; every daemon may be dead.
    History(history::HistoryArgs),
    /// The document of one run, from a ledger alone: Markdown, HTML or JSON.
    Report(report::ReportArgs),
    /// Verify a bundle that report or gameday run wrote.
    #[command(subcommand)]
    Evidence(evidence::EvidenceCommand),
    /// Make every decision of a ledger again: bit for bit, or with another policy.
    Replay(replay::ReplayArgs),
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// See [`CliError`].
    pub fn run(self) -> Result<Exit, CliError> {
        match self.command {
            Command::Bootstrap(args) => args.run(),
            Command::Outputs(args) => args.run(),
            Command::Destroy(args) => args.run(),
            Command::Run(args) => args.run(),
            Command::Doctor(args) => args.run(),
            Command::Status(args) => args.run(),
            Command::Pause(args) => args.run(),
            Command::Resume(args) => args.plain(Word::Resume),
            Command::Abandon(args) => args.plain(Word::Abandon),
            Command::Failover(args) => args.run(),
            Command::Switchover(args) => args.run(),
            Command::Config(command) => command.run(),
            Command::Demo(args) => args.run(),
            Command::Gameday(command) => command.run(),
            Command::History(args) => args.run(),
            Command::Report(args) => args.run(),
            Command::Evidence(command) => command.run(),
            Command::Replay(args) => args.run(),
        }
    }
}
