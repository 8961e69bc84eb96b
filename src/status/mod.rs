//! The status of the daemon at one moment: the value behind `/api/v1/status` and `drd status`.
//!
//! Plain data, filled by the daemon (`build`) and read back by the command, so that both show the
//! same moment. Deliberately absent: reading anything from AWS (a status must not take part), and
//! fetching it (`crate::daemon::client`).

pub mod build;
mod moment;
mod screens;
mod text;

pub use moment::{EyeStatus, HeldStatus, StepStatus, SuspicionStatus};

use drd_state_machine::event::{Side, Vantage, Verdict};
use drd_state_machine::record::{Operation, Trigger};
use drd_state_machine::{Phase, gates};
use serde::{Deserialize, Serialize};

/// The schema of the JSON. A minor step may add keys; readers ignore what they do not know.
pub const SCHEMA: &str = "drd.status/1.0";
/// Where the daemon serves it.
pub(crate) const PATH: &str = "/api/v1/status";
/// Where the daemon reports whether its control loop turns.
pub(crate) const HEALTH: &str = "/healthz";

/// The daemon's status. Ages are as of the moment it was filled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusView {
    /// [`SCHEMA`].
    pub schema: String,
    /// The daemon's version.
    pub version: String,
    /// The estate.
    pub suffix: String,
    /// When this was filled, RFC 3339.
    pub as_of: String,
    /// The machine's state; `held` also while the ledger refuses.
    pub state: Phase,
    /// How long it has been in it.
    pub state_seconds: f64,
    /// Whether a failover would start if it had to.
    pub armed: bool,
    /// Why not; empty when armed.
    pub not_armed_because: Vec<String>,
    /// What it would not act on although it is armed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_armed_for: Vec<LimitStatus>,
    /// Whether an operator paused drd.
    pub paused: bool,
    /// The side that serves.
    pub active_side: Side,
    /// The diagnosis, by its public name.
    pub diagnosis: String,
    /// Each rule of the decision with its figures.
    pub why: Vec<RuleStatus>,
    /// Both sides, primary first.
    pub sides: Vec<SideStatus>,
    /// The most that a failover would lose now, in seconds of writes; `None` while unknown.
    #[serde(default)]
    pub loss_bound_seconds: Option<f64>,
    /// Replication from the active side to the other.
    pub replication: Replication,
    /// How long ago our heartbeat last came back through EventBridge and SQS; `None` when it
    /// never did, or an older daemon does not report it.
    #[serde(default)]
    pub heartbeat_age_seconds: Option<f64>,
    /// Every sensor's newest verdict.
    pub signals: Vec<SignalStatus>,
    /// Which fault domains see the side that serves.
    #[serde(default)]
    pub eyes: Vec<EyeStatus>,
    /// What is counted down, in `suspecting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicion: Option<SuspicionStatus>,
    /// The steps of the stage that runs or is held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepStatus>,
    /// Why it is held, in `held`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldStatus>,
    /// Until when a pause lasts, RFC 3339; `None` while not paused, and for one without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<String>,
    /// The running or newest incident.
    pub incident: Option<IncidentStatus>,
    /// Where decisions are kept.
    pub ledger: LedgerStatus,
    /// Who leads; `None` for a daemon that is alone by configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<LeaderStatus>,
}

/// A diagnosis that is left to people, armed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitStatus {
    /// Its public name.
    pub diagnosis: String,
    /// Why, in one sentence.
    pub because: String,
}

/// Who leads, of several daemons on one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaderStatus {
    /// Whether the daemon that reports this does.
    pub leads: bool,
    /// Who does, or did last; empty while no daemon ever did.
    pub owner: String,
    /// The lease's fencing token. `epoch` is its name in the JSON and in the ledger's table, which
    /// operators and other programs read.
    #[serde(rename = "epoch")]
    pub fencing_token: u64,
    /// How long after its last renewal another daemon takes over: the lease and the clock error.
    pub takeover_after_seconds: f64,
}

impl LeaderStatus {
    /// One line of text.
    pub fn summary(&self) -> String {
        let (owner, token) = (&self.owner, self.fencing_token);
        if self.leads {
            format!("this daemon leads as {owner}, epoch {token}")
        } else if owner.is_empty() {
            "no daemon leads yet".to_owned()
        } else {
            let after = self.takeover_after_seconds;
            format!(
                "{owner} leads, epoch {token}; this daemon takes over once it was silent for {after:.1} s"
            )
        }
    }
}

/// One rule of the decision and whether it is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleStatus {
    /// The rule.
    pub code: String,
    /// Whether it is met.
    pub verdict: RuleVerdict,
    /// The figures.
    pub text: String,
}

/// Whether a rule is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleVerdict {
    /// It is.
    Ok,
    /// It is not.
    No,
    /// Not known.
    Unknown,
}

/// One side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideStatus {
    /// Which.
    pub side: Side,
    /// Its region.
    pub region: String,
    /// `writer`, `reader` or `unknown`.
    pub role: String,
    /// `available`, `unavailable` or `unknown`.
    pub database: String,
    /// Instances that can serve; `None` while unknown.
    pub serving: Option<u32>,
    /// Whether the record resolves to it; `None` while resolvers disagree or are silent.
    pub dns: Option<bool>,
    /// How old these values are; `None` when the side was never observed.
    pub observed_age_seconds: Option<f64>,
}

/// Replication as seen from the side that receives it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replication {
    /// The newest sample; `None` when there is none.
    pub lag_seconds: Option<f64>,
    /// How old it is.
    pub sampled_age_seconds: Option<f64>,
    /// The RPO.
    pub objective_seconds: f64,
}

/// One sensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalStatus {
    /// Its name.
    pub sensor: String,
    /// Where it looks from.
    pub vantage: Vantage,
    /// The side it observes.
    pub side: Side,
    /// What counts of it now; a stale or flapping sensor is unknown.
    pub verdict: Verdict,
    /// The age of its newest reading; `None` when there is none.
    pub age_seconds: Option<f64>,
}

/// An incident: one numbered recovery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentStatus {
    /// Its number.
    pub incident_id: u64,
    /// The ladder.
    pub operation: Operation,
    /// Who decided.
    pub trigger: Trigger,
    /// The diagnosis, by its public name.
    pub diagnosis: String,
    /// The side that served.
    pub from: Side,
    /// The side that will, or does.
    pub to: Side,
    /// Whether it has ended.
    pub ended: bool,
    /// From the onset, where the RTO begins, to now, or to its end.
    pub elapsed_seconds: f64,
    /// The RTO.
    pub rto_seconds: f64,
    /// The loss that was accepted, 0 for a switchover; `None` when it was not known.
    pub data_loss_seconds: Option<f64>,
    /// What happens now, or how it ended; in `held` also the ways out.
    pub text: String,
}

/// Where decisions are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerStatus {
    /// The file.
    pub path: String,
    /// The number of its newest line.
    pub seq: u64,
}

impl StatusView {
    /// Whether the daemon does its work: it would act, or acts, or could take over.
    pub fn is_ready(&self) -> bool {
        self.armed || self.state.is_acting() || self.stands_by()
    }

    /// `armed`, and the diagnoses for which that is not so.
    pub fn armed_words(&self) -> String {
        let names = self.not_armed_for.iter().map(|l| l.diagnosis.as_str());
        match names.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => "armed".to_owned(),
            some => format!("armed, but not for {some}"),
        }
    }

    /// Whether another daemon leads and this one could take over.
    pub fn stands_by(&self) -> bool {
        self.leader.as_ref().is_some_and(|leader| !leader.leads) && self.state != Phase::Held
    }

    /// The JSON of `drd status -o json`.
    ///
    /// # Errors
    /// Those of `serde_json`; this value has nothing that JSON cannot hold.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

impl From<gates::Limit> for LimitStatus {
    fn from(limit: gates::Limit) -> LimitStatus {
        LimitStatus {
            diagnosis: limit.diagnosis.name().to_owned(),
            because: limit.because,
        }
    }
}

impl From<gates::Reason> for RuleStatus {
    fn from(reason: gates::Reason) -> RuleStatus {
        let verdict = match reason.met {
            Verdict::Healthy => RuleVerdict::Ok,
            Verdict::Unhealthy => RuleVerdict::No,
            Verdict::Unknown => RuleVerdict::Unknown,
        };
        RuleStatus {
            code: reason.code.to_owned(),
            verdict,
            text: reason.text,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
