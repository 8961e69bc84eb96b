//! What the machine may ask for. Verbs; each is one idempotent attempt that looks before it acts.
//!
//! This enum is the port between deciding and acting: there is no `trait Cloud`.
//! Deliberately absent: detaching (`RemoveFromGlobalCluster`) and deleting anything.

use crate::side::Side;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How urgently people must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the record: something finished as it should.
    Info,
    /// Protection is reduced.
    Warning,
    /// Action is needed now.
    Critical,
}

impl Severity {
    /// The name used in notifications.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// One thing to do, once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command", deny_unknown_fields)]
pub enum Command {
    /// Raise the side's MinSize to `min`, never lower it. Reversible, cheap.
    Prescale {
        /// The number of the suspicion.
        incident_id: u64,
        /// The side that may soon serve.
        side: Side,
        /// The floor to raise to.
        min: u32,
    },
    /// Put MinSize back after a suspicion that cleared.
    ScaleBack {
        /// The number of the suspicion.
        incident_id: u64,
        /// The side that was pre-scaled.
        side: Side,
        /// The MinSize found before.
        min: u32,
    },
    /// Best effort: take the old side's writers away (its group to zero). Never waited for.
    Fence {
        /// The number of the incident.
        incident_id: u64,
        /// The number of this attempt, from 1.
        attempt: u32,
        /// The side that must stop writing.
        side: Side,
    },
    /// FailoverGlobalCluster with AllowDataLoss, at the endpoint of `to`.
    Promote {
        /// The number of the incident.
        incident_id: u64,
        /// Which try.
        attempt: u32,
        /// The side to promote.
        to: Side,
    },
    /// SwitchoverGlobalCluster, at the endpoint of the current writer.
    Switchover {
        /// The number of the incident.
        incident_id: u64,
        /// Which try.
        attempt: u32,
        /// The side to promote.
        to: Side,
    },
    /// One UpdateAutoScalingGroup with min, desired and max together.
    Scale {
        /// The number of the incident.
        incident_id: u64,
        /// Which try.
        attempt: u32,
        /// The side that will serve.
        side: Side,
        /// MinSize to reach.
        min: u32,
        /// DesiredCapacity to reach.
        desired: u32,
    },
    /// Ask the side's write check for proof that a row was written and read back.
    ProveWrite {
        /// The number of the incident.
        incident_id: u64,
        /// Which try.
        attempt: u32,
        /// The side to prove.
        side: Side,
    },
    /// Throw the latch: a conditional put or delete of one object in the standby region.
    Redirect {
        /// The number of the incident.
        incident_id: u64,
        /// Which try.
        attempt: u32,
        /// The side that traffic must go to.
        to: Side,
    },
    /// Notify the operators.
    Page {
        /// The number of the incident, or of the newest one.
        incident_id: u64,
        /// How urgently.
        severity: Severity,
        /// What happened, what state things are in, what to do next.
        text: String,
    },
}

/// A command's kind: its name in the ledger, in metrics and in completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// See [`Command::Prescale`].
    Prescale,
    /// See [`Command::ScaleBack`].
    ScaleBack,
    /// See [`Command::Fence`].
    Fence,
    /// See [`Command::Promote`].
    Promote,
    /// See [`Command::Switchover`].
    Switchover,
    /// See [`Command::Scale`].
    Scale,
    /// See [`Command::ProveWrite`].
    ProveWrite,
    /// See [`Command::Redirect`].
    Redirect,
    /// See [`Command::Page`].
    Page,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 9] = [
        Kind::Prescale,
        Kind::ScaleBack,
        Kind::Fence,
        Kind::Promote,
        Kind::Switchover,
        Kind::Scale,
        Kind::ProveWrite,
        Kind::Redirect,
        Kind::Page,
    ];

    /// The name used in the ledger and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Prescale => "prescale",
            Kind::ScaleBack => "scale_back",
            Kind::Fence => "fence",
            Kind::Promote => "promote",
            Kind::Switchover => "switchover",
            Kind::Scale => "scale",
            Kind::ProveWrite => "prove_write",
            Kind::Redirect => "redirect",
            Kind::Page => "page",
        }
    }

    /// Whether it changes the estate. `ProveWrite` only asks the application; `Page` only notifies.
    pub const fn mutates(self) -> bool {
        !matches!(self, Kind::ProveWrite | Kind::Page)
    }

    /// Whether it cannot be taken back: a change of the writer.
    pub const fn irreversible(self) -> bool {
        matches!(self, Kind::Promote | Kind::Switchover)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Command {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Command::Prescale { .. } => Kind::Prescale,
            Command::ScaleBack { .. } => Kind::ScaleBack,
            Command::Fence { .. } => Kind::Fence,
            Command::Promote { .. } => Kind::Promote,
            Command::Switchover { .. } => Kind::Switchover,
            Command::Scale { .. } => Kind::Scale,
            Command::ProveWrite { .. } => Kind::ProveWrite,
            Command::Redirect { .. } => Kind::Redirect,
            Command::Page { .. } => Kind::Page,
        }
    }

    /// The number of the incident or suspicion that it belongs to.
    pub const fn incident_id(&self) -> u64 {
        match self {
            Command::Prescale { incident_id, .. }
            | Command::ScaleBack { incident_id, .. }
            | Command::Fence { incident_id, .. }
            | Command::Promote { incident_id, .. }
            | Command::Switchover { incident_id, .. }
            | Command::Scale { incident_id, .. }
            | Command::ProveWrite { incident_id, .. }
            | Command::Redirect { incident_id, .. }
            | Command::Page { incident_id, .. } => *incident_id,
        }
    }

    /// The attempt it is; 1 for commands that are tried once.
    pub const fn attempt(&self) -> u32 {
        match self {
            Command::Promote { attempt, .. }
            | Command::Switchover { attempt, .. }
            | Command::Scale { attempt, .. }
            | Command::ProveWrite { attempt, .. }
            | Command::Redirect { attempt, .. }
            | Command::Fence { attempt, .. } => *attempt,
            Command::Prescale { .. } | Command::ScaleBack { .. } | Command::Page { .. } => 1,
        }
    }
}
