//! `drd gameday soak`: random fault mixes from seeds, or one scenario over many, and what they came through.
//!
//! Deliberately absent: the mixes and the judge (`crate::lab`).

use super::{play, threads, timeline};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::print;
use crate::lab::coverage::Milestone;
use crate::lab::scenario::{Scenario, builtin};
use crate::lab::setup;
use crate::lab::simulation::Rehearsed;
use crate::lab::soak::{Soaked, deceived, percentile, scenario, with_nuisance};
use clap::Args;
use drd_state_machine::time::Span;

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
    /// Also draw what deceives drd, and what people do behind its back.
    #[arg(long)]
    deceive: bool,
    /// One scenario over all seeds, a built-in name or a file: how long clients could not write.
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "deceive")]
    scenario: Option<String>,
    /// With one nuisance in each, drawn by its seed.
    #[arg(long, requires = "scenario")]
    nuisance: bool,
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
        let (soaked, rate) = play::soak_all((self.base, self.seeds), jobs, &stop, &draw)?;
        let [failed, switched, none, held, unfinished] = soaked.outcomes;
        print(&format!(
            "{} rehearsals from seed {}: {failed} failed over, {switched} switched over, {held} held, {none} without action, {unfinished} unfinished at the end; {} checks; {rate:.0} rehearsals a second",
            soaked.seeds, self.base, soaked.checks
        ))?;
        if one.is_some() {
            print(&outages(&soaked, setup().policy.rto))?;
        }
        print(&reached(&soaked))?;
        if let Some((seed, done)) = &soaked.first_violation {
            return self.violation(*seed, done);
        }
        if soaked.seeds < self.seeds {
            print(&format!(
                "interrupted after {} of {} seeds; no promise was broken in them",
                soaked.seeds, self.seeds
            ))?;
            return Ok(Exit::Failed);
        }
        print("no promise was broken")?;
        Ok(Exit::Done)
    }

    fn draw(&self, one: Option<&Scenario>, seed: u64) -> Scenario {
        match one {
            Some(one) if self.nuisance => with_nuisance(one, seed),
            Some(one) => one.clone(),
            None if self.deceive => deceived(seed),
            None => scenario(seed),
        }
    }

    /// The options that draw the same again.
    fn same(&self) -> String {
        let mut same = String::new();
        if self.deceive {
            same.push_str(" --deceive");
        }
        if let Some(name) = &self.scenario {
            same.push_str(&format!(" --scenario {name}"));
        }
        if self.nuisance {
            same.push_str(" --nuisance");
        }
        same
    }

    fn violation(&self, seed: u64, done: &Rehearsed) -> Result<Exit, CliError> {
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
