//! The states and what each carries. `phase` has their public names and what each guarantees.
//!
//! Deliberately absent: behaviour. `machine` routes events; these are values.

use crate::blocker::{Blocker, joined};
use crate::phase::Phase;
use crate::side::Side;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// One thing that is asked for until it is so: attempts are visible, never a hidden retry loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Attempts issued so far; 0 is not asked yet.
    pub attempt: u32,
    /// Attempts that were refused, or accepted and dropped.
    pub refusals: u32,
    /// When the newest attempt was issued.
    pub asked_at: Time,
    /// Whether the newest attempt was accepted: from here observation decides.
    pub accepted: bool,
    /// When to try again; `None` while an attempt is under way or accepted.
    pub retry_at: Option<Time>,
    /// When it was seen to be so.
    pub done_at: Option<Time>,
}

impl Step {
    /// Whether it was seen to be so.
    pub fn is_done(&self) -> bool {
        self.done_at.is_some()
    }

    /// Whether the end of this attempt is still news: it is the newest, and no answer came yet.
    pub(crate) fn waits_for(&self, attempt: u32) -> bool {
        attempt > 0 && attempt == self.attempt && !self.accepted && self.retry_at.is_none()
    }

    /// Whether an attempt is due: never asked, or its retry time has come, or it got lost.
    pub(crate) fn is_due(&self, now: Time, lost_after: Span) -> bool {
        if self.is_done() {
            return false;
        }
        match (self.attempt, self.retry_at) {
            (0, _) => true,
            (_, Some(at)) => now >= at,
            (_, None) => !self.accepted && now - self.asked_at > lost_after,
        }
    }

    /// Whether an attempt was issued that has no answer yet: it may be on its way.
    pub(crate) fn is_under_way(&self) -> bool {
        self.waits_for(self.attempt) && !self.is_done()
    }

    /// Whether the newest attempt never reported back.
    pub(crate) fn is_lost(&self, now: Time, lost_after: Span) -> bool {
        self.attempt > 0 && self.retry_at.is_none() && self.is_due(now, lost_after)
    }

    pub(crate) fn ask(&mut self, now: Time) {
        self.attempt += 1;
        self.asked_at = now;
        self.accepted = false;
        self.retry_at = None;
    }

    pub(crate) fn done(&mut self, now: Time) {
        self.done_at.get_or_insert(now);
        self.retry_at = None;
    }

    /// The same step from its beginning. Its numbers go on: the end of an attempt from before must not pass
    /// for the end of a new one.
    pub(crate) fn begun_again(self) -> Step {
        Step {
            attempt: self.attempt,
            ..Step::default()
        }
    }

    /// What was asked for is no order to ask for it again: that is decided anew, from now on.
    pub(crate) fn no_order(self, now: Time) -> Step {
        if self.attempt == 0 || self.is_done() {
            return self;
        }
        Step {
            asked_at: now,
            retry_at: Some(now),
            accepted: false,
            ..self
        }
    }

    pub(crate) fn again(&mut self, at: Time) {
        self.accepted = false;
        self.retry_at = Some(at);
    }

    pub(crate) fn refused(&mut self, again_at: Time) {
        self.refusals += 1;
        self.again(again_at);
    }

    /// Moves every moment by `by`: the clock was set back.
    pub(crate) fn shift(&mut self, by: Span) {
        self.asked_at = self.asked_at + by;
        self.retry_at = self.retry_at.map(|t| t + by);
        self.done_at = self.done_at.map(|t| t + by);
    }
}

/// A MinSize that was raised on suspicion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prescale {
    /// The suspicion that raised it last.
    pub incident_id: u64,
    /// Where.
    pub side: Side,
    /// The MinSize found before: what a cleared suspicion goes back to.
    pub min_before: u32,
    /// Raising it.
    pub raise: Step,
    /// Putting it back.
    pub back: Step,
}

/// The three things that advance side by side before traffic may move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The writer is the new side.
    pub database: Step,
    /// A write on the new side was proven.
    pub writable: Step,
    /// The new side has the capacity to serve.
    pub capacity: Step,
    /// When the old side's fence was last asked for.
    pub fenced_at: Time,
}

impl Progress {
    fn shift(&mut self, by: Span) {
        for step in [&mut self.database, &mut self.writable, &mut self.capacity] {
            step.shift(by);
        }
        self.fenced_at = self.fenced_at + by;
    }

    /// Whether traffic may move.
    pub fn is_joined(&self) -> bool {
        self.database.is_done() && self.writable.is_done() && self.capacity.is_done()
    }
}

/// Where an incident stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stopped", deny_unknown_fields)]
pub enum Stopped {
    /// Before anything irreversible.
    Before,
    /// While roles were changing.
    Promoting(Progress),
    /// While traffic was moving.
    Redirecting {
        /// The latch.
        latch: Step,
    },
    /// During the last proof.
    Verifying,
}

/// Why an incident cannot go on unattended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    rename_all = "snake_case",
    tag = "why",
    content = "detail",
    deny_unknown_fields
)]
pub enum Hold {
    /// A gate is closed at the edge.
    Blocked(Vec<Blocker>),
    /// The role change was refused or stayed without effect too often.
    PromotionRefused(String),
    /// A permission is missing, or an object is gone.
    Denied(String),
    /// The objective is used up and the stage is not done.
    OutOfTime,
}

impl Hold {
    /// Its name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Hold::Blocked(_) => "blocked",
            Hold::PromotionRefused(_) => "refused",
            Hold::Denied(_) => "denied",
            Hold::OutOfTime => "out_of_time",
        }
    }

    /// The reason, with its figures.
    pub fn reason(&self) -> String {
        match self {
            Hold::Blocked(closed) => joined(closed),
            Hold::PromotionRefused(why) => format!("the role change had no effect: {why}"),
            Hold::Denied(why) => format!("denied: {why}"),
            Hold::OutOfTime => "the objective is used up".to_owned(),
        }
    }
}

/// The state the machine is in. What each guarantees is in [`Phase::promise`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", deny_unknown_fields)]
pub enum State {
    /// See [`Phase::promise`].
    Watching,
    /// See [`Phase::promise`].
    Suspecting,
    /// See [`Phase::promise`].
    Fencing,
    /// See [`Phase::promise`].
    Promoting(Progress),
    /// See [`Phase::promise`].
    Redirecting {
        /// The latch.
        latch: Step,
    },
    /// See [`Phase::promise`].
    Verifying,
    /// See [`Phase::promise`].
    Exposed,
    /// See [`Phase::promise`].
    Switching(Progress),
    /// See [`Phase::promise`].
    Held {
        /// Why.
        hold: Hold,
        /// Where it stopped: the way out is the rest of this stage.
        stage: Stopped,
    },
}

impl State {
    /// The state without what it carries.
    pub const fn phase(&self) -> Phase {
        match self {
            State::Watching => Phase::Watching,
            State::Suspecting => Phase::Suspecting,
            State::Fencing => Phase::Fencing,
            State::Promoting(_) => Phase::Promoting,
            State::Redirecting { .. } => Phase::Redirecting,
            State::Verifying => Phase::Verifying,
            State::Exposed => Phase::Exposed,
            State::Switching(_) => Phase::Switching,
            State::Held { .. } => Phase::Held,
        }
    }

    /// The public name.
    pub const fn name(&self) -> &'static str {
        self.phase().name()
    }

    /// The steps that lead to the join, where they are under way or held.
    pub const fn progress(&self) -> Option<&Progress> {
        match self {
            State::Promoting(p)
            | State::Switching(p)
            | State::Held {
                stage: Stopped::Promoting(p),
                ..
            } => Some(p),
            State::Watching
            | State::Suspecting
            | State::Fencing
            | State::Redirecting { .. }
            | State::Verifying
            | State::Exposed
            | State::Held { .. } => None,
        }
    }

    /// The step that moves traffic, where it is under way or held.
    pub const fn latch(&self) -> Option<&Step> {
        match self {
            State::Redirecting { latch }
            | State::Held {
                stage: Stopped::Redirecting { latch },
                ..
            } => Some(latch),
            State::Watching
            | State::Suspecting
            | State::Fencing
            | State::Promoting(_)
            | State::Verifying
            | State::Exposed
            | State::Switching(_)
            | State::Held { .. } => None,
        }
    }

    /// Moves every moment by `by`: the clock was set back.
    pub(crate) fn shift(&mut self, by: Span) {
        match self {
            State::Promoting(p)
            | State::Switching(p)
            | State::Held {
                stage: Stopped::Promoting(p),
                ..
            } => p.shift(by),
            State::Redirecting { latch }
            | State::Held {
                stage: Stopped::Redirecting { latch },
                ..
            } => latch.shift(by),
            State::Watching
            | State::Suspecting
            | State::Fencing
            | State::Verifying
            | State::Exposed
            | State::Held {
                stage: Stopped::Before | Stopped::Verifying,
                ..
            } => {}
        }
    }
}
