//! What goes wrong in the scenario of a seed: something that needs an answer, a second daemon in
//! half of them, and up to five nuisances; or the story of a way back. In most of them one fault of any
//! kind beside it, from a stream of its own.
//!
//! Deliberately absent: running it.

use super::any_fault::{self, ordered};
use super::parameters::parameters;
use super::twice::twice;
use crate::lab::rng::Chance;
use crate::lab::scenario::{At, Expect, Fault, FaultKind, Outcome, Scenario, StruckDaemon};
use drd_state_machine::event::{LagSource, Side, Word};
use drd_state_machine::phase::Phase;
use drd_state_machine::time::Span;

/// How many seeds have one fault of any kind besides: of 100,000 each kind is then drawn well over 1,000
/// times, of which those that strike a file need a daemon that is alone.
const BESIDES: f64 = 0.8;

/// How many seeds have as many wrong fault domains at once as the quorum wants: 20,000 of a million.
const WRONG_QUORUM: f64 = 0.02;

/// How many seeds have a role change that operators order, and something after it.
const TWICE: f64 = 0.12;

/// How many seeds with two daemons have operators who order something while the ledger's table is slow: what
/// was decided before their word and what follows from it then become durable close together.
const HURRIED: f64 = 0.1;

/// The scenario of a seed: the same seed, the same story.
pub fn scenario(seed: u64) -> Scenario {
    let mut drawn = story(seed);
    let mut chance = Chance::new(seed, 7);
    if chance.happens(BESIDES) {
        let fault = any_fault::any(&mut chance, drawn.is_shared());
        drawn.faults.push(fault);
    }
    if chance.happens(WRONG_QUORUM) {
        drawn.faults.extend(any_fault::wrong_quorum(&mut chance));
    }
    let mut chance = Chance::new(seed, 11);
    if chance.happens(TWICE) {
        drawn
            .faults
            .retain(|fault| fault.kind == FaultKind::SecondDaemon);
        let pair = drawn.is_shared();
        drawn.faults.extend(twice(&mut chance, pair));
    }
    let mut chance = Chance::new(seed, 10);
    if drawn.is_shared() && chance.happens(HURRIED) {
        drawn.faults.extend(hurried(&mut chance));
    }
    let mut chance = Chance::new(seed, 13);
    for fault in &mut drawn.faults {
        aim(fault, &mut chance);
    }
    drawn
}

/// Aims a fault of lag samples at one source of them, as often as at all.
fn aim(fault: &mut Fault, chance: &mut Chance) {
    if !fault.kind.keys().contains(&"source") || chance.happens(0.5) {
        return;
    }
    fault.source = chance.pick(&LagSource::ALL).copied();
    if fault.kind == FaultKind::LagWrong {
        // The other sources show what is missing, however much.
        fault.rows = Some(chance.number(0, 200));
    }
}

/// One fault of this kind and nothing else, drawn by the seed.
pub fn only(kind: FaultKind, seed: u64) -> Scenario {
    let mut chance = Chance::new(seed, 9);
    of_faults(seed, vec![any_fault::one(kind, &mut chance)])
}

fn of_faults(seed: u64, faults: Vec<Fault>) -> Scenario {
    Scenario {
        name: format!("soak-{seed}"),
        about: "a random mix of faults".to_owned(),
        duration: Span::secs(1200),
        expect: Expect::outcome(Outcome::NoAction),
        faults,
        file: None,
    }
}

/// The story that is disturbed.
fn story(seed: u64) -> Scenario {
    let mut chance = Chance::new(seed, 4);
    let mut faults = Vec::new();
    if chance.happens(0.5) {
        faults.push(second(&mut chance));
    }
    let pair = !faults.is_empty();
    let back = chance.happens(0.15);
    if back {
        faults.extend(way_back(&mut chance));
    } else {
        faults.extend(disaster(&mut chance));
    }
    for _ in 0..chance.number(0, if back { 2 } else { 4 }) {
        faults.extend(nuisance(&mut chance, pair));
    }
    if pair && chance.happens(0.5) {
        faults.extend(store_trouble(&mut chance));
    }
    of_faults(seed, faults)
}

/// This scenario with one nuisance of the seed, from a stream of its own.
pub fn with_nuisance(scenario: &Scenario, seed: u64) -> Scenario {
    let mut drawn = scenario.clone();
    let mut chance = Chance::new(seed, 8);
    drawn
        .faults
        .extend(nuisance(&mut chance, scenario.is_shared()));
    drawn
}

/// Mostly there from the start; one in four leaves by SIGTERM.
fn second(chance: &mut Chance) -> Fault {
    let mut fault = Fault::new(
        FaultKind::SecondDaemon,
        chance.span(Span::ZERO, Span::secs(60)),
    );
    if chance.happens(0.25) {
        fault.lasts = Some(chance.span(Span::secs(60), Span::secs(600)));
    }
    fault
}

/// Mostly something that needs an answer; sometimes nothing at all.
fn disaster(chance: &mut Chance) -> Option<Fault> {
    let kinds = [
        FaultKind::RegionDark,
        FaultKind::RegionDark,
        FaultKind::RegionDark,
        FaultKind::DatabaseDown,
        FaultKind::DatabaseHung,
        FaultKind::ApplicationDown,
        FaultKind::EdgeDown,
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

/// A role change with a mishap in it, and operators who want the way back soon after.
fn way_back(chance: &mut Chance) -> Vec<Fault> {
    let mut faults = Vec::new();
    if chance.happens(0.5) {
        let mut outage = Fault::new(
            FaultKind::RegionDark,
            chance.span(Span::secs(20), Span::secs(60)),
        );
        outage.lasts = Some(chance.span(Span::secs(120), Span::secs(360)));
        faults.push(outage);
    } else {
        let word = *chance
            .pick(&[Word::Failover, Word::Switchover])
            .unwrap_or(&Word::Switchover);
        let at = chance.span(Span::secs(20), Span::secs(60));
        faults.push(ordered(word, at));
    }
    faults.push(mishap(chance));
    if chance.happens(0.4) {
        // The side that serves now fails as well.
        let mut second = Fault::new(
            FaultKind::DatabaseDown,
            chance.span(Span::secs(600), Span::secs(1000)),
        );
        second.side = Some(Side::Standby);
        faults.push(second);
        return faults;
    }
    for _ in 0..chance.number(1, 3) {
        let word = *chance
            .pick(&[Word::Failover, Word::Switchover])
            .unwrap_or(&Word::Failover);
        let at = chance.span(Span::secs(300), Span::secs(1190));
        faults.push(ordered(word, at));
    }
    faults
}

/// The ledger's table is slow from a state on in which drd is about to act, and operators order two things.
fn hurried(chance: &mut Chance) -> [Fault; 3] {
    let states = [
        Phase::Suspecting,
        Phase::Held,
        Phase::Fencing,
        Phase::Verifying,
    ];
    let at = At::Step(chance.pick(&states).copied().unwrap_or(Phase::Suspecting));
    let mut slow = Fault::new(FaultKind::ApiLatency, Span::ZERO);
    slow.at = at.clone();
    slow.lasts = Some(chance.span(Span::secs(30), Span::secs(300)));
    slow.service = Some("dynamodb".to_owned());
    // An append is given up after 2 s.
    slow.latency = Some(chance.span(Span::millis(300), Span::millis(1900)));
    let word = |chance: &mut Chance| {
        let words = [Word::Failover, Word::Switchover, Word::Abandon, Word::Pause];
        let word = chance.pick(&words).copied().unwrap_or(Word::Failover);
        let mut order = ordered(word, Span::ZERO);
        order.at = at.clone();
        order
    };
    [slow, word(chance), word(chance)]
}

/// Something that leaves a request of the role change without an answer.
fn mishap(chance: &mut Chance) -> Fault {
    let states = [Phase::Promoting, Phase::Switching, Phase::Redirecting];
    let at = chance.pick(&states).copied().unwrap_or(Phase::Promoting);
    let kinds = [
        FaultKind::DaemonCrash,
        FaultKind::DaemonFreeze,
        FaultKind::ReplyLost,
        FaultKind::ApiLatency,
    ];
    let kind = chance
        .pick(&kinds)
        .copied()
        .unwrap_or(FaultKind::DaemonCrash);
    let mut fault = Fault::new(kind, Span::ZERO);
    fault.lasts = Some(chance.span(Span::secs(20), Span::secs(60)));
    parameters(&mut fault, chance);
    if matches!(kind, FaultKind::DaemonCrash | FaultKind::DaemonFreeze) {
        fault.at = At::Step(at);
    } else {
        fault.at = At::Time(chance.span(Span::secs(20), Span::secs(240)));
    }
    fault
}

fn nuisance(chance: &mut Chance, pair: bool) -> Option<Fault> {
    use FaultKind::{
        AlarmFlap, ApiError, ApiLatency, ApiThrottle, CapacityShortage, ClockJump,
        ControlPlaneDown, DaemonCrash, DaemonFreeze, DnsStale, EventsDelayed, EventsDuplicated,
        EventsLost, EventsReordered, LedgerDown, ObserverIsolated, Operator, PoisonMessage,
        PromotionFails, PromotionSlow, ReplicationLag, ReplicationStall, ReplyLost,
        SingleSensorFalse, VersionMismatch,
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
        DaemonCrash,
        DaemonFreeze,
        DaemonFreeze,
        DnsStale,
        EventsDelayed,
        EventsDuplicated,
        EventsDuplicated,
        EventsLost,
        EventsReordered,
        LedgerDown,
        ObserverIsolated,
        ObserverIsolated,
        Operator,
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
    if pair
        && matches!(
            kind,
            ClockJump | DaemonCrash | DaemonFreeze | ObserverIsolated
        )
    {
        let whom = [
            None,
            Some(StruckDaemon::Leader),
            Some(StruckDaemon::Follower),
            Some(StruckDaemon::First),
            Some(StruckDaemon::Second),
        ];
        fault.daemon = chance.pick(&whom).copied().flatten();
    }
    Some(fault)
}

/// The way to the ledger's table, or the table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most kinds need nothing here"
)]
fn store_trouble(chance: &mut Chance) -> Option<Fault> {
    let kinds = [
        FaultKind::ApiLatency,
        FaultKind::ApiThrottle,
        FaultKind::ApiError,
        FaultKind::ReplyLost,
        FaultKind::ControlPlaneDown,
        FaultKind::LedgerDown,
    ];
    let kind = *chance.pick(&kinds)?;
    let mut fault = Fault::new(kind, chance.span(Span::ZERO, Span::secs(600)));
    fault.lasts = Some(chance.span(Span::secs(2), Span::secs(90)));
    match kind {
        FaultKind::ReplyLost => {
            let operations = ["PutItem", "PutItem", "TransactWriteItems"];
            fault.operation = chance.pick(&operations).map(|o| (*o).to_owned());
            fault.lasts = Some(chance.span(Span::secs(2), Span::secs(30)));
        }
        FaultKind::ApiLatency => {
            fault.latency = Some(chance.span(Span::millis(100), Span::secs(60)));
            fault.service = Some("dynamodb".to_owned());
        }
        _ => {
            parameters(&mut fault, chance);
            fault.operation = None;
            fault.side = None;
            // That of a ledger that is down is known.
            let api = kind != FaultKind::LedgerDown;
            fault.service = api.then(|| "dynamodb".to_owned());
        }
    }
    Some(fault)
}
