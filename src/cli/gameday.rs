//! The word `gameday`: rehearsals, soaks, crashes everywhere, and how they are printed.
//!
//! Deliberately absent: rehearsing (`lab`).

use super::{Exit, Failure, Output, print};
use crate::gameday::{self, Speed};
use crate::lab::builtin;
use crate::lab::crash::{Crashed, Spot, crash_at};
use crate::lab::reached::Milestone;
use crate::lab::rehearsal::Moment;
use crate::lab::soak::Soaked;
use crate::metrics::gameday_passed;
use clap::{Args, Subcommand};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

/// From here on a soak must have met every hard situation.
const MANY: u64 = 20_000;

#[derive(Debug, Subcommand)]
pub(super) enum GamedayWords {
    /// Name the built-in scenarios.
    List,
    /// Rehearse one scenario.
    Run(RunArgs),
    /// Rehearse random fault mixes, each judged on every step.
    Soak(SoakArgs),
    /// Kill the daemon of every scenario at every line that it writes.
    CrashAll(CrashAllArgs),
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// A built-in name, or a scenario file.
    #[arg(value_name = "NAME|FILE")]
    scenario: String,
    /// The same seed, the same story.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// max, 20x or 1x; on a terminal 60x, else max.
    #[arg(long)]
    speed: Option<Speed>,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Where the report goes; drd-lab in the temporary folder when absent.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// When it passed, leave the time for node_exporter's textfile collector; name it *.prom.
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SoakArgs {
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    base: u64,
    /// Threads; one a core when absent.
    #[arg(long)]
    jobs: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct CrashAllArgs {
    /// The seed of every rehearsal.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; one a core when absent.
    #[arg(long)]
    jobs: Option<usize>,
    /// Only every Nth line.
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
    /// Only this crash, told as it happens.
    #[arg(long, value_name = "SCENARIO:LINE:PHASE")]
    crash: Option<Spot>,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

pub(super) fn run(words: &GamedayWords) -> Result<Exit, Failure> {
    match words {
        GamedayWords::List => list(),
        GamedayWords::Run(args) => rehearse(args),
        GamedayWords::Soak(args) => soak(args),
        GamedayWords::CrashAll(args) => match &args.crash {
            Some(spot) => crash(spot, args.seed),
            None => crash_all(args),
        },
    }
}

fn cores(jobs: Option<usize>) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    jobs.unwrap_or_else(all)
}

fn list() -> Result<Exit, Failure> {
    let mut out = String::new();
    for scenario in builtin::all()? {
        let expected = scenario.expect.outcome.name();
        out.push_str(&format!(
            "{:<32} {expected:<13} {}\n",
            scenario.name, scenario.about
        ));
    }
    print(&out)?;
    Ok(Exit::Done)
}

fn rehearse(args: &RunArgs) -> Result<Exit, Failure> {
    let scenario = builtin::find(&args.scenario)?;
    let live = std::io::stderr().is_terminal();
    // 20 virtual minutes in 20 s: long enough to follow, short enough to wait for.
    let speed = args
        .speed
        .unwrap_or(if live { Speed::Times(60.0) } else { Speed::Max });
    let report = gameday::run(&scenario, args.seed, speed, &mut say)?;
    let folder = args.report.clone().unwrap_or_else(|| {
        std::env::temp_dir()
            .join("drd-lab")
            .join(format!("{}-{}", scenario.name, args.seed))
    });
    let page = report.write(&folder)?;
    match args.output {
        Output::Json => print(&serde_json::to_string_pretty(&report)?)?,
        Output::Table => print(&format!("{}Report: {}", report.summary(), page.display()))?,
    }
    if !report.passed {
        return Ok(Exit::Missed);
    }
    if let Some(file) = &args.metrics {
        remember(file, &scenario.name, report.outcome)?;
    }
    Ok(Exit::Done)
}

/// By way of a second file: the collector may read at any moment, and reads only `*.prom`.
fn remember(file: &Path, scenario: &str, outcome: &str) -> Result<(), Failure> {
    let now = crate::clock::Clock::start().read();
    let page = gameday_passed(scenario, outcome, now)?;
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    fs_err::write(&beside, page)?;
    fs_err::rename(&beside, file)?;
    Ok(())
}

fn say(moment: &Moment) {
    let seconds = moment.t.0 / 1000;
    // A closed stderr must not end a rehearsal.
    let _ = writeln!(
        std::io::stderr(),
        " {:02}:{:02}  {:<8} {}",
        seconds / 60,
        seconds % 60,
        moment.kind,
        moment.text
    );
}

fn soak(args: &SoakArgs) -> Result<Exit, Failure> {
    let (soaked, rate) = gameday::soak_all(args.base, args.seeds, cores(args.jobs))?;
    let [failed, switched, none, held, unfinished] = soaked.outcomes;
    print(&format!(
        "{} rehearsals from seed {}: {failed} failed over, {switched} switched over, {held} held, {none} without action, {unfinished} unfinished at the end; {} checks; {rate:.0} rehearsals a second",
        soaked.seeds, args.base, soaked.checks
    ))?;
    print(&reached(&soaked))?;
    let Some((seed, done)) = soaked.first_violation else {
        print("no promise was broken")?;
        return Ok(Exit::Done);
    };
    for broken in &done.violations {
        print(&format!("BROKEN {}: {}", broken.promise, broken.what))?;
    }
    print(&format!(
        "first failing seed {seed}. Replay it: drd gameday soak --base {seed} --seeds 1"
    ))?;
    for moment in &done.timeline {
        say(moment);
    }
    Ok(Exit::Missed)
}

/// What the rehearsals came through. A few never come through everything; a long soak must.
fn reached(soaked: &Soaked) -> String {
    let mut out = String::new();
    if let (Some(half), Some(most)) = (soaked.recovery(0.5), soaked.recovery(0.99)) {
        out.push_str(&format!(
            "recoveries under these faults, from the first bad sample: half within {half}, 99 in 100 within {most}\n"
        ));
    }
    let met: Vec<String> = Milestone::ALL
        .iter()
        .zip(soaked.reached)
        .filter(|(_, n)| *n > 0)
        .map(|(milestone, n)| format!("{} {n}", milestone.name()))
        .collect();
    out.push_str(&format!("met: {}\n", met.join(", ")));
    let never = soaked.never();
    if soaked.seeds >= MANY && !never.is_empty() {
        out.push_str(&format!(
            "NEVER met, so nothing is proven about it: {}\n",
            never.join(", ")
        ));
    }
    out
}

/// One crash, told. The way to replay what `crash-all` found.
fn crash(spot: &Spot, seed: u64) -> Result<Exit, Failure> {
    let scenario = builtin::find(&spot.scenario)?;
    let bench = gameday::bench()?;
    let wrong = crash_at(&scenario, seed, spot.point, &bench, &mut say);
    for what in &wrong {
        print(&format!("WRONG: {what}"))?;
    }
    if wrong.is_empty() {
        print("as without the crash, or held with people paged")?;
        return Ok(Exit::Done);
    }
    Ok(Exit::Missed)
}

fn crash_all(args: &CrashAllArgs) -> Result<Exit, Failure> {
    let scenarios = builtin::all()?;
    let all = gameday::crash_everywhere(&scenarios, args.seed, args.every, cores(args.jobs))?;
    let failed = all.iter().any(|one| one.failed.is_some());
    match args.output {
        Output::Json => {
            let report = serde_json::json!({
                "schema": "drd.crash_all/1.0",
                "seed": args.seed,
                "passed": !failed,
                "scenarios": all,
            });
            print(&serde_json::to_string_pretty(&report)?)?;
        }
        Output::Table => print(&crashes(&all, args.seed))?,
    }
    Ok(if failed { Exit::Missed } else { Exit::Done })
}

fn crashes(all: &[Crashed], seed: u64) -> String {
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
