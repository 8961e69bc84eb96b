//! What drd does at this moment, and what it waits for: a suspicion's countdown, the steps of a recovery, the
//! reason of a hold, and which fault domains see the side that serves.
//!
//! Deliberately absent: texts (`text`, `screens`), and what the machine would do next.

use drd_state_machine::assessment::ENDPOINT;
use drd_state_machine::event::{Vantage, Verdict};
use drd_state_machine::record::Facts;
use drd_state_machine::state::{Progress, State, Step, Stopped};
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Assessment, Record, Setup, countdown, exits, progress};
use serde::{Deserialize, Serialize};

/// Something that drd acts on is seen, and has not lasted long enough.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuspicionStatus {
    /// Fault domains that report the side that serves down.
    pub domains_down: u8,
    /// Those that are needed.
    pub domains_needed: u8,
    /// For how long, as far as it counts.
    pub lasted_seconds: f64,
    /// In how long drd acts, unless a sensor sees it well or a gate is closed; `None` where what is seen leads to
    /// no act.
    pub acts_in_seconds: Option<f64>,
}

/// Why a run is held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldStatus {
    /// `blocked`, `refused`, `denied` or `out_of_time`.
    pub code: String,
    /// The reason, with its figures.
    pub reason: String,
    /// What is done and what is not.
    pub progress: String,
    /// When drd asks again by itself; `None` while an attempt is under way, or where it observes.
    pub asks_again_seconds: Option<f64>,
    /// The ways out.
    pub exits: String,
}

/// One step of a recovery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepStatus {
    /// `database`, `write`, `capacity` or `latch`.
    pub name: String,
    /// Whether it was seen to be so.
    pub done: bool,
    /// Attempts so far; 0 while it waits for another step.
    pub attempts: u32,
    /// How long ago the newest one was sent.
    pub asked_seconds: Option<f64>,
    /// Whether AWS accepted it.
    pub accepted: bool,
    /// In how long it is asked for again.
    pub asks_again_seconds: Option<f64>,
}

/// One fault domain that can see the endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EyeStatus {
    /// Where it looks from.
    pub vantage: Vantage,
    /// What must break for it to report wrongly.
    pub domain: String,
    /// Whether a report of it is fresh.
    pub live: bool,
    /// What counts of it about the side that serves.
    pub verdict: Verdict,
    /// The age of its newest report.
    pub age_seconds: Option<f64>,
}

fn seconds(span: Span) -> f64 {
    span.as_secs_f64()
}

/// The suspicion, if there is one.
pub(super) fn suspicion(
    record: &Record,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> Option<SuspicionStatus> {
    if !matches!(record.state, State::Suspecting) {
        return None;
    }
    let counted = countdown(record, setup, now, seen);
    let lasted = counted
        .map(|(held, _)| held)
        .or(record.facts.evidence.quorum_for(now));
    Some(SuspicionStatus {
        domains_down: seen.down,
        domains_needed: setup.policy.quorum,
        lasted_seconds: seconds(lasted.unwrap_or(Span::ZERO)),
        acts_in_seconds: counted.map(|(held, wait)| seconds(wait - held).max(0.0)),
    })
}

/// The hold, if there is one.
pub(super) fn held(state: &State, facts: &Facts, now: Time) -> Option<HeldStatus> {
    let State::Held { hold, stage } = state else {
        return None;
    };
    let retry = match stage {
        Stopped::Promoting(p) => p.database.retry_at.filter(|_| !p.database.is_done()),
        Stopped::Redirecting { latch } => latch.retry_at,
        Stopped::Before | Stopped::Verifying => None,
    };
    Some(HeldStatus {
        code: hold.code().to_owned(),
        reason: hold.reason(),
        progress: progress(facts, stage),
        asks_again_seconds: retry.map(|at| seconds(at - now).max(0.0)),
        exits: exits(facts, stage),
    })
}

/// The steps of the stage that runs or is held.
pub(super) fn steps(state: &State, now: Time) -> Vec<StepStatus> {
    match (state.progress(), state.latch()) {
        (Some(p), _) => advancing(p, now),
        (None, Some(latch)) => vec![step("latch", latch, now)],
        (None, None) => Vec::new(),
    }
}

fn advancing(p: &Progress, now: Time) -> Vec<StepStatus> {
    vec![
        step("database", &p.database, now),
        step("write", &p.writable, now),
        step("capacity", &p.capacity, now),
    ]
}

fn step(name: &str, step: &Step, now: Time) -> StepStatus {
    let asked = step.attempt > 0;
    StepStatus {
        name: name.to_owned(),
        done: step.is_done(),
        attempts: step.attempt,
        asked_seconds: asked.then(|| seconds(now - step.asked_at)),
        accepted: step.accepted,
        asks_again_seconds: step.retry_at.map(|at| seconds(at - now).max(0.0)),
    }
}

/// The fault domains that see the endpoint of the side that serves.
pub(super) fn eyes(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Vec<EyeStatus> {
    let live = seen.live.into_iter().zip(seen.votes);
    ENDPOINT
        .into_iter()
        .zip(live)
        .map(|(vantage, (live, verdict))| EyeStatus {
            vantage,
            domain: vantage.domain().name().to_owned(),
            live,
            verdict,
            age_seconds: newest(facts, vantage).map(|at| seconds(now - at)),
        })
        .filter(|eye| setup.sensors.iter().any(|s| s.vantage == eye.vantage))
        .collect()
}

fn newest(facts: &Facts, vantage: Vantage) -> Option<Time> {
    let readings = facts.evidence.readings.iter();
    let of = readings.filter(|r| r.vantage == vantage && r.side == facts.active);
    of.map(|r| r.observed_at)
        .max()
        .filter(|at| *at > Time::default())
}
