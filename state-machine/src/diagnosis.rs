//! The names of what may be wrong (DESIGN section 4).
//!
//! Deliberately absent: how the evidence leads to one of them (`assessment`), and what to do about
//! it (`gates`, `machine`).

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Diagnosis {
    /// Endpoint down from a quorum, control plane silent, replication stopped.
    RegionDark,
    /// Endpoint down from a quorum, region answers, database does not write.
    DatabaseDown,
    /// Endpoint down from a quorum, database writes, application does not.
    ApplicationDown,
    /// Endpoint down from a quorum, everything inside healthy.
    EdgeDown,
    /// Domains disagree, or a part fails.
    Gray,
    /// Endpoint healthy; lag over its limit or silent.
    ReplicationStalled,
    /// Our own references fail.
    ObserverIsolated,
    /// Readiness is red.
    StandbyUnfit,
    /// Users, the latch and the writer are not where drd left them.
    Misdirected,
    /// Not enough is known.
    Unclear,
    /// All is well.
    Healthy,
}

impl Diagnosis {
    /// Every diagnosis.
    pub const ALL: [Diagnosis; 11] = [
        Diagnosis::RegionDark,
        Diagnosis::DatabaseDown,
        Diagnosis::ApplicationDown,
        Diagnosis::EdgeDown,
        Diagnosis::Gray,
        Diagnosis::ReplicationStalled,
        Diagnosis::ObserverIsolated,
        Diagnosis::StandbyUnfit,
        Diagnosis::Misdirected,
        Diagnosis::Unclear,
        Diagnosis::Healthy,
    ];

    /// The name used in configuration, reports and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Diagnosis::RegionDark => "region_dark",
            Diagnosis::DatabaseDown => "database_down",
            Diagnosis::ApplicationDown => "application_down",
            Diagnosis::EdgeDown => "edge_down",
            Diagnosis::Gray => "gray",
            Diagnosis::ReplicationStalled => "replication_stalled",
            Diagnosis::ObserverIsolated => "observer_isolated",
            Diagnosis::StandbyUnfit => "standby_unfit",
            Diagnosis::Misdirected => "misdirected",
            Diagnosis::Unclear => "unclear",
            Diagnosis::Healthy => "healthy",
        }
    }

    /// Whether its ladder has a rung at all.
    pub const fn has_ladder(self) -> bool {
        matches!(
            self,
            Diagnosis::RegionDark
                | Diagnosis::DatabaseDown
                | Diagnosis::ApplicationDown
                | Diagnosis::EdgeDown
        )
    }

    /// Whether it only repeats what `exposed` implies: there is no standby.
    pub(crate) const fn comes_with_exposure(self) -> bool {
        matches!(
            self,
            Diagnosis::ReplicationStalled | Diagnosis::StandbyUnfit
        )
    }

    /// Whether its ladder starts with the lossless switchover.
    pub const fn lossless_first(self) -> bool {
        matches!(self, Diagnosis::ApplicationDown | Diagnosis::EdgeDown)
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
