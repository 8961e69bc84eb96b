//! Runs rehearsals for a command: at a chosen pace, or as fast as possible.
//!
//! Deliberately absent: what happens in one (`lab`) and what is made of it (`report`).

use crate::intake::Known;
use crate::lab::crash::{Crashed, crash_all};
use crate::lab::rehearsal::rehearse;
use crate::lab::scenario::Scenario;
use crate::lab::simulation::{Bench, Moment, Rehearsed};
use crate::lab::soak::{Draw, SoakPlan, Soaked, soak_until};
use crate::lab::{estate, setup};
use crate::metrics::{Metrics, MetricsError};
use crate::report::Report;
use drd_state_machine::event::{Side, Vantage};
use drd_state_machine::time::Span;
use indicatif::{ProgressBar, ProgressStyle};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How fast virtual time runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As fast as it goes.
    Max,
    /// This many times real time.
    Times(f64),
}

impl FromStr for Speed {
    type Err = String;
    fn from_str(text: &str) -> Result<Speed, String> {
        if text == "max" {
            return Ok(Speed::Max);
        }
        text.strip_suffix('x')
            .and_then(|n| n.parse::<f64>().ok())
            .filter(|n| n.is_finite() && *n > 0.0)
            .map(Speed::Times)
            .ok_or_else(|| format!("{text:?} is no speed: use max, 20x or 1x"))
    }
}

/// What the lab's intake accepts: the default estate with the suffix `lab`.
fn known() -> Known {
    let max_age = setup().policy.event_max_age;
    let mut known = Known::new(estate::ACCOUNT, max_age)
        .region(estate::region(Side::Primary))
        .region(estate::region(Side::Standby))
        .region("us-east-1")
        .witness_region(estate::WITNESS_REGION);
    for side in Side::BOTH {
        known = known.witness(side, estate::sensor_name(Vantage::Witness, side));
        for vantage in [Vantage::Route53, Vantage::Inside] {
            let arn = estate::alarm_arn(vantage, side);
            known = known.alarm(&arn, estate::sensor_name(vantage, side));
        }
    }
    known
}

/// Everything that rehearsals share.
///
/// # Errors
/// When a metric cannot be registered, which would be a defect.
pub fn bench() -> Result<Bench, MetricsError> {
    let setup = setup();
    let metrics = Arc::new(Metrics::for_lab(&setup)?);
    Ok(Bench {
        setup: Arc::new(setup),
        known: Arc::new(known()),
        metrics,
    })
}

/// Rehearses one scenario; `watcher` gets each line of the timeline as it happens.
///
/// # Errors
/// As [`bench()`].
pub fn run(
    scenario: &Scenario,
    seed: u64,
    speed: Speed,
    watcher: &mut dyn FnMut(&Moment),
) -> Result<(Report, Rehearsed), MetricsError> {
    let bench = bench()?;
    let mut shown = Span::ZERO;
    let done = rehearse(scenario, seed, &bench, &mut |moment| {
        if let Speed::Times(factor) = speed {
            let ahead = (moment.t - shown).as_secs_f64().max(0.0) / factor;
            #[expect(clippy::disallowed_methods, reason = "the pace that was asked for")]
            std::thread::sleep(Duration::from_secs_f64(ahead));
            shown = moment.t;
        }
        watcher(moment);
    });
    Ok((Report::new(scenario, seed, &done), done))
}

/// Rehearses one more time what is only to be looked at.
///
/// # Errors
/// As [`bench()`].
pub fn again(
    scenario: &Scenario,
    seed: u64,
    watcher: &mut dyn FnMut(&Moment),
) -> Result<(), MetricsError> {
    rehearse(scenario, seed, &bench()?, watcher);
    Ok(())
}

fn bar(rehearsals: u64) -> ProgressBar {
    // Hidden by itself where stderr is no terminal.
    let bar = ProgressBar::new(rehearsals);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {pos}/{len} rehearsals, {per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    bar
}

/// Soaks on `jobs` threads with a bar on a terminal, until `stop` is raised; gives the rehearsals
/// a second beside it.
///
/// # Errors
/// As [`bench()`].
pub fn soak_all(
    plan: SoakPlan,
    stop: &AtomicBool,
    draw: Draw<'_>,
) -> Result<(Soaked, f64), MetricsError> {
    let bench = bench()?;
    let bar = bar(plan.seeds);
    let progress = |done| bar.set_position(done);
    let soaked = soak_until(plan, &bench, &progress, stop, draw);
    // 1 ms keeps the rate finite of a soak that was interrupted at once.
    let took = bar.elapsed().as_secs_f64().max(0.001);
    bar.finish_and_clear();
    let rate = soaked.seeds as f64 / took;
    Ok((soaked, rate))
}

/// Kills the daemon of every scenario at every `stride`th line from the `from`th on.
///
/// # Errors
/// As [`bench()`].
pub fn crash_everywhere(
    scenarios: &[Scenario],
    seed: u64,
    (from, stride): (usize, usize),
    jobs: usize,
) -> Result<Vec<Crashed>, MetricsError> {
    let bench = bench()?;
    let bar = bar(0);
    let progress = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let crashed = crash_all(scenarios, seed, (from, stride), jobs, &bench, &progress);
    bar.finish_and_clear();
    Ok(crashed)
}
