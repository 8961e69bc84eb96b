//! What is broken at one moment: the active faults of a scenario, added up.
//!
//! Deliberately absent: time. Faults begin and end when the rehearsal decides.

use super::estate::sensor_name;
use super::install::Install;
use super::scenario::{Fault, FaultKind};
use drd_state_machine::event::{Side, Vantage, Verdict};
use drd_state_machine::time::Span;

/// Everything that is broken now.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Nothing in the region answers anybody.
    pub dark: [bool; 2],
    /// The cluster has no available writer and reports it.
    pub database_down: [bool; 2],
    /// The cluster reports `available` and answers no client.
    pub database_hung: [bool; 2],
    /// The application is gone, or serves wrong data.
    pub application_down: [bool; 2],
    /// Healthy inside, unreachable from outside.
    pub edge_down: [bool; 2],
    /// This daemon reaches nothing, not even its own references.
    pub isolated: [bool; 2],
    /// Commits do not flow; samples keep coming and grow.
    pub replication_stalled: bool,
    /// The replica is this far behind.
    pub replication_lag: Option<Span>,
    /// Instances to be had.
    pub capacity_available: [Option<u32>; 2],
    /// How long a promotion takes.
    pub promotion_takes: Option<Span>,
    /// Engine versions differ.
    pub version_mismatch: bool,
    /// The ledger's store refuses.
    pub ledger_down: bool,
    /// Resolvers keep their old answer this much longer.
    pub dns_extra: Span,
    /// Share of messages lost.
    pub events_lost: f64,
    /// Copies of each message.
    pub events_copies: u32,
    /// Delay of each message.
    pub events_delay: Span,
    /// Messages overtake each other.
    pub events_reordered: bool,
    /// Period of an alarm that flips.
    pub alarm_flap: Option<Span>,
    /// Sensors that report this whatever is true.
    pub wrong_sensors: Vec<(String, Verdict)>,
    /// The witness probes nothing and reports nothing.
    pub witness_silent: bool,
    /// The latch's stores that nobody can read or write: the standby's region's, the witness's.
    pub latch_stores_down: [bool; 2],
    /// The record was edited by hand to this side.
    pub record_to: Option<Side>,
    /// Share of pages that nobody takes.
    pub pages_lost: f64,
    /// Share of lag samples that do not come, by source.
    pub lag_lost: [f64; 3],
    /// Delay of each lag sample, by source.
    pub lag_delay: [Span; 3],
    /// What samples report whatever is true, by source.
    pub lag_reported: [Option<Span>; 3],
    /// Nobody reads the log.
    pub log_sink_hangs: bool,
    /// The disk keeps a line and does not answer.
    pub fsync_hangs: bool,
    /// A readiness check that turns red and green in turn, with its period.
    pub flickers: Option<(String, Span)>,
    /// Aurora does not close the old writer after a failover.
    pub old_writer_unfenced: bool,
    /// A blue/green deployment switches over on this side.
    pub deployment: [bool; 2],
    expired: Vec<Option<String>>,
    denied: Vec<(Option<String>, Option<String>)>,
    regional: Vec<(Side, Option<String>)>,
    throttles: Vec<(Option<String>, f64)>,
    errors: Vec<(Fault, usize)>,
    latencies: Vec<(Option<String>, Span)>,
    lost_replies: Vec<String>,
    promotions_failing: Option<usize>,
    /// Uses left, per fault of the scenario: `times` runs out.
    uses_left: Vec<u32>,
}

/// How often a fault with `times` strikes when it does not name a count: once.
const TIMES_DEFAULT: u32 = 1;
/// The operations of the ledger's table.
const STORE: [&str; 4] = ["GetItem", "PutItem", "Query", "TransactWriteItems"];
/// How much longer a stale resolver answers: a resolver that ignores a 60 s TTL twice.
const DNS_STALE: Span = Span::secs(120);

impl Faults {
    /// Adds up the active ones. Uses that were spent stay spent: `all` may grow, at its end.
    /// `struck` names the daemon that a fault strikes; both where it is `None`.
    pub fn add_up(&mut self, all: &[Fault], active: &[bool], struck: &[Option<Install>]) {
        let mut uses_left = std::mem::take(&mut self.uses_left);
        let new = all.iter().skip(uses_left.len());
        uses_left.extend(new.map(|f| f.times.unwrap_or(TIMES_DEFAULT)));
        *self = Faults {
            uses_left,
            ..Faults::default()
        };
        for (place, (fault, _)) in all
            .iter()
            .zip(active)
            .enumerate()
            .filter(|(_, (_, on))| **on)
        {
            self.add(fault, place, struck.get(place).copied().flatten());
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is added up below")]
    fn add(&mut self, fault: &Fault, place: usize, struck: Option<Install>) {
        let side = fault.side().index();
        match fault.kind {
            FaultKind::RegionDark => self.dark[side] = true,
            FaultKind::ObserverIsolated => {
                for who in Install::BOTH {
                    self.isolated[who.index()] |= struck.is_none_or(|one| one == who);
                }
            }
            FaultKind::DatabaseDown => self.database_down[side] = true,
            FaultKind::DatabaseHung => self.database_hung[side] = true,
            FaultKind::ApplicationDown | FaultKind::ApplicationWrongData => {
                self.application_down[side] = true
            }
            FaultKind::EdgeDown => self.edge_down[side] = true,
            FaultKind::ReplicationStall => self.replication_stalled = true,
            FaultKind::ReplicationLag => self.replication_lag = fault.lag,
            FaultKind::ControlPlaneDown => {
                self.regional.push((fault.side(), fault.service.clone()))
            }
            FaultKind::ApiThrottle => {
                self.throttles
                    .push((fault.service.clone(), fault.rate.unwrap_or(0.5)));
            }
            FaultKind::ApiError => self.errors.push((fault.clone(), place)),
            FaultKind::ApiLatency => {
                let latency = fault.latency.unwrap_or_default();
                self.latencies.push((fault.service.clone(), latency));
            }
            FaultKind::ReplyLost => self.lost_replies.extend(fault.operation.clone()),
            FaultKind::CapacityShortage => {
                let standby = fault.side.unwrap_or(Side::Standby).index();
                self.capacity_available[standby] = fault.available;
            }
            _ => self.add_more(fault, place),
        }
    }

    /// The rest: what AWS and people do beside an outage, and what makes drd see what is not so.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the others are added up above, or happen once: the rehearsal does them"
    )]
    fn add_more(&mut self, fault: &Fault, place: usize) {
        let side = fault.side().index();
        match fault.kind {
            FaultKind::PromotionSlow => self.promotion_takes = fault.duration,
            FaultKind::PromotionFails => self.promotions_failing = Some(place),
            FaultKind::VersionMismatch => self.version_mismatch = true,
            FaultKind::LedgerDown => self.ledger_down = true,
            FaultKind::DnsStale => self.dns_extra = DNS_STALE,
            FaultKind::EventsLost => self.events_lost = fault.rate.unwrap_or(1.0),
            FaultKind::EventsDuplicated => self.events_copies = fault.copies.unwrap_or(3),
            FaultKind::EventsDelayed => self.events_delay = fault.delay.unwrap_or_default(),
            FaultKind::EventsReordered => self.events_reordered = true,
            // 40 s: twice the 20 s of fault A18, so that both verdicts get through.
            FaultKind::AlarmFlap => self.alarm_flap = Some(fault.period.unwrap_or(Span::secs(40))),
            FaultKind::SingleSensorFalse | FaultKind::SensorWrong => {
                let verdict = fault.verdict.unwrap_or(Verdict::Unhealthy);
                let wrong = fault.sensor.clone().map(|sensor| (sensor, verdict));
                self.wrong_sensors.extend(wrong);
            }
            FaultKind::WitnessSilent => self.witness_silent = true,
            FaultKind::LatchStoreDown => match fault.side {
                Some(side) => self.latch_stores_down[side.other().index()] = true,
                None => self.latch_stores_down = [true; 2],
            },
            FaultKind::RecordChanged => self.record_to = fault.to,
            FaultKind::BlueGreen => self.deployment[side] = true,
            FaultKind::CredentialsExpired => self.expired.push(fault.service.clone()),
            FaultKind::PermissionDenied => {
                self.denied
                    .push((fault.service.clone(), fault.operation.clone()));
            }
            FaultKind::PageLost => self.pages_lost = fault.rate.unwrap_or(1.0),
            FaultKind::LagLost => {
                for source in fault.lag_sources() {
                    self.lag_lost[source.index()] = fault.rate.unwrap_or(1.0);
                }
            }
            FaultKind::LagDelayed => {
                for source in fault.lag_sources() {
                    self.lag_delay[source.index()] = fault.delay.unwrap_or_default();
                }
            }
            FaultKind::LagWrong => {
                for source in fault.lag_sources() {
                    self.lag_reported[source.index()] = fault.lag;
                }
                // The client writes a row a second.
                let missing = fault.rows.map(|rows| Span::secs(i64::from(rows)));
                self.replication_lag = missing.or(self.replication_lag);
            }
            FaultKind::LogSinkHangs => self.log_sink_hangs = true,
            FaultKind::FsyncHangs => self.fsync_hangs = true,
            FaultKind::ReadinessFlickers => {
                // Two rounds of the checks while something is suspected.
                let period = fault.period.unwrap_or(Span::secs(20));
                self.flickers = fault.check.clone().map(|check| (check, period));
            }
            FaultKind::OldWriterUnfenced => self.old_writer_unfenced = true,
            _ => {}
        }
    }

    /// Whether a service of a region answers this daemon at all.
    pub fn answers(&self, who: Install, side: Side, service: &str) -> bool {
        let down = |(s, only): &(Side, Option<String>)| {
            *s == side && only.as_deref().is_none_or(|name| name == service)
        };
        !self.isolated[who.index()] && !self.dark[side.index()] && !self.regional.iter().any(down)
    }

    /// What this sensor of this side reports whatever is true, if it is wrong.
    pub fn wrong(&self, vantage: Vantage, side: Side) -> Option<Verdict> {
        let name = sensor_name(vantage, side);
        let wrong = self
            .wrong_sensors
            .iter()
            .find(|(sensor, _)| *sensor == name);
        wrong.map(|(_, verdict)| *verdict)
    }

    /// How many fault domains report this side's endpoint down whatever is true. `alarm`: so does Route 53's
    /// alarm, for a reason that is no fault of its sensor.
    pub fn wrong_domains(&self, side: Side, alarm: bool) -> usize {
        let down = |vantage: &Vantage| self.wrong(*vantage, side) == Some(Verdict::Unhealthy);
        let endpoint = [Vantage::Witness, Vantage::Route53, Vantage::Probe];
        let wrong = endpoint.iter().filter(|vantage| down(vantage)).count();
        wrong + usize::from(alarm && !down(&Vantage::Route53))
    }

    /// Why a service of a region that answers refuses whoever asks, by AWS's code.
    pub fn refusal(&self, service: &str, operation: &str) -> Option<&'static str> {
        let about = |only: &Option<String>, name: &str| only.as_deref().is_none_or(|o| o == name);
        if self.expired.iter().any(|only| about(only, service)) {
            return Some("ExpiredToken");
        }
        let denied = self
            .denied
            .iter()
            .any(|(s, o)| about(s, service) && about(o, operation));
        denied.then_some("AccessDenied")
    }

    /// Whether this daemon can read this.
    pub fn reads(&self, who: Install, side: Side, service: &str, operation: &str) -> bool {
        self.answers(who, side, service) && self.refusal(service, operation).is_none()
    }

    /// What is added to a call of this service, there and back.
    pub fn latency(&self, service: &str) -> Span {
        self.latencies
            .iter()
            .filter(|(only, _)| only.as_deref().is_none_or(|name| name == service))
            .map(|(_, latency)| *latency)
            .max()
            .unwrap_or_default()
    }

    /// Whether every call of this daemon to a service of the standby's region is carried out.
    pub fn takes_every_call(&self, who: Install, service: &str) -> bool {
        let about = |f: &Fault| f.service.as_deref().is_none_or(|s| s == service);
        self.answers(who, Side::Standby, service)
            && self.throttle_rate(service) == 0.0
            && self.refusal(service, "").is_none()
            && !self
                .denied
                .iter()
                .any(|(s, _)| s.as_deref().is_none_or(|s| s == service))
            && !self.errors.iter().any(|(fault, _)| about(fault))
    }

    /// Whether a page that this daemon sends is delivered.
    pub fn page_arrives(&self, who: Install) -> bool {
        self.takes_every_call(who, "events") && self.pages_lost == 0.0
    }

    /// Whether this daemon's way to the ledger's table is as it should be.
    pub fn store_is_well(&self, who: Install) -> bool {
        self.takes_every_call(who, "dynamodb")
            && !self.ledger_down
            && self.latency("dynamodb") == Span::ZERO
            && !self
                .lost_replies
                .iter()
                .any(|o| STORE.contains(&o.as_str()))
    }

    /// The share of calls that a service throttles.
    pub fn throttle_rate(&self, service: &str) -> f64 {
        self.throttles
            .iter()
            .filter(|(only, _)| only.as_deref().is_none_or(|name| name == service))
            .map(|(_, rate)| *rate)
            .fold(0.0, f64::max)
    }

    /// The error that this call gets, if one is due; spends one use.
    pub fn take_error(&mut self, service: &str, operation: &str) -> Option<String> {
        let (fault, place) = self.errors.iter().find(|(f, place)| {
            f.service.as_deref().is_none_or(|s| s == service)
                && f.operation.as_deref().is_none_or(|o| o == operation)
                && self.uses_left.get(*place).is_some_and(|left| *left > 0)
        })?;
        let code = fault
            .code
            .clone()
            .unwrap_or_else(|| "InternalFailure".to_owned());
        let place = *place;
        self.spend(place);
        Some(code)
    }

    /// The error that a call would get, and how often more.
    pub fn error_left(&self, service: &str, operation: &str) -> Option<(&str, u32)> {
        self.errors.iter().find_map(|(fault, place)| {
            let about = fault.service.as_deref().is_none_or(|s| s == service)
                && fault.operation.as_deref().is_none_or(|o| o == operation);
            let left = self
                .uses_left
                .get(*place)
                .copied()
                .filter(|left| *left > 0)?;
            about.then(|| (fault.code.as_deref().unwrap_or_default(), left))
        })
    }

    fn spend(&mut self, place: usize) -> bool {
        match self.uses_left.get_mut(place) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Whether the reply to this operation gets lost.
    pub fn loses_reply(&self, operation: &str) -> bool {
        self.lost_replies.iter().any(|o| o == operation)
    }

    /// Whether a promotion that begins now comes to nothing; spends one use.
    pub fn drop_promotion(&mut self) -> bool {
        self.promotions_failing
            .is_some_and(|place| self.spend(place))
    }
}
