//! What one event led to: from, to, commands, and because.
//!
//! Deliberately absent: doing it. A decision is a value; the conductor makes it durable first.

use crate::command::Command;
use crate::phase::Phase;
use crate::reading::Noted;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[must_use = "a decision that is not durable must not be acted on"]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The state before.
    pub from: Phase,
    /// The state after.
    pub to: Phase,
    /// What to do now, each once.
    pub commands: Vec<Command>,
    /// Why, as a sentence with figures.
    pub because: Cow<'static, str>,
    /// What became of the event itself.
    pub noted: Noted,
    /// Whether it must be durable before anything else happens: the state, a flag or the
    /// incident changed, or there is something to do.
    pub matters: bool,
}

impl Decision {
    /// Whether the state changed.
    pub fn is_transition(&self) -> bool {
        self.from != self.to
    }
}
