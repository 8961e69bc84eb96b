//! What a fault of a kind needs beside its moment, drawn from the seed.
//!
//! Deliberately absent: which faults there are, and when (`mix`, `any_fault`).

use crate::lab::rng::Chance;
use crate::lab::scenario::{At, Fault, FaultKind, Manner};
use drd_state_machine::event::{Side, Verdict, Word};
use drd_state_machine::phase::Phase;
use drd_state_machine::time::Span;

const STATES: [Phase; 6] = [
    Phase::Suspecting,
    Phase::Fencing,
    Phase::Promoting,
    Phase::Redirecting,
    Phase::Verifying,
    Phase::Held,
];
const OPERATIONS: [&str; 3] = [
    "FailoverGlobalCluster",
    "UpdateAutoScalingGroup",
    "PutObject",
];
const CODES: [Option<&str>; 3] = [
    None,
    Some("AccessDenied"),
    Some("InvalidGlobalClusterStateFault"),
];
const WORDS: [Word; 5] = [
    Word::Failover,
    Word::Switchover,
    Word::Pause,
    Word::Resume,
    Word::Abandon,
];
/// Those of the side that serves, and one of the other.
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

/// Draws what a fault of this kind needs beside its moment.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most kinds need nothing here"
)]
pub(super) fn parameters(fault: &mut Fault, chance: &mut Chance) {
    match fault.kind {
        FaultKind::DaemonCrash => {
            if chance.happens(0.6)
                && let Some(state) = chance.pick(&STATES)
            {
                fault.at = At::Step(*state);
            }
            fault.restart_after = Some(chance.span(Span::secs(1), Span::secs(60)));
        }
        FaultKind::DaemonFreeze => fault.lasts = Some(chance.span(Span::secs(5), Span::secs(60))),
        FaultKind::ReplyLost => fault.operation = picked(chance, &OPERATIONS),
        FaultKind::ApiThrottle => fault.rate = Some(f64::from(chance.number(10, 90)) / 100.0),
        FaultKind::ApiError => {
            fault.operation = picked(chance, &OPERATIONS);
            fault.times = Some(chance.number(1, 6));
            fault.code = chance.pick(&CODES).copied().flatten().map(str::to_owned);
        }
        // One in four is so late that nobody waits for the answer any more.
        FaultKind::ApiLatency => {
            let late = chance.happens(0.25);
            let longest = if late { Span::secs(290) } else { Span::secs(8) };
            fault.latency = Some(chance.span(Span::secs(1), longest));
        }
        FaultKind::LedgerDown => fault.lasts = Some(chance.span(Span::secs(1), Span::secs(60))),
        FaultKind::Operator => {
            fault.word = chance.pick(&WORDS).copied();
            fault.at = At::Time(chance.span(Span::secs(5), Span::secs(1190)));
        }
        FaultKind::CapacityShortage => fault.available = Some(chance.number(1, 6)),
        FaultKind::ClockJump => fault.by = Some(chance.span(Span::secs(-3600), Span::secs(3600))),
        FaultKind::ControlPlaneDown => {
            fault.side = chance.pick(&Side::BOTH).copied();
        }
        FaultKind::EventsDelayed => fault.delay = Some(chance.span(Span::secs(5), Span::secs(400))),
        FaultKind::EventsDuplicated => fault.copies = Some(chance.number(2, 5)),
        FaultKind::EventsLost => fault.rate = Some(f64::from(chance.number(10, 100)) / 100.0),
        FaultKind::PromotionSlow => {
            fault.duration = Some(chance.span(Span::secs(120), Span::secs(400)))
        }
        FaultKind::PromotionFails => fault.times = Some(chance.number(1, 2)),
        FaultKind::ReplicationLag => fault.lag = Some(chance.span(Span::secs(1), Span::secs(120))),
        FaultKind::SingleSensorFalse => {
            fault.sensor = picked(chance, &SENSORS[..SENSORS.len() - 1]);
        }
        _ => more(fault, chance),
    }
}

fn picked(chance: &mut Chance, from: &[&str]) -> Option<String> {
    chance.pick(from).map(|name| (*name).to_owned())
}

/// The rest: what deceives drd, and what people and AWS do behind its back.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most kinds need nothing here"
)]
fn more(fault: &mut Fault, chance: &mut Chance) {
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
        FaultKind::BlueGreen => {
            let away = chance.span(Span::secs(5), Span::secs(90));
            fault.downtime = Some(away);
            // Renaming and checking go on after the writer is back.
            fault.lasts = Some(away + chance.span(Span::secs(30), Span::secs(600)));
            // One in ten hangs: it is never over, and the writer is away for longer than AWS promises.
            if chance.happens(0.1) {
                fault.downtime = Some(chance.span(Span::secs(90), Span::secs(600)));
                fault.lasts = None;
            }
        }
        FaultKind::CredentialsExpired => fault.service = picked(chance, &SERVICES),
        FaultKind::PermissionDenied => {
            let permission = chance.pick(&PERMISSIONS).copied();
            fault.service = permission.map(|(service, _)| service.to_owned());
            fault.operation = permission.map(|(_, operation)| operation.to_owned());
        }
        FaultKind::PageLost | FaultKind::LagLost => {
            // Two in five lose every one.
            let all = chance.happens(0.4);
            let share = if all { 100 } else { chance.number(20, 100) };
            fault.rate = Some(f64::from(share) / 100.0);
        }
        FaultKind::LagDelayed => fault.delay = Some(chance.span(Span::secs(5), Span::secs(120))),
        FaultKind::LagWrong => {
            fault.lag = Some(chance.span(Span::ZERO, Span::secs(90)));
            // More than the objective would make drd lose what nobody could know of.
            fault.rows = Some(chance.number(0, 25));
        }
        FaultKind::HostClock => {
            fault.by = Some(chance.span(Span::secs(-600), Span::secs(600)));
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
