//! The word `doctor`: which estate, and how to print.
//!
//! Deliberately absent: the checks.

use super::{Exit, Failure, Output, Where, print, variables};
use crate::config::{self, Config};
use crate::doctor::{self, Report};
use crate::handed::{self, HandedError};
use clap::Args;
use drd_bootstrap::Suffix;
use drd_bootstrap::doctor::{Side, Wanted};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    place: Where,
    /// An estate of `drd bootstrap`, or one that is still to be built.
    #[arg(long, value_name = "X", conflicts_with = "config")]
    suffix: Option<String>,
    /// Where the estate serves when all is well.
    #[arg(long, value_name = "REGION", default_value = "eu-central-1")]
    primary_region: String,
    /// Where it serves after a failover.
    #[arg(long, value_name = "REGION", default_value = handed::STANDBY_REGION)]
    standby_region: String,
    /// Where the witness runs.
    #[arg(long, value_name = "REGION", default_value = "eu-west-1")]
    witness_region: String,
    /// A zone that is to hold the records.
    #[arg(long, value_name = "ID")]
    hosted_zone_id: Option<String>,
    /// The domain of the records; <suffix>.drd.internal when absent.
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
    /// Aurora PostgreSQL's version.
    #[arg(long, value_name = "VERSION", default_value = "17.7")]
    engine_version: String,
    /// The database's class.
    #[arg(long, value_name = "CLASS", default_value = "db.r6g.large")]
    instance_class: String,
    /// The application's instance type.
    #[arg(long, value_name = "TYPE", default_value = "t4g.small")]
    instance_type: String,
    /// Application instances of the side that serves.
    #[arg(long, value_name = "N", default_value_t = 6)]
    serving: u32,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Exit with 4 when a check is red that gates.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(ask(args))?;
    match args.output {
        Output::Json => print(&serde_json::to_string_pretty(&report)?)?,
        Output::Table => print(&report.table())?,
    }
    Ok(match (report.nobody(), report.gated) {
        (true, _) => Exit::Unreachable,
        (false, true) if args.detailed_exitcode => Exit::NotArmed,
        (false, true | false) => Exit::Done,
    })
}

async fn ask(args: &DoctorArgs) -> Result<Report, Failure> {
    let sdk = handed::sdk(&args.standby_region).await;
    let Some(suffix) = &args.suffix else {
        let config = config::load(args.place.config.as_deref(), variables())?;
        return Ok(doctor::standing(&sdk, &config).await?);
    };
    match handed(suffix, args).await? {
        Some(config) => Ok(doctor::standing(&sdk, &config).await?),
        None => Ok(doctor::before(&sdk, &wanted(suffix, args)).await),
    }
}

/// What bootstrap handed over, if it did. What AWS does not give is found out by the checks.
async fn handed(suffix: &str, args: &DoctorArgs) -> Result<Option<Config>, Failure> {
    let Ok(suffix) = Suffix::new(suffix) else {
        return Ok(None);
    };
    match handed::find(&suffix, &args.standby_region).await {
        Ok(found) => Ok(Some(config::parse(&found.name, &found.text, variables())?)),
        Err(HandedError::Nowhere { .. } | HandedError::Aws { .. }) => Ok(None),
        Err(error @ HandedError::Read(_)) => Err(error.into()),
    }
}

fn wanted(suffix: &str, args: &DoctorArgs) -> Wanted {
    let side = |role, region: &str, built, nat_gateways| Side {
        role,
        region: region.to_owned(),
        built,
        serving: args.serving,
        nat_gateways,
    };
    let domain = args.domain.clone();
    Wanted {
        suffix: suffix.to_owned(),
        sides: [
            side("primary", &args.primary_region, args.serving, 3),
            side("standby", &args.standby_region, 1, 1),
        ],
        witness_region: args.witness_region.clone(),
        hosted_zone_id: args.hosted_zone_id.clone(),
        domain: domain.unwrap_or_else(|| format!("{suffix}.drd.internal")),
        engine_version: args.engine_version.clone(),
        instance_class: args.instance_class.clone(),
        instance_type: args.instance_type.clone(),
    }
}
