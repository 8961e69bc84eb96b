//! The ways out of a hold: what is missing is observed, or an operator says a word.

use super::Ctx;
use super::after::{join, verifying};
use super::before::ordered;
use crate::arrival;
use crate::event::{Event, Word};
use crate::record::Facts;
use crate::roles;
use crate::state::{Progress, State, Step, Stopped};
use crate::words;
use statig::Outcome::{self, Handled, Super, Transition};

pub(super) fn held(
    stage: &mut Stopped,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Ctx<'_>,
) -> Outcome<State> {
    let word = event.word();
    match (stage, word) {
        (Stopped::Before, _) => held_before(facts, event, ctx),
        (Stopped::Promoting(p), Some(Word::Resume)) => {
            let database = if p.database.is_done() {
                p.database
            } else {
                Step::default()
            };
            ctx.go(
                State::Promoting(Progress { database, ..*p }),
                "resumed by an operator",
            )
        }
        (Stopped::Redirecting { .. }, Some(Word::Resume)) => ctx.go(
            State::Redirecting {
                latch: Step::default(),
            },
            "resumed by an operator",
        ),
        (Stopped::Verifying, Some(Word::Resume)) => {
            ctx.go(State::Verifying, "resumed by an operator")
        }
        (_, Some(Word::Abandon)) => arrival::abandon(facts, ctx),
        (Stopped::Promoting(progress), _) => {
            match roles::advance(progress, facts, event, ctx, false) {
                roles::Advance::Joined => join(progress, facts, ctx),
                roles::Advance::Stay | roles::Advance::Stopped(_) => Handled,
            }
        }
        (Stopped::Redirecting { latch }, _) => {
            // A denial was told already; who moved the traffic does not matter here.
            let _ = arrival::note_latch(latch, facts, event, ctx.now);
            if arrival::resolvers_moved(facts, ctx.now) {
                let text = words::redirected(facts, ctx.now);
                return ctx.go(State::Verifying, text);
            }
            Handled
        }
        (Stopped::Verifying, _) => match verifying(facts, ctx) {
            Transition(next) => Transition(next),
            Handled | Super => Handled,
        },
    }
}

fn held_before(facts: &mut Facts, event: &Event, ctx: &mut Ctx<'_>) -> Outcome<State> {
    if let Some(next) = ordered(facts, event, ctx) {
        return next;
    }
    if let Event::Ordered { word: Word::Resume } = event {
        return ctx.go(State::Suspecting, "resumed by an operator");
    }
    if let Event::Ordered {
        word: Word::Abandon,
    } = event
    {
        return arrival::give_up(facts, ctx);
    }
    let calm = facts.evidence.first_bad_at.is_none() && ctx.seen.up >= ctx.setup.policy.quorum;
    if calm {
        return ctx.go(State::Watching, words::cleared(facts, ctx.seen));
    }
    Handled
}
