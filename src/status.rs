//! What is the matter, right now: the value behind `/api/v1/status` and `drd status`.
//!
//! Plain data, filled by the daemon and read back by the command, so that both speak of the same
//! moment. Deliberately absent: reading anything from AWS; a status must not take part.

mod fetch;
mod health;
mod text;

pub(crate) use fetch::PATH;
pub use fetch::{FetchError, fetch};
pub(crate) use health::PATH as HEALTH;
pub use health::{Unhealthy, health};

use drd_state_machine::event::{Side, Vantage, Verdict};
use drd_state_machine::gates;
use drd_state_machine::record::{Operation, Trigger};
use serde::{Deserialize, Serialize};

/// The schema of the JSON. A minor step may add keys; readers ignore what they do not know.
pub const SCHEMA: &str = "drd.status/1.0";
/// The part of [`SCHEMA`] that a reader must know.
const SCHEMA_MAJOR: &str = "drd.status/1.";

/// One look at the daemon. Ages are as of the moment it was filled.
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
    /// The machine's state, by its public name.
    pub state: String,
    /// How long it has been in it.
    pub state_seconds: f64,
    /// Whether a failover would start if it had to.
    pub armed: bool,
    /// Why not; empty when armed.
    pub not_armed_because: Vec<String>,
    /// Whether an operator paused drd.
    pub paused: bool,
    /// The side that serves.
    pub active_side: Side,
    /// What is seen, by its public name.
    pub diagnosis: String,
    /// Each rule of the decision with its figures.
    pub why: Vec<Reason>,
    /// Both sides, primary first.
    pub sides: Vec<SideStatus>,
    /// Replication from the active side to the other.
    pub replication: Replication,
    /// How long ago our heartbeat last came back through EventBridge and SQS; `None` when it
    /// never did, or an older daemon does not say.
    #[serde(default)]
    pub heartbeat_age_seconds: Option<f64>,
    /// Every sensor's newest word.
    pub signals: Vec<SignalStatus>,
    /// The running or newest recovery.
    pub incident: Option<IncidentStatus>,
    /// Where decisions are kept.
    pub ledger: LedgerStatus,
    /// Who leads; `None` for a daemon that is alone by configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<LeaderStatus>,
}

/// Who leads, of several daemons on one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaderStatus {
    /// Whether the daemon that says this does.
    pub leads: bool,
    /// Who does, or did last; empty while nobody ever did.
    pub owner: String,
    /// The lease's epoch.
    pub epoch: u64,
    /// How long after its last renewal another daemon takes over: the lease and the clock error.
    pub takeover_after_seconds: f64,
}

impl LeaderStatus {
    /// In words.
    pub fn words(&self) -> String {
        let (owner, epoch) = (&self.owner, self.epoch);
        if self.leads {
            format!("this daemon leads as {owner}, epoch {epoch}")
        } else if owner.is_empty() {
            "no daemon leads yet".to_owned()
        } else {
            let after = self.takeover_after_seconds;
            format!(
                "{owner} leads, epoch {epoch}; this daemon takes over once it was silent for {after:.1} s"
            )
        }
    }
}

/// One rule and whether it is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule.
    pub code: String,
    /// Whether it is met.
    pub verdict: Met,
    /// The figures.
    pub text: String,
}

/// Whether a rule is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Met {
    /// It is.
    Ok,
    /// It is not.
    No,
    /// Nobody knows.
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
    /// How old this knowledge is; `None` when it was never seen.
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
    /// The side it speaks about.
    pub side: Side,
    /// What counts of it now; a stale or flapping sensor is unknown.
    pub verdict: Verdict,
    /// How long ago it looked; `None` when it never did.
    pub age_seconds: Option<f64>,
}

/// A recovery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentStatus {
    /// Its number.
    pub incident_id: u64,
    /// The ladder.
    pub operation: Operation,
    /// Who decided.
    pub trigger: Trigger,
    /// What was seen.
    pub diagnosis: String,
    /// The side that served.
    pub from: Side,
    /// The side that will, or does.
    pub to: Side,
    /// Whether it has ended.
    pub ended: bool,
    /// From the first bad sample to now, or to its end.
    pub elapsed_seconds: f64,
    /// The RTO.
    pub rto_seconds: f64,
    /// The loss that was accepted; `None` when it was not known.
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
    /// Whether the daemon does its work: it would act, or acts, or stands by to take over.
    pub fn is_ready(&self) -> bool {
        self.armed || self.is_acting() || self.stands_by()
    }

    /// Whether another daemon leads and this one could take over.
    pub fn stands_by(&self) -> bool {
        self.leader.as_ref().is_some_and(|leader| !leader.leads) && self.state != "held"
    }

    /// Whether a recovery runs.
    pub fn is_acting(&self) -> bool {
        const ACTING: [&str; 6] = [
            "suspecting",
            "fencing",
            "promoting",
            "redirecting",
            "verifying",
            "switching",
        ];
        ACTING.contains(&self.state.as_str())
    }

    /// The JSON of `drd status -o json`.
    ///
    /// # Errors
    /// Those of `serde_json`; this value has nothing that JSON cannot hold.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// The text of `drd status`: the first line says the one thing asked at 3 am.
    pub fn table(&self) -> String {
        text::table(self)
    }

    /// The text of `drd status --why`.
    pub fn why(&self) -> String {
        text::why(self)
    }
}

impl From<gates::Reason> for Reason {
    fn from(reason: gates::Reason) -> Reason {
        let verdict = match reason.met {
            Verdict::Healthy => Met::Ok,
            Verdict::Unhealthy => Met::No,
            Verdict::Unknown => Met::Unknown,
        };
        Reason {
            code: reason.code.to_owned(),
            verdict,
            text: reason.text,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
