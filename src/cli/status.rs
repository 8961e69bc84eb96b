//! `drd status`: the running daemon's status, or only whether its control loop turns.
//!
//! Deliberately absent: the request (`crate::daemon::client`) and the texts (`crate::status`).

use super::config_args::ConfigArgs;
use super::error::CliError;
use super::exit::Exit;
use super::output::{OutputFormat, note, print};
use super::process::{runtime, variables};
use crate::config::{self, ConfigError};
use crate::daemon::client;
use crate::status::StatusView;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Each rule of the decision with its figures.
    #[arg(long)]
    why: bool,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
    /// Exit with 4 when drd is not armed.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Exit with 0 while the daemon's control loop turns, whatever its state: for a container's
    /// health check. Of the configuration only [http] listen is used.
    #[arg(long, conflicts_with_all = ["why", "output", "detailed_exitcode"])]
    health: bool,
}

impl StatusArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        if self.health {
            return show_health(&self.config);
        }
        let view = runtime()?.block_on(self.fetch())?;
        match (self.output, self.why) {
            (OutputFormat::Json, _) => print(&view.json()?)?,
            (OutputFormat::Table, true) => print(&view.why())?,
            (OutputFormat::Table, false) => print(&view.table())?,
        }
        let not_armed = self.detailed_exitcode && !view.armed;
        Ok(if not_armed {
            Exit::NotArmed
        } else {
            Exit::Done
        })
    }

    /// Without any configuration the usual address: whichever daemon this host has.
    async fn fetch(&self) -> Result<StatusView, CliError> {
        match config::load(self.config.config.as_deref(), variables()) {
            Ok(config) => {
                let suffix = config.topology.suffix.as_str();
                Ok(client::fetch_of(config.listen, suffix).await?)
            }
            Err(ConfigError::Nowhere) => Ok(client::fetch(config::ADDRESS).await?),
            Err(error) => Err(error.into()),
        }
    }
}

/// The file may have been changed, or broken, since the daemon read it: then the default address
/// is asked, so that a mistake in a file never gets a healthy daemon replaced.
fn show_health(args: &ConfigArgs) -> Result<Exit, CliError> {
    let configured = config::address(args.config.as_deref(), variables());
    let listen = configured.unwrap_or_else(|error| {
        let usual = config::ADDRESS;
        note(&format!(
            "drd: the configuration does not say where the daemon listens, asking at {usual}: {error}\n"
        ));
        usual
    });
    print(&runtime()?.block_on(client::health(listen))?)?;
    Ok(Exit::Done)
}
