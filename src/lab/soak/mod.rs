//! Random fault mixes from seeds, each judged on every step, and each ledger against what must hold in every one.
//!
//! `mix` draws them. Deliberately absent: expectations. A soak knows no right outcome, only
//! broken promises.

mod any_fault;
mod mix;
mod parameters;
mod twice;

pub use mix::{only, scenario, with_nuisance};

use super::coverage::{Coverage, Milestone};
use super::judge::Violation;
use super::rehearsal::rehearse;
use super::scenario::{Fault, FaultKind, Outcome, Scenario};
use super::simulation::{Bench, Rehearsed};
use crate::ledger::conform;
use drd_state_machine::time::Span;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The scenario of a seed.
pub type Draw<'a> = &'a (dyn Fn(u64) -> Scenario + Sync);

/// Which seeds, and how.
#[derive(Clone, Copy, Debug)]
pub struct SoakPlan {
    /// The first seed.
    pub base: u64,
    /// How many.
    pub seeds: u64,
    /// Threads.
    pub jobs: usize,
    /// Go on after a promise was broken.
    pub keep_going: bool,
}

/// What a soak found.
#[derive(Debug)]
pub struct Soaked {
    /// Seeds rehearsed.
    pub seeds: u64,
    /// How they came out.
    pub outcomes: [u64; 5],
    /// Checks made.
    pub checks: u64,
    /// How many rehearsals came through each of [`Milestone::ALL`].
    pub reached: [u64; Milestone::ALL.len()],
    /// Those in which a quorum of fault domains was wrong at once.
    pub quorum_wrong: u64,
    /// Those that promoted a database that lived with the loss of writes allowed: with a quorum that was
    /// wrong, and others.
    pub lossy_of_living: [u64; 2],
    /// Those in which a mutating call was sent.
    pub acted: u64,
    /// Which fault met which state.
    pub coverage: Coverage,
    /// From the first bad sample to the end of the recovery, of those that ended by themselves.
    pub recoveries: Vec<Span>,
    /// The longest time in which clients could not write, of each rehearsal.
    pub outages: Vec<Span>,
    /// The lowest seed with a broken promise, and what broke.
    pub first_violation: Option<(u64, Rehearsed)>,
    /// Every seed with a broken promise, and its first one.
    pub broken: Vec<(u64, Violation)>,
}

fn place(outcome: Outcome) -> usize {
    match outcome {
        Outcome::FailedOver => 0,
        Outcome::SwitchedOver => 1,
        Outcome::NoAction => 2,
        Outcome::Held => 3,
        Outcome::Unfinished => 4,
    }
}

/// Rehearses the seeds of the plan; without `keep_going` stops soon after the first violation.
/// `progress` gets how many are done.
pub fn soak(plan: SoakPlan, bench: &Bench, progress: &(dyn Fn(u64) + Sync)) -> Soaked {
    let stop = AtomicBool::new(false);
    soak_until(plan, bench, progress, &stop, &scenario)
}

/// As [`soak`], until `stop` is raised: each thread then ends after its rehearsal. `draw` gives the
/// scenario of a seed.
pub fn soak_until(
    plan: SoakPlan,
    bench: &Bench,
    progress: &(dyn Fn(u64) + Sync),
    stop: &AtomicBool,
    draw: Draw<'_>,
) -> Soaked {
    let next = AtomicU64::new(0);
    let parts: Vec<Soaked> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.jobs.max(1))
            .map(|_| scope.spawn(|| work(plan, &next, stop, bench, progress, draw)))
            .collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().ok())
            .collect()
    });
    parts.into_iter().fold(nothing(), add)
}

impl Soaked {
    fn count(&mut self, done: &Rehearsed) {
        self.outages.push(done.client_outage);
        self.coverage.add(&done.cells);
        self.quorum_wrong += u64::from(done.quorum_was_wrong);
        self.acted += u64::from(done.sent.iter().any(|kind| kind.mutates()));
        if done.lossy_of_living > 0 {
            self.lossy_of_living[usize::from(!done.quorum_was_wrong)] += 1;
        }
        for (n, milestone) in self.reached.iter_mut().zip(Milestone::ALL) {
            *n += u64::from(done.reached.has(milestone));
        }
        let moved = matches!(done.outcome, Outcome::FailedOver | Outcome::SwitchedOver);
        let incident = done
            .incident
            .as_ref()
            .filter(|i| moved && i.trigger == drd_state_machine::record::Trigger::Automatic);
        if let Some((incident, ended)) = incident.and_then(|i| Some((i, i.ended_at?))) {
            self.recoveries.push(ended - incident.first_bad_at);
        }
    }

    /// What no rehearsal came through: of that the soak proves nothing.
    pub fn never(&self) -> Vec<&'static str> {
        let pairs = Milestone::ALL.into_iter().zip(self.reached);
        pairs
            .filter(|(_, n)| *n == 0)
            .map(|(m, _)| m.name())
            .collect()
    }
}

/// What this share of all is no longer than.
pub fn percentile(all: &[Span], share: f64) -> Option<Span> {
    let mut all = all.to_vec();
    all.sort_unstable();
    let last = all.len().checked_sub(1)?;
    // A share of a few million is far from where f64 stops counting whole numbers.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within len"
    )]
    let place = (last as f64 * share.clamp(0.0, 1.0)).round() as usize;
    all.get(place).copied()
}

fn nothing() -> Soaked {
    Soaked {
        seeds: 0,
        outcomes: [0; 5],
        checks: 0,
        reached: [0; Milestone::ALL.len()],
        quorum_wrong: 0,
        lossy_of_living: [0; 2],
        acted: 0,
        coverage: Coverage::default(),
        recoveries: Vec::new(),
        outages: Vec::new(),
        first_violation: None,
        broken: Vec::new(),
    }
}

fn add(mut all: Soaked, part: Soaked) -> Soaked {
    all.seeds += part.seeds;
    all.checks += part.checks;
    for (sum, n) in all.outcomes.iter_mut().zip(part.outcomes) {
        *sum += n;
    }
    for (sum, n) in all.reached.iter_mut().zip(part.reached) {
        *sum += n;
    }
    all.quorum_wrong += part.quorum_wrong;
    all.acted += part.acted;
    for (sum, n) in all.lossy_of_living.iter_mut().zip(part.lossy_of_living) {
        *sum += n;
    }
    all.coverage = all.coverage.and(&part.coverage);
    all.recoveries.extend(part.recoveries);
    all.outages.extend(part.outages);
    all.broken.extend(part.broken);
    all.first_violation = match (all.first_violation, part.first_violation) {
        (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
        (a, b) => a.or(b),
    };
    all
}

/// Where the ledger does not conform. One that people replaced by an older one of itself starts again in
/// the middle, and is left out.
fn deviations(scenario: &Scenario, rehearsed: &Rehearsed) -> Vec<Violation> {
    let replaced = |fault: &Fault| fault.kind == FaultKind::LedgerReplaced;
    if scenario.faults.iter().any(replaced) {
        return Vec::new();
    }
    let found = conform(&rehearsed.entries).into_iter();
    found
        .map(|deviation| Violation {
            promise: "ledger",
            at: deviation.now,
            what: deviation.to_string(),
        })
        .collect()
}

fn work(
    plan: SoakPlan,
    next: &AtomicU64,
    stop: &AtomicBool,
    bench: &Bench,
    progress: &(dyn Fn(u64) + Sync),
    draw: Draw<'_>,
) -> Soaked {
    let mut mine = nothing();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= plan.seeds || stop.load(Ordering::Relaxed) {
            return mine;
        }
        let seed = plan.base.wrapping_add(n);
        let scenario = draw(seed);
        let mut rehearsed = rehearse(&scenario, seed, bench, &mut |_| {});
        rehearsed
            .violations
            .extend(deviations(&scenario, &rehearsed));
        mine.seeds += 1;
        mine.checks += rehearsed.checks;
        mine.outcomes[place(rehearsed.outcome)] += 1;
        mine.count(&rehearsed);
        if let Some(first) = rehearsed.violations.first() {
            mine.broken.push((seed, first.clone()));
            mine.first_violation.get_or_insert((seed, rehearsed));
            if !plan.keep_going {
                stop.store(true, Ordering::Relaxed);
                return mine;
            }
        }
        if n.is_multiple_of(500) {
            progress(n);
        }
    }
}
