//! What a handler is given beside the facts, and where it leaves what it wants.
//!
//! Deliberately absent: when to page or to hold; the handlers decide that.

use crate::assessment::Assessment;
use crate::command::{Command, Severity};
use crate::messages;
use crate::policy::{Autonomy, Setup};
use crate::record::Facts;
use crate::state::{Hold, State, Stopped};
use crate::time::Time;
use statig::Outcome::Transition;

/// What a handler answers: it is done, its superstate goes on, or the next state.
pub(crate) type Next = statig::Outcome<State>;

/// What a handler is given beside the facts, and where it leaves what it wants.
pub struct Context<'a> {
    pub(crate) now: Time,
    pub(crate) setup: &'a Setup,
    pub(crate) seen: &'a Assessment,
    pub(crate) commands: Vec<Command>,
    pub(crate) because: Option<String>,
}

impl Context<'_> {
    pub(crate) fn go(&mut self, to: State, because: impl Into<String>) -> Next {
        self.because = Some(because.into());
        Transition(to)
    }

    pub(crate) fn page(&mut self, facts: &Facts, severity: Severity, text: String) {
        if self.because.is_none() {
            self.because = Some(text.clone());
        }
        self.commands.push(facts.page(severity, text));
    }

    pub(crate) fn hold(&mut self, facts: &Facts, hold: Hold, stage: Stopped) -> Next {
        let text = messages::held(facts, (&hold, &stage), self.setup, self.now, self.seen);
        self.because = Some(text.clone());
        self.page(facts, Severity::Critical, text);
        Transition(State::Held { hold, stage })
    }
}

/// Whether a quorum holds, for something that drd may act on by itself.
pub(crate) fn drd_may_act(facts: &Facts, ctx: &Context<'_>) -> bool {
    let seen = ctx.seen.diagnosis;
    facts.evidence.corroborated_at.is_some()
        && seen.has_ladder()
        && ctx.setup.policy.autonomy(seen) == Autonomy::Act
}
