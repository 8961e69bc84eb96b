//! Two role changes in one rehearsal, which operators order, and one fault of any kind that begins in or after
//! the first and goes on through the second: a cool-down keeps drd itself from a second one for half an hour.
//!
//! Deliberately absent: what else goes wrong (`mix`).

use super::any_fault::{self, ordered};
use crate::lab::rng::Chance;
use crate::lab::scenario::{At, Fault};
use drd_state_machine::event::Word;
use drd_state_machine::phase::Phase;
use drd_state_machine::time::Span;

/// How the orders fall: the first is carried out within three minutes mostly.
const FIRST: (Span, Span) = (Span::secs(20), Span::secs(60));
const SECOND: (Span, Span) = (Span::secs(260), Span::secs(600));

/// Two orders and a fault that is still there at the second.
pub(super) fn twice(chance: &mut Chance, pair: bool) -> Vec<Fault> {
    let mut fault = any_fault::any(chance, pair);
    fault.at = begins(chance);
    fault.lasts = Some(chance.span(Span::secs(300), Span::secs(900)));
    let first = ordered(Word::Switchover, chance.span(FIRST.0, FIRST.1));
    let word = *chance
        .pick(&[Word::Failover, Word::Switchover])
        .unwrap_or(&Word::Failover);
    let second = ordered(word, chance.span(SECOND.0, SECOND.1));
    vec![first, fault, second]
}

/// While the first role change is completed, or after it.
fn begins(chance: &mut Chance) -> At {
    let states = [Phase::Redirecting, Phase::Verifying];
    if chance.happens(0.5) {
        return At::Step(chance.pick(&states).copied().unwrap_or(Phase::Verifying));
    }
    At::Time(chance.span(Span::secs(200), Span::secs(400)))
}
