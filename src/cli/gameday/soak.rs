//! `drd gameday soak`: random fault mixes from seeds, and what they came through.
//!
//! Deliberately absent: the mixes and the judge (`crate::lab`).

use super::{play, threads, timeline};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::print;
use crate::lab::coverage::Milestone;
use crate::lab::scenario::Scenario;
use crate::lab::simulation::Rehearsed;
use crate::lab::soak::{Soaked, deceived, scenario};
use clap::Args;

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
    /// Also draw what deceives drd, and what people do behind its back: a few seeds in ten thousand are open.
    #[arg(long)]
    deceive: bool,
    /// Threads; one a core when absent.
    #[arg(long)]
    jobs: Option<usize>,
}

impl SoakArgs {
    pub(crate) fn run(&self) -> Result<Exit, CliError> {
        let stop = threads::interrupted()?;
        let jobs = threads::count(self.jobs);
        let (soaked, rate) = play::soak_all((self.base, self.seeds), jobs, &stop, self.draw())?;
        let [failed, switched, none, held, unfinished] = soaked.outcomes;
        print(&format!(
            "{} rehearsals from seed {}: {failed} failed over, {switched} switched over, {held} held, {none} without action, {unfinished} unfinished at the end; {} checks; {rate:.0} rehearsals a second",
            soaked.seeds, self.base, soaked.checks
        ))?;
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

    fn draw(&self) -> fn(u64) -> Scenario {
        if self.deceive { deceived } else { scenario }
    }

    fn violation(&self, seed: u64, done: &Rehearsed) -> Result<Exit, CliError> {
        for broken in &done.violations {
            print(&format!("BROKEN {}: {}", broken.promise, broken.what))?;
        }
        let deceive = if self.deceive { " --deceive" } else { "" };
        print(&format!(
            "first failing seed {seed}. Replay it: drd gameday soak --base {seed} --seeds 1{deceive}"
        ))?;
        done.timeline.iter().for_each(timeline::show);
        Ok(Exit::Missed)
    }
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
