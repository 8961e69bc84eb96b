//! The names of the lab's estate: bootstrap's default with the suffix `lab`.
//!
//! Deliberately absent: what is so in it (`world`).

use drd_state_machine::event::{Side, Vantage};
use drd_state_machine::policy::Sensor;

/// The pretend account.
pub const ACCOUNT: &str = "123456789012";
/// Where the pretend witness is: bootstrap's default.
pub const WITNESS_REGION: &str = "eu-west-1";
/// The sensors of bootstrap's default estate with the suffix `lab`.
pub fn sensors() -> Vec<Sensor> {
    Side::BOTH
        .into_iter()
        .flat_map(|side| {
            Vantage::ALL.into_iter().map(move |vantage| Sensor {
                name: sensor_name(vantage, side).into(),
                vantage,
                side,
            })
        })
        .collect()
}

/// `<vantage>-<side>`. Written out: the judge asks for them at every step.
pub const fn sensor_name(vantage: Vantage, side: Side) -> &'static str {
    match (vantage, side) {
        (Vantage::Witness, Side::Primary) => "witness-primary",
        (Vantage::Witness, Side::Standby) => "witness-standby",
        (Vantage::Route53, Side::Primary) => "route53-primary",
        (Vantage::Route53, Side::Standby) => "route53-standby",
        (Vantage::Probe, Side::Primary) => "probe-primary",
        (Vantage::Probe, Side::Standby) => "probe-standby",
        (Vantage::ControlPlane, Side::Primary) => "control-plane-primary",
        (Vantage::ControlPlane, Side::Standby) => "control-plane-standby",
        (Vantage::Inside, Side::Primary) => "inside-primary",
        (Vantage::Inside, Side::Standby) => "inside-standby",
        (Vantage::Replication, Side::Primary) => "replication-primary",
        (Vantage::Replication, Side::Standby) => "replication-standby",
    }
}

/// The ARN of a pretend alarm.
pub fn alarm_arn(vantage: Vantage, side: Side) -> String {
    let region = if vantage == Vantage::Route53 {
        "us-east-1"
    } else {
        region(side)
    };
    let name = if vantage == Vantage::Route53 {
        "health"
    } else {
        "database"
    };
    format!("arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:alarm-{name}-{side}-lab")
}

/// The region of a side.
pub const fn region(side: Side) -> &'static str {
    match side {
        Side::Primary => "eu-central-1",
        Side::Standby => "eu-central-2",
    }
}
