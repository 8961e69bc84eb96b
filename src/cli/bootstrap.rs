//! `drd bootstrap`: plan, confirm, build, hand over.
//!
//! Deliberately absent: provisioning itself; the crate `drd_bootstrap` does it and reports.

use super::consent::{confirm, interrupted};
use super::error::CliError;
use super::exit::Exit;
use super::output::{OutputFormat, note, print};
use super::preflight;
use super::process::runtime;
use super::saved_estate::{SavedEstate, SavedEstateArgs};
use super::setting_flags::SettingFlags;
use clap::Args;
use drd_bootstrap::Error;
use drd_bootstrap::apply;
use drd_bootstrap::apply::daemon_config::hand_over;
use drd_bootstrap::checks::lacking;
use drd_bootstrap::observe;
use drd_bootstrap::observed::Observed;
use drd_bootstrap::outputs::offered;
use drd_bootstrap::plan::{self, Plan};
use drd_bootstrap::saved::State;

#[derive(Debug, Args)]
pub(super) struct BootstrapArgs {
    #[command(flatten)]
    estate: SavedEstateArgs,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    plan: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// How to print the plan and the outputs.
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
    /// With --plan: exit with 4 when there is something to change.
    #[arg(long, requires = "plan")]
    detailed_exitcode: bool,
    /// Let an update replace this stateful resource: what it holds is lost. May be repeated.
    #[arg(long, value_name = "LOGICALID")]
    allow_replacement: Vec<String>,
    #[command(flatten)]
    settings: SettingFlags,
}

impl BootstrapArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        runtime()?.block_on(build(self))
    }
}

async fn build(args: &BootstrapArgs) -> Result<Exit, CliError> {
    let suffix = args.estate.suffix()?;
    let _lock = match args.plan {
        true => None,
        false => Some(args.estate.folder(&suffix).lock()?),
    };
    let saved = SavedEstate::find(&args.estate, args.settings.values()).await?;
    if args.plan {
        let observed = observe::observe(&saved.aws, &saved.settings, true).await?;
        let plan = plan::plan(&saved.settings, &observed);
        show(&plan, args.output)?;
        let pending = args.detailed_exitcode && plan.changes() > 0;
        return Ok(if pending {
            Exit::ChangesPending
        } else {
            Exit::Done
        });
    }
    let (observed, refusal) = tokio::join!(
        observe::observe(&saved.aws, &saved.settings, true),
        preflight::refusal(&saved.aws, &saved.settings)
    );
    let (observed, plan) = match (observed, refusal) {
        // What prevents the observation is better reported by the check that names its remedy.
        (Err(_), Some(refusal)) => return Err(refusal.into()),
        (Err(error), None) => return Err(error.into()),
        (Ok(observed), refusal) => {
            let plan = plan::plan(&saved.settings, &observed);
            refuse_held_stacks(&plan)?;
            // An estate that is as it should be is not judged by what a new one would need.
            match refusal.filter(|_| plan.changes() > 0) {
                Some(refusal) => return Err(refusal.into()),
                None => (observed, plan),
            }
        }
    };
    carry_out(args, &saved, &observed, &plan).await
}

async fn carry_out(
    args: &BootstrapArgs,
    saved: &SavedEstate,
    observed: &Observed,
    plan: &Plan,
) -> Result<Exit, CliError> {
    let suffix = saved.settings.suffix();
    if plan.changes() > 0 {
        note(&plan.table());
        confirm(
            args.yes,
            suffix,
            "build this estate? It costs money every hour. (yes)",
            "yes",
        )?;
    }
    saved
        .folder
        .save(&State::new(&saved.settings, &saved.account))?;
    let site = saved.site(&args.allow_replacement);
    let outputs = apply::apply(&site, plan, observed, interrupted()).await?;
    let configuration = hand_over(&site, &outputs).await.map_err(|error| {
        Error::Failed(format!(
            "every stack of estate {suffix} is as it should be, but the daemon's configuration \
             was not handed over: {error}\nThe same command goes on from here."
        ))
    })?;
    saved.folder.write("toml", &configuration)?;
    let offer = offered(&saved.settings, &outputs);
    match args.output {
        OutputFormat::Table => print(&offer.table())?,
        OutputFormat::Json => print(&serde_json::to_string_pretty(&offer.json())?)?,
    }
    note(&lacking::text(&lacking::checks(&saved.settings)));
    Ok(Exit::Done)
}

fn show(plan: &Plan, output: OutputFormat) -> Result<(), CliError> {
    match output {
        OutputFormat::Table => print(&plan.table())?,
        OutputFormat::Json => print(&serde_json::to_string_pretty(&plan.json())?)?,
    }
    Ok(())
}

/// After a failover nothing is built against the roles; what is held back is listed, with its exit.
fn refuse_held_stacks(plan: &Plan) -> Result<(), Error> {
    let refusals = plan.refusals();
    if !refusals.is_empty() {
        return Err(Error::Refused(format!(
            "{}.\nNothing was changed.",
            refusals.join(";\n")
        )));
    }
    let held = plan.held();
    let Some((why, stacks)) = held.iter().next() else {
        return Ok(());
    };
    Err(Error::Refused(format!(
        "{why}.\nNothing was changed. Left alone: {}.",
        stacks.join(", ")
    )))
}
