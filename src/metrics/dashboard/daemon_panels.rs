//! The rows about drd itself: the path of its events, its daemons, and what it calls.
//!
//! Expressions are written as in `panels`. Deliberately absent: the estate and its recoveries
//! (`panels`).

use super::panel::{PLAIN, Panel, Query, Shows};

pub(super) const PATH: [Panel; 7] = [
    Panel {
        title: "Age of the heartbeat",
        unit: "s",
        queries: &[Query(
            "drd_loop_last_iteration_timestamp_seconds{%estate} - drd_event_path_heartbeat_timestamp_seconds{%estate} %leads",
            "{{instance}}",
        )],
        note: "Sent every minute through EventBridge and SQS, by the leader alone.",
        ..PLAIN
    },
    Panel {
        title: "Messages",
        unit: "cps",
        queries: &[Query(
            "sum by (source) (rate(drd_events_received_total{%estate}[$__rate_interval]))",
            "{{source}}",
        )],
        ..PLAIN
    },
    Panel {
        title: "Messages not acted on",
        unit: "cps",
        queries: &[Query(
            "sum by (reason) (rate(drd_events_discarded_total{%estate}[$__rate_interval]))",
            "{{reason}}",
        )],
        ..PLAIN
    },
    Panel {
        title: "Age of signals when read, 99 of 100",
        unit: "s",
        queries: &[Query(
            "histogram_quantile(0.99, sum by (le) (rate(drd_event_age_seconds_bucket{%estate}[$__rate_interval])))",
            "p99",
        )],
        ..PLAIN
    },
    Panel {
        title: "Since the control loop turned",
        unit: "s",
        queries: &[Query(
            "time() - drd_loop_last_iteration_timestamp_seconds{%estate}",
            "{{instance}}",
        )],
        note: "5 s and one scrape are usual. The difference of two clocks: a constant offset is the hosts', not the loop's.",
        ..PLAIN
    },
    Panel {
        title: "Ledger lines",
        unit: "cps",
        width: 4,
        queries: &[
            Query(
                "sum(rate(drd_ledger_appends_total{%estate}[$__rate_interval]))",
                "durable",
            ),
            Query(
                "sum(rate(drd_ledger_appends_failed_total{%estate}[$__rate_interval]))",
                "refused",
            ),
        ],
        ..PLAIN
    },
    Panel {
        title: "Pages in a day",
        shows: Shows::Value,
        width: 4,
        queries: &[
            Query(
                "sum(increase(drd_notifications_total{%estate}[1d]))",
                "tried",
            ),
            Query(
                "sum(increase(drd_notifications_failed_total{%estate}[1d]))",
                "not taken",
            ),
        ],
        steps: &[(0.0, "blue")],
        nothing: "no daemon",
        ..PLAIN
    },
];

pub(super) const OUTSIDE: [Panel; 6] = [
    Panel {
        title: "AWS calls that failed",
        unit: "percentunit",
        queries: &[Query(
            "sum by (api) (rate(drd_aws_requests_failed_total{%estate}[$__rate_interval])) / (sum by (api) (rate(drd_aws_requests_total{%estate}[$__rate_interval])) > 0)",
            "{{api}}",
        )],
        ..PLAIN
    },
    Panel {
        title: "AWS calls, 99 of 100 within",
        unit: "s",
        queries: &[Query(
            "histogram_quantile(0.99, sum by (api, le) (rate(drd_aws_request_duration_seconds_bucket{%estate}[$__rate_interval])))",
            "{{api}}",
        )],
        note: "sqs holds a long poll for 20 s: that is no delay.",
        ..PLAIN
    },
    Panel {
        title: "Where the resolvers point",
        shows: Shows::Bands,
        queries: &[Query(
            "max by (side) (drd_dns_points_to{%estate} %leads)",
            "{{side}}",
        )],
        names: &[(0, "not here, or unknown", "text"), (1, "here", "blue")],
        note: "Asked only while traffic moves.",
        ..PLAIN
    },
    Panel {
        title: "Memory",
        unit: "bytes",
        queries: &[Query(
            "process_resident_memory_bytes{job=\"drd\",%estate}",
            "{{instance}}",
        )],
        ..PLAIN
    },
    Panel {
        title: "CPU",
        unit: "percentunit",
        queries: &[Query(
            "rate(process_cpu_seconds_total{job=\"drd\",%estate}[$__rate_interval])",
            "{{instance}}",
        )],
        note: "1 is one core.",
        ..PLAIN
    },
    Panel {
        title: "Log lines dropped in a day",
        shows: Shows::Value,
        queries: &[Query(
            "sum by (reason) (increase(drd_log_lines_dropped_total{%estate}[1d]))",
            "{{reason}}",
        )],
        steps: &[(0.0, "green"), (1.0, "yellow")],
        note: "The log's reader is slow or away; drd does not wait for it.",
        nothing: "no daemon",
        ..PLAIN
    },
];
