//! Scenario files: what goes wrong when, and what must come of it (DESIGN section 12).
//!
//! Deliberately absent: what a fault does to the world. `faults` and `world` know.

mod read;

use super::{acts, senses};
use drd_state_machine::event::{Side, Word};
use drd_state_machine::state::State;
use drd_state_machine::time::Span;
use serde::Deserialize;

/// The longest scenario: a day. A rehearsal is bounded like everything else.
const DURATION_MAX: Span = Span::secs(24 * 3600);
/// The most faults in one scenario.
const FAULTS_MAX: usize = 64;

/// A scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, e.g. `region-dark`.
    pub name: String,
    /// One line on what it shows.
    pub about: String,
    /// How long it runs.
    #[serde(deserialize_with = "read::span")]
    pub duration: Span,
    /// What must come of it.
    pub expect: Expect,
    /// What goes wrong.
    #[serde(default, rename = "fault")]
    pub faults: Vec<Fault>,
}

/// How an incident can come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The other side serves, after a failover that may have lost the newest writes.
    FailedOver,
    /// The other side serves, nothing was lost.
    SwitchedOver,
    /// No role was changed and none was begun.
    NoAction,
    /// drd stopped and paged.
    Held,
    /// The scenario ended in the middle of a recovery. Never expected.
    Unfinished,
}

impl Outcome {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::FailedOver => "failed_over",
            Outcome::SwitchedOver => "switched_over",
            Outcome::NoAction => "no_action",
            Outcome::Held => "held",
            Outcome::Unfinished => "unfinished",
        }
    }
}

/// The expectation.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The outcome.
    pub outcome: Outcome,
    /// Bound on all three clocks, when a role changed.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub rto: Option<Span>,
    /// Bound on the loss, when a role changed.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub rpo: Option<Span>,
}

/// When a fault begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// This long after the start.
    Time(Span),
    /// The moment that a state is entered.
    Step(String),
}

/// Which fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "DESIGN section 12 and `gameday list --faults` name them"
)]
pub enum Kind {
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
}

/// One fault. Which of the optional fields it needs depends on its kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When it begins.
    #[serde(deserialize_with = "read::at")]
    pub at: At,
    /// What it is.
    pub kind: Kind,
    /// How long it lasts; to the end when absent.
    #[serde(default, rename = "for", deserialize_with = "read::optional_span")]
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
    /// Replication lag.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub lag: Option<Span>,
    /// Added latency.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub latency: Option<Span>,
    /// Event delay.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub delay: Option<Span>,
    /// Alarm flap period.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub period: Option<Span>,
    /// How long a promotion takes.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub duration: Option<Span>,
    /// Instances to be had.
    pub available: Option<u32>,
    /// Copies of each event.
    pub copies: Option<u32>,
    /// Sensor name.
    pub sensor: Option<String>,
    /// Clock jump, may be negative.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub by: Option<Span>,
    /// When a crashed daemon comes back; 5 s when absent.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub restart_after: Option<Span>,
    /// What an operator says.
    pub word: Option<Word>,
}

/// Why a scenario was refused.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file is not a scenario.
    #[error("scenario {name} is not one that drd can rehearse")]
    Unreadable {
        /// Name or path.
        name: String,
        /// What the parser said, with the line.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The file cannot be read.
    #[error(
        "scenario {name} is neither built in nor a file that can be read; `drd gameday list` names the built-in ones"
    )]
    Io {
        /// Name or path.
        name: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// It asks for something impossible.
    #[error("scenario {name}: {what}")]
    Impossible {
        /// Name or path.
        name: String,
        /// What is wrong and what to do.
        what: String,
    },
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// When it is not one, or asks for something that the lab does not have.
    pub fn parse(name: &str, text: &str) -> Result<Scenario, ScenarioError> {
        let scenario: Scenario = toml::from_str(text).map_err(|e| ScenarioError::Unreadable {
            name: name.to_owned(),
            source: Box::new(e),
        })?;
        match scenario.problem() {
            None => Ok(scenario),
            Some(what) => Err(ScenarioError::Impossible {
                name: name.to_owned(),
                what,
            }),
        }
    }

    fn problem(&self) -> Option<String> {
        if self.duration <= Span::ZERO || self.duration > DURATION_MAX {
            return Some(format!("duration must be within 0 and {DURATION_MAX}"));
        }
        if self.faults.len() > FAULTS_MAX {
            return Some(format!("at most {FAULTS_MAX} faults"));
        }
        self.faults
            .iter()
            .enumerate()
            .find_map(|(i, fault)| fault.problem().map(|p| format!("fault {}: {p}", i + 1)))
    }
}

impl Kind {
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
    pub fn new(kind: Kind, at: Span) -> Fault {
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
        }
    }

    /// The side it strikes.
    pub fn side(&self) -> Side {
        self.side.unwrap_or(Side::Primary)
    }

    /// A name that nothing in the lab answers to would make a fault that never strikes.
    fn wrong_name(&self) -> Option<String> {
        let unknown = |what: &str, name: &Option<String>, known: &[&str]| {
            let name = name.as_deref().filter(|name| !known.contains(name))?;
            Some(format!(
                "no {what} is called {name}; use one of {}",
                known.join(", ")
            ))
        };
        let sensors = senses::sensors();
        let sensors: Vec<&str> = sensors.iter().map(|sensor| &*sensor.name).collect();
        unknown("sensor", &self.sensor, &sensors)
            .or_else(|| unknown("operation", &self.operation, &acts::OPERATIONS))
            .or_else(|| unknown("service", &self.service, &acts::SERVICES))
    }

    fn spans(&self) -> impl Iterator<Item = Span> {
        let at = match &self.at {
            At::Time(at) => Some(*at),
            At::Step(_) => None,
        };
        [
            at,
            self.lasts,
            self.lag,
            self.latency,
            self.delay,
            self.period,
            self.duration,
            self.restart_after,
        ]
        .into_iter()
        .flatten()
    }

    fn problem(&self) -> Option<String> {
        let missing = |there: bool, field: &str| {
            (!there).then(|| format!("{} needs `{field}`", self.kind.name()))
        };
        if let At::Step(name) = &self.at
            && !State::NAMES.contains(&name.as_str())
        {
            return Some(format!(
                "no state is called {name}; use one of {}",
                State::NAMES.join(", ")
            ));
        }
        if let Some(problem) = self.wrong_name() {
            return Some(problem);
        }
        if self.spans().any(|span| span < Span::ZERO) {
            return Some(
                "a time or duration is negative; only `by` of a clock_jump may be".to_owned(),
            );
        }
        if self.rate.is_some_and(|r| !(0.0..=1.0).contains(&r)) {
            return Some("rate must be within 0 and 1".to_owned());
        }
        match self.kind {
            Kind::ReplicationLag => missing(self.lag.is_some(), "lag"),
            Kind::ReplyLost => missing(self.operation.is_some(), "operation"),
            Kind::CapacityShortage => missing(self.available.is_some(), "available"),
            Kind::PromotionSlow => missing(self.duration.is_some(), "duration"),
            Kind::EventsDelayed => missing(self.delay.is_some(), "delay"),
            Kind::SingleSensorFalse => missing(self.sensor.is_some(), "sensor"),
            Kind::ClockJump => missing(self.by.is_some(), "by"),
            Kind::ApiLatency => missing(self.latency.is_some(), "latency"),
            Kind::Operator => missing(self.word.is_some(), "word"),
            Kind::DaemonFreeze => missing(self.lasts.is_some(), "for"),
            Kind::SecondDaemon => Some(
                "second_daemon is not built yet: it needs the ledger that two daemons share"
                    .to_owned(),
            ),
            Kind::RegionDark
            | Kind::ObserverIsolated
            | Kind::DatabaseDown
            | Kind::DatabaseHung
            | Kind::ApplicationDown
            | Kind::ApplicationWrongData
            | Kind::EdgeDown
            | Kind::ReplicationStall
            | Kind::ControlPlaneDown
            | Kind::ApiThrottle
            | Kind::ApiError
            | Kind::PromotionFails
            | Kind::VersionMismatch
            | Kind::EventsLost
            | Kind::EventsDuplicated
            | Kind::EventsReordered
            | Kind::PoisonMessage
            | Kind::AlarmFlap
            | Kind::DaemonCrash
            | Kind::LedgerDown
            | Kind::DnsStale => None,
        }
    }
}
