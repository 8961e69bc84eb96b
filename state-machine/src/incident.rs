//! One recovery: what was seen and decided, and how far it came.
//!
//! Deliberately absent: the steps that are under way (`state`), and everything else that is known (`record`).

use crate::diagnosis::Diagnosis;
use crate::event::Side;
use crate::policy::Policy;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// Which ladder is climbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// FailoverGlobalCluster, may lose the newest writes.
    Failover,
    /// SwitchoverGlobalCluster, lossless.
    Switchover,
}

impl Operation {
    /// The public name, the same as in JSON and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Failover => "failover",
            Operation::Switchover => "switchover",
        }
    }
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// drd.
    Automatic,
    /// An operator.
    Operator,
}

/// How the best-effort fence of the old side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FenceOutcome {
    /// Not asked: old writers may live (Aurora fences by itself, best effort).
    Unknown,
    /// Asked, and no answer was received.
    Asked,
    /// The old side's group went to zero.
    Fenced,
    /// It was refused.
    Unfenced,
}

/// One numbered recovery, with the moments from which the clocks are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Its number.
    pub incident_id: u64,
    /// What was seen.
    pub diagnosis: Diagnosis,
    /// The ladder.
    pub operation: Operation,
    /// Who decided.
    pub trigger: Trigger,
    /// The operator's newest word for it; `None`: nobody's, or one of before a restart that is too old.
    pub ordered_at: Option<Time>,
    /// The side that served.
    pub from: Side,
    /// The side that will.
    pub to: Side,
    /// The first bad sample: the first of the reported clocks runs from here.
    pub first_bad_at: Time,
    /// Where the outage that is acted on began: a region that dies in steps was alive after its first
    /// bad sample. The RTO runs from here.
    pub onset_at: Time,
    /// The decision.
    pub decided_at: Time,
    /// The most that it could lose, as known at its decision.
    pub loss: Option<Span>,
    /// The first promote call may have been sent: no way back.
    pub committed: bool,
    /// How the fence ended.
    pub fence: FenceOutcome,
    /// How often it was asked for.
    pub fence_attempts: u32,
    /// The newest attempt that ended, however.
    pub fence_ended: u32,
    /// The last attempt whose effect was taken back.
    pub unfenced_attempts: u32,
    /// The new writer was observed.
    pub promoted_at: Option<Time>,
    /// Enough capacity was observed.
    pub scaled_at: Option<Time>,
    /// A write on the new side was proven.
    pub proven_at: Option<Time>,
    /// The resolvers give the new side.
    pub redirected_at: Option<Time>,
    /// All was verified.
    pub ended_at: Option<Time>,
    /// The objective was used up and that was paged: from here drd goes on without it.
    pub late: bool,
}

impl Incident {
    /// The recovery time objective that holds for it.
    pub const fn objective(&self, policy: &Policy) -> Span {
        match self.operation {
            Operation::Failover => policy.rto,
            Operation::Switchover => policy.rto_lossless,
        }
    }

    /// Whether an operator's word stands for what drd would have to see by itself: for as long as the
    /// objective, after which whoever gave it has acted otherwise.
    pub fn is_ordered(&self, now: Time, policy: &Policy) -> bool {
        let objective = self.objective(policy);
        self.ordered_at.is_some_and(|at| now - at <= objective)
    }

    /// Moves every remembered moment.
    pub(crate) fn shift(&mut self, by: Span) {
        self.first_bad_at = self.first_bad_at + by;
        self.onset_at = self.onset_at + by;
        self.decided_at = self.decided_at + by;
        for at in [
            &mut self.ordered_at,
            &mut self.promoted_at,
            &mut self.scaled_at,
            &mut self.proven_at,
            &mut self.redirected_at,
            &mut self.ended_at,
        ] {
            *at = at.map(|t| t + by);
        }
    }
}
