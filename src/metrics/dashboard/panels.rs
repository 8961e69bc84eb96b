//! What the dashboard shows: rows of panels, each with its expressions.
//!
//! In an expression `%estate` is replaced by the matcher of the chosen estate, and `%leads` by "of
//! the daemon that leads": the other one does not poll. Objectives and limits are drawn from
//! metrics, never from numbers here. Deliberately absent: what Grafana calls things (`grafana`).

use super::daemon_panels::{OUTSIDE, PATH};
use super::panel::{PLAIN, Panel, PanelRow, Query, Shows};

pub(super) const ROWS: [PanelRow; 5] = [
    PanelRow("Now", 4, &NOW),
    PanelRow("Is it ready", 8, &READY),
    PanelRow("Recoveries", 8, &RECOVERIES),
    PanelRow("Event path and daemon", 7, &PATH),
    PanelRow("AWS, DNS, process", 7, &OUTSIDE),
];

const NOW: [Panel; 6] = [
    Panel {
        title: "Armed",
        shows: Shows::Value,
        width: 4,
        queries: &[Query("max by (estate) (drd_armed{%estate})", "{{estate}}")],
        names: &[(0, "NOT ARMED", "red"), (1, "ARMED", "green")],
        note: "Why not: drd status --why.",
        nothing: "no daemon",
        ..PLAIN
    },
    Panel {
        title: "State",
        shows: Shows::Name,
        width: 4,
        queries: &[Query(
            "max by (state) (drd_state{%estate} %leads) == 1",
            "{{state}}",
        )],
        steps: &[(0.0, "blue")],
        nothing: "no leader",
        ..PLAIN
    },
    Panel {
        title: "Active side",
        shows: Shows::Name,
        width: 4,
        queries: &[Query(
            "max by (side) (drd_active_side{%estate} %leads) == 1",
            "{{side}}",
        )],
        steps: &[(0.0, "blue")],
        nothing: "no leader",
        ..PLAIN
    },
    Panel {
        title: "Paused for",
        shows: Shows::Value,
        unit: "s",
        width: 4,
        queries: &[Query(
            "max by (estate) ((time() - drd_paused_since_timestamp_seconds{%estate}) * drd_paused{%estate} %leads)",
            "{{estate}}",
        )],
        names: &[(0, "not paused", "green")],
        // 4 h as in DrdPausedTooLong.
        steps: &[(0.0, "yellow"), (14_400.0, "red")],
        nothing: "no leader",
        ..PLAIN
    },
    Panel {
        title: "Since the last good game day",
        shows: Shows::Value,
        unit: "s",
        width: 4,
        queries: &[Query(
            "time() - max(last_over_time(drd_gameday_last_success_timestamp_seconds{outcome=~\"failed_over|switched_over\"}[1d]))",
            "",
        )],
        // 90 days as in DrdGameDayOverdue, and a fortnight to make up for it.
        steps: &[
            (0.0, "green"),
            (6_566_400.0, "yellow"),
            (7_776_000.0, "red"),
        ],
        note: "Left by drd gameday run --metrics for node_exporter's textfile collector.",
        nothing: "never",
        ..PLAIN
    },
    Panel {
        title: "Daemons",
        shows: Shows::Value,
        width: 4,
        queries: &[
            Query("max by (instance) (drd_leader{%estate})", "{{instance}}"),
            Query(
                "max by (instance) (up{job=\"drd\",%estate} == 0) - 1",
                "{{instance}}",
            ),
        ],
        names: &[
            (-1, "DOWN", "red"),
            (0, "follows", "blue"),
            (1, "leads", "green"),
        ],
        nothing: "none",
        ..PLAIN
    },
];

const READY: [Panel; 4] = [
    Panel {
        title: "Replication lag against the RPO",
        unit: "s",
        width: 12,
        queries: &[
            Query(
                "max by (source) (drd_replication_lag_seconds{%estate} %leads)",
                "{{source}}",
            ),
            Query(
                "max(drd_replication_lag_limit_seconds{%estate})",
                "limit of the gate",
            ),
            Query("max(drd_rpo_objective_seconds{%estate})", "RPO objective"),
        ],
        note: "Above the limit drd refuses to fail over.",
        ..PLAIN
    },
    Panel {
        title: "Readiness checks",
        shows: Shows::Rows("check"),
        width: 12,
        queries: &[Query(
            "min by (check) (drd_preflight_check_ok{%estate} %leads)",
            "{{check}}",
        )],
        names: &[(0, "RED OR UNKNOWN", "red"), (1, "ok", "green")],
        note: "What each found: drd status --why, or drd doctor.",
        nothing: "no leader has checked yet",
        ..PLAIN
    },
    Panel {
        title: "Signals",
        shows: Shows::Bands,
        width: 12,
        queries: &[Query(
            "max by (sensor) (drd_signal_firing{%estate} %leads)",
            "{{sensor}}",
        )],
        names: &[(0, "not unhealthy", "green"), (1, "unhealthy", "red")],
        note: "Green is healthy or unknown: see the age beside it.",
        ..PLAIN
    },
    Panel {
        title: "Age of signals",
        unit: "s",
        width: 12,
        queries: &[Query(
            "time() - max by (sensor) (drd_signal_last_update_timestamp_seconds{%estate} > 0 %leads)",
            "{{sensor}}",
        )],
        note: "A sensor that never spoke is absent.",
        ..PLAIN
    },
];

const RECOVERIES: [Panel; 6] = [
    Panel {
        title: "Newest recovery, share of the RTO",
        shows: Shows::Share,
        unit: "percentunit",
        width: 6,
        queries: &[Query(
            "max by (estate) (drd_last_failover_recovery_time_seconds{%estate} / drd_rto_objective_seconds{%estate} >= 0)",
            "{{estate}}",
        )],
        // 80 % as in DrdFailoverSlow; over 1 the objective was missed.
        steps: &[(0.0, "green"), (0.8, "yellow"), (1.0, "red")],
        nothing: "none yet",
        ..PLAIN
    },
    Panel {
        title: "Newest loss that was accepted, share of the RPO",
        shows: Shows::Share,
        unit: "percentunit",
        width: 6,
        queries: &[Query(
            "max by (estate) (drd_last_failover_data_loss_seconds{%estate} / drd_rpo_objective_seconds{%estate} >= 0)",
            "{{estate}}",
        )],
        steps: &[(0.0, "green"), (0.8, "yellow"), (1.0, "red")],
        nothing: "none yet",
        ..PLAIN
    },
    Panel {
        title: "Time left of the RTO",
        unit: "s",
        width: 12,
        queries: &[
            Query(
                "min by (estate) (drd_rto_budget_remaining_seconds{%estate})",
                "left {{estate}}",
            ),
            Query(
                "0.2 * max(drd_rto_objective_seconds{%estate})",
                "limit: 80 % used",
            ),
        ],
        note: "Full while nothing runs; below 0 the objective is missed.",
        ..PLAIN
    },
    Panel {
        title: "Phases, mean of 90 days",
        shows: Shows::Bars,
        unit: "s",
        width: 12,
        queries: &[Query(
            "sum by (phase) (increase(drd_failover_phase_duration_seconds_sum{%estate}[90d])) / (sum by (phase) (increase(drd_failover_phase_duration_seconds_count{%estate}[90d])) > 0)",
            "{{phase}}",
        )],
        steps: &[(0.0, "blue")],
        note: "As far back as Prometheus keeps data.",
        nothing: "no recovery yet",
        ..PLAIN
    },
    Panel {
        title: "Role changes in 90 days",
        shows: Shows::Value,
        width: 6,
        queries: &[
            Query(
                "sum by (operation, trigger) (increase(drd_failovers_total{%estate}[90d]))",
                "{{operation}}, {{trigger}}",
            ),
            Query(
                "sum by (estate) (increase(drd_failovers_failed_total{%estate}[90d]))",
                "failed",
            ),
        ],
        steps: &[(0.0, "blue")],
        note: "As far back as Prometheus keeps data. The ledger has them all.",
        nothing: "no daemon",
        ..PLAIN
    },
    Panel {
        title: "Writers seen",
        shows: Shows::Value,
        width: 6,
        queries: &[Query(
            "max by (estate) (drd_writers_observed{%estate} %leads)",
            "{{estate}}",
        )],
        steps: &[(0.0, "red"), (1.0, "green"), (2.0, "red")],
        nothing: "unknown",
        ..PLAIN
    },
];
