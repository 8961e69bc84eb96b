//! What keeps a role change from starting: one closed gate, with its figures.
//!
//! Deliberately absent: when a gate is closed (`gates`, `late_requests`).

use crate::time::Span;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A closed gate, with its figures.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "gate", deny_unknown_fields)]
pub enum Blocker {
    /// An operator paused drd.
    Paused,
    /// The last role change is too recent.
    CoolDown {
        /// How long it still lasts.
        left: Span,
    },
    /// Requests of the last role change may still be on their way.
    Quarantine {
        /// How long until AWS refuses them for sure.
        left: Span,
    },
    /// A gating readiness check is red.
    Unfit {
        /// The check.
        check: String,
        /// What it found.
        detail: String,
    },
    /// No readiness answer, or too old a one.
    ReadinessUnknown,
    /// The global database was not seen, or its replica is not connected.
    NoStandby,
    /// A failover would lose more than the RPO.
    LossOver {
        /// The most that it would lose.
        loss: Span,
        /// The objective.
        rpo: Span,
    },
    /// No lag sample is known: what would be lost is unknown, and unknown is over budget.
    LossUnknown,
    /// Sources of the lag contradict each other: what would be lost is unknown.
    LagContradicted {
        /// Which, and what each shows.
        what: String,
    },
    /// The application of the side that waits is not proven.
    SideUnproven {
        /// What is missing.
        missing: String,
    },
    /// An automatic lossless move left that side less than a day ago.
    LeftBefore,
    /// Our own references did not answer after the onset.
    ObserverUnproven,
    /// This daemon runs in the region that is diagnosed as dark.
    SharesRegion,
    /// A role change that drd did not start runs.
    ForeignRoleChange,
    /// Users, the latch and the writer are not where drd left them.
    Misdirected {
        /// What was found.
        what: String,
    },
    /// What drd put back was changed once too often.
    HandsOff,
}

/// Several, as one sentence.
pub(crate) fn joined(closed: &[Blocker]) -> String {
    let all: Vec<String> = closed.iter().map(ToString::to_string).collect();
    all.join("; ")
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Blocker::Paused => write!(f, "drd is paused by an operator"),
            Blocker::CoolDown { left } => write!(f, "cool-down lasts {left} more"),
            Blocker::Quarantine { left } => write!(
                f,
                "requests of the last role change that nobody answered may still land: the way back opens in {left}"
            ),
            Blocker::Unfit { check, detail } => write!(f, "readiness {check} is red: {detail}"),
            Blocker::ReadinessUnknown => write!(f, "readiness was not checked recently"),
            Blocker::NoStandby => write!(f, "no connected standby was seen"),
            Blocker::LossOver { loss, rpo } => write!(
                f,
                "a failover would lose up to {loss}, more than the RPO of {rpo}"
            ),
            Blocker::LossUnknown => write!(
                f,
                "what a failover would lose is unknown: there is no lag sample"
            ),
            Blocker::LagContradicted { what } => {
                write!(f, "what a failover would lose is unknown: {what}")
            }
            Blocker::SideUnproven { missing } => {
                write!(f, "the other side's application is not proven: {missing}")
            }
            Blocker::LeftBefore => write!(
                f,
                "an automatic switchover left that side less than a day ago: people decide on the way back"
            ),
            Blocker::ObserverUnproven => write!(f, "drd's own references have not answered since"),
            Blocker::SharesRegion => {
                write!(
                    f,
                    "this daemon runs in the active region: not armed for region_dark"
                )
            }
            Blocker::ForeignRoleChange => write!(f, "a role change that drd did not start runs"),
            Blocker::Misdirected { what } => f.write_str(what),
            Blocker::HandsOff => write!(
                f,
                "what drd puts back is changed again and again: it keeps its hands off for ten minutes"
            ),
        }
    }
}
