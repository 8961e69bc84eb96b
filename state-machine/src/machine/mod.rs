//! Routing: which state does what with an event. One handler per state; the roles that change
//! side by side live in `roles`, sentences for people in `words`.
//!
//! `before` has the states before anything irreversible, `after` those of a recovery, `held`
//! the ways out of a hold. statig routes; its traits are implemented by hand, since its macro
//! crate pulls an unmaintained dependency and shuffles the states. Deliberately absent: I/O,
//! errors, clocks.

mod after;
mod before;
mod held;

use crate::command::{Command, Kind, Severity};
use crate::diagnosis::{Diagnosis, Picture};
use crate::event::{Event, Outcome as Ended, Word};
use crate::gates;
use crate::policy::Setup;
use crate::quarantine;
use crate::record::{Facts, Fence};
use crate::roles;
use crate::state::{Hold, State, Stopped};
use crate::time::Time;
use crate::words;
use after::{exposed, promoting, redirect, redirecting, switching, verifying};
use before::{fencing, suspecting, watching};
use held::held;
use statig::Outcome::{self, Handled, Transition};
use statig::blocking::{IntoStateMachine, State as Route, Superstate as SuperRoute};

/// What a handler is given beside the facts, and where it leaves what it wants.
pub struct Ctx<'a> {
    pub(crate) now: Time,
    pub(crate) setup: &'a Setup,
    pub(crate) seen: &'a Picture,
    pub(crate) commands: Vec<Command>,
    pub(crate) because: Option<String>,
}

impl Ctx<'_> {
    pub(crate) fn go(&mut self, to: State, because: impl Into<String>) -> Outcome<State> {
        self.because = Some(because.into());
        Transition(to)
    }

    pub(crate) fn page(&mut self, facts: &Facts, severity: Severity, text: String) {
        if self.because.is_none() {
            self.because = Some(text.clone());
        }
        self.commands.push(facts.page(severity, text));
    }

    fn hold(&mut self, facts: &Facts, hold: Hold, stage: Stopped) -> Outcome<State> {
        let text = words::held(facts, &hold, &stage);
        self.because = Some(text.clone());
        self.page(facts, Severity::Critical, text);
        Transition(State::Held { hold, stage })
    }
}

/// What several states have in common.
pub enum Superstate {
    /// A recovery after its decision: the objective may run out, an operator may want out.
    Acting(Stopped),
}

impl IntoStateMachine for Facts {
    type Event<'e> = Event;
    type Context<'c> = Ctx<'c>;
    type State = State;
    type Superstate<'s> = Superstate;
    fn initial() -> State {
        State::Watching
    }
}

impl Route<Facts> for State {
    fn call_handler(
        &mut self,
        facts: &mut Facts,
        event: &Event,
        ctx: &mut Ctx<'_>,
    ) -> Outcome<State> {
        quarantine::note(self, facts, ctx.now, event);
        if matches!(event, Event::Started) {
            // After a crash: the current state's commands again, with their attempt numbers. The
            // page may have been lost with the daemon that was to send it.
            if let State::Held { hold, stage } = self {
                ctx.page(facts, Severity::Critical, words::held(facts, hold, stage));
            }
            facts.paged.clear();
            self.call_entry_action(facts, ctx);
            if !ctx.commands.is_empty() {
                ctx.because.get_or_insert_with(|| words::started(facts));
            }
            return Handled;
        }
        note_fence(facts, event);
        match self {
            State::Watching => watching(facts, event, ctx),
            State::Suspecting => suspecting(facts, event, ctx),
            State::Fencing => fencing(facts, event, ctx),
            State::Promoting(progress) => promoting(progress, facts, event, ctx),
            State::Switching(progress) => switching(progress, facts, event, ctx),
            State::Redirecting { latch } => redirecting(latch, facts, event, ctx),
            State::Verifying => verifying(facts, ctx),
            State::Exposed => exposed(facts, ctx),
            State::Held { stage, .. } => held(stage, facts, event, ctx),
        }
    }

    fn call_entry_action(&mut self, facts: &mut Facts, ctx: &mut Ctx<'_>) {
        match self {
            State::Promoting(progress) | State::Switching(progress) => {
                roles::issue_again(progress, facts, ctx);
            }
            State::Redirecting { latch } => redirect(latch, facts, ctx),
            State::Held {
                stage: Stopped::Promoting(progress),
                ..
            } => {
                roles::issue_proof_again(progress, facts, ctx);
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
    fn call_handler(
        &mut self,
        facts: &mut Facts,
        event: &Event,
        ctx: &mut Ctx<'_>,
    ) -> Outcome<State> {
        let Superstate::Acting(stage) = self;
        if runs_late(facts, ctx) {
            return ctx.hold(facts, Hold::OutOfTime, *stage);
        }
        if let Event::Ordered {
            word: Word::Abandon,
        } = event
        {
            ctx.page(facts, Severity::Info, words::no_way_back(facts));
        }
        Handled
    }
}

/// Once for the objective: the page says so, and what is still missing may then be observed at
/// any time. Then once for each stage that takes as long as the whole objective: an incident
/// that goes on without it must not stand still without anybody being told.
fn runs_late(facts: &mut Facts, ctx: &Ctx<'_>) -> bool {
    let rto = ctx.setup.policy.rto;
    let used_up = facts
        .budget_left(ctx.setup, ctx.now)
        .is_some_and(|left| left.0 <= 0);
    let stands_still = ctx.now - facts.entered_at >= rto;
    match &mut facts.incident {
        Some(incident) if used_up => {
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
    if let Some(incident) = &mut facts.incident {
        incident.fence = match done.outcome {
            Ended::Done | Ended::AlreadySo => Fence::Fenced,
            Ended::Refused { .. } | Ended::Denied { .. } => Fence::Unfenced,
            // No news: it stays asked.
            Ended::Unknown { .. } => incident.fence,
        };
    }
}

/// Tells people once that messages may not arrive.
fn tell_event_path(facts: &mut Facts, ctx: &mut Ctx<'_>) {
    if let Some(silent) = gates::event_path_silent(facts, ctx.now)
        && !facts.event_path_paged
    {
        facts.event_path_paged = true;
        ctx.page(facts, Severity::Warning, words::event_path(silent));
    }
}

/// Tells people of a diagnosis without a rung, once an episode and only after it lasted.
fn tell(facts: &mut Facts, ctx: &mut Ctx<'_>) {
    tell_event_path(facts, ctx);
    forget_told(facts, ctx);
    let Some(wait) = words::page_after(facts.diagnosis.is) else {
        return;
    };
    // A quorum that nothing explains is told when an explained one would have been acted on,
    // also while the names for it change.
    let unexplained = facts
        .evidence
        .quorum_for(ctx.now)
        .is_some_and(|held| held >= ctx.setup.policy.budget.detect);
    if unexplained || ctx.now - facts.diagnosis.since >= wait {
        once(facts, ctx, words::protection_reduced);
    }
}

/// The next episode is told again: that of an outage once no sensor says down, any other once
/// all is well.
fn forget_told(facts: &mut Facts, ctx: &Ctx<'_>) {
    let well = ctx.seen.up >= ctx.setup.policy.quorum;
    if facts.diagnosis.is == Diagnosis::Healthy {
        facts.paged.clear();
    } else if facts.evidence.first_bad_at.is_none() && well {
        facts.paged.retain(|told| !told.has_ladder());
    }
}

fn once(
    facts: &mut Facts,
    ctx: &mut Ctx<'_>,
    text: fn(&Facts, &Setup, Time, &Picture) -> (Severity, String),
) {
    let diagnosis = ctx.seen.diagnosis;
    if facts.paged.contains(&diagnosis) {
        return;
    }
    facts.paged.push(diagnosis);
    let (severity, text) = text(facts, ctx.setup, ctx.now, ctx.seen);
    ctx.page(facts, severity, text);
}
