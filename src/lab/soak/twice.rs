//! A role change that operators order, then a second order or an outage of the side that serves by then; and one
//! fault of any kind that begins in or after the first and goes on through the second. A cool-down keeps drd
//! itself from a second role change for half an hour.
//!
//! Deliberately absent: what else goes wrong (`mix`).

use super::any_fault::{self, ordered};
use crate::lab::rng::Chance;
use crate::lab::scenario::{At, Fault, FaultKind};
use drd_state_machine::event::{Side, Word};
use drd_state_machine::phase::Phase;
use drd_state_machine::time::Span;

/// How the orders fall: the first is carried out within three minutes mostly.
const FIRST: (Span, Span) = (Span::secs(20), Span::secs(60));
const SECOND: (Span, Span) = (Span::secs(260), Span::secs(600));

/// What serves by then fails.
const OUTAGES: [FaultKind; 4] = [
    FaultKind::RegionDark,
    FaultKind::DatabaseDown,
    FaultKind::ApplicationDown,
    FaultKind::EdgeDown,
];
/// A last look and its slice: how long after an order a fault may begin to meet it.
const LOOKS: Span = Span::secs(8);

/// An order, a fault, and what the fault is still there for.
pub(super) fn twice(chance: &mut Chance, pair: bool) -> Vec<Fault> {
    let first = ordered(Word::Switchover, chance.span(FIRST.0, FIRST.1));
    let at = chance.span(SECOND.0, SECOND.1);
    let second = if chance.happens(0.5) {
        outage(chance, at)
    } else {
        let words = [Word::Failover, Word::Switchover];
        ordered(*chance.pick(&words).unwrap_or(&Word::Failover), at)
    };
    let mut fault = any_fault::any(chance, pair);
    let begins = begins(chance, at);
    let lasts = chance.span(Span::secs(300), Span::secs(900));
    // A clock is wrong from the start.
    if fault.kind != FaultKind::HostClock {
        (fault.at, fault.lasts) = (begins, Some(lasts));
    }
    vec![first, fault, second]
}

fn outage(chance: &mut Chance, at: Span) -> Fault {
    let kind = *chance.pick(&OUTAGES).unwrap_or(&FaultKind::RegionDark);
    let mut outage = Fault::new(kind, at);
    outage.side = Some(Side::Standby);
    outage
}

/// While the first role change is completed, after it, or as the second begins.
fn begins(chance: &mut Chance, second: Span) -> At {
    match chance.number(0, 4) {
        0 => At::Step(Phase::Redirecting),
        1 => At::Step(Phase::Verifying),
        2 => At::Time(second + chance.span(Span::ZERO, LOOKS)),
        _ => At::Time(chance.span(Span::secs(200), Span::secs(400))),
    }
}
