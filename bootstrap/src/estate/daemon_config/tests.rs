//! The file that bootstrap writes for the daemon.

use super::*;

const OUTPUTS: &str = include_str!("../../../../tests/fixtures/config/outputs.json");

fn facts() -> DaemonFacts {
    let suffix = Suffix::new("shop1").expect("a suffix");
    DaemonFacts::of(&Settings::resolve(&suffix, None, &BTreeMap::new()).expect("defaults"))
}

fn outputs() -> NamedOutputs {
    serde_json::from_str(OUTPUTS).expect("outputs")
}

#[test]
fn every_output_that_is_missing_is_named_at_once() {
    let mut outputs = outputs();
    outputs.remove("stack-latch-shop1");
    if let Some(app) = outputs.get_mut("stack-app-standby-shop1") {
        app.insert("AlbDnsName".to_owned(), String::new());
    }
    let Err(MissingOutputs(missing)) = topology(&facts(), &outputs) else {
        panic!("it was complete");
    };
    let expected = [
        "stack-app-standby-shop1: AlbDnsName",
        "stack-latch-shop1: LatchBucket",
    ];
    assert_eq!(missing, expected);
}

#[test]
fn each_side_gets_its_own_outputs() {
    let topology = topology(&facts(), &outputs()).expect("complete");
    let (primary, standby) = (&topology.sides.primary, &topology.sides.standby);
    assert_eq!(primary.cluster_id(), "aurora-primary-shop1");
    assert_eq!(standby.cluster_id(), "aurora-standby-shop1");
    assert!(primary.endpoint.contains("//primary.") && standby.endpoint.contains("//standby."));
    assert_eq!(
        topology.dns.record, "api.shop1.example.com.",
        "the final dot is added"
    );
}

#[test]
fn references_are_in_neither_side() {
    let mut facts = facts();
    assert_eq!(
        references(&facts),
        [
            "https://sts.eu-west-1.amazonaws.com/",
            "https://s3.eu-north-1.amazonaws.com/"
        ]
    );
    facts.primary_region = "eu-west-1".to_owned();
    assert_eq!(references(&facts).len(), 2);
    assert!(!references(&facts).concat().contains("eu-west-1"));
}

#[test]
fn daemons_in_tasks_share_the_table_and_a_lone_one_keeps_a_file() {
    let topology = topology(&facts(), &outputs()).expect("complete");
    let shared = DaemonFacts {
        shared_ledger: true,
        ..facts()
    };
    let (alone, shared) = (toml(&facts(), &topology), toml(&shared, &topology));
    assert!(
        alone.contains("path = \"/var/lib/drd/ledger-shop1.jsonl\""),
        "{alone}"
    );
    assert!(
        shared.contains("kind = \"dynamodb\"\ntable = \"table-ledger-shop1\""),
        "{shared}"
    );
    assert!(!shared.contains("/var/lib/drd/ledger"));
}

#[test]
fn a_value_cannot_break_out_of_its_line() {
    assert_eq!(quoted("a\"\nb = 1"), "\"a\\\"\\nb = 1\"");
}
