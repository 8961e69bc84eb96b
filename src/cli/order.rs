//! `drd pause`, `resume`, `abandon`, `failover`, `switchover`: one command to the running daemon.
//!
//! Deliberately absent: what is refused and what it does (`crate::daemon::operator`, the machine).

use super::config_args::ConfigArgs;
use super::error::CliError;
use super::exit::Exit;
use super::follow;
use super::output::{OutputFormat, note, print};
use super::process::{runtime, variables};
use crate::clock::boot;
use crate::config;
use crate::daemon::client;
use crate::daemon::operator::{COMMAND, CommandArgs, OperatorCommand, PAUSE_MAX};
use clap::Args;
use drd_state_machine::event::Word;
use drd_state_machine::time::Span;
use jiff::SignedDuration;
use std::path::PathBuf;

/// What every command has.
#[derive(Debug, Args)]
pub(super) struct OrderArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The daemon's socket; without it the configuration's.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Why, for the ledger.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    reason: String,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

/// `drd switchover`.
#[derive(Debug, Args)]
pub(super) struct SwitchoverArgs {
    /// Do not follow the run: it goes on by itself.
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    order: OrderArgs,
}

/// `drd pause`.
#[derive(Debug, Args)]
pub(super) struct PauseArgs {
    /// For how long, at most 24h; then drd acts by itself again.
    #[arg(long = "for", value_name = "TIME", default_value = "2h", value_parser = pause_length)]
    lasts: u32,
    #[command(flatten)]
    order: OrderArgs,
}

/// `drd failover`.
#[derive(Debug, Args)]
pub(super) struct FailoverArgs {
    /// How much of the newest writes may be lost, such as 31s.
    #[arg(long, value_name = "TIME", value_parser = length)]
    accept_data_loss: Option<Span>,
    /// Also while the side that serves answers.
    #[arg(long)]
    even_if_healthy: bool,
    /// Do not follow the run: it goes on by itself.
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    order: OrderArgs,
}

impl PauseArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let args = CommandArgs {
            for_seconds: Some(self.lasts),
            ..CommandArgs::default()
        };
        self.order.send(Word::Pause, args)
    }
}

impl FailoverArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let args = CommandArgs {
            accept_data_loss_seconds: self.accept_data_loss.map(Span::as_secs_f64),
            even_if_healthy: self.even_if_healthy,
            for_seconds: None,
        };
        if self.accept_data_loss.is_some() && self.order.reason.is_empty() {
            let text =
                "a failover that may lose writes needs --reason TEXT: it is in the ledger for good";
            return Err(CliError::Usage(text.to_owned()));
        }
        let given = self.order.send(Word::Failover, args)?;
        self.order.follow(given, self.no_wait)
    }
}

impl SwitchoverArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let given = self.order.plain(Word::Switchover)?;
        self.order.follow(given, self.no_wait)
    }
}

impl OrderArgs {
    /// Follows the run that was ordered, where the configuration has the daemon's address and a person reads.
    fn follow(&self, given: Exit, no_wait: bool) -> Result<Exit, CliError> {
        let table = matches!(self.output, OutputFormat::Table);
        let config = config::load(self.config.config.as_deref(), variables());
        match config {
            Ok(config) if given == Exit::Command(0) && table && !no_wait => {
                runtime()?.block_on(follow::follow(&config))
            }
            Ok(_) | Err(_) => Ok(given),
        }
    }

    /// A word that has no options of its own.
    pub(super) fn plain(&self, word: Word) -> Result<Exit, CliError> {
        self.send(word, CommandArgs::default())
    }

    fn send(&self, word: Word, args: CommandArgs) -> Result<Exit, CliError> {
        let command = OperatorCommand {
            schema: COMMAND.to_owned(),
            id: format!("{}-{}", boot().0, std::process::id()),
            word,
            args,
            reason: self.reason.clone(),
            claimed_by: caller(),
        };
        let reply = runtime()?.block_on(client::command(&self.socket()?, &command))?;
        match (self.output, reply.accepted) {
            (OutputFormat::Json, _) => print(&serde_json::to_string_pretty(&reply)?)?,
            (OutputFormat::Table, true) => print(&reply.text)?,
            (OutputFormat::Table, false) => note(&format!("drd: {}\n", reply.text)),
        }
        Ok(Exit::Command(reply.code.exit_code()))
    }

    fn socket(&self) -> Result<PathBuf, CliError> {
        if let Some(socket) = &self.socket {
            return Ok(socket.clone());
        }
        let config = config::load(self.config.config.as_deref(), variables())?;
        let operator = config.operator.ok_or_else(|| {
            let text = "the configuration has no [operator] socket: the daemon takes no commands. Add it, \
                restart drd, or give --socket";
            CliError::Usage(text.to_owned())
        })?;
        Ok(operator.socket)
    }
}

/// Who the caller says they are: behind sudo, whoever called it.
fn caller() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"];
    let found = names.iter().find_map(|name| std::env::var(name).ok());
    found.unwrap_or_default()
}

fn length(text: &str) -> Result<Span, String> {
    let wrong = || "wants a length of time, such as 31s, 30m or 2h".to_owned();
    let length: SignedDuration = text.trim().parse().map_err(|_| wrong())?;
    let millis = i64::try_from(length.as_millis()).map_err(|_| wrong())?;
    (millis > 0)
        .then_some(Span::millis(millis))
        .ok_or_else(wrong)
}

fn pause_length(text: &str) -> Result<u32, String> {
    let length = length(text)?;
    if length > PAUSE_MAX {
        return Err(format!(
            "a pause lasts at most 24h ({PAUSE_MAX}): pause again before it ends"
        ));
    }
    u32::try_from(length.0.div_euclid(1000).max(1)).map_err(|error| error.to_string())
}
