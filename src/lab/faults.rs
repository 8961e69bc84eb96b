//! What is broken at one moment: the active faults of a scenario, added up.
//!
//! Deliberately absent: time. Faults begin and end when the rehearsal says so.

use super::daemon::Place;
use super::scenario::{Fault, Kind};
use super::senses::sensor_name;
use drd_state_machine::event::{Side, Vantage};
use drd_state_machine::time::Span;

/// Everything that is broken now.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Nothing in the region answers anybody.
    pub dark: [bool; 2],
    /// The cluster has no available writer and says so.
    pub database_down: [bool; 2],
    /// The cluster says available and answers nobody.
    pub database_hung: [bool; 2],
    /// The application is gone, or tells wrong data.
    pub application_down: [bool; 2],
    /// Healthy inside, unreachable from outside.
    pub edge_down: [bool; 2],
    /// This daemon sees and hears nothing, not even its own references.
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
    /// Sensors that say unhealthy whatever is so.
    pub false_sensors: Vec<String>,
    regional: Vec<(Side, Option<String>)>,
    throttles: Vec<(Option<String>, f64)>,
    errors: Vec<(Fault, usize)>,
    latencies: Vec<(Option<String>, Span)>,
    lost_replies: Vec<String>,
    promotions_failing: Option<usize>,
    /// Uses left, per fault of the scenario: `times` runs out.
    uses_left: Vec<u32>,
}

/// How often a fault with `times` strikes when it does not say: once.
const TIMES_DEFAULT: u32 = 1;
/// The operations of the ledger's table.
const STORE: [&str; 4] = ["GetItem", "PutItem", "Query", "TransactWriteItems"];
/// How much longer a stale resolver answers: a resolver that ignores a 60 s TTL twice.
const DNS_STALE: Span = Span::secs(120);

impl Faults {
    /// Adds up the active ones. Uses that were spent stay spent. `struck` says which daemon a
    /// fault strikes; both when it says nothing.
    pub fn add_up(&mut self, all: &[Fault], active: &[bool], struck: &[Option<Place>]) {
        let mut uses_left = std::mem::take(&mut self.uses_left);
        if uses_left.len() != all.len() {
            uses_left = all
                .iter()
                .map(|f| f.times.unwrap_or(TIMES_DEFAULT))
                .collect();
        }
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

    fn add(&mut self, fault: &Fault, place: usize, struck: Option<Place>) {
        let side = fault.side().index();
        match fault.kind {
            Kind::RegionDark => self.dark[side] = true,
            Kind::ObserverIsolated => {
                for who in Place::BOTH {
                    self.isolated[who.index()] |= struck.is_none_or(|one| one == who);
                }
            }
            Kind::DatabaseDown => self.database_down[side] = true,
            Kind::DatabaseHung => self.database_hung[side] = true,
            Kind::ApplicationDown | Kind::ApplicationWrongData => {
                self.application_down[side] = true
            }
            Kind::EdgeDown => self.edge_down[side] = true,
            Kind::ReplicationStall => self.replication_stalled = true,
            Kind::ReplicationLag => self.replication_lag = fault.lag,
            Kind::ControlPlaneDown => self.regional.push((fault.side(), fault.service.clone())),
            Kind::ApiThrottle => {
                self.throttles
                    .push((fault.service.clone(), fault.rate.unwrap_or(0.5)));
            }
            Kind::ApiError => self.errors.push((fault.clone(), place)),
            Kind::ApiLatency => {
                let latency = fault.latency.unwrap_or_default();
                self.latencies.push((fault.service.clone(), latency));
            }
            Kind::ReplyLost => self.lost_replies.extend(fault.operation.clone()),
            Kind::CapacityShortage => {
                let standby = fault.side.unwrap_or(Side::Standby).index();
                self.capacity_available[standby] = fault.available;
            }
            Kind::PromotionSlow => self.promotion_takes = fault.duration,
            Kind::PromotionFails => self.promotions_failing = Some(place),
            Kind::VersionMismatch => self.version_mismatch = true,
            Kind::LedgerDown => self.ledger_down = true,
            Kind::DnsStale => self.dns_extra = DNS_STALE,
            Kind::EventsLost => self.events_lost = fault.rate.unwrap_or(1.0),
            Kind::EventsDuplicated => self.events_copies = fault.copies.unwrap_or(3),
            Kind::EventsDelayed => self.events_delay = fault.delay.unwrap_or_default(),
            Kind::EventsReordered => self.events_reordered = true,
            // 40 s: twice the 20 s of fault A18, so that both verdicts get through.
            Kind::AlarmFlap => self.alarm_flap = Some(fault.period.unwrap_or(Span::secs(40))),
            Kind::SingleSensorFalse => self.false_sensors.extend(fault.sensor.clone()),
            // These happen once, at a moment: the rehearsal does them.
            Kind::PoisonMessage
            | Kind::DaemonCrash
            | Kind::DaemonFreeze
            | Kind::SecondDaemon
            | Kind::ClockJump
            | Kind::Operator => {}
        }
    }

    /// Whether a service of a region answers this daemon at all.
    pub fn answers(&self, who: Place, side: Side, service: &str) -> bool {
        let down = |(s, only): &(Side, Option<String>)| {
            *s == side && only.as_deref().is_none_or(|name| name == service)
        };
        !self.isolated[who.index()] && !self.dark[side.index()] && !self.regional.iter().any(down)
    }

    /// Whether this sensor of this side says unhealthy whatever is true.
    pub fn lies(&self, vantage: Vantage, side: Side) -> bool {
        let mut lying = self.false_sensors.iter();
        lying.any(|name| *name == sensor_name(vantage, side))
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

    /// Whether this daemon's way to the ledger's table is as it should be.
    pub fn store_is_well(&self, who: Place) -> bool {
        let about = |f: &Fault| f.service.as_deref().is_none_or(|s| s == "dynamodb");
        self.answers(who, Side::Standby, "dynamodb")
            && !self.ledger_down
            && self.throttle_rate("dynamodb") == 0.0
            && self.latency("dynamodb") == Span::ZERO
            && !self.errors.iter().any(|(fault, _)| about(fault))
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
