//! What the page of metrics shows after each occurrence.
//!
//! Deliberately absent: HTTP; `crate::daemon::http` has its own tests.

mod recoveries;

use super::*;
use drd_state_machine::event::{Event, LagSource, Signal, Vantage, Verdict};
use drd_state_machine::policy::{Policy, Sensor, Serving};
use drd_state_machine::time::Span;

const NOW: Time = Time(1_000_000_000);

fn setup() -> Setup {
    let sensor = |name: &str| Sensor {
        name: name.into(),
        vantage: Vantage::Route53,
        side: Side::Primary,
    };
    Setup {
        policy: Policy::default(),
        sensors: vec![sensor("route53-primary")],
        serving: Serving {
            min: 2,
            desired: 2,
            floor_percent: 50,
        },
        home: None,
    }
}

fn metrics() -> Metrics {
    Metrics::for_daemon(&setup(), ["eu-central-1", "eu-central-2"]).expect("every name is one")
}

/// The value of a series, written as it is shown.
fn value<'a>(page: &'a str, series: &str) -> Option<&'a str> {
    page.lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
}

#[test]
fn every_known_value_is_there_from_the_start() {
    let page = metrics().render();
    for series in [
        "drd_state{state=\"held\"}",
        "drd_events_received_total{source=\"cloudwatch_alarm\"}",
        "drd_events_discarded_total{reason=\"late\"}",
        "drd_failovers_total{operation=\"switchover\",trigger=\"operator\"}",
        "drd_aws_requests_failed_total{api=\"rds\",operation=\"FailoverGlobalCluster\",reason=\"transient\"}",
        "drd_signal_firing{sensor=\"route53-primary\",vantage=\"route53\"}",
        "drd_failover_phase_duration_seconds_count{phase=\"fencing\"}",
        "drd_ledger_appends_total",
    ] {
        assert_eq!(value(&page, series), Some("0"), "{series} in\n{page}");
    }
    assert_eq!(
        value(&page, "drd_replication_lag_seconds{source=\"cloudwatch\"}"),
        Some("NaN")
    );
    assert_eq!(value(&page, "drd_rto_objective_seconds"), Some("300"));
    assert!(page.contains("process_resident_memory_bytes"));
}

/// What `promtool check metrics` requires of names and help texts.
#[test]
fn names_and_help_are_as_prometheus_wants_them() {
    let page = metrics().render();
    let kinds = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE drd_"));
    for line in kinds.clone() {
        let (name, kind) = line.split_once(' ').expect("name and kind");
        assert_eq!(
            kind == "counter",
            name.ends_with("_total"),
            "{name} is a {kind}"
        );
        let unit = [
            "_milliseconds",
            "_minutes",
            "_percent",
            "_ms",
            "_count",
            "_sum",
            "_bucket",
        ];
        assert!(!unit.iter().any(|unit| name.ends_with(unit)), "{name}");
        assert!(
            page.contains(&format!("# HELP drd_{name} ")),
            "{name} has no help"
        );
    }
    assert!(kinds.count() > 35);
}

#[test]
fn signals_are_shown_by_sensor() {
    let (metrics, setup) = (metrics(), setup());
    let mut record = Record::new(&setup, NOW);
    let signal = Signal {
        id: "1".into(),
        sensor: "route53-primary".into(),
        verdict: Verdict::Unhealthy,
        observed_at: NOW,
        good_at: None,
    };
    for _ in 0..2 {
        let before = record.clone();
        let event = Event::Signalled(signal.clone());
        let decision = drd_state_machine::step(&mut record, &setup, NOW, &event);
        metrics.decided(&before, &record, &decision, NOW, &setup);
    }
    let page = metrics.render();
    let labels = "{sensor=\"route53-primary\",vantage=\"route53\"}";
    assert_eq!(
        value(&page, &format!("drd_signal_firing{labels}")),
        Some("1")
    );
    assert_eq!(
        value(
            &page,
            &format!("drd_signal_last_update_timestamp_seconds{labels}")
        ),
        Some("1000000")
    );
    assert_eq!(
        value(&page, "drd_events_discarded_total{reason=\"duplicate\"}"),
        Some("1")
    );
}

#[test]
fn an_unlisted_call_is_counted_too() {
    let metrics = metrics();
    metrics.aws_request("rds", "DescribeGlobalClusters", 0.2, None);
    metrics.aws_request("sts", "GetCallerIdentity", 0.2, Some("denied"));
    let page = metrics.render();
    let failed = "drd_aws_requests_failed_total{api=\"sts\",operation=\"GetCallerIdentity\",reason=\"denied\"}";
    assert_eq!(value(&page, failed), Some("1"));
    assert_eq!(
        value(&page, "drd_aws_request_duration_seconds_count{api=\"rds\"}"),
        Some("1")
    );
}

#[test]
fn a_daemon_that_only_follows_shows_nothing_that_it_saw_when_it_led() {
    let (metrics, setup) = (metrics(), setup());
    let mut record = Record::new(&setup, NOW);
    let signal = Event::Signalled(Signal {
        id: "1".into(),
        sensor: "route53-primary".into(),
        verdict: Verdict::Unhealthy,
        observed_at: NOW,
        good_at: None,
    });
    let checks = vec![drd_state_machine::event::Check {
        name: "queue".into(),
        verdict: Verdict::Healthy,
        detail: "a test".into(),
        gates: false,
    }];
    for event in [signal, Event::Checked { checks }] {
        let before = record.clone();
        let decision = drd_state_machine::step(&mut record, &setup, NOW, &event);
        metrics.decided(&before, &record, &decision, NOW, &setup);
    }
    let sample = LagSample {
        source: LagSource::Events,
        lag: Span::millis(400),
        taken_at: NOW,
    };
    metrics.lag_sampled(&sample);
    let seen = metrics.render();
    let lag = "drd_replication_lag_seconds{source=\"lag_monitor\"}";
    let sensor = "{sensor=\"route53-primary\",vantage=\"route53\"}";
    assert_eq!(value(&seen, lag), Some("0.4"));
    assert_eq!(
        value(&seen, "drd_preflight_check_ok{check=\"queue\"}"),
        Some("1")
    );
    record.facts.paused = true;
    record.facts.paused_since = Some(NOW);
    metrics.following(&record, NOW, &setup);
    let page = metrics.render();
    assert_eq!(value(&page, lag), Some("NaN"));
    assert_eq!(value(&page, "drd_writers_observed"), Some("NaN"));
    assert!(!page.contains("drd_preflight_check_ok{"));
    for series in [
        &format!("drd_signal_firing{sensor}"),
        &format!("drd_signal_last_update_timestamp_seconds{sensor}"),
        "drd_replication_lag_measured_timestamp_seconds{source=\"lag_monitor\"}",
        "drd_preflight_last_run_timestamp_seconds",
        "drd_armed",
    ] {
        assert_eq!(value(&page, series), Some("0"), "{series}");
    }
    // What is in the ledger is shown by leader and follower.
    assert_eq!(value(&page, "drd_paused"), Some("1"));
    assert_eq!(
        value(&page, "drd_paused_since_timestamp_seconds"),
        Some("1000000")
    );
}

/// The limits that alerts compare with are the gates' own.
#[test]
fn the_limit_of_the_lag_is_where_the_gate_closes() {
    let page = metrics().render();
    assert_eq!(
        value(&page, "drd_replication_lag_limit_seconds"),
        Some("30")
    );
    assert_eq!(
        value(&page, "drd_replication_lag_fresh_seconds"),
        Some("120")
    );
    // The next sample is due a period later: until then the loss may grow by so much.
    let (setup, at) = (setup(), |lag| drd_state_machine::Assessment {
        loss: Some(Span::secs(lag) + setup().policy.lag_period),
        ..drd_state_machine::assess(&Record::new(&setup(), NOW), &setup(), NOW)
    });
    assert!(drd_state_machine::gates::rpo(&at(30), &setup).is_none());
    assert!(drd_state_machine::gates::rpo(&at(31), &setup).is_some());
}

#[test]
fn every_family_that_is_scraped_is_listed_with_its_kind() {
    let metrics = metrics();
    let page = metrics.render();
    let scraped: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    let listed = |family: &FamilyInfo| {
        let kind = match family.kind {
            FamilyKind::Counter => "counter",
            FamilyKind::Gauge => "gauge",
            FamilyKind::Histogram => "histogram",
        };
        scraped.contains(&(family.name.as_str(), kind))
    };
    for family in metrics.families() {
        let only_later = family.name == "drd_preflight_check_ok";
        assert_eq!(listed(family), !only_later, "{family:?}");
    }
    assert_eq!(metrics.families().len(), scraped.len() + 1);
}
