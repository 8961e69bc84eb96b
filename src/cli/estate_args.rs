//! `--config FILE` or `--suffix X`: which estate `drd run` is about.
//!
//! Deliberately absent: reading the file; `crate::config` and `fetch_config` do.

use super::config_args::ConfigArgs;
use super::error::CliError;
use super::fetch_config::{self, STANDBY_REGION};
use super::process::{runtime, variables};
use crate::config::{self, Config};
use clap::Args;
use drd_bootstrap::Suffix;

/// An estate that bootstrap built.
#[derive(Debug, Args)]
pub(super) struct EstateArgs {
    /// The estate that `drd bootstrap` built: its file in .drd-state, else the copy in the
    /// standby region's configuration bucket.
    #[arg(long, value_name = "X", conflicts_with = "config", value_parser = Suffix::new)]
    suffix: Option<Suffix>,
    /// Where that copy is.
    #[arg(long, value_name = "REGION", default_value = STANDBY_REGION)]
    standby_region: String,
}

/// The configuration of that estate.
///
/// # Errors
/// When it is not found or not valid; nothing was started.
pub(super) fn config(args: &ConfigArgs, estate: &EstateArgs) -> Result<Config, CliError> {
    let Some(suffix) = &estate.suffix else {
        return Ok(config::load(args.config.as_deref(), variables())?);
    };
    let fetched = runtime()?.block_on(fetch_config::find(suffix, &estate.standby_region))?;
    Ok(config::parse(&fetched.name, &fetched.text, variables())?)
}
