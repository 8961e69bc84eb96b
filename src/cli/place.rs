//! `--config FILE` or `--suffix X`: which estate a command is about.
//!
//! Deliberately absent: reading the file; `crate::config` and `crate::handed` do.

use super::{Failure, Where, runtime, variables};
use crate::config::{self, Config};
use crate::handed;
use clap::Args;
use drd_bootstrap::Suffix;

/// An estate that bootstrap built.
#[derive(Debug, Args)]
pub(super) struct Estate {
    /// The estate that `drd bootstrap` built: its file in .drd-state, else the copy in the
    /// standby region's configuration bucket.
    #[arg(long, value_name = "X", conflicts_with = "config", value_parser = Suffix::new)]
    pub(super) suffix: Option<Suffix>,
    /// Where that copy is.
    #[arg(long, value_name = "REGION", default_value = handed::STANDBY_REGION)]
    pub(super) standby_region: String,
}

/// The configuration that is meant.
pub(super) fn config(place: &Where, estate: &Estate) -> Result<Config, Failure> {
    let Some(suffix) = &estate.suffix else {
        return Ok(config::load(place.config.as_deref(), variables())?);
    };
    let handed = runtime()?.block_on(handed::find(suffix, &estate.standby_region))?;
    Ok(config::parse(&handed.name, &handed.text, variables())?)
}
