//! A hold goes on: what is missing is asked for again, or observed, or an operator orders it.
//!
//! Deliberately absent: entering a hold (`context`).

use super::completion;
use super::context::{Context, Next};
use super::detection::{goes_on, ordered};
use super::earned::may_ask_again;
use super::guard::adopts;
use super::prescaling::raised;
use super::promotion;
use super::recovery::{join, recant, redirect_again, throw_back, turn_lossy, verifying};
use crate::event::{Event, Word};
use crate::messages;
use crate::record::{Facts, Trigger};
use crate::state::{Progress, State, Stopped};
use statig::Outcome::{Handled, Super, Transition};

pub(super) fn held(
    stage: &mut Stopped,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Context<'_>,
) -> Next {
    let word = event.word();
    match (stage, word) {
        (Stopped::Before, _) => held_before(facts, event, ctx),
        (Stopped::Promoting(p), Some(Word::Resume)) => {
            // A word to go on is none to lose writes: what drd began by itself it asks for again only
            // where it would begin it now. What an operator ordered is ordered anew.
            let ordered = facts.incident.as_mut();
            if let Some(open) = ordered.filter(|i| i.trigger == Trigger::Operator) {
                open.ordered_at = Some(ctx.now);
            }
            let asks = !p.database.is_done() && may_ask_again(facts, ctx);
            let database = if asks {
                p.database.begun_again()
            } else {
                p.database.no_order(ctx.now)
            };
            ctx.go(
                State::Promoting(Progress { database, ..*p }),
                "resumed by an operator",
            )
        }
        (Stopped::Redirecting { latch }, Some(Word::Resume)) => {
            let latch = latch.begun_again();
            ctx.go(State::Redirecting { latch }, "resumed by an operator")
        }
        (Stopped::Verifying, Some(Word::Resume)) => {
            ctx.go(State::Verifying, "resumed by an operator")
        }
        (_, Some(Word::Abandon)) => completion::abandon(facts, ctx),
        (Stopped::Promoting(progress), _) => {
            if let Some(next) = turn_lossy(progress, facts, ctx) {
                return next;
            }
            if let Some(next) = recant(progress, facts, event, ctx) {
                return next;
            }
            match promotion::advance(progress, facts, event, ctx, true) {
                promotion::Advance::Joined => join(progress, facts, ctx),
                promotion::Advance::Stay | promotion::Advance::Stopped(_) => Handled,
            }
        }
        (Stopped::Redirecting { latch }, _) => {
            // A denial was paged already; who moved the traffic does not matter here.
            let _ = completion::note_latch(latch, facts, event, ctx.now);
            throw_back(latch, facts, ctx);
            redirect_again(latch, facts, ctx);
            if completion::resolvers_moved(facts, ctx.now) {
                let text = messages::redirected(facts, ctx.now);
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

fn held_before(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) -> Next {
    if let Some(next) = ordered(facts, event, ctx) {
        return next;
    }
    if event.word() == Some(Word::Resume) {
        return ctx.go(State::Suspecting, "resumed by an operator");
    }
    if event.word() == Some(Word::Abandon) {
        return completion::give_up(facts, ctx);
    }
    raised(facts, event, ctx);
    if let Some(text) = adopts(facts, ctx) {
        return ctx.go(State::Watching, text);
    }
    if let Some(next) = goes_on(facts, ctx) {
        return next;
    }
    let calm = facts.evidence.first_bad_at.is_none() && ctx.seen.up >= ctx.setup.policy.quorum;
    if calm {
        return ctx.go(State::Watching, messages::cleared(facts, ctx.seen));
    }
    Handled
}
