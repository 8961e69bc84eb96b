//! Random fault mixes from seeds, each judged on every step.
//!
//! Deliberately absent: expectations. A soak knows no right outcome, only broken promises.

use super::chance::Chance;
use super::rehearsal::{Bench, Rehearsed, rehearse};
use super::scenario::{At, Expect, Fault, Kind, Outcome, Scenario};
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a soak found.
#[derive(Debug)]
pub struct Soaked {
    /// Seeds rehearsed.
    pub seeds: u64,
    /// How they came out.
    pub outcomes: [u64; 5],
    /// Checks made.
    pub checks: u64,
    /// The lowest seed with a broken promise, and what broke.
    pub first_violation: Option<(u64, Rehearsed)>,
}

/// The scenario of a seed: the same seed, the same story.
pub fn scenario(seed: u64) -> Scenario {
    let mut chance = Chance::new(seed, 4);
    let mut faults = Vec::new();
    faults.extend(disaster(&mut chance));
    for _ in 0..chance.number(0, 4) {
        faults.extend(nuisance(&mut chance));
    }
    Scenario {
        name: format!("soak-{seed}"),
        about: "a random mix of faults".to_owned(),
        duration: Span::secs(1200),
        expect: Expect {
            outcome: Outcome::NoAction,
            rto: None,
            rpo: None,
        },
        faults,
    }
}

/// Mostly something that needs an answer; sometimes nothing at all.
fn disaster(chance: &mut Chance) -> Option<Fault> {
    let kinds = [
        Kind::RegionDark,
        Kind::RegionDark,
        Kind::RegionDark,
        Kind::DatabaseDown,
        Kind::DatabaseHung,
        Kind::ApplicationDown,
        Kind::EdgeDown,
    ];
    if chance.happens(0.2) {
        return None;
    }
    let kind = *chance.pick(&kinds)?;
    let mut fault = Fault::new(kind, chance.span(Span::secs(30), Span::secs(420)));
    if chance.happens(0.4) {
        fault.lasts = Some(chance.span(Span::secs(10), Span::secs(600)));
    }
    Some(fault)
}

fn nuisance(chance: &mut Chance) -> Option<Fault> {
    use Kind::{
        AlarmFlap, ApiError, ApiLatency, ApiThrottle, CapacityShortage, ClockJump,
        ControlPlaneDown, DaemonCrash, DaemonFreeze, EventsDelayed, EventsDuplicated, EventsLost,
        EventsReordered, ObserverIsolated, PoisonMessage, PromotionFails, PromotionSlow,
        ReplicationLag, ReplicationStall, ReplyLost, SingleSensorFalse, VersionMismatch,
    };
    let kinds = [
        AlarmFlap,
        ApiError,
        ApiLatency,
        ApiThrottle,
        CapacityShortage,
        ClockJump,
        ControlPlaneDown,
        DaemonCrash,
        DaemonCrash,
        DaemonFreeze,
        EventsDelayed,
        EventsDuplicated,
        EventsDuplicated,
        EventsLost,
        EventsReordered,
        ObserverIsolated,
        PoisonMessage,
        PromotionFails,
        PromotionSlow,
        ReplicationLag,
        ReplicationStall,
        ReplyLost,
        SingleSensorFalse,
        VersionMismatch,
    ];
    let kind = *chance.pick(&kinds)?;
    let mut fault = Fault::new(kind, chance.span(Span::ZERO, Span::secs(600)));
    fault.lasts = Some(chance.span(Span::secs(5), Span::secs(600)));
    parameters(&mut fault, chance);
    Some(fault)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most kinds need nothing here"
)]
fn parameters(fault: &mut Fault, chance: &mut Chance) {
    let states = [
        "suspecting",
        "fencing",
        "promoting",
        "redirecting",
        "verifying",
        "held",
    ];
    let operations = [
        "FailoverGlobalCluster",
        "UpdateAutoScalingGroup",
        "PutObject",
    ];
    match fault.kind {
        Kind::DaemonCrash => {
            if chance.happens(0.6)
                && let Some(state) = chance.pick(&states)
            {
                fault.at = At::Step((*state).to_owned());
            }
            fault.restart_after = Some(chance.span(Span::secs(1), Span::secs(60)));
        }
        Kind::DaemonFreeze => fault.lasts = Some(chance.span(Span::secs(5), Span::secs(60))),
        Kind::ReplyLost => fault.operation = chance.pick(&operations).map(|o| (*o).to_owned()),
        Kind::ApiThrottle => fault.rate = Some(f64::from(chance.number(10, 90)) / 100.0),
        Kind::ApiError => {
            fault.operation = chance.pick(&operations).map(|o| (*o).to_owned());
            fault.times = Some(chance.number(1, 3));
        }
        Kind::ApiLatency => fault.latency = Some(chance.span(Span::secs(1), Span::secs(8))),
        Kind::CapacityShortage => fault.available = Some(chance.number(1, 6)),
        Kind::ClockJump => fault.by = Some(chance.span(Span::secs(-3600), Span::secs(3600))),
        Kind::ControlPlaneDown => {
            fault.side = chance.pick(&Side::BOTH).copied();
        }
        Kind::EventsDelayed => fault.delay = Some(chance.span(Span::secs(5), Span::secs(400))),
        Kind::EventsDuplicated => fault.copies = Some(chance.number(2, 5)),
        Kind::EventsLost => fault.rate = Some(f64::from(chance.number(10, 100)) / 100.0),
        Kind::PromotionSlow => fault.duration = Some(chance.span(Span::secs(120), Span::secs(400))),
        Kind::PromotionFails => fault.times = Some(chance.number(1, 2)),
        Kind::ReplicationLag => fault.lag = Some(chance.span(Span::secs(1), Span::secs(120))),
        Kind::SingleSensorFalse => {
            let sensors = [
                "witness-primary",
                "route53-primary",
                "probe-primary",
                "control-plane-primary",
                "inside-primary",
            ];
            fault.sensor = chance.pick(&sensors).map(|s| (*s).to_owned());
        }
        _ => {}
    }
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

/// Rehearses seeds `base..base + seeds` on `jobs` threads; stops soon after the first violation.
/// `progress` hears how many are done.
pub fn soak(
    base: u64,
    seeds: u64,
    jobs: usize,
    bench: &Bench,
    progress: &(dyn Fn(u64) + Sync),
) -> Soaked {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let parts: Vec<Soaked> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1))
            .map(|_| scope.spawn(|| work(base, seeds, &next, &stop, bench, progress)))
            .collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().ok())
            .collect()
    });
    parts.into_iter().fold(nothing(), add)
}

fn nothing() -> Soaked {
    Soaked {
        seeds: 0,
        outcomes: [0; 5],
        checks: 0,
        first_violation: None,
    }
}

fn add(mut all: Soaked, part: Soaked) -> Soaked {
    all.seeds += part.seeds;
    all.checks += part.checks;
    for (sum, n) in all.outcomes.iter_mut().zip(part.outcomes) {
        *sum += n;
    }
    all.first_violation = match (all.first_violation, part.first_violation) {
        (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
        (a, b) => a.or(b),
    };
    all
}

fn work(
    base: u64,
    seeds: u64,
    next: &AtomicU64,
    stop: &AtomicBool,
    bench: &Bench,
    progress: &(dyn Fn(u64) + Sync),
) -> Soaked {
    let mut mine = nothing();
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= seeds || stop.load(Ordering::Relaxed) {
            return mine;
        }
        let seed = base.wrapping_add(n);
        let rehearsed = rehearse(&scenario(seed), seed, bench, &mut |_| {});
        mine.seeds += 1;
        mine.checks += rehearsed.checks;
        mine.outcomes[place(rehearsed.outcome)] += 1;
        if !rehearsed.violations.is_empty() {
            stop.store(true, Ordering::Relaxed);
            mine.first_violation = Some((seed, rehearsed));
            return mine;
        }
        if n.is_multiple_of(500) {
            progress(n);
        }
    }
}
