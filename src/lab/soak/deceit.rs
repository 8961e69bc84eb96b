//! What a seed draws of the faults that deceive drd, or that people and AWS make behind its back.
//!
//! Deliberately absent: outages and nuisances (`mix`), and `host_clock`: until a heartbeat has come back its
//! error is not known, and old reports count as new ones (README, Not built yet).

use super::mix::scenario;
use crate::lab::rng::Chance;
use crate::lab::scenario::{Fault, FaultKind, Manner, Scenario};
use drd_state_machine::event::{Side, Verdict};
use drd_state_machine::time::Span;

const KINDS: [FaultKind; 20] = [
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
    FaultKind::LogSinkHangs,
    FaultKind::FsyncHangs,
    FaultKind::LedgerReplaced,
    FaultKind::ReadinessFlickers,
    FaultKind::OldWriterUnfenced,
];
const SENSORS: [&str; 6] = [
    "witness-primary",
    "route53-primary",
    "probe-primary",
    "control-plane-primary",
    "inside-primary",
    "witness-standby",
];
const VERDICTS: [Verdict; 3] = [Verdict::Healthy, Verdict::Unhealthy, Verdict::Unknown];
const SERVICES: [&str; 6] = ["rds", "autoscaling", "s3", "sqs", "events", "cloudwatch"];
const PERMISSIONS: [(&str, &str); 5] = [
    ("rds", "FailoverGlobalCluster"),
    ("rds", "DescribeGlobalClusters"),
    ("autoscaling", "UpdateAutoScalingGroup"),
    ("s3", "PutObject"),
    ("cloudwatch", "DescribeAlarms"),
];
const CHECKS: [&str; 3] = ["engine_parity", "standby_members", "permissions"];

/// The scenario of a seed with one of them in every second seed, from a stream of their own: the rest is as
/// [`scenario`] draws it.
pub fn deceived(seed: u64) -> Scenario {
    let mut drawn = scenario(seed);
    let mut chance = Chance::new(seed, 7);
    if chance.happens(0.5) {
        let fault = deceit(&mut chance, drawn.is_shared());
        drawn.faults.extend(fault);
    }
    drawn
}

/// One of them. `pair`: two daemons share a table, so that no file can be struck.
fn deceit(chance: &mut Chance, pair: bool) -> Option<Fault> {
    let kind = *chance.pick(&KINDS)?;
    if pair && matches!(kind, FaultKind::FsyncHangs | FaultKind::LedgerReplaced) {
        return None;
    }
    let mut fault = Fault::new(kind, chance.span(Span::ZERO, Span::secs(900)));
    fault.lasts = Some(chance.span(Span::secs(5), Span::secs(600)));
    parameters(&mut fault, chance);
    Some(fault)
}

fn picked(chance: &mut Chance, from: &[&str]) -> Option<String> {
    chance.pick(from).map(|name| (*name).to_owned())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most kinds need nothing here"
)]
fn parameters(fault: &mut Fault, chance: &mut Chance) {
    match fault.kind {
        FaultKind::SensorWrong => {
            fault.sensor = picked(chance, &SENSORS);
            fault.verdict = chance.pick(&VERDICTS).copied();
        }
        FaultKind::LatchStoreDown => {
            fault.side = chance
                .pick(&[None, Some(Side::Primary), Some(Side::Standby)])
                .copied()
                .flatten();
        }
        FaultKind::LatchChanged | FaultKind::RecordChanged => {
            fault.to = chance.pick(&Side::BOTH).copied();
        }
        FaultKind::CapacityChanged => {
            fault.side = chance.pick(&Side::BOTH).copied();
            let size = chance.number(0, 6);
            (fault.min, fault.desired) = (Some(size), Some(size));
        }
        FaultKind::RoleChangeByHand => {
            fault.to = chance.pick(&Side::BOTH).copied();
            fault.how = chance
                .pick(&[Manner::Switchover, Manner::Failover])
                .copied();
        }
        FaultKind::BlueGreen => fault.downtime = Some(chance.span(Span::secs(5), Span::secs(90))),
        FaultKind::CredentialsExpired => fault.service = picked(chance, &SERVICES),
        FaultKind::PermissionDenied => {
            let permission = chance.pick(&PERMISSIONS).copied();
            fault.service = permission.map(|(service, _)| service.to_owned());
            fault.operation = permission.map(|(_, operation)| operation.to_owned());
        }
        FaultKind::PageLost | FaultKind::LagLost => {
            fault.rate = Some(f64::from(chance.number(20, 100)) / 100.0);
        }
        FaultKind::LagDelayed => fault.delay = Some(chance.span(Span::secs(5), Span::secs(120))),
        FaultKind::LagWrong => {
            fault.lag = Some(chance.span(Span::ZERO, Span::secs(90)));
            // More than the objective would make drd lose what nobody could know of.
            fault.rows = Some(chance.number(0, 25));
        }
        FaultKind::FsyncHangs => fault.lasts = Some(chance.span(Span::secs(1), Span::secs(120))),
        FaultKind::LedgerReplaced => {
            let manners = [Manner::Moved, Manner::Truncated, Manner::Prefix];
            fault.how = chance.pick(&manners).copied();
        }
        FaultKind::ReadinessFlickers => {
            fault.check = picked(chance, &CHECKS);
            fault.period = Some(chance.span(Span::secs(10), Span::secs(300)));
        }
        _ => {}
    }
}
