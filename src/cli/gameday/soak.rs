//! `drd gameday soak`: random fault mixes from seeds, or one scenario over many, and what they came through.
//!
//! Deliberately absent: the mixes and the judge (`crate::lab`).

use super::{coverage, play, threads, timeline};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::print;
use crate::lab::coverage::{Coverage, Milestone};
use crate::lab::judge::Violation;
use crate::lab::rehearsal::rehearse;
use crate::lab::scenario::{FaultKind, Scenario, builtin};
use crate::lab::setup;
use crate::lab::simulation::Rehearsed;
use crate::lab::soak::{Draw, SoakPlan, Soaked, only, percentile, scenario, with_nuisance};
use crate::ledger::FileLedger;
use clap::Args;
use drd_state_machine::time::Span;
use std::path::PathBuf;

/// From here on a soak must have met every hard situation.
const MANY: u64 = 20_000;

#[derive(Debug, Args)]
pub(crate) struct SoakArgs {
    /// How many seeds.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    base: u64,
    /// Print which fault met which state, as 20,000 seeds and more do.
    #[arg(long)]
    coverage: bool,
    /// One scenario over all seeds, a built-in name or a file: how long clients could not write.
    #[arg(long, value_name = "NAME|FILE")]
    scenario: Option<String>,
    /// One fault of this kind in each and nothing else, drawn by its seed.
    #[arg(long, value_name = "KIND", conflicts_with = "scenario", value_parser = fault_kind)]
    only: Option<FaultKind>,
    /// With one nuisance in each, drawn by its seed.
    #[arg(long, requires = "scenario")]
    nuisance: bool,
    /// Go on after a promise was broken, and list every seed that broke one.
    #[arg(long)]
    keep_going: bool,
    /// Where the ledger of the seed goes, for `drd replay`; with `--seeds 1`.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Threads; one a core when absent.
    #[arg(long)]
    jobs: Option<usize>,
}

impl SoakArgs {
    pub(crate) fn run(&self) -> Result<Exit, CliError> {
        let stop = threads::interrupted()?;
        let jobs = threads::count(self.jobs);
        let one = self.scenario.as_deref().map(builtin::find).transpose()?;
        let draw = |seed| self.draw(one.as_ref(), seed);
        let plan = SoakPlan {
            base: self.base,
            seeds: self.seeds,
            jobs,
            keep_going: self.keep_going,
        };
        self.keep_ledger(&draw)?;
        let (soaked, rate) = play::soak_all(plan, &stop, &draw)?;
        let [failed, switched, none, held, unfinished] = soaked.outcomes;
        print(&format!(
            "{} rehearsals from seed {}: {failed} failed over, {switched} switched over, {held} held, {none} without action, {unfinished} unfinished at the end; {} checks; {rate:.0} rehearsals a second",
            soaked.seeds, self.base, soaked.checks
        ))?;
        if one.is_some() {
            print(&outages(&soaked, setup().policy.rto))?;
        }
        print(&reached(&soaked))?;
        print(&lossy(&soaked))?;
        if one.is_none() && self.only.is_none() {
            self.covered(&soaked.coverage)?;
        }
        if let Some((seed, done)) = &soaked.first_violation {
            return self.violation(&soaked.broken, *seed, done);
        }
        if soaked.seeds < self.seeds {
            print(&format!(
                "interrupted after {} of {} seeds; no promise was broken in them",
                soaked.seeds, self.seeds
            ))?;
            return Ok(Exit::Failed);
        }
        if !soaked.coverage.refuted().is_empty() {
            print("what cannot be met was met: the reason beside it is wrong")?;
            return Ok(Exit::Missed);
        }
        print("no promise was broken")?;
        if self.seeds == 1 {
            play::again(&draw(self.base), self.base, &mut timeline::show)?;
        }
        Ok(Exit::Done)
    }

    fn draw(&self, one: Option<&Scenario>, seed: u64) -> Scenario {
        match one {
            Some(one) if self.nuisance => with_nuisance(one, seed),
            Some(one) => one.clone(),
            None => self
                .only
                .map_or_else(|| scenario(seed), |kind| only(kind, seed)),
        }
    }

    /// A few seeds cover little: the table is for those that are meant to.
    fn covered(&self, coverage: &Coverage) -> Result<(), CliError> {
        if self.seeds >= MANY || self.coverage {
            print(&coverage::table(coverage))?;
            print(&coverage::gaps(coverage))?;
        }
        Ok(print(&coverage::summary(coverage))?)
    }

    /// The options that draw the same again.
    fn same(&self) -> String {
        let mut same = String::new();
        if let Some(name) = &self.scenario {
            same.push_str(&format!(" --scenario {name}"));
        }
        if let Some(kind) = self.only {
            same.push_str(&format!(" --only {}", kind.name()));
        }
        if self.nuisance {
            same.push_str(" --nuisance");
        }
        same
    }

    /// What the daemon of this seed wrote, as a ledger file.
    fn keep_ledger(&self, draw: Draw<'_>) -> Result<(), CliError> {
        let Some(path) = &self.ledger else {
            return Ok(());
        };
        if self.seeds != 1 {
            let text = "--ledger keeps the ledger of one rehearsal: give --seeds 1";
            return Err(CliError::Usage(text.to_owned()));
        }
        if path.exists() {
            let text = format!("{} exists: a ledger is never overwritten", path.display());
            return Err(CliError::Usage(text));
        }
        let done = rehearse(&draw(self.base), self.base, &play::bench()?, &mut |_| {});
        let (mut ledger, _) = FileLedger::open(path)?;
        Ok(ledger.append(&done.entries)?)
    }

    fn violation(
        &self,
        all: &[(u64, Violation)],
        seed: u64,
        done: &Rehearsed,
    ) -> Result<Exit, CliError> {
        if self.keep_going {
            for (seed, first) in all {
                print(&format!(
                    "seed {seed} BROKEN {}: {}",
                    first.promise, first.what
                ))?;
            }
            print(&format!(
                "{} of {} seeds broke a promise",
                all.len(),
                self.seeds
            ))?;
        }
        for broken in &done.violations {
            print(&format!("BROKEN {}: {}", broken.promise, broken.what))?;
        }
        let same = self.same();
        print(&format!(
            "first failing seed {seed}. Replay it: drd gameday soak --base {seed} --seeds 1{same}"
        ))?;
        done.timeline.iter().for_each(timeline::show);
        Ok(Exit::Missed)
    }
}

/// The kind of fault of this name.
fn fault_kind(name: &str) -> Result<FaultKind, String> {
    let found = FaultKind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| {
        let names = FaultKind::ALL.map(FaultKind::name).join(", ");
        format!("no kind of fault is called {name}; use one of {names}")
    })
}

/// What drd did, and whether it did it to a database that lived.
fn lossy(soaked: &Soaked) -> String {
    let [deceived, other] = soaked.lossy_of_living;
    format!(
        "{} of {} sent a mutating call. Failovers with data loss of a database that lived: {other}, each within 20 s of its return; with a quorum of wrong fault domains, in {} rehearsals: {deceived}",
        soaked.acted, soaked.seeds, soaked.quorum_wrong
    )
}

/// For how long clients could not write.
fn outages(soaked: &Soaked, rto: Span) -> String {
    let all = &soaked.outages;
    let within = |share| percentile(all, share).unwrap_or(Span::ZERO);
    let over = all.iter().filter(|outage| **outage > rto).count();
    format!(
        "clients could not write for: half at most {}, 99 in 100 at most {}, all at most {}; {over} of {} longer than the RTO of {rto}",
        within(0.5),
        within(0.99),
        within(1.0),
        all.len()
    )
}

/// What the rehearsals came through. A few never come through everything; a long soak must.
fn reached(soaked: &Soaked) -> String {
    let mut out = String::new();
    if let (Some(half), Some(most)) = (
        percentile(&soaked.recoveries, 0.5),
        percentile(&soaked.recoveries, 0.99),
    ) {
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
