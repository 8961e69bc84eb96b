//! What bootstrap hands over is what the daemon reads.

use crate::good;
use drd_bootstrap::daemon_config::{self, DaemonFacts, NamedOutputs};
use drd_bootstrap::{Events, Suffix};
use drd_state_machine::event::{Side, Vantage};
use drd_state_machine::policy::Policy;

const OUTPUTS: &str = include_str!("../fixtures/config/outputs.json");

fn handed(witness_region: &str) -> (drd_bootstrap::Topology, drd::config::Config) {
    let facts = DaemonFacts {
        suffix: Suffix::new("shop1").expect("a suffix"),
        primary_region: "eu-central-1".to_owned(),
        standby_region: "eu-central-2".to_owned(),
        witness_region: witness_region.to_owned(),
        serving_min: 4,
        serving_desired: 6,
        shared_ledger: false,
    };
    let outputs: NamedOutputs = serde_json::from_str(OUTPUTS).expect("outputs");
    let topology = daemon_config::topology(&facts, &outputs).expect("complete");
    let config = good(&daemon_config::toml(&facts, &topology), &[]);
    (topology, config)
}

#[test]
fn the_file_has_the_estate_of_the_outputs() {
    let (topology, config) = handed("eu-west-1");
    assert_eq!(config.topology, topology);
    assert_eq!((config.serving.min, config.serving.desired), (4, 6));
    assert_eq!(
        config.policy,
        Policy::default(),
        "policy is left to its defaults"
    );
    assert_eq!(config.listen.to_string(), "127.0.0.1:9817");
}

#[test]
fn the_queue_s_one_topic_and_the_witness_s_region_are_named() {
    let (topology, _) = handed("eu-west-1");
    let Events::Sqs {
        topics,
        witness_region,
        verdict_table,
        ..
    } = topology.events;
    let topic = "arn:aws:sns:eu-central-2:123456789012:topic-alerts-standby-shop1";
    assert_eq!(topics, [topic]);
    assert_eq!(witness_region.as_deref(), Some("eu-west-1"));
    assert_eq!(verdict_table.as_deref(), Some("table-verdicts-shop1"));
}

#[test]
fn both_sides_have_every_sensor() {
    let (_, config) = handed("us-west-2");
    for side in Side::BOTH {
        for vantage in Vantage::ALL {
            let count = config
                .sensors
                .iter()
                .filter(|s| (s.side, s.vantage) == (side, vantage));
            assert_eq!(count.count(), 1, "{} of {side}", vantage.name());
        }
    }
    let alarm = |name: &str| {
        let sensor = config.sensors.iter().find(|s| s.name == name);
        sensor.and_then(|s| s.alarm_arn.clone()).unwrap_or_default()
    };
    assert_eq!(
        alarm("route53-standby"),
        "arn:aws:cloudwatch:us-east-1:123456789012:alarm:alarm-health-standby-shop1"
    );
    assert_eq!(
        alarm("inside-primary"),
        "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:alarm-database-primary-shop1"
    );
}
