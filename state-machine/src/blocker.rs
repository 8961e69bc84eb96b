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
    /// The highest lag before the onset plus one period is over the RPO.
    LagOver {
        /// The lag.
        lag: Span,
        /// The objective.
        rpo: Span,
    },
    /// No lag sample fresh enough at the onset: unknown is over budget.
    LagUnknown,
    /// Our own references did not answer after the onset.
    ObserverUnproven,
    /// This daemon runs in the region that is diagnosed as dark.
    SharesRegion,
    /// A role change that drd did not start runs.
    ForeignRoleChange,
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
            Blocker::LagOver { lag, rpo } => {
                write!(
                    f,
                    "lag before the onset {lag} plus one period exceeds the RPO of {rpo}"
                )
            }
            Blocker::LagUnknown => write!(f, "replication lag before the onset is unknown"),
            Blocker::ObserverUnproven => write!(f, "drd's own references have not answered since"),
            Blocker::SharesRegion => {
                write!(
                    f,
                    "this daemon runs in the active region: not armed for region_dark"
                )
            }
            Blocker::ForeignRoleChange => write!(f, "a role change that drd did not start runs"),
        }
    }
}
