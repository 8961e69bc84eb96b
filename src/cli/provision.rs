//! `bootstrap`, `outputs` and `destroy`.
//!
//! Deliberately absent: provisioning itself; the crate `drd_bootstrap` does it and tells.

use super::known::{Known, Which};
use super::preflight;
use super::words::SettingWords;
use super::{Exit, Failure, Output, print, runtime};
use clap::Args;
use drd_bootstrap::Error;
use drd_bootstrap::apply;
use drd_bootstrap::apply::daemon_config::hand_over;
use drd_bootstrap::apply::destroy::Destroyed;
use drd_bootstrap::naming::Suffix;
use drd_bootstrap::observe;
use drd_bootstrap::observed::Observed;
use drd_bootstrap::outputs::offered;
use drd_bootstrap::plan::{self, Plan};
use drd_bootstrap::saved::State;
use drd_bootstrap::settings::{Said, Settings};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use tokio::sync::watch;

#[derive(Debug, Args)]
pub(super) struct BootstrapArgs {
    #[command(flatten)]
    which: Which,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    plan: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// How to print the plan and the outputs.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// With --plan: exit with 4 when there is something to change.
    #[arg(long, requires = "plan")]
    detailed_exitcode: bool,
    /// Let an update replace this stateful resource: what it holds is lost. May be repeated.
    #[arg(long, value_name = "LOGICALID")]
    allow_replacement: Vec<String>,
    #[command(flatten)]
    settings: SettingWords,
}

#[derive(Debug, Args)]
pub(super) struct OutputsArgs {
    #[command(flatten)]
    which: Which,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Args)]
pub(super) struct DestroyArgs {
    #[command(flatten)]
    which: Which,
    /// Do not ask for the suffix to be typed.
    #[arg(long)]
    yes: bool,
    /// How to print what was done.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Ctrl-C stops watching, not the work: what CloudFormation was asked for goes on.
fn asked_to_stop() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        // Without signals there is nobody to stop us, and the sender must live on.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        sender.send_replace(true);
        std::future::pending::<()>().await;
    });
    receiver
}

pub(super) fn bootstrap(args: &BootstrapArgs) -> Result<Exit, Failure> {
    runtime()?.block_on(build(args))
}

async fn build(args: &BootstrapArgs) -> Result<Exit, Failure> {
    let suffix = args.which.suffix()?;
    let _lock = match args.plan {
        true => None,
        false => Some(args.which.folder(&suffix).lock()?),
    };
    let known = Known::find(&args.which, args.settings.said()).await?;
    if args.plan {
        let observed = observe::observe(&known.aws, &known.settings, true).await?;
        let plan = plan::plan(&known.settings, &observed);
        show(&plan, args.output)?;
        let pending = args.detailed_exitcode && plan.changes() > 0;
        return Ok(if pending { Exit::NotArmed } else { Exit::Done });
    }
    let (observed, refusal) = tokio::join!(
        observe::observe(&known.aws, &known.settings, true),
        preflight::refusal(&known.aws, &known.settings)
    );
    let (observed, plan) = match (observed, refusal) {
        // What keeps us from looking is better said by the check that names its remedy.
        (Err(_), Some(refusal)) => return Err(refusal.into()),
        (Err(error), None) => return Err(error.into()),
        (Ok(observed), refusal) => {
            let plan = plan::plan(&known.settings, &observed);
            refuse_what_is_held(&plan)?;
            // An estate that is as it should be is not judged by what a new one would need.
            match refusal.filter(|_| plan.changes() > 0) {
                Some(refusal) => return Err(refusal.into()),
                None => (observed, plan),
            }
        }
    };
    carry_out(args, &known, &observed, &plan).await
}

async fn carry_out(
    args: &BootstrapArgs,
    known: &Known,
    observed: &Observed,
    plan: &Plan,
) -> Result<Exit, Failure> {
    let suffix = known.settings.suffix();
    if plan.changes() > 0 {
        say(&plan.table());
        confirm(
            args.yes,
            suffix,
            "build this estate? It costs money every hour. (yes)",
            "yes",
        )?;
    }
    known
        .folder
        .save(&State::new(&known.settings, &known.account))?;
    let site = known.site(&args.allow_replacement);
    let outputs = apply::apply(&site, plan, observed, asked_to_stop()).await?;
    let configuration = hand_over(&site, &outputs).await.map_err(|error| {
        Error::Failed(format!(
            "every stack of estate {suffix} is as it should be, but the daemon's configuration \
             was not handed over: {error}\nThe same command goes on from here."
        ))
    })?;
    known.folder.write("toml", &configuration)?;
    let offer = offered(&known.settings, &outputs);
    match args.output {
        Output::Table => print(&offer.table())?,
        Output::Json => print(&serde_json::to_string_pretty(&offer.json())?)?,
    }
    Ok(Exit::Done)
}

fn show(plan: &Plan, output: Output) -> Result<(), Failure> {
    match output {
        Output::Table => print(&plan.table()),
        Output::Json => print(&serde_json::to_string_pretty(&plan.json())?),
    }
}

/// After a failover nothing is built against the roles; what is held back is said, with its exit.
fn refuse_what_is_held(plan: &Plan) -> Result<(), Error> {
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

pub(super) fn outputs(args: &OutputsArgs) -> Result<Exit, Failure> {
    runtime()?.block_on(tell(args))
}

async fn tell(args: &OutputsArgs) -> Result<Exit, Failure> {
    let known = Known::find(&args.which, &Said::new()).await?;
    let observed = observe::observe(&known.aws, &known.settings, false).await?;
    nothing_foreign(&known.settings, &observed)?;
    let suffix = known.settings.suffix();
    if observed.stacks.is_empty() {
        let regions = known.settings.regions().join(", ");
        return Err(Error::Failed(format!(
            "there is no estate {suffix} in account {} ({regions}).\n`drd bootstrap --suffix \
             {suffix}` builds one.",
            known.account
        ))
        .into());
    }
    let offer = offered(&known.settings, &plan::outputs(&observed));
    match args.output {
        Output::Table => print(&offer.table())?,
        Output::Json => print(&serde_json::to_string_pretty(&offer.json())?)?,
    }
    if !offer.is_whole() {
        say(&format!(
            "the estate is not whole; `drd bootstrap --suffix {suffix}` finishes it\n"
        ));
    }
    Ok(Exit::Done)
}

fn nothing_foreign(settings: &Settings, observed: &Observed) -> Result<(), Error> {
    let foreign = observed.foreign(settings.suffix());
    if foreign.is_empty() {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "drd did not make {} (no tag drd:suffix = {}).\nNothing was changed. Choose another \
         --suffix.",
        foreign.join(", "),
        settings.suffix()
    )))
}

pub(super) fn destroy(args: &DestroyArgs) -> Result<Exit, Failure> {
    runtime()?.block_on(take_away(args))
}

async fn take_away(args: &DestroyArgs) -> Result<Exit, Failure> {
    let suffix = args.which.suffix()?;
    let _lock = args.which.folder(&suffix).lock()?;
    let known = Known::find(&args.which, &Said::new()).await?;
    let observed = observe::observe(&known.aws, &known.settings, false).await?;
    nothing_foreign(&known.settings, &observed)?;
    if !observed.stacks.is_empty() {
        say(&format!(
            "{} stacks of estate {suffix} in account {} would be deleted, with the database and \
             everything in it.\nStop your own drd daemon first: it would see an estate that \
             dies.\n",
            observed.stacks.len(),
            known.account
        ));
        let question = format!("type the suffix ({suffix}) to delete it.");
        confirm(args.yes, &suffix, &question, suffix.as_str())?;
    }
    let site = known.site(&[]);
    let done = apply::destroy::destroy(&site, &observed, asked_to_stop()).await?;
    known.folder.forget()?;
    match args.output {
        Output::Table => print(&told(&known, &done))?,
        Output::Json => print(&serde_json::to_string_pretty(&json(&known, &done))?)?,
    }
    Ok(Exit::Done)
}

fn told(known: &Known, done: &Destroyed) -> String {
    let suffix = known.settings.suffix();
    let regions = known.settings.regions().join(", ");
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
    ] {
        if !list.is_empty() {
            out.push_str(&format!("{what}:\n  {}\n", list.join("\n  ")));
        }
    }
    if !known.remembered && done.stacks.is_empty() {
        out.push_str("Nothing remembered this suffix: were its regions the default ones?\n");
    }
    out
}

fn json(known: &Known, done: &Destroyed) -> serde_json::Value {
    serde_json::json!({
        "schema": "drd.destroyed/1.0",
        "suffix": known.settings.suffix().as_str(),
        "regions": known.settings.regions(),
        "stacks_deleted": done.stacks,
        "left": { "stacks": 0, "resources": 0 },
        "keys_pending_deletion": done.pending,
        "deleted_but_still_indexed": done.listed,
    })
}

/// Asks on a terminal; elsewhere nothing is done without `--yes`.
fn confirm(yes: bool, suffix: &Suffix, question: &str, answer: &str) -> Result<(), Error> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Error::Refused(format!(
            "there is no terminal to ask on.\nNothing was changed for estate {suffix}. Say --yes \
             if you are sure."
        )));
    }
    say(&format!("{question}\n> "));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if read.is_ok() && line.trim() == answer {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{answer:?} was not typed.\nNothing was changed for estate {suffix}."
    )))
}

fn say(text: &str) {
    // A closed stderr must not end the work.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
