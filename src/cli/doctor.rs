//! `drd doctor`: which estate, and how to print.
//!
//! Deliberately absent: the checks.

use super::config_args::ConfigArgs;
use super::error::CliError;
use super::exit::Exit;
use super::fetch_config::{self, FetchConfigError};
use super::output::{OutputFormat, print};
use super::process::{runtime, variables};
use super::setting_flags::SettingFlags;
use crate::config;
use crate::doctor::{self, DoctorReport};
use clap::Args;
use drd_bootstrap::Suffix;
use drd_bootstrap::checks::{Requirements, lacking};
use drd_bootstrap::saved::Folder;
use drd_bootstrap::settings::Settings;
use drd_bootstrap::side::Role;
use std::path::Path;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// An estate of `drd bootstrap`, or one that is still to be built.
    #[arg(long, value_name = "X", conflicts_with = "config", value_parser = Suffix::new)]
    suffix: Option<Suffix>,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
    /// Exit with 4 when a check is red that gates.
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    settings: SettingFlags,
}

impl DoctorArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let report = runtime()?.block_on(examine(self))?;
        match self.output {
            OutputFormat::Json => print(&serde_json::to_string_pretty(&report)?)?,
            OutputFormat::Table => print(&crate::doctor::table(&report))?,
        }
        Ok(match (report.is_unauthenticated(), report.gated) {
            (true, _) => Exit::Unreachable,
            (false, true) if self.detailed_exitcode => Exit::NotArmed,
            (false, true | false) => Exit::Done,
        })
    }
}

async fn examine(args: &DoctorArgs) -> Result<DoctorReport, CliError> {
    let Some(suffix) = &args.suffix else {
        let config = config::load(args.config.config.as_deref(), variables())?;
        return Ok(doctor::existing(&config, Vec::new()).await?);
    };
    let state = Folder::new(Path::new(fetch_config::FOLDER), suffix).load()?;
    let saved = state.map(|state| state.said());
    let settings = Settings::resolve(suffix, saved.as_ref(), args.settings.values())?;
    let region = settings.region(Role::Standby);
    let lacking = lacking::checks(&settings);
    match fetch_config::find(suffix, region).await {
        Ok(found) => {
            let config = config::parse(&found.name, &found.text, variables())?;
            // Without a state file it is not known with which settings it was built.
            let lacking = saved.map_or_else(Vec::new, |_| lacking);
            Ok(doctor::existing(&config, lacking).await?)
        }
        // Not handed over yet, or AWS does not give it: the checks find out why.
        Err(FetchConfigError::Nowhere { .. } | FetchConfigError::Aws { .. }) => {
            Ok(doctor::before(region, &Requirements::of(&settings), lacking).await)
        }
        Err(error @ FetchConfigError::Read(_)) => Err(error.into()),
    }
}
