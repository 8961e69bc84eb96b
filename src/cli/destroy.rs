//! `drd destroy`: takes an estate away and proves that nothing is left.
//!
//! Deliberately absent: deleting (`drd_bootstrap::apply::destroy`).

use super::consent::{confirm, interrupted, nothing_foreign};
use super::error::CliError;
use super::exit::Exit;
use super::output::{OutputFormat, note, print};
use super::process::runtime;
use super::saved_estate::{SavedEstate, SavedEstateArgs};
use clap::Args;
use drd_bootstrap::apply;
use drd_bootstrap::apply::destroy::Destroyed;
use drd_bootstrap::observe;
use drd_bootstrap::settings::Said;

#[derive(Debug, Args)]
pub(super) struct DestroyArgs {
    #[command(flatten)]
    estate: SavedEstateArgs,
    /// Do not ask for the suffix to be typed.
    #[arg(long)]
    yes: bool,
    /// How to print what was done.
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

impl DestroyArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        runtime()?.block_on(destroy(self))
    }
}

async fn destroy(args: &DestroyArgs) -> Result<Exit, CliError> {
    let suffix = args.estate.suffix()?;
    let _lock = args.estate.folder(&suffix).lock()?;
    let saved = SavedEstate::find(&args.estate, &Said::new()).await?;
    let observed = observe::observe(&saved.aws, &saved.settings, false).await?;
    nothing_foreign(&saved.settings, &observed)?;
    if !observed.stacks.is_empty() {
        note(&format!(
            "{} stacks of estate {suffix} in account {} would be deleted, with the database and \
             everything in it.\nStop your own drd daemon first: it would see an estate that \
             dies.\n",
            observed.stacks.len(),
            saved.account
        ));
        let question = format!("type the suffix ({suffix}) to delete it.");
        confirm(args.yes, &suffix, &question, suffix.as_str())?;
    }
    let site = saved.site(&[]);
    let done = apply::destroy::destroy(&site, &observed, interrupted()).await?;
    saved.folder.forget()?;
    match args.output {
        OutputFormat::Table => print(&table(&saved, &done))?,
        OutputFormat::Json => print(&serde_json::to_string_pretty(&json(&saved, &done))?)?,
    }
    Ok(Exit::Done)
}

fn table(saved: &SavedEstate, done: &Destroyed) -> String {
    let suffix = saved.settings.suffix();
    let regions = saved.settings.regions().join(", ");
    let mut out = match done.stacks.len() {
        0 => format!("There was no stack of estate {suffix}.\n"),
        n => format!("{n} stacks of estate {suffix} are gone.\n"),
    };
    out.push_str(&format!(
        "0 stacks and 0 resources tagged drd:suffix={suffix} are left in {regions}.\n"
    ));
    for (what, list) in [
        (
            "AWS deletes these keys after their waiting period (unusable, free of charge)",
            &done.pending,
        ),
        (
            "CloudFormation has deleted these; AWS's tag index still lists them",
            &done.listed,
        ),
        (
            "No stack owns these any more: AWS ends them with their group, instance or service, and its tag index lists \
             them for hours. Look once that is over: aws resourcegroupstaggingapi get-resources --tag-filters \
             Key=drd:suffix",
            &done.without_owner,
        ),
    ] {
        if !list.is_empty() {
            out.push_str(&format!("{what}:\n  {}\n", list.join("\n  ")));
        }
    }
    if !saved.was_saved && done.stacks.is_empty() {
        out.push_str("Nothing remembered this suffix: were its regions the default ones?\n");
    }
    out
}

fn json(saved: &SavedEstate, done: &Destroyed) -> serde_json::Value {
    serde_json::json!({
        "schema": "drd.destroyed/1.0",
        "suffix": saved.settings.suffix().as_str(),
        "regions": saved.settings.regions(),
        "stacks_deleted": done.stacks,
        "left": { "stacks": 0, "resources": 0 },
        "keys_pending_deletion": done.pending,
        "deleted_but_still_indexed": done.listed,
        "indexed_without_an_owner": done.without_owner,
    })
}
