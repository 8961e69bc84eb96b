//! Whether a fault of a scenario file can strike at all: a kind that cannot is refused, never ignored.
//!
//! Deliberately absent: what it does (`faults`, `world`).

use super::at::At;
use super::fault::{Fault, FaultKind, Manner};
use crate::lab::{api, estate};
use drd_state_machine::time::Span;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most kinds need nothing here"
)]
impl Fault {
    /// A name that nothing in the lab answers to would make a fault that never strikes.
    fn wrong_name(&self) -> Option<String> {
        let unknown = |what: &str, name: &Option<String>, known: &[&str]| {
            let name = name.as_deref().filter(|name| !known.contains(name))?;
            Some(format!(
                "no {what} is called {name}; use one of {}",
                known.join(", ")
            ))
        };
        let sensors = estate::sensors();
        let sensors: Vec<&str> = sensors.iter().map(|sensor| &*sensor.name).collect();
        unknown("sensor", &self.sensor, &sensors)
            .or_else(|| unknown("operation", &self.operation, &api::all_operations()))
            .or_else(|| unknown("service", &self.service, &api::services()))
            .or_else(|| unknown("check", &self.check, &api::CHECKS))
    }

    /// The keys without which a kind means nothing.
    fn missing_key(&self) -> Option<String> {
        let needed: &[(bool, &str)] = match self.kind {
            FaultKind::ReplicationLag => &[(self.lag.is_some(), "lag")],
            FaultKind::ApiThrottle => &[(self.rate.is_some(), "rate")],
            FaultKind::ReplyLost => &[(self.operation.is_some(), "operation")],
            FaultKind::CapacityShortage => &[(self.available.is_some(), "available")],
            FaultKind::PromotionSlow => &[(self.duration.is_some(), "duration")],
            FaultKind::EventsDelayed | FaultKind::LagDelayed => &[(self.delay.is_some(), "delay")],
            FaultKind::SingleSensorFalse => &[(self.sensor.is_some(), "sensor")],
            FaultKind::SensorWrong => &[
                (self.sensor.is_some(), "sensor"),
                (self.verdict.is_some(), "verdict"),
            ],
            FaultKind::ClockJump | FaultKind::HostClock => &[(self.by.is_some(), "by")],
            FaultKind::ApiLatency => &[(self.latency.is_some(), "latency")],
            FaultKind::Operator => &[(self.word.is_some(), "word")],
            FaultKind::DaemonFreeze => &[(self.lasts.is_some(), "for")],
            FaultKind::LatchChanged | FaultKind::RecordChanged => &[(self.to.is_some(), "to")],
            FaultKind::CapacityChanged => &[
                (self.min.is_some(), "min"),
                (self.desired.is_some(), "desired"),
            ],
            FaultKind::RoleChangeByHand => {
                &[(self.to.is_some(), "to"), (self.how.is_some(), "how")]
            }
            FaultKind::LagWrong => &[(self.lag.is_some(), "lag")],
            FaultKind::LedgerReplaced => &[(self.how.is_some(), "how")],
            FaultKind::ReadinessFlickers => &[(self.check.is_some(), "check")],
            _ => &[],
        };
        let missing = needed.iter().find(|(there, _)| !there);
        missing.map(|(_, key)| format!("{} needs `{key}`", self.kind.name()))
    }

    /// Keys that are known, and together would never strike.
    fn cannot_strike(&self) -> Option<String> {
        let name = self.kind.name();
        let by_hand = matches!(self.how, Some(Manner::Switchover | Manner::Failover));
        match self.kind {
            FaultKind::RoleChangeByHand if !by_hand => {
                Some(format!("{name} wants how = \"switchover\" or \"failover\""))
            }
            FaultKind::LedgerReplaced if by_hand => Some(format!(
                "{name} wants how = \"moved\", \"truncated\" or \"prefix\""
            )),
            FaultKind::CapacityChanged if self.desired < self.min => {
                Some(format!("{name}: desired is less than min"))
            }
            FaultKind::HostClock if self.at != At::Time(Span::ZERO) => Some(format!(
                "{name} is so from the start: at = \"0s\"; a clock that jumps is a clock_jump"
            )),
            FaultKind::SensorWrong | FaultKind::SingleSensorFalse
                if self
                    .sensor
                    .as_deref()
                    .is_some_and(|s| s.starts_with("replication-")) =>
            {
                Some(format!(
                    "{name}: a replication sensor gives samples, not verdicts; use lag_wrong"
                ))
            }
            FaultKind::PermissionDenied | FaultKind::ApiError => self.wrong_pair(),
            _ => None,
        }
    }

    /// An operation that its service does not have.
    fn wrong_pair(&self) -> Option<String> {
        let (service, operation) = (self.service.as_deref()?, self.operation.as_deref()?);
        let has = api::operations(service);
        (!has.contains(&operation)).then(|| {
            format!(
                "{service} has no {operation}; use one of {}",
                has.join(", ")
            )
        })
    }

    pub(super) fn problem(&self) -> Option<String> {
        if let Some(problem) = self.wrong_name() {
            return Some(problem);
        }
        self.unused_key()
            .or_else(|| self.missing_key())
            .or_else(|| self.cannot_strike())
            .or_else(|| self.out_of_bounds())
    }
}
