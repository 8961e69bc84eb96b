//! What is accepted, and what it then means.

use crate::{SHOP1, assert_contains, good, owned};
use drd::config::{self, LedgerConfig, SensorConfig};
use drd_bootstrap::{Events, Latch};
use drd_state_machine::diagnosis::Diagnosis::{DatabaseDown, EdgeDown};
use drd_state_machine::event::{Side, Vantage};
use drd_state_machine::policy::{Autonomy, Policy, Serving};
use drd_state_machine::time::Span;

#[test]
fn what_is_left_out_is_the_documented_default() {
    let config = good(SHOP1, &[]);
    assert_eq!(config.policy, Policy::default());
    assert_eq!(
        config.serving,
        Serving {
            min: 6,
            desired: 6,
            floor_percent: 50
        }
    );
    assert_eq!(config.observe.call_timeout, Span::secs(5));
    assert_eq!(config.listen.to_string(), "127.0.0.1:9817");
    let Events::Sqs { event_bus, .. } = &config.topology.events;
    assert_eq!(event_bus, "default");
    assert_eq!(
        config.topology.dns.record, "api.shop1.example.com.",
        "the final dot is added"
    );
    assert_eq!(
        config.ledger,
        LedgerConfig::File {
            path: "/var/lib/drd/ledger.jsonl".into()
        }
    );
    assert_eq!(config.account(), "123456789012");
}

#[test]
fn every_estate_has_its_four_sensors_a_side_and_alarms_are_declared() {
    let config = good(SHOP1, &[]);
    let names: Vec<&str> = config
        .sensors
        .iter()
        .map(|sensor| sensor.name.as_str())
        .collect();
    let implicit = ["witness", "probe", "control-plane", "replication"];
    let implicit = Side::BOTH
        .iter()
        .flat_map(|side| implicit.map(|name| format!("{name}-{side}")));
    let wanted: Vec<String> = ["route53-primary".to_owned()]
        .into_iter()
        .chain(implicit)
        .collect();
    assert_eq!(names, wanted);
}

#[test]
fn the_second_store_and_the_table_of_verdicts_are_named() {
    let latch = "key = \"active-side\"";
    let second = "second = { bucket = \"bucket-latch-witness-shop1\", region = \"eu-west-1\" }";
    let text = SHOP1.replace(latch, &format!("{latch}, {second}")).replace(
        "[intake]\n",
        "[intake]\nverdict_table = \"table-verdicts-shop1\"\n",
    );
    let config = good(&text, &[]);
    let Latch::S3 { second, .. } = &config.topology.dns.latch;
    let region = second.as_ref().map(|store| store.region.as_str());
    assert_eq!(region, Some("eu-west-1"));
    let Events::Sqs { verdict_table, .. } = &config.topology.events;
    assert_eq!(verdict_table.as_deref(), Some("table-verdicts-shop1"));
}

#[test]
fn a_declared_sensor_takes_the_place_of_the_implicit_one() {
    let text = SHOP1.replace(
        "[observer]",
        "[[sensors]]\nname = \"spy\"\nvantage = \"witness\"\nside = \"primary\"\n[observer]",
    );
    let config = good(&text, &[]);
    let witnesses: Vec<&SensorConfig> = config
        .sensors
        .iter()
        .filter(|sensor| sensor.vantage == Vantage::Witness)
        .collect();
    assert_eq!(witnesses.len(), 2);
    assert_eq!(
        (witnesses[0].name.as_str(), witnesses[1].name.as_str()),
        ("spy", "witness-standby")
    );
}

#[test]
fn variables_override_keys_of_every_kind() {
    let config = good(
        SHOP1,
        &[
            ("DRD_SUFFIX", "shop2"),
            ("DRD_POLICY__RPO", "45s"),
            ("DRD_POLICY__HOLD_DOWN_FOR__EDGE_DOWN", "70s"),
            ("DRD_CAPACITY__SERVING__DESIRED", "8"),
            ("DRD_DNS__RESOLVERS", "10.0.0.2, [::1]:53,10.9.0.2:54"),
            ("DRD_POLICY__AUTONOMY", "{ edge_down = \"act\" }"),
            ("DRD_LOG", "debug"),
            ("HOME", "/nowhere"),
        ],
    );
    assert_eq!(config.topology.suffix.as_str(), "shop2");
    assert_eq!(config.policy.rpo, Span::secs(45));
    assert_eq!(config.policy.hold_down_for[&EdgeDown], Span::secs(70));
    assert_eq!(config.policy.hold_down_for[&DatabaseDown], Span::secs(90));
    assert_eq!((config.serving.min, config.serving.desired), (6, 8));
    assert_eq!(
        config.topology.dns.resolvers,
        ["10.0.0.2:53", "[::1]:53", "10.9.0.2:54"]
    );
    assert_eq!(config.policy.autonomy[&EdgeDown], Autonomy::Act);
}

#[test]
fn the_environment_alone_can_describe_an_estate() {
    let config = good(
        "",
        &[
            ("DRD_SUFFIX", "shop1"),
            ("DRD_SIDES__PRIMARY__REGION", "eu-central-1"),
            (
                "DRD_SIDES__PRIMARY__CLUSTER_ARN",
                "arn:aws:rds:eu-central-1:123456789012:cluster:a",
            ),
            ("DRD_SIDES__PRIMARY__ASG", "asg-primary-shop1"),
            (
                "DRD_SIDES__PRIMARY__ENDPOINT",
                "http://127.0.0.1:8001/health/trading",
            ),
            ("DRD_SIDES__PRIMARY__TRAFFIC_TARGET", "10.0.0.1"),
            (
                "DRD_SIDES__PRIMARY__WRITE_CHECK",
                "http://127.0.0.1:8001/health/write",
            ),
            ("DRD_SIDES__STANDBY__REGION", "eu-central-2"),
            (
                "DRD_SIDES__STANDBY__CLUSTER_ARN",
                "arn:aws:rds:eu-central-2:123456789012:cluster:b",
            ),
            ("DRD_SIDES__STANDBY__ASG", "asg-standby-shop1"),
            (
                "DRD_SIDES__STANDBY__ENDPOINT",
                "http://127.0.0.1:8002/health/trading",
            ),
            ("DRD_SIDES__STANDBY__TRAFFIC_TARGET", "10.0.0.2"),
            (
                "DRD_SIDES__STANDBY__WRITE_CHECK",
                "http://127.0.0.1:8002/health/write",
            ),
            ("DRD_DATABASE__GLOBAL_CLUSTER", "global-aurora-shop1"),
            ("DRD_CAPACITY__SERVING", "{ min = 2, desired = 3 }"),
            ("DRD_DNS__RECORD", "api.example.com."),
            ("DRD_DNS__HOSTED_ZONE_ID", "/hostedzone/Z1"),
            ("DRD_DNS__LATCH__BUCKET", "b"),
            ("DRD_DNS__LATCH__KEY", "k"),
            (
                "DRD_INTAKE__QUEUE_URL",
                "http://127.0.0.1:4566/123456789012/q",
            ),
            ("DRD_OBSERVER__REFERENCES", "[\"http://127.0.0.1:8003/\"]"),
            ("DRD_LEDGER__PATH", "/var/lib/drd/ledger.jsonl"),
        ],
    );
    assert_eq!(config.topology.dns.hosted_zone_id, "Z1");
    assert_eq!(config.serving.desired, 3);
    assert_eq!(config.sensors.len(), 8);
}

/// What `config check` prints of a file, or of what is wrong with it.
fn report_of(name: &str, text: &str) -> String {
    let directory = std::env::temp_dir().join(format!("drd-{name}-{}", std::process::id()));
    let path = directory.join("drd.toml");
    std::fs::create_dir_all(&directory).expect("a folder");
    std::fs::write(&path, text).expect("a file");
    let report = config::check_report(Some(&path), []).unwrap_or_else(|error| error.to_string());
    std::fs::remove_dir_all(&directory).expect("no folder");
    report
}

#[test]
fn the_readme_has_the_limits_that_the_check_prints_of_the_defaults() {
    let report = report_of("readme", SHOP1);
    let lines = report
        .lines()
        .skip_while(|l| !l.starts_with("  unattended"));
    let budget = |line: &&str| !line.starts_with("    detect ");
    let kept = |line: &&str| {
        let others = ["  capacity", "  hold-down", "  objectives"];
        !others.iter().any(|other| line.starts_with(other))
    };
    let block: Vec<&str> = lines.take_while(budget).filter(kept).collect();
    assert!(block.len() >= 8, "{block:?}");
    let readme = include_str!("../../README.md");
    assert!(
        readme.contains(&block.join("\n")),
        "README, How a failover goes, is to have\n{}",
        block.join("\n")
    );
}

/// A figure belongs to a diagnosis: its own hold-down, and what it may lose.
#[test]
fn the_limits_are_those_of_each_diagnosis_that_drd_acts_on() {
    assert!(SHOP1.contains("[policy]\n"), "adapt this test");
    let policy = |keys: &str| {
        let text = SHOP1.replace("[policy]\n", &format!("[policy]\n{keys}\n"));
        report_of("limits", &text)
    };
    assert_contains(
        &policy("hold_down_for = { region_dark = \"100s\", edge_down = \"30s\" }"),
        &[
            "shorter than 100 s (region_dark), 90 s (database_down, application_down), 30 s (edge_down)",
            "   5 s (region_dark), 15 s (database_down, application_down), 75 s (edge_down):",
            "lossy acts wait 100 s (region_dark), 90 s (database_down) where",
            "100 s (region_dark), 90 s (database_down) where some are only read, which leaves the last domain 5 s (region_dark), 15 s",
        ],
    );
    let alike = policy("hold_down_for = { region_dark = \"90s\" }");
    assert_contains(
        &alike,
        &["shorter than 90 s\n", "lossy acts wait 90 s where every"],
    );
    let only = "autonomy = { database_down = \"advise\", application_down = \"advise\", edge_down = \"observe\" }";
    assert_contains(
        &policy(only),
        &["shorter than 60 s\n", "             45 s:\n"],
    );
}

#[test]
fn the_report_of_a_good_file_shows_what_was_understood() -> std::io::Result<()> {
    let directory = std::env::temp_dir().join(format!("drd-config-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let path = directory.join("drd.toml");
    std::fs::write(&path, SHOP1)?;
    let report = config::check_report(Some(&path), []).unwrap_or_else(|error| error.to_string());
    std::fs::remove_dir_all(&directory)?;
    assert_contains(
        &report,
        &[
            "estate     shop1   account 123456789012   global-aurora-shop1",
            "standby    eu-central-2   aurora-standby-shop1",
            "alarms by SNS: topics in the account and region of a declared alarm",
            "the witness: from any region",
            "2 of 3 that see primary's endpoint",
            "2 of 2 that see standby's endpoint",
            "region_dark act",
            "act is the default; [policy] autonomy = { edge_down = \"advise\" } leaves one to people",
            "    detect       105 s  |##################",
            "    spare          5 s  |",
        ],
    );
    Ok(())
}

#[test]
fn an_address_that_others_reach_must_be_configured_explicitly() {
    let open = format!("{SHOP1}\n[http]\nlisten = \"0.0.0.0:9817\"\nexpose = true\n");
    let text = match SHOP1.split_once("[http]") {
        Some((before, rest)) => {
            let after = rest.split_once("\n[").map_or("", |(_, after)| after);
            let tail = if after.is_empty() {
                String::new()
            } else {
                format!("[{after}")
            };
            format!("{before}[http]\nlisten = \"0.0.0.0:9817\"\nexpose = true\n{tail}")
        }
        None => open,
    };
    assert_eq!(good(&text, &[]).listen.to_string(), "0.0.0.0:9817");
}

#[test]
fn a_shared_ledger_has_its_lease_in_the_documented_defaults() {
    let text = SHOP1.replace(
        "kind = \"file\"\npath = \"/var/lib/drd/ledger.jsonl\"",
        "kind = \"dynamodb\"\ntable = \"table-ledger-shop1\"",
    );
    assert_eq!(
        good(&text, &[]).ledger,
        LedgerConfig::DynamoDb {
            table: "table-ledger-shop1".to_owned(),
            terms: drd::engine::lease::Terms {
                lease: Span::secs(15),
                renew: Span::secs(5)
            },
            identity: "/var/lib/drd/identity".into(),
        }
    );
}

/// The address that `drd status --health` reads from a file and variables.
fn asked(folder: &str, text: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let folder = std::env::temp_dir().join(format!("drd-asked-{}-{folder}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("drd.toml");
    std::fs::write(&path, text).expect("a file");
    let found = config::address(Some(&path), owned(variables));
    std::fs::remove_dir_all(&folder).expect("the folder");
    found
        .map(|address| address.to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn of_the_configuration_a_health_check_needs_the_address_alone() {
    let usual = config::ADDRESS.to_string();
    assert_eq!(asked("nothing", "", &[]), Ok(usual.clone()));
    assert_eq!(asked("whole", SHOP1, &[]), Ok(usual));
    let text = "suffix = 7\nno_such_key = true\n[http]\nlisten = \"127.0.0.1:1\"\n";
    assert_eq!(asked("wrong", text, &[]), Ok("127.0.0.1:1".to_owned()));
    // Whether it may be exposed was checked when the daemon started.
    let exposed = "[http]\nlisten = \"0.0.0.0:1\"\n";
    assert_eq!(asked("exposed", exposed, &[]), Ok("0.0.0.0:1".to_owned()));
    let said = asked("no-address", "[http]\nlisten = \"here\"\n", &[]).expect_err("no address");
    assert_contains(&said, &["drd.toml:2", "127.0.0.1:9817"]);
}

#[test]
fn with_the_variable_a_health_check_does_not_open_the_file() {
    let variable = [("DRD_HTTP__LISTEN", "127.0.0.1:2"), ("DRD_SUFFIX", "x")];
    let address = Ok("127.0.0.1:2".to_owned());
    assert_eq!(asked("broken", "no toml [", &variable), address);
    let nowhere = std::path::Path::new("nowhere/drd.toml");
    let found = config::address(Some(nowhere), owned(&variable)).expect("an address");
    assert_eq!(found.to_string(), "127.0.0.1:2");
    assert!(config::address(Some(nowhere), owned(&[])).is_err());
    let said = config::address(None, owned(&[("DRD_HTTP__LISTEN", "here")]));
    assert_contains(
        &said.expect_err("no address").to_string(),
        &["DRD_HTTP__LISTEN"],
    );
}

#[test]
fn a_socket_for_operators_is_there_where_it_is_configured_and_nowhere_else() {
    assert_eq!(good(SHOP1, &[]).operator, None);
    let socket = [("DRD_OPERATOR__SOCKET", "/run/drd/drd.sock")];
    let operator = good(SHOP1, &socket).operator.expect("configured");
    assert_eq!(
        operator.socket,
        std::path::PathBuf::from("/run/drd/drd.sock")
    );
    assert_eq!(operator.group, None);
    let text = format!("{SHOP1}[operator]\nsocket = \"/run/drd/x.sock\"\ngroup = \"sre\"\n");
    let operator = good(&text, &[]).operator.expect("configured");
    assert_eq!(operator.group.as_deref(), Some("sre"));
}
