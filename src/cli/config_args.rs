//! `--config FILE`: which configuration a command reads.
//!
//! Deliberately absent: reading it; `crate::config` does.

use clap::Args;
use std::path::PathBuf;

/// Which configuration.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// The configuration file; /etc/drd/drd.toml when absent.
    #[arg(long, value_name = "FILE", env = "DRD_CONFIG")]
    pub(super) config: Option<PathBuf>,
}
