//! What the messages of a configured estate may be about.
//!
//! Deliberately absent: reading messages (`crate::intake`).

use super::loader::Config;
use crate::intake::Known;
use drd_bootstrap::Events;
use drd_state_machine::event::Vantage;

/// Where CloudWatch keeps Route 53's alarms, for every region.
const ROUTE53_REGION: &str = "us-east-1";

/// What a configured estate trusts: both sides' regions, us-east-1 (Route 53's alarms), the
/// regions of declared alarms, the listed topics and the witness's region.
pub fn trusted(config: &Config) -> Known {
    let sides = &config.topology.sides;
    let mut known = Known::new(config.account(), config.policy.event_max_age)
        .suffix(config.topology.suffix.as_str())
        .region(&sides.primary.region)
        .region(&sides.standby.region)
        .region(ROUTE53_REGION);
    let Events::Sqs {
        topics,
        witness_region,
        ..
    } = &config.topology.events;
    known = topics.iter().fold(known, |known, arn| known.topic(arn));
    if let Some(region) = witness_region {
        known = known.witness_region(region);
    }
    for sensor in &config.sensors {
        known = match (&sensor.alarm_arn, sensor.vantage == Vantage::Witness) {
            (Some(arn), _) => known.alarm(arn, &sensor.name),
            (None, true) => known.witness(sensor.side, &sensor.name),
            (None, false) => known,
        };
    }
    known
}
