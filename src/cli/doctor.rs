//! The word `doctor`: which estate, and how to print.
//!
//! Deliberately absent: the checks.

use super::words::SettingWords;
use super::{Exit, Failure, Output, Where, print, runtime, variables};
use crate::config;
use crate::doctor::{self, DoctorReport};
use crate::handed::{self, HandedError};
use clap::Args;
use drd_bootstrap::Suffix;
use drd_bootstrap::checks::Requirements;
use drd_bootstrap::saved::Folder;
use drd_bootstrap::settings::Settings;
use drd_bootstrap::side::Role;
use std::path::Path;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    place: Where,
    /// An estate of `drd bootstrap`, or one that is still to be built.
    #[arg(long, value_name = "X", conflicts_with = "config", value_parser = Suffix::new)]
    suffix: Option<Suffix>,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Exit with 4 when a check is red that gates.
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    settings: SettingWords,
}

pub(super) fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    let report = runtime()?.block_on(ask(args))?;
    match args.output {
        Output::Json => print(&serde_json::to_string_pretty(&report)?)?,
        Output::Table => print(&report.table())?,
    }
    Ok(match (report.is_unauthenticated(), report.gated) {
        (true, _) => Exit::Unreachable,
        (false, true) if args.detailed_exitcode => Exit::NotArmed,
        (false, true | false) => Exit::Done,
    })
}

async fn ask(args: &DoctorArgs) -> Result<DoctorReport, Failure> {
    let Some(suffix) = &args.suffix else {
        let config = config::load(args.place.config.as_deref(), variables())?;
        return Ok(doctor::existing(&config).await?);
    };
    let state = Folder::new(Path::new(handed::FOLDER), suffix).load()?;
    let remembered = state.map(|state| state.said());
    let settings = Settings::resolve(suffix, remembered.as_ref(), args.settings.said())?;
    let region = settings.region(Role::Standby);
    match handed::find(suffix, region).await {
        Ok(found) => {
            let config = config::parse(&found.name, &found.text, variables())?;
            Ok(doctor::existing(&config).await?)
        }
        // Not handed over yet, or AWS does not give it: the checks find out why.
        Err(HandedError::Nowhere { .. } | HandedError::Aws { .. }) => {
            Ok(doctor::before(region, &Requirements::of(&settings)).await)
        }
        Err(error @ HandedError::Read(_)) => Err(error.into()),
    }
}
