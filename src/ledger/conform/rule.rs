//! What must hold in every ledger, by name, and a line that does not.
//!
//! Deliberately absent: the checks.

use drd_state_machine::time::Time;
use std::fmt;

/// What must hold in every ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LedgerRule {
    /// A line goes on from the state in which the line before it ended.
    Continuity,
    /// Numbers of incidents never go back, and a command carries the current one (S5).
    IncidentNumber,
    /// A role change is asked for only in an incident that an earlier line opened (S5).
    ClaimedBefore,
    /// A role change is asked for only in the states that are for it.
    RoleState,
    /// An attempt has a higher number than the ones before it, but where a daemon starts anew (S4).
    Attempts,
    /// drd begins no incident by itself while it is paused or cools down (S1, S7).
    Restraint,
    /// drd loses by itself no more than the objective (S2).
    Loss,
    /// No role change against one that may still be on its way (S1).
    Opposite,
    /// Users are sent only to a side on which a write was proven, or which served already (S6).
    ProvenWrite,
    /// A hold is paged as it begins (L1).
    Paged,
    /// Every decision has a reason.
    Reason,
    /// The first line says under what the others were decided.
    Opening,
    /// Time goes on, but where a daemon starts on a clock that was set.
    Clock,
    /// By itself drd changes roles only after a quorum of fault domains reported the side down for the
    /// hold-down, in these lines (S2, S3); else an operator ordered it, in these lines.
    Quorum,
    /// Roles are changed away from the side that serves; another one serves only after a role change of
    /// drd, or when it was seen to be the writer (S1).
    Direction,
}

impl LedgerRule {
    /// Every rule.
    pub const ALL: [LedgerRule; 15] = [
        LedgerRule::Continuity,
        LedgerRule::IncidentNumber,
        LedgerRule::ClaimedBefore,
        LedgerRule::RoleState,
        LedgerRule::Attempts,
        LedgerRule::Restraint,
        LedgerRule::Loss,
        LedgerRule::Opposite,
        LedgerRule::ProvenWrite,
        LedgerRule::Paged,
        LedgerRule::Reason,
        LedgerRule::Opening,
        LedgerRule::Clock,
        LedgerRule::Quorum,
        LedgerRule::Direction,
    ];

    /// As people read it.
    pub const fn name(self) -> &'static str {
        match self {
            LedgerRule::Continuity => "continuity",
            LedgerRule::IncidentNumber => "incident number",
            LedgerRule::ClaimedBefore => "claimed before",
            LedgerRule::RoleState => "role state",
            LedgerRule::Attempts => "attempts",
            LedgerRule::Restraint => "restraint",
            LedgerRule::Loss => "loss",
            LedgerRule::Opposite => "opposite",
            LedgerRule::ProvenWrite => "proven write",
            LedgerRule::Paged => "paged",
            LedgerRule::Reason => "reason",
            LedgerRule::Opening => "opening",
            LedgerRule::Clock => "clock",
            LedgerRule::Quorum => "quorum",
            LedgerRule::Direction => "direction",
        }
    }
}

/// One line that does not conform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Its number in the ledger, from 1.
    pub line: usize,
    /// When it was made.
    pub now: Time,
    /// What does not hold.
    pub rule: LedgerRule,
    /// What was written.
    pub what: String,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.rule.name(), self.what)
    }
}
