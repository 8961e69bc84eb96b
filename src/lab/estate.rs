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

/// `<vantage>-<side>`, e.g. `control-plane-primary`.
pub fn sensor_name(vantage: Vantage, side: Side) -> String {
    format!("{}-{side}", vantage.name().replace('_', "-"))
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
