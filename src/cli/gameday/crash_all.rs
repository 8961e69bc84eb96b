//! `drd gameday crash-all`: a daemon dies at every line of every scenario, or at one line.
//!
//! Deliberately absent: crashing (`crate::lab::crash`).

use super::{play, threads, timeline};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{OutputFormat, print};
use crate::lab::crash::{Crashed, Spot, crash_at};
use crate::lab::crash_point::DeathPhase;
use crate::lab::rehearsal::rehearse;
use crate::lab::scenario::builtin;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct CrashAllArgs {
    /// The seed of every rehearsal.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; one a core when absent.
    #[arg(long)]
    jobs: Option<usize>,
    /// Only every Nth line.
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
    /// From this line on.
    #[arg(long, value_name = "N", default_value_t = 1)]
    from: usize,
    /// Only this crash, with its timeline.
    #[arg(long, value_name = "SCENARIO:LINE:PHASE")]
    crash: Option<Spot>,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

impl CrashAllArgs {
    pub(crate) fn run(&self) -> Result<Exit, CliError> {
        match &self.crash {
            Some(spot) => crash(spot, self.seed),
            None => crash_all(self),
        }
    }
}

/// One crash with its timeline: how a finding of `crash-all` is replayed.
fn crash(spot: &Spot, seed: u64) -> Result<Exit, CliError> {
    let scenario = builtin::find(&spot.scenario)?;
    let bench = play::bench()?;
    let lines = rehearse(&scenario, seed, &bench, &mut |_| {}).entries.len();
    if spot.point.append > lines {
        return Err(CliError::Usage(format!(
            "{} writes {lines} lines with seed {seed}: no daemon dies at line {}.\nNothing was rehearsed.",
            scenario.name, spot.point.append
        )));
    }
    if spot.point.phase == DeathPhase::Frozen && !scenario.is_shared() {
        return Err(CliError::Usage(format!(
            "a daemon of {} is alone on its ledger: frozen is for a lease that another may take.\nNothing was rehearsed.",
            scenario.name
        )));
    }
    let wrong = crash_at(&scenario, seed, spot.point, &bench, &mut timeline::show);
    for what in &wrong {
        print(&format!("WRONG: {what}"))?;
    }
    if wrong.is_empty() {
        print("as without the crash, or held with people paged")?;
        return Ok(Exit::Done);
    }
    Ok(Exit::Missed)
}

fn crash_all(args: &CrashAllArgs) -> Result<Exit, CliError> {
    let scenarios = builtin::all()?;
    let jobs = threads::count(args.jobs);
    let all = play::crash_everywhere(&scenarios, args.seed, (args.from, args.every), jobs)?;
    let failed = all.iter().any(|one| one.failed.is_some());
    match args.output {
        OutputFormat::Json => {
            let report = serde_json::json!({
                "schema": "drd.crash_all/1.0",
                "seed": args.seed,
                "passed": !failed,
                "scenarios": all,
            });
            print(&serde_json::to_string_pretty(&report)?)?;
        }
        OutputFormat::Table => print(&table(&all, args.seed))?,
    }
    Ok(if failed { Exit::Missed } else { Exit::Done })
}

fn table(all: &[Crashed], seed: u64) -> String {
    let mut out = String::new();
    for one in all {
        let (name, points, rehearsals, held) =
            (&one.scenario, one.points, one.rehearsals, one.held);
        out.push_str(&format!(
            "{name:<32} {points:>5} lines {rehearsals:>6} rehearsals {held:>4} held instead\n"
        ));
    }
    let rehearsals: usize = all.iter().map(|one| one.rehearsals).sum();
    out.push_str(&format!(
        "{} scenarios, {rehearsals} rehearsals: a daemon died before, after and beyond each line{}\n",
        all.len(),
        if all.iter().all(|one| one.failed.is_none()) {
            "; each ended in a declared state (watching, exposed, held) and kept every promise"
        } else {
            ""
        }
    ));
    for one in all {
        let Some(failed) = &one.failed else { continue };
        let spot = format!("{}:{}", one.scenario, failed.point);
        out.push_str(&format!(
            "WRONG {spot}: {}\n  replay it: drd gameday crash-all --seed {seed} --crash {spot}\n",
            failed.wrong.join("; ")
        ));
    }
    out
}
