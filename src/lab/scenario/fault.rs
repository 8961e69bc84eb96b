//! One fault of a scenario file: its kind, its moment, and what it needs beside them.
//!
//! Deliberately absent: what a fault does to the world. `faults` and `world` know.

use super::at::At;
use drd_state_machine::event::{LagSource, Side, Verdict, Word};
use drd_state_machine::time::Span;
use serde::Deserialize;

/// Which fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "DESIGN section 12 names them")]
pub enum FaultKind {
    RegionDark,
    ObserverIsolated,
    DatabaseDown,
    DatabaseHung,
    ApplicationDown,
    ApplicationWrongData,
    EdgeDown,
    ReplicationStall,
    ReplicationLag,
    ControlPlaneDown,
    ApiThrottle,
    ApiError,
    ApiLatency,
    ReplyLost,
    CapacityShortage,
    PromotionSlow,
    PromotionFails,
    VersionMismatch,
    EventsLost,
    EventsDuplicated,
    EventsDelayed,
    EventsReordered,
    PoisonMessage,
    AlarmFlap,
    SingleSensorFalse,
    DaemonCrash,
    DaemonFreeze,
    SecondDaemon,
    ClockJump,
    LedgerDown,
    DnsStale,
    Operator,
    WitnessSilent,
    SensorWrong,
    LatchStoreDown,
    LatchChanged,
    LatchRemoved,
    RecordChanged,
    CapacityChanged,
    RoleChangeByHand,
    BlueGreen,
    CredentialsExpired,
    PermissionDenied,
    PageLost,
    LagLost,
    LagDelayed,
    LagWrong,
    HostClock,
    LogSinkHangs,
    FsyncHangs,
    LedgerReplaced,
    ReadinessFlickers,
    OldWriterUnfenced,
}

/// The manner of a fault that has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// A role change that loses nothing.
    Switchover,
    /// A role change that may lose writes.
    Failover,
    /// The ledger's file was moved away.
    Moved,
    /// It was emptied.
    Truncated,
    /// It was replaced by an older copy of itself.
    Prefix,
}

/// One fault. Which of the optional fields it needs depends on its kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When it begins.
    #[serde(deserialize_with = "super::read::at")]
    pub at: At,
    /// What it is.
    pub kind: FaultKind,
    /// How long it lasts; to the end when absent.
    #[serde(
        default,
        rename = "for",
        deserialize_with = "super::read::optional_span"
    )]
    pub lasts: Option<Span>,
    /// Where; `primary` when absent.
    pub side: Option<Side>,
    /// AWS service, e.g. `rds`; every one when absent.
    pub service: Option<String>,
    /// API operation, e.g. `FailoverGlobalCluster`.
    pub operation: Option<String>,
    /// AWS error code.
    pub code: Option<String>,
    /// Share of calls or events, 0 to 1.
    pub rate: Option<f64>,
    /// How many times.
    pub times: Option<u32>,
    /// Which source of lag samples; every one when absent.
    pub source: Option<LagSource>,
    /// Replication lag.
    #[serde(default, deserialize_with = "super::read::optional_span")]
    pub lag: Option<Span>,
    /// Added latency.
    #[serde(default, deserialize_with = "super::read::optional_span")]
    pub latency: Option<Span>,
    /// Event delay.
    #[serde(default, deserialize_with = "super::read::optional_span")]
    pub delay: Option<Span>,
    /// Alarm flap period.
    #[serde(default, deserialize_with = "super::read::optional_span")]
    pub period: Option<Span>,
    /// How long a promotion takes.
    #[serde(default, deserialize_with = "super::read::optional_span")]
    pub duration: Option<Span>,
    /// Instances to be had.
    pub available: Option<u32>,
    /// Copies of each event.
    pub copies: Option<u32>,
    /// Sensor name.
    pub sensor: Option<String>,
    /// Clock jump, may be negative.
    #[serde(default, deserialize_with = "super::read::optional_span")]
    pub by: Option<Span>,
    /// When a crashed daemon comes back; 5 s when absent.
    #[serde(default, deserialize_with = "super::read::optional_span")]
    pub restart_after: Option<Span>,
    /// What an operator orders.
    pub word: Option<Word>,
    /// What a sensor reports whatever is true.
    pub verdict: Option<Verdict>,
    /// The side that something is set to by hand.
    pub to: Option<Side>,
    /// A group's MinSize, set by hand.
    pub min: Option<u32>,
    /// A group's DesiredCapacity, set by hand.
    pub desired: Option<u32>,
    /// In which of several manners.
    pub how: Option<Manner>,
    /// How long a deployment takes the writer away.
    #[serde(default, deserialize_with = "super::read::optional_span")]
    pub downtime: Option<Span>,
    /// Rows that the replica really lacks: the client writes one a second.
    pub rows: Option<u32>,
    /// The name of a readiness check.
    pub check: Option<String>,
    /// Which of two daemons; see [`StruckDaemon`] for what is meant when absent.
    pub daemon: Option<StruckDaemon>,
}

/// Which of two daemons a fault strikes. When absent, a crash, a freeze and a clock jump strike
/// the one that leads, and blindness strikes both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StruckDaemon {
    /// The one that leads at that moment.
    Leader,
    /// The one that does not.
    Follower,
    /// The one that was there from the start.
    First,
    /// The one that came with `second_daemon`.
    Second,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [FaultKind; 53] = [
        FaultKind::RegionDark,
        FaultKind::ObserverIsolated,
        FaultKind::DatabaseDown,
        FaultKind::DatabaseHung,
        FaultKind::ApplicationDown,
        FaultKind::ApplicationWrongData,
        FaultKind::EdgeDown,
        FaultKind::ReplicationStall,
        FaultKind::ReplicationLag,
        FaultKind::ControlPlaneDown,
        FaultKind::ApiThrottle,
        FaultKind::ApiError,
        FaultKind::ApiLatency,
        FaultKind::ReplyLost,
        FaultKind::CapacityShortage,
        FaultKind::PromotionSlow,
        FaultKind::PromotionFails,
        FaultKind::VersionMismatch,
        FaultKind::EventsLost,
        FaultKind::EventsDuplicated,
        FaultKind::EventsDelayed,
        FaultKind::EventsReordered,
        FaultKind::PoisonMessage,
        FaultKind::AlarmFlap,
        FaultKind::SingleSensorFalse,
        FaultKind::DaemonCrash,
        FaultKind::DaemonFreeze,
        FaultKind::SecondDaemon,
        FaultKind::ClockJump,
        FaultKind::LedgerDown,
        FaultKind::DnsStale,
        FaultKind::Operator,
        FaultKind::WitnessSilent,
        FaultKind::SensorWrong,
        FaultKind::LatchStoreDown,
        FaultKind::LatchChanged,
        FaultKind::LatchRemoved,
        FaultKind::RecordChanged,
        FaultKind::CapacityChanged,
        FaultKind::RoleChangeByHand,
        FaultKind::BlueGreen,
        FaultKind::CredentialsExpired,
        FaultKind::PermissionDenied,
        FaultKind::PageLost,
        FaultKind::LagLost,
        FaultKind::LagDelayed,
        FaultKind::LagWrong,
        FaultKind::HostClock,
        FaultKind::LogSinkHangs,
        FaultKind::FsyncHangs,
        FaultKind::LedgerReplaced,
        FaultKind::ReadinessFlickers,
        FaultKind::OldWriterUnfenced,
    ];

    /// The name used in scenario files: `snake_case` of the variant's.
    pub fn name(self) -> String {
        let mut name = String::new();
        for (i, c) in format!("{self:?}").chars().enumerate() {
            if c.is_uppercase() && i > 0 {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    }
}

impl Fault {
    /// A fault with nothing but a kind and a time: for the soak and for tests.
    pub fn new(kind: FaultKind, at: Span) -> Fault {
        Fault {
            at: At::Time(at),
            kind,
            lasts: None,
            side: None,
            service: None,
            operation: None,
            code: None,
            rate: None,
            times: None,
            source: None,
            lag: None,
            latency: None,
            delay: None,
            period: None,
            duration: None,
            available: None,
            copies: None,
            sensor: None,
            by: None,
            restart_after: None,
            word: None,
            verdict: None,
            to: None,
            min: None,
            desired: None,
            how: None,
            downtime: None,
            rows: None,
            check: None,
            daemon: None,
        }
    }

    /// The side it strikes. The ledger's table is in the standby region and nowhere else.
    pub fn side(&self) -> Side {
        let table = self.service.as_deref() == Some("dynamodb");
        self.side
            .unwrap_or(if table { Side::Standby } else { Side::Primary })
    }

    /// The sources of lag samples that it strikes.
    pub fn lag_sources(&self) -> impl Iterator<Item = LagSource> {
        let all = LagSource::ALL.into_iter();
        all.filter(|source| self.source.is_none_or(|only| only == *source))
    }

    /// The sentence of a timeline about its beginning or its end.
    pub fn sentence(&self, begins: bool) -> String {
        let name = self.kind.name();
        let side = self.side.map(|s| format!(" of {s}")).unwrap_or_default();
        let about = [&self.sensor, &self.operation, &self.service];
        let about = about.into_iter().flatten().next().map(String::as_str);
        let about = about.or(self.source.map(LagSource::words));
        let about = about.map(|w| format!(" ({w})")).unwrap_or_default();
        let verb = if begins { "begins" } else { "ends" };
        format!("{name}{side}{about} {verb}")
    }

    /// Whether it asks for two daemons.
    pub(super) fn needs_two(&self) -> bool {
        matches!(
            self.daemon,
            Some(StruckDaemon::Follower | StruckDaemon::Second)
        )
    }
}
