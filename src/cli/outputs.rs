//! `drd outputs`: what an estate offers.
//!
//! Deliberately absent: the outputs' meaning (`drd_bootstrap::outputs`).

use super::consent::nothing_foreign;
use super::error::CliError;
use super::exit::Exit;
use super::output::{OutputFormat, note, print};
use super::process::runtime;
use super::saved_estate::{SavedEstate, SavedEstateArgs};
use clap::Args;
use drd_bootstrap::Error;
use drd_bootstrap::checks::lacking;
use drd_bootstrap::observe;
use drd_bootstrap::outputs::offered;
use drd_bootstrap::plan;
use drd_bootstrap::settings::Said;

#[derive(Debug, Args)]
pub(super) struct OutputsArgs {
    #[command(flatten)]
    estate: SavedEstateArgs,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

impl OutputsArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        runtime()?.block_on(show(self))
    }
}

async fn show(args: &OutputsArgs) -> Result<Exit, CliError> {
    let saved = SavedEstate::find(&args.estate, &Said::new()).await?;
    let observed = observe::observe(&saved.aws, &saved.settings, false).await?;
    nothing_foreign(&saved.settings, &observed)?;
    let suffix = saved.settings.suffix();
    if observed.stacks.is_empty() {
        let regions = saved.settings.regions().join(", ");
        return Err(Error::Failed(format!(
            "there is no estate {suffix} in account {} ({regions}).\n`drd bootstrap --suffix \
             {suffix}` builds one.",
            saved.account
        ))
        .into());
    }
    let offer = offered(&saved.settings, &plan::outputs(&observed));
    match args.output {
        OutputFormat::Table => print(&offer.table())?,
        OutputFormat::Json => print(&serde_json::to_string_pretty(&offer.json())?)?,
    }
    if !offer.is_whole() {
        note(&format!(
            "the estate is not whole; `drd bootstrap --suffix {suffix}` finishes it\n"
        ));
    }
    note(&lacking::text(&lacking::checks(&saved.settings)));
    Ok(Exit::Done)
}
