//! The public state names as a type: what metrics, the CLI, the ledger and the documents use.
//!
//! Deliberately absent: what a state carries (`state` has that) and any behaviour.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A state without what it carries. What each guarantees is in [`Phase::promise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// See [`Phase::promise`].
    Watching,
    /// See [`Phase::promise`].
    Suspecting,
    /// See [`Phase::promise`].
    Fencing,
    /// See [`Phase::promise`].
    Promoting,
    /// See [`Phase::promise`].
    Redirecting,
    /// See [`Phase::promise`].
    Verifying,
    /// See [`Phase::promise`].
    Exposed,
    /// See [`Phase::promise`].
    Switching,
    /// See [`Phase::promise`].
    Held,
}

impl Phase {
    /// Every phase, in the order of a failover.
    pub const ALL: [Phase; 9] = [
        Phase::Watching,
        Phase::Suspecting,
        Phase::Fencing,
        Phase::Promoting,
        Phase::Redirecting,
        Phase::Verifying,
        Phase::Exposed,
        Phase::Switching,
        Phase::Held,
    ];

    /// The public name, the same as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Watching => "watching",
            Phase::Suspecting => "suspecting",
            Phase::Fencing => "fencing",
            Phase::Promoting => "promoting",
            Phase::Redirecting => "redirecting",
            Phase::Verifying => "verifying",
            Phase::Exposed => "exposed",
            Phase::Switching => "switching",
            Phase::Held => "held",
        }
    }

    /// The phase of this public name, if it is one.
    pub fn named(name: &str) -> Option<Phase> {
        Phase::ALL.into_iter().find(|phase| phase.name() == name)
    }

    /// What the state guarantees: the words of the README.
    pub const fn promise(self) -> &'static str {
        match self {
            Phase::Watching => {
                "The active side serves; nothing is wrong that would need a role change."
            }
            Phase::Suspecting => {
                "A quorum of fault domains says that the active side is down; the hold-down runs. Nothing irreversible; the other side may be pre-scaled."
            }
            Phase::Fencing => {
                "The decision is durable and its incident number claimed: every older attempt is stale. One last look before the first irreversible call; an abort is still free."
            }
            Phase::Promoting => {
                "The new side is promoted and scaled, side by side, and a write on it is proven. No way back."
            }
            Phase::Redirecting => {
                "The new side writes and has capacity; the latch is thrown, resolvers are asked."
            }
            Phase::Verifying => "Traffic arrives; the last proof is awaited.",
            Phase::Exposed => {
                "Serving from the other side while there is no standby: a second failover is refused."
            }
            Phase::Switching => "Roles change without loss, with a deadline.",
            Phase::Held => "Cannot go on unattended; people were paged. It lists its ways out.",
        }
    }

    /// Whether a suspicion or a recovery runs and advances by itself. False in `held`, which
    /// waits for an operator or for what is missing.
    pub const fn is_acting(self) -> bool {
        match self {
            Phase::Suspecting
            | Phase::Fencing
            | Phase::Promoting
            | Phase::Redirecting
            | Phase::Verifying
            | Phase::Switching => true,
            Phase::Watching | Phase::Exposed | Phase::Held => false,
        }
    }

    /// Whether the estate is polled every few seconds: while acting, and in `held`, whose ways
    /// out are observed.
    pub const fn polls_closely(self) -> bool {
        self.is_acting() || matches!(self, Phase::Held)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
