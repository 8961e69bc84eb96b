//! One fault of any kind: outages, nuisances, what deceives drd, and what people and AWS do behind its back.
//!
//! Deliberately absent: the story that it disturbs (`mix`), what it needs (`parameters`).

use super::parameters::parameters;
use crate::lab::rng::Chance;
use crate::lab::scenario::{At, Fault, FaultKind};
use drd_state_machine::event::{Verdict, Word};
use drd_state_machine::phase::Phase;
use drd_state_machine::time::Span;

/// What strikes a ledger file.
const FILE: [FaultKind; 2] = [FaultKind::FsyncHangs, FaultKind::LedgerReplaced];
/// How many of them are there when drd starts, which then has never seen it otherwise.
const FROM_THE_START: f64 = 0.1;
/// How many of them begin as drd enters a state: else the short states would hardly be struck.
const AT_A_STATE: f64 = 0.4;
const WRONG_QUORUMS: [[&str; 2]; 3] = [
    ["witness-primary", "probe-primary"],
    ["witness-primary", "route53-primary"],
    ["route53-primary", "probe-primary"],
];

/// One fault of any kind. `pair`: two daemons share a table, so that no file can be struck, and no third
/// one comes. Where one is alone these are drawn twice as often.
pub(super) fn any(chance: &mut Chance, pair: bool) -> Fault {
    let file = |kind: &FaultKind| FILE.contains(kind);
    let strikes = |kind: &FaultKind| !pair || !(file(kind) || *kind == FaultKind::SecondDaemon);
    let mut kinds: Vec<FaultKind> = FaultKind::ALL.into_iter().filter(strikes).collect();
    if !pair {
        kinds.extend(FILE);
    }
    let kind = chance.pick(&kinds).copied();
    let mut fault = one(kind.unwrap_or(FaultKind::RegionDark), chance);
    // The other one takes over, and goes through every state meanwhile.
    if pair && fault.kind == FaultKind::DaemonFreeze && chance.happens(0.5) {
        fault.lasts = Some(chance.span(Span::secs(60), Span::secs(600)));
    }
    fault
}

/// One fault of this kind, at some time.
pub(super) fn one(kind: FaultKind, chance: &mut Chance) -> Fault {
    let mut fault = Fault::new(kind, chance.span(Span::ZERO, Span::secs(1190)));
    fault.lasts = Some(chance.span(Span::secs(5), Span::secs(600)));
    parameters(&mut fault, chance);
    if kind == FaultKind::HostClock || chance.happens(FROM_THE_START) {
        fault.at = At::Time(Span::ZERO);
    } else if chance.happens(AT_A_STATE) {
        fault.at = chance
            .pick(&Phase::ALL)
            .map_or(fault.at, |phase| At::Step(*phase));
    }
    fault
}

/// As many sensors of different fault domains as make a quorum, which report down together whatever is true.
pub(super) fn wrong_quorum(chance: &mut Chance) -> [Fault; 2] {
    let at = chance.span(Span::ZERO, Span::secs(900));
    let lasts = chance.span(Span::secs(30), Span::secs(400));
    let pair = chance
        .pick(&WRONG_QUORUMS)
        .copied()
        .unwrap_or(WRONG_QUORUMS[0]);
    pair.map(|sensor| {
        let mut fault = Fault::new(FaultKind::SensorWrong, at);
        (fault.sensor, fault.verdict) = (Some(sensor.to_owned()), Some(Verdict::Unhealthy));
        fault.lasts = Some(lasts);
        fault
    })
}

/// An operator's word at this time.
pub(super) fn ordered(word: Word, at: Span) -> Fault {
    let mut fault = Fault::new(FaultKind::Operator, at);
    fault.word = Some(word);
    fault
}
