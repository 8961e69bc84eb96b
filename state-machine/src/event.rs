//! What the machine receives. Past tense for events; unknown is a value.
//!
//! Deliberately absent: envelopes, receipts, SDK types. `intake` and `observe` translate.

use crate::command::Kind;
pub use crate::lag_sample::{LagSample, LagSource};
pub use crate::side::Side;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What one sensor reports. A reading that failed is `Unknown`, never `Unhealthy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It looked, and it was well.
    Healthy,
    /// It looked, and it was not well.
    Unhealthy,
    /// It could not look, or it has not reported.
    #[default]
    Unknown,
}

impl Verdict {
    /// The public name, the same as in messages and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Healthy => "healthy",
            Verdict::Unhealthy => "unhealthy",
            Verdict::Unknown => "unknown",
        }
    }
}

/// Where a sensor looks from (DESIGN section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vantage {
    /// A function in a third region that probes the public endpoint.
    Witness,
    /// Route 53's own checkers, alarmed in us-east-1.
    Route53,
    /// drd's own HTTPS probe of the public endpoint.
    Probe,
    /// Whether the side's regional AWS endpoints answer drd.
    ControlPlane,
    /// The side's own CloudWatch alarms about its database.
    Inside,
    /// Replication lag as seen from the region that receives it.
    Replication,
}

/// What must break for a sensor to report wrongly. Votes are counted per domain, never per sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// The witness's region.
    ThirdRegion,
    /// Route 53's alarm region.
    UsEast1,
    /// The host that drd runs on and its network.
    Observer,
    /// The region that the sensor reports about.
    SubjectRegion,
    /// The region that receives the replication.
    ReplicaRegion,
}

impl Vantage {
    /// Every vantage, in the order of the table in DESIGN section 4.
    pub const ALL: [Vantage; 6] = [
        Vantage::Witness,
        Vantage::Route53,
        Vantage::Probe,
        Vantage::ControlPlane,
        Vantage::Inside,
        Vantage::Replication,
    ];

    /// The fault domain of everything that looks from here.
    pub const fn domain(self) -> Domain {
        match self {
            Vantage::Witness => Domain::ThirdRegion,
            Vantage::Route53 => Domain::UsEast1,
            Vantage::Probe | Vantage::ControlPlane => Domain::Observer,
            Vantage::Inside => Domain::SubjectRegion,
            Vantage::Replication => Domain::ReplicaRegion,
        }
    }

    /// Whether it looks at the public endpoint: only these can make a quorum.
    pub const fn sees_endpoint(self) -> bool {
        matches!(self, Vantage::Witness | Vantage::Route53 | Vantage::Probe)
    }

    /// The name used in configuration and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Vantage::Witness => "witness",
            Vantage::Route53 => "route53",
            Vantage::Probe => "probe",
            Vantage::ControlPlane => "control_plane",
            Vantage::Inside => "inside",
            Vantage::Replication => "replication",
        }
    }
}

impl Domain {
    /// The name used in sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Domain::ThirdRegion => "third region",
            Domain::UsEast1 => "us-east-1",
            Domain::Observer => "observer",
            Domain::SubjectRegion => "subject region",
            Domain::ReplicaRegion => "replica region",
        }
    }
}

/// One sensor's statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// Identity of the delivery; empty for drd's own readings, which are never delivered twice.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub id: Arc<str>,
    /// The sensor's configured name.
    pub sensor: Arc<str>,
    /// What it reports.
    pub verdict: Verdict,
    /// When it looked, by the sender's clock.
    pub observed_at: Time,
    /// When it last saw it well, by the same clock, where it reports that: a report of a change may be lost, and
    /// the next one is no news of when it came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_at: Option<Time>,
}

/// A role change of the global database as AWS reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "to")]
pub enum RoleChange {
    /// `FailoverState` is empty.
    Idle,
    /// Any non-empty `FailoverState`, whatever its status string, towards this side.
    Underway(Side),
}

/// What is true of the global database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlobalView {
    /// The member with `IsWriter`; `None` when no configured side has it.
    pub writer: Option<Side>,
    /// How many members have `IsWriter`.
    pub writers: u8,
    /// Whether a role change runs.
    pub role_change: RoleChange,
    /// Whether the reading side is `connected` (a standby exists).
    pub replica_connected: bool,
}

/// What is true of one side. `None` means: could not be read, or not asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideView {
    /// The cluster is `available` and has the instance its role needs.
    pub database_available: Option<bool>,
    /// Instances in service in the Auto Scaling group.
    pub in_service: Option<u32>,
    /// Targets that the load balancer calls healthy.
    pub healthy_targets: Option<u32>,
    /// The group's MinSize.
    pub min_size: Option<u32>,
}

impl SideView {
    /// Instances that can serve: healthy targets where they are known, else instances in service.
    pub fn serving(&self) -> Option<u32> {
        self.healthy_targets.or(self.in_service)
    }
}

/// One poll of the estate. Each part that could not be read stays `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Whether the observer's own references answer; `Unhealthy` means drd is cut off.
    pub references: Verdict,
    /// The global database, asked outside the active region.
    pub global: Option<GlobalView>,
    /// The sides, primary first.
    pub sides: [Option<SideView>; 2],
    /// The side whose address every answering resolver gives for the record.
    pub dns: Option<Side>,
    /// Where the latch sends users; absent where no store of it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latch: Option<Side>,
}

/// One readiness check.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name, e.g. `engine_parity`.
    pub name: Arc<str>,
    /// What it found; `Unknown` keeps the last known answer for a while.
    pub verdict: Verdict,
    /// What was seen, in words.
    pub detail: Arc<str>,
    /// Whether a failover must not start while it is red.
    pub gates: bool,
}

/// How one attempt of a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// It was accepted, or proven, or sent.
    Done,
    /// The look before the act found the goal already reached.
    AlreadySo,
    /// No answer, a throttle or a server error: the effect is unknown.
    Unknown {
        /// What was seen.
        why: String,
    },
    /// The service refused in the state it is in (conflict).
    Refused {
        /// The service's words.
        why: String,
    },
    /// Permission denied or the object is gone: trying again cannot help.
    Denied {
        /// The service's words.
        why: String,
    },
}

/// The end of one attempt. Stale ones (of an older incident or attempt) change nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Completion {
    /// Which command.
    pub kind: Kind,
    /// The number of the incident that it was issued in.
    pub incident_id: u64,
    /// The attempt it was.
    pub attempt: u32,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What an operator can order: over the daemon's local socket, and in the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// No automatic act until `resume`.
    Pause,
    /// Automatic acts again; in `held`, try the stage again.
    Resume,
    /// Stop before the point of no return, or leave `held` as things are. While the outage
    /// lasts this pauses drd too: it would begin again at once.
    Abandon,
    /// Fail over now; the RPO gate is overridden by name.
    Failover,
    /// Move the roles without loss.
    Switchover,
}

/// Who ordered something, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderedBy {
    /// The caller's own number of the order.
    pub id: Arc<str>,
    /// Who, as far as the way it came on proves it.
    pub who: Arc<str>,
    /// Why, in the operator's words.
    pub why: Arc<str>,
}

impl OrderedBy {
    /// Of these texts.
    pub fn new(id: &str, who: &str, why: &str) -> OrderedBy {
        OrderedBy {
            id: Arc::from(id),
            who: Arc::from(who),
            why: Arc::from(why),
        }
    }
}

/// Everything that the machine receives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// Time passed.
    Tick,
    /// A daemon started on this record: the current state's commands are issued again.
    Started,
    /// A sensor reported.
    Signalled(Signal),
    /// A lag sample arrived.
    Sampled(LagSample),
    /// A lag sample was read from CloudWatch.
    LagRead(LagSample),
    /// A poll of the estate completed.
    Observed(Observation),
    /// The readiness checks ran.
    Checked {
        /// All checks of one run.
        checks: Vec<Check>,
    },
    /// A command's attempt ended.
    Finished(Completion),
    /// Our heartbeat came back through EventBridge and SQS.
    HeartbeatReturned {
        /// When drd sent it, by drd's clock.
        sent_at: Time,
        /// The `time` that AWS stamped on it: the difference is our clock error.
        stamped_at: Time,
        /// One that left well before it has not come back: the path loses messages.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        earlier_lost: bool,
    },
    /// An operator's order was received.
    Ordered {
        /// The order.
        word: Word,
        /// How long a pause lasts; without it until `resume`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Span>,
        /// Whose it is: for people who read the ledger. Nothing is decided by it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Arc<OrderedBy>>,
    },
}

impl Event {
    /// The attempt that ended, if one did.
    pub const fn finished(&self) -> Option<&Completion> {
        if let Event::Finished(done) = self {
            Some(done)
        } else {
            None
        }
    }

    /// The operator's order, if this is one.
    pub const fn word(&self) -> Option<Word> {
        if let Event::Ordered { word, .. } = self {
            Some(*word)
        } else {
            None
        }
    }

    /// The name used in the table, metrics and reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Event::Tick => "tick",
            Event::Started => "started",
            Event::Signalled(_) => "signalled",
            Event::Sampled(_) => "sampled",
            Event::LagRead(_) => "lag_read",
            Event::Observed(_) => "observed",
            Event::Checked { .. } => "checked",
            Event::Finished(_) => "finished",
            Event::HeartbeatReturned { .. } => "heartbeat_returned",
            Event::Ordered { .. } => "ordered",
        }
    }
}
