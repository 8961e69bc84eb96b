//! The daemon dies at every line that it writes, once a rehearsal: before the line is durable,
//! after it, and after its commands left. One of two is also frozen there, for longer than its
//! lease lasts.
//!
//! Deliberately absent: crashes between lines. What is not durable is not known to the next
//! daemon, so between two lines nothing differs.

use super::coverage::Milestone;
use super::crash_point::{DeathPhase, Point};
use super::rehearsal::{rehearse, rehearse_to};
use super::scenario::{FaultKind, Scenario};
use super::simulation::{Bench, Moment, Rehearsed};
use drd_state_machine::phase::Phase;
use drd_state_machine::time::Span;
use serde::Serialize;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much longer a rehearsal may go on to come to an end: one objective.
const LONGER: Span = Span::secs(300);
/// The states in which nothing is half done.
const DECLARED: [Phase; 3] = [Phase::Watching, Phase::Exposed, Phase::Held];

/// A scenario and a point of it, as `SCENARIO:LINE:PHASE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// A built-in name, or a file.
    pub scenario: String,
    /// The point.
    pub point: Point,
}

impl FromStr for Spot {
    type Err = String;
    fn from_str(text: &str) -> Result<Spot, String> {
        let wrong = || {
            format!(
                "{text:?} is not SCENARIO:LINE:PHASE, with a phase of before, after, sent or frozen"
            )
        };
        let (rest, phase) = text.rsplit_once(':').ok_or_else(wrong)?;
        let (scenario, line) = rest.rsplit_once(':').ok_or_else(wrong)?;
        let append = line.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
        let known = DeathPhase::ALL.into_iter().find(|p| p.name() == phase);
        Ok(Spot {
            scenario: scenario.to_owned(),
            point: Point {
                append,
                phase: known.ok_or_else(wrong)?,
            },
        })
    }
}

/// How a scenario came through.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Crashed {
    /// Its name.
    pub scenario: String,
    /// Lines at which a daemon died.
    pub points: usize,
    /// Rehearsals.
    pub rehearsals: usize,
    /// Those in which no role changed because drd was held, with people paged.
    pub held: usize,
    /// The first point that came out wrong, and how.
    pub failed: Option<Failed>,
}

/// A point that came out wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Failed {
    /// Where.
    pub point: Point,
    /// What was wrong.
    pub wrong: Vec<String>,
}

/// A scenario as it goes without a crash.
struct Baseline<'s> {
    scenario: &'s Scenario,
    longer: Scenario,
    done: Rehearsed,
    longer_done: Rehearsed,
}

impl<'s> Baseline<'s> {
    fn new(scenario: &'s Scenario, seed: u64, bench: &Bench) -> Baseline<'s> {
        let mut longer = scenario.clone();
        longer.duration = longer.duration + LONGER;
        Baseline {
            scenario,
            done: rehearse(scenario, seed, bench, &mut |_| {}),
            longer_done: rehearse(&longer, seed, bench, &mut |_| {}),
            longer,
        }
    }

    /// What is wrong with a crash at this point; nothing when all is well. `true` beside it when
    /// drd was held instead. A crash near the end is given more time before it is called wrong.
    fn crash(&self, seed: u64, point: Point, bench: &Bench) -> (Vec<String>, bool) {
        let crashed = |scenario| rehearse_to(scenario, seed, bench, Some(point), &mut |_| {});
        let done = crashed(self.scenario);
        let (wrong, held) = self.wrong(&self.done, &done);
        if wrong.is_empty() || !done.violations.is_empty() {
            return (wrong, held);
        }
        self.wrong(&self.longer_done, &crashed(&self.longer))
    }

    fn wrong(&self, baseline: &Rehearsed, done: &Rehearsed) -> (Vec<String>, bool) {
        let mut wrong: Vec<String> = done
            .violations
            .iter()
            .map(|v| format!("{}: {}", v.promise, v.what))
            .collect();
        if !DECLARED.contains(&done.ended_in) && done.ended_in != baseline.ended_in {
            wrong.push(format!("it ended in {}", done.ended_in));
        }
        let (without, with) = (roles(baseline), roles(done));
        let held = without != with && !done.pages.is_empty() && self.may_differ(done);
        if without != with && !held {
            wrong.push(format!(
                "role changes {with:?}, without the crash {without:?}"
            ));
        }
        (wrong, held)
    }

    /// Held, or an order refused because old requests may land. And a daemon that starts with a
    /// clock an hour ahead trusts no message until its first heartbeat came back: it reports that
    /// protection is reduced.
    fn may_differ(&self, done: &Rehearsed) -> bool {
        let jumps = self
            .scenario
            .faults
            .iter()
            .any(|f| f.kind == FaultKind::ClockJump);
        done.ever_held || done.reached.has(Milestone::WayBackRefused) || jumps
    }
}

fn roles(done: &Rehearsed) -> Vec<String> {
    let kind = |lossy: bool| if lossy { "failover" } else { "switchover" };
    done.role_changes
        .iter()
        .map(|(_, to, lossy)| format!("{} to {to}", kind(*lossy)))
        .collect()
}

/// One crash, reported as it happens. Gives what was wrong.
pub fn crash_at(
    scenario: &Scenario,
    seed: u64,
    point: Point,
    bench: &Bench,
    watcher: &mut dyn FnMut(&Moment),
) -> Vec<String> {
    let baseline = Baseline::new(scenario, seed, bench);
    let _ = rehearse_to(&baseline.longer, seed, bench, Some(point), watcher);
    baseline.crash(seed, point, bench).0
}

/// Kills the daemon of every scenario at every `stride`th line from the `from`th on, in every phase, on
/// `jobs` threads.
/// `progress` receives how many rehearsals of how many are done.
pub fn crash_all(
    scenarios: &[Scenario],
    seed: u64,
    (from, stride): (usize, usize),
    jobs: usize,
    bench: &Bench,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Crashed> {
    let baselines: Vec<Baseline<'_>> = scenarios
        .iter()
        .map(|scenario| Baseline::new(scenario, seed, bench))
        .collect();
    let spots = spots(&baselines, from, stride);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mine = nothing(scenarios);
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some((place, point)) = spots.get(n).copied() else {
                return mine;
            };
            mine[place].add(point, baselines[place].crash(seed, point, bench));
            if n.is_multiple_of(200) {
                progress(n, spots.len());
            }
        }
    };
    let parts: Vec<Vec<Crashed>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().filter_map(|worker| worker.join().ok());
        done.collect()
    });
    let mut all = nothing(scenarios);
    for (sum, part) in parts
        .into_iter()
        .flat_map(|part| part.into_iter().enumerate())
    {
        all[sum].join(part);
    }
    for (sum, baseline) in all.iter_mut().zip(&baselines) {
        sum.points = baseline.done.entries.len().div_ceil(stride.max(1));
    }
    all
}

/// Every point of every scenario: the scenario's place in the list, and the point.
fn spots(baselines: &[Baseline<'_>], from: usize, stride: usize) -> Vec<(usize, Point)> {
    let of = |(place, baseline): (usize, &Baseline<'_>)| {
        let phases = DeathPhase::ALL.map(|p| p.happens_in(baseline.scenario).then_some(p));
        let lines = (from.max(1)..=baseline.done.entries.len()).step_by(stride.max(1));
        lines
            .flat_map(|append| {
                let point = move |phase| (place, Point { append, phase });
                phases.into_iter().flatten().map(point)
            })
            .collect::<Vec<_>>()
    };
    baselines.iter().enumerate().flat_map(of).collect()
}

fn nothing(scenarios: &[Scenario]) -> Vec<Crashed> {
    scenarios
        .iter()
        .map(|scenario| Crashed {
            scenario: scenario.name.clone(),
            ..Crashed::default()
        })
        .collect()
}

impl Crashed {
    fn add(&mut self, point: Point, (wrong, held): (Vec<String>, bool)) {
        self.rehearsals += 1;
        self.held += usize::from(held);
        let earlier = self
            .failed
            .as_ref()
            .is_some_and(|f| f.point.append <= point.append);
        if !wrong.is_empty() && !earlier {
            self.failed = Some(Failed { point, wrong });
        }
    }

    fn join(&mut self, part: Crashed) {
        self.rehearsals += part.rehearsals;
        self.held += part.held;
        let earlier = |f: &Failed, g: &Failed| f.point.append <= g.point.append;
        self.failed = match (self.failed.take(), part.failed) {
            (Some(a), Some(b)) => Some(if earlier(&a, &b) { a } else { b }),
            (a, b) => a.or(b),
        };
    }
}
