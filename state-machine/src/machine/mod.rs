//! Routing: which state does what with an event. One handler per state.
//!
//! `detection` has the states before anything irreversible, `recovery` those of a recovery,
//! `prescaling` the capacity kept ready, `held` the ways out of a hold; `promotion` has what advances side by side, `completion` the end
//! of a recovery, `paging` what is reported once. statig routes; its traits are implemented by
//! hand, since its macro crate pulls an unmaintained dependency and shuffles the states.
//! Deliberately absent: I/O, errors, clocks.

mod completion;
pub(crate) mod context;
mod detection;
pub(crate) mod earned;
mod fencing;
mod guard;
mod held;
mod paging;
mod prescaling;
mod promotion;
mod recovery;

use crate::command::{Kind, Severity};
use crate::event::{Event, Outcome, Word};
use crate::late_requests;
use crate::messages;
use crate::record::{Facts, FenceOutcome, Incident};
use crate::state::{Hold, State, Stopped};
use context::{Context, Next};
use detection::{fencing, suspecting, watching};
use held::held;
use recovery::{exposed, promoting, redirect, redirecting, switching, verifying};
use statig::Outcome::{Handled, Transition};
use statig::blocking::{IntoStateMachine, State as Route, Superstate as SuperRoute};

/// What several states have in common.
pub enum Superstate {
    /// A recovery after its decision: the objective may run out, an operator may want out.
    Acting(Stopped),
}

impl IntoStateMachine for Facts {
    type Event<'e> = Event;
    type Context<'c> = context::Context<'c>;
    type State = State;
    type Superstate<'s> = Superstate;
    fn initial() -> State {
        State::Watching
    }
}

impl Route<Facts> for State {
    fn call_handler(&mut self, facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) -> Next {
        late_requests::note(self, facts, ctx.now, event);
        if matches!(event, Event::Started) {
            // After a crash: the current state's commands again, with their attempt numbers. The
            // page may have been lost with the daemon that was to send it.
            if let State::Held { hold, stage } = self {
                ctx.page(
                    facts,
                    Severity::Critical,
                    messages::held(facts, (hold, stage), ctx.setup, ctx.now, ctx.seen),
                );
            } else if is_late(facts) {
                ctx.page(
                    facts,
                    Severity::Warning,
                    messages::late(facts, ctx.setup, ctx.now),
                );
            }
            facts.paged.clear();
            facts.guard.astray_paged_at = None;
            facts.clock_paged = false;
            if let State::Promoting(progress)
            | State::Switching(progress)
            | State::Held {
                stage: Stopped::Promoting(progress),
                ..
            } = self
            {
                promotion::roles_are_no_order(progress, facts, ctx.now);
            }
            self.call_entry_action(facts, ctx);
            if !ctx.commands.is_empty() {
                ctx.because.get_or_insert_with(|| messages::started(facts));
            }
            return Handled;
        }
        note_fence(facts, event);
        let next = match self {
            State::Watching => watching(facts, event, ctx),
            State::Suspecting => suspecting(facts, event, ctx),
            State::Fencing => fencing(facts, event, ctx),
            State::Promoting(progress) => promoting(progress, facts, event, ctx),
            State::Switching(progress) => switching(progress, facts, event, ctx),
            State::Redirecting { latch } => redirecting(latch, facts, event, ctx),
            State::Verifying => verifying(facts, ctx),
            State::Exposed => exposed(facts, event, ctx),
            State::Held { stage, .. } => held(stage, facts, event, ctx),
        };
        if !matches!(next, Transition(_)) {
            guard::page_astray(self, facts, ctx);
            paging::page_held_again(self, facts, ctx);
            paging::page_clock_once(facts, ctx);
        }
        next
    }

    fn call_entry_action(&mut self, facts: &mut Facts, ctx: &mut Context<'_>) {
        match self {
            State::Promoting(progress) | State::Switching(progress) => {
                promotion::issue_again(progress, facts, ctx);
            }
            State::Redirecting { latch } => redirect(latch, facts, ctx),
            State::Held {
                stage: Stopped::Promoting(progress),
                ..
            } => {
                promotion::issue_proof_again(progress, facts, ctx);
            }
            State::Watching
            | State::Suspecting
            | State::Fencing
            | State::Verifying
            | State::Exposed
            | State::Held { .. } => {}
        }
    }

    fn superstate(&mut self) -> Option<Superstate> {
        match self {
            State::Promoting(p) | State::Switching(p) => {
                Some(Superstate::Acting(Stopped::Promoting(*p)))
            }
            State::Redirecting { latch } => {
                Some(Superstate::Acting(Stopped::Redirecting { latch: *latch }))
            }
            State::Verifying => Some(Superstate::Acting(Stopped::Verifying)),
            State::Watching
            | State::Suspecting
            | State::Fencing
            | State::Exposed
            | State::Held { .. } => None,
        }
    }
}

impl SuperRoute<Facts> for Superstate {
    fn call_handler(&mut self, facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) -> Next {
        let Superstate::Acting(stage) = self;
        if runs_late(facts, ctx) {
            return ctx.hold(facts, Hold::OutOfTime, *stage);
        }
        if event.word() == Some(Word::Abandon) {
            ctx.page(facts, Severity::Info, messages::no_way_back(facts));
        }
        Handled
    }
}

/// An open incident whose objective is used up.
fn is_late(facts: &Facts) -> bool {
    let open = facts.incident.as_ref().filter(|i| i.ended_at.is_none());
    open.is_some_and(|incident| incident.late)
}

/// Once for the objective: the page reports it, and what is still missing may then be observed at
/// any time. Then once for each stage that takes as long as the whole objective: an incident
/// that goes on without it must not be stalled without a page.
fn runs_late(facts: &mut Facts, ctx: &Context<'_>) -> bool {
    let used_up = facts
        .budget_left(ctx.setup, ctx.now)
        .is_some_and(|left| left.0 <= 0);
    match &mut facts.incident {
        Some(incident) if used_up => {
            let objective = incident.objective(&ctx.setup.policy);
            let stands_still = ctx.now - facts.entered_at >= objective;
            let first = !incident.late;
            incident.late = true;
            first || stands_still
        }
        Some(_) | None => false,
    }
}

/// The fence runs beside everything else: its answer may come in any state.
fn note_fence(facts: &mut Facts, event: &Event) {
    let Event::Finished(done) = event else { return };
    if done.kind != Kind::Fence || !facts.is_current(done) {
        return;
    }
    // What was taken back since is no fence, however its answer reads; what is confirmed stays so.
    let asked = |incident: &&mut Incident| {
        let open = matches!(incident.fence, FenceOutcome::Asked | FenceOutcome::Unfenced);
        open && done.attempt > incident.unfenced_attempts
    };
    if let Some(incident) = &mut facts.incident {
        incident.fence_ended = incident.fence_ended.max(done.attempt);
    }
    if let Some(incident) = facts.incident.as_mut().filter(asked) {
        incident.fence = match done.outcome {
            Outcome::Done | Outcome::AlreadySo => FenceOutcome::Fenced,
            Outcome::Refused { .. } | Outcome::Denied { .. } => FenceOutcome::Unfenced,
            // No news: it stays asked.
            Outcome::Unknown { .. } => incident.fence,
        };
    }
}
