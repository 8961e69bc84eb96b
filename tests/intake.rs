//! Queue messages as AWS sends them, and malformed ones.
//!
//! Each fixture is one body; `envelopes.txt` has what it means at `NOW`. Deliberately absent: queues.

use drd::intake::compose;
use drd::intake::{BODY_BYTES_MAX, DiscardReason, Known, Parsed, Reading, SenderKind, parse, read};
use drd_state_machine::event::{LagSample, LagSource, Side, Signal, Verdict};
use drd_state_machine::time::{Span, Time};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// 2026-03-01T12:00:00Z.
const NOW: Time = Time(1_772_366_400_000);
const ACCOUNT: &str = "123456789012";
const HEALTH: &str = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:alarm-health-primary-shop1";
const INSIDE: &str =
    "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:alarm-inside-primary-shop1";

fn known() -> Known {
    Known::new(ACCOUNT, Span::secs(300))
        .suffix("shop1")
        .region("eu-central-1")
        .region("eu-central-2")
        .alarm(HEALTH, "route53-primary")
        .alarm(INSIDE, "inside-primary")
        .witness(Side::Primary, "witness-primary")
        .witness(Side::Standby, "witness-standby")
}

/// File, sender's kind, and what it means in one line.
fn expected() -> impl Iterator<Item = [&'static str; 3]> {
    let lines = include_str!("fixtures/envelopes.txt").lines();
    let rows = lines.filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let cells: Vec<&str> = line.splitn(3, " | ").collect();
        cells
            .try_into()
            .unwrap_or_else(|_| panic!("three cells: {line}"))
    })
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/envelopes")
}

fn body(name: &str) -> String {
    std::fs::read_to_string(fixtures().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn meaning(parsed: &Parsed) -> String {
    let ago = |at: Time| (at - NOW).as_secs_f64();
    let text = match parsed {
        Parsed::Signal(Signal {
            id,
            sensor,
            verdict,
            observed_at,
            good_at,
        }) => {
            let verdict = format!("{verdict:?}").to_lowercase();
            let well = good_at.map_or(String::new(), |at| format!(" well {}", ago(at)));
            format!("{sensor} {verdict} {}{well} {id}", ago(*observed_at))
        }
        Parsed::Lag(LagSample { taken_at, lag, .. }) => {
            format!("lag {} {}", lag.as_secs_f64(), ago(*taken_at))
        }
        Parsed::Heartbeat {
            id,
            nonce,
            stamped_at,
        } => {
            format!("heartbeat {id} {nonce:?} {}", ago(*stamped_at))
        }
        Parsed::Hint(hint) => format!(
            "hint {:?} {} {} {}",
            hint.kind,
            hint.code,
            hint.subject,
            ago(hint.at)
        ),
        Parsed::Discard(why) => format!("discard {}", why.name()),
        Parsed::Malformed(why) => {
            let why = why.split(" at line").next().unwrap_or_default();
            format!("malformed: {why}")
        }
    };
    text + if parsed.leave_in_queue() {
        ", left in the queue"
    } else {
        ""
    }
}

#[test]
fn every_fixture_means_what_is_in_the_table() {
    for [name, source, wanted] in expected() {
        let reading = read(&body(name), &known(), NOW);
        assert_eq!(
            (reading.source.name(), meaning(&reading.parsed).as_str()),
            (source, wanted),
            "{name}"
        );
    }
}

#[test]
fn every_fixture_is_in_the_table() {
    let listed = std::fs::read_dir(fixtures()).expect("the fixtures are there");
    let mut files: Vec<String> = listed
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let mut expected: Vec<&str> = expected().map(|[name, ..]| name).collect();
    files.sort();
    expected.sort_unstable();
    assert_eq!(files, expected);
}

#[test]
fn a_launch_that_failed_for_lack_of_capacity_carries_the_reason() {
    let Parsed::Hint(hint) = parse(&body("autoscaling-launch-unsuccessful.json"), &known(), NOW)
    else {
        panic!("is a hint");
    };
    assert!(
        hint.text
            .contains("do not have sufficient m6i.large capacity"),
        "{}",
        hint.text
    );
}

#[test]
fn an_event_of_exactly_the_greatest_age_still_counts() {
    let stale = body("alarm-stale.json");
    assert_eq!(
        parse(&stale, &known(), NOW),
        Parsed::Discard(DiscardReason::Stale)
    );
    let in_time = Time(NOW.0 - 1);
    assert!(matches!(
        parse(&stale, &known(), in_time),
        Parsed::Signal(_)
    ));
}

#[test]
fn what_is_too_large_too_deep_or_too_long_is_malformed() {
    let large = format!("{{\"x\":\"{}\"}}", "a".repeat(BODY_BYTES_MAX));
    let deep = format!("{{\"id\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let array = "[".repeat(100_000);
    let long = body("witness-healthy.json").replace("\"w2\"", &format!("\"{}\"", "w".repeat(600)));
    for bad in [
        large,
        deep,
        array,
        long,
        "[\"w\"]".to_owned(),
        String::new(),
        "{}".to_owned(),
    ] {
        let parsed = parse(&bad, &known(), NOW);
        assert!(matches!(parsed, Parsed::Malformed(_)), "{parsed:?}");
    }
}

#[test]
fn depth_that_is_not_read_is_skipped() {
    let nested = format!(
        "{{\"deep\":{}{},\"version\"",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    let event = body("witness-healthy.json").replacen("{\n \"version\"", &nested, 1);
    assert!(matches!(parse(&event, &known(), NOW), Parsed::Signal(_)));
}

#[test]
fn a_foreign_quote_is_shortened() {
    let event =
        body("witness-unhealthy.json").replace("\"primary\"", &format!("\"{}\"", "ü".repeat(5000)));
    let Parsed::Malformed(why) = parse(&event, &known(), NOW) else {
        panic!("is malformed")
    };
    assert!(why.chars().count() <= 301, "{}", why.len());
}

#[test]
fn what_a_configuration_declares_is_known() {
    let text = include_str!("fixtures/config/shop1.toml");
    let config = drd::config::parse("drd.toml", text, []).expect("the sample is good");
    let known = drd::config::trusted(&config);
    for (name, accepted) in [
        ("alarm-metric-alarm.json", true),
        ("alarm-composite.json", false),
        ("witness-healthy.json", true),
        ("rds-cluster-promoted.json", true),
    ] {
        let parsed = parse(&body(name), &known, NOW);
        assert_eq!(
            !matches!(parsed, Parsed::Discard(_)),
            accepted,
            "{name}: {parsed:?}"
        );
    }
}

#[test]
fn a_listed_topic_is_the_only_one_and_a_notification_without_its_topic_is_refused() {
    let listed = |topic: &str| known().topic(topic);
    let wrapped = body("sns-wrapped-alarm.json");
    let ours = listed("arn:aws:sns:us-east-1:123456789012:topic-alarms-shop1");
    assert!(matches!(parse(&wrapped, &ours, NOW), Parsed::Signal(_)));
    let other = listed("arn:aws:sns:us-east-1:123456789012:topic-alarms-shop2");
    let foreign = parse(&wrapped, &other, NOW);
    assert_eq!(foreign, Parsed::Discard(DiscardReason::ForeignTopic));
    assert!(foreign.leave_in_queue() && DiscardReason::ForeignTopic.remark().is_some());
    let raw = parse(&body("sns-raw-alarm.json"), &ours, NOW);
    assert!(matches!(raw, Parsed::Malformed(_)), "{raw:?}");
}

/// Each sender reports for itself alone: the witness from its region, the others from the estate's.
#[test]
fn what_comes_from_another_region_than_its_sender_is_in_is_discarded() {
    let named = known().witness_region("eu-west-1");
    for (file, from, to) in [
        ("lag-sample.json", "eu-central-2", "eu-west-1"),
        ("heartbeat.json", "eu-central-2", "eu-west-1"),
        ("witness-unhealthy.json", "eu-west-1", "eu-central-2"),
    ] {
        let expected = body(file);
        assert!(
            !matches!(parse(&expected, &named, NOW), Parsed::Discard(_)),
            "{file}"
        );
        let moved = expected.replace(from, to);
        assert_ne!(moved, expected);
        let parsed = parse(&moved, &named, NOW);
        assert_eq!(
            parsed,
            Parsed::Discard(DiscardReason::ForeignRegion),
            "{file}"
        );
    }
}

#[test]
fn the_witness_s_events_are_no_verdict_of_any_other_sensor() {
    let alone = Known::new(ACCOUNT, Span::secs(300)).alarm(HEALTH, "route53-primary");
    let parsed = parse(&body("witness-unhealthy.json"), &alone, NOW);
    assert_eq!(parsed, Parsed::Discard(DiscardReason::UnknownAlarm));
}

/// Text as a person or an attacker may put it into an event.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,40}", "\\PC{0,12}", any::<String>()]
}

/// A sample as the lag monitor sends it.
fn lag_event_json(sample: &LagSample) -> String {
    let date = |at: Time| jiff::Timestamp::from_millisecond(at.0).expect("a date");
    let (time, lag) = (date(sample.taken_at), sample.lag.as_secs_f64());
    format!(
        "{{\"version\":\"0\",\"id\":\"l\",\"detail-type\":\"Replication Lag\",\"source\":\"drd.lag\",\
         \"account\":\"{ACCOUNT}\",\"time\":\"{time}\",\"region\":\"eu-central-2\",\"resources\":[],\
         \"detail\":{{\"lag_seconds\":{lag},\"taken_at\":\"{time}\"}}}}"
    )
}

fn moment() -> impl Strategy<Value = Time> {
    (NOW.0 - 200_000..NOW.0 + 200_000).prop_map(Time)
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Healthy),
        Just(Verdict::Unhealthy),
        Just(Verdict::Unknown)
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(parse(&text, &known(), NOW).leave_in_queue());
    }

    /// A fixture with some bytes replaced is read as something, never as a panic; what then
    /// counts still names a sensor of ours.
    #[test]
    fn no_mutation_makes_it_panic(
        which in any::<prop::sample::Index>(),
        at in 0usize..3000,
        cut in 0usize..40,
        put in "[ -~]{0,12}",
        now in any::<i64>(),
    ) {
        let mut bytes = body(which.get(&expected().collect::<Vec<_>>())[0]).into_bytes();
        let start = at.min(bytes.len());
        let end = (start + cut).min(bytes.len());
        bytes.splice(start..end, put.bytes());
        let text = String::from_utf8_lossy(&bytes);
        for now in [NOW, Time(now)] {
            if let Parsed::Signal(signal) = parse(&text, &known(), now) {
                let ours = ["route53-primary", "inside-primary", "witness-primary", "witness-standby"];
                prop_assert!(ours.contains(&&*signal.sensor));
            }
        }
    }

    #[test]
    fn a_composed_alarm_is_read_back(id in "[ -~]{1,36}", at in moment(), before in verdict(), verdict in verdict()) {
        let text = compose::alarm_event_json(&id, HEALTH, before, verdict, at);
        let signal = Signal { id: id.as_str().into(), sensor: "route53-primary".into(), verdict, observed_at: at, good_at: None };
        let reading = Reading { source: SenderKind::CloudwatchAlarm, parsed: Parsed::Signal(signal) };
        prop_assert_eq!(read(&text, &known(), NOW), reading);
    }

    #[test]
    fn a_composed_verdict_is_read_back(id in "[ -~]{1,36}", at in moment(), verdict in verdict(), good_at in proptest::option::of(moment())) {
        let text = compose::witness_event_json(&id, ACCOUNT, "eu-west-1", Side::Standby, verdict, (at, good_at));
        let signal = Signal { id: id.as_str().into(), sensor: "witness-standby".into(), verdict, observed_at: at, good_at };
        prop_assert_eq!(parse(&text, &known(), NOW), Parsed::Signal(signal));
    }

    #[test]
    fn a_sample_and_a_composed_heartbeat_are_read_back(lag in 0i64..86_400_000, at in moment()) {
        let sample = LagSample { source: LagSource::Events, taken_at: at, lag: Span::millis(lag) };
        let text = lag_event_json(&sample);
        prop_assert_eq!(parse(&text, &known(), NOW), Parsed::Lag(sample));
        let text = compose::heartbeat_json("b", ACCOUNT, "eu-central-2", (at, "n-1"), NOW);
        let heartbeat = Parsed::Heartbeat { id: "b".into(), nonce: "n-1".into(), stamped_at: NOW };
        prop_assert_eq!(parse(&text, &known(), NOW), heartbeat);
    }

    /// Any text in a name or an id is read back by a JSON reader that is not ours.
    #[test]
    fn composed_events_are_plain_json(id in any_text(), name in any_text()) {
        let arn = format!("arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}");
        let text = compose::alarm_event_json(&id, &arn, Verdict::Healthy, Verdict::Unhealthy, NOW);
        let value: serde_json::Value = serde_json::from_str(&text).expect("is JSON");
        prop_assert_eq!(value["id"].as_str(), Some(id.as_str()));
        prop_assert_eq!(value["detail"]["alarmName"].as_str(), Some(name.as_str()));
        prop_assert_eq!(value["resources"][0].as_str(), Some(arn.as_str()));
    }
}
