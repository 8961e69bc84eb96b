//! Where a daemon dies: a line of the ledger, and a moment as seen from that line.
//!
//! Deliberately absent: making it die (`host`), and every such point at once (`crash`).

use super::scenario::Scenario;
use serde::Serialize;
use std::fmt;

/// Where the daemon dies, as seen from one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeathPhase {
    /// Before the line is durable.
    Before,
    /// After it, before its commands leave.
    After,
    /// After its commands left.
    Sent,
    /// It does not die: it is frozen before its commands leave, for longer than its lease lasts.
    Frozen,
}

impl DeathPhase {
    /// Every one.
    pub const ALL: [DeathPhase; 4] = [
        DeathPhase::Before,
        DeathPhase::After,
        DeathPhase::Sent,
        DeathPhase::Frozen,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            DeathPhase::Before => "before",
            DeathPhase::After => "after",
            DeathPhase::Sent => "sent",
            DeathPhase::Frozen => "frozen",
        }
    }

    pub(super) fn happens_in(self, scenario: &Scenario) -> bool {
        self != DeathPhase::Frozen || scenario.is_shared()
    }
}

/// One line of one rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The line's number, counted from 1.
    pub append: usize,
    /// When.
    pub phase: DeathPhase,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.append, self.phase.name())
    }
}
