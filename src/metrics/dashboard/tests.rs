//! The dashboard as a whole: it fits the metrics, the grid and its own rules.
//!
//! Deliberately absent: Grafana itself (`tests/deploy`).

use super::*;
use std::collections::BTreeSet;

fn panels() -> Vec<Value> {
    let all = dashboard().expect("the panels fit the metrics");
    let panels = all["panels"].as_array().expect("a list").clone();
    assert!(panels.len() > 25);
    panels
}

#[test]
fn an_expression_that_drifted_is_an_error_and_names_its_panel() {
    let mut families = families().expect("every name is one");
    families.retain(|family| family.name != "drd_armed");
    let error = drawn(&ROWS[0].2[0], json!({}), &families).expect_err("a name is gone");
    assert!(
        error
            .to_string()
            .contains("\"Armed\": there is no metric drd_armed"),
        "{error}"
    );
}

#[test]
fn panels_are_side_by_side_and_never_overlap() {
    let mut taken = BTreeSet::new();
    for panel in panels() {
        let at = |key: &str| panel["gridPos"][key].as_u64().expect("a number");
        assert!(at("x") + at("w") <= 24 && at("h") > 0, "{}", panel["title"]);
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(taken.insert((x, y)), "{} overlaps another", panel["title"]);
            }
        }
    }
}

#[test]
fn every_panel_is_described_and_queries_the_chosen_source() {
    let mut ids = BTreeSet::new();
    for panel in panels() {
        assert!(ids.insert(panel["id"].as_u64()), "an id twice");
        if panel["type"] == "row" {
            continue;
        }
        let title = &panel["title"];
        assert!(
            panel["description"].as_str().is_some_and(|d| d.len() > 20),
            "{title}"
        );
        let targets = panel["targets"].as_array().expect("a list");
        assert!(!targets.is_empty(), "{title}");
        for asked in targets.iter().chain([&panel]) {
            assert_eq!(asked["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
}

#[test]
fn a_value_of_0_or_1_is_shown_by_name() {
    for panel in ROWS.iter().flat_map(|row| row.2) {
        let flag = [
            "drd_armed",
            "drd_leader{",
            "drd_signal_firing",
            "drd_preflight_check_ok",
            "drd_dns_points_to",
        ];
        let shows_flag = panel
            .queries
            .iter()
            .any(|q| flag.iter().any(|name| q.0.contains(name)));
        assert_eq!(shows_flag, panel.names.len() > 1, "{}", panel.title);
    }
}

/// An objective may be configured otherwise: a number here would be wrong then.
#[test]
fn objectives_are_drawn_from_metrics() {
    let lines = ROWS
        .iter()
        .flat_map(|row| row.2)
        .flat_map(|panel| panel.queries);
    let objectives: Vec<&str> = lines
        .filter(|q| q.1.contains("objective") || q.1.contains("limit"))
        .map(|q| q.0)
        .collect();
    assert_eq!(objectives.len(), 3);
    for expr in objectives {
        assert!(
            expr.contains("_objective_seconds") || expr.contains("_limit_seconds"),
            "{expr}"
        );
    }
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    let text = dashboard().expect("the panels fit the metrics").to_string();
    assert!(!text.contains("http://") && !text.contains("https://"));
}
