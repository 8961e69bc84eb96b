//! What drd prints for Prometheus and Grafana is what `deploy/` holds, so that neither is stale.
//!
//! `UPDATE_DASHBOARD=1 cargo test --release --test lab printed` writes the dashboard anew.
//! Deliberately absent: whether Prometheus takes it (`tests/deploy`).

use crate::Folder;
use crate::cli::{drd, prints, refuses};
use std::path::Path;

const DASHBOARD: &str = "deploy/grafana/drd.json";

fn committed(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_default()
}

#[test]
fn the_committed_dashboard_is_what_this_build_draws() {
    let drawn = prints(&["config", "dashboard"]);
    if std::env::var_os("UPDATE_DASHBOARD").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DASHBOARD);
        std::fs::write(path, &drawn).expect("the dashboard can be written");
    }
    assert!(
        committed(DASHBOARD) == drawn,
        "{DASHBOARD} is stale: run UPDATE_DASHBOARD=1 cargo test --release --test lab printed"
    );
}

#[test]
fn the_rules_in_the_binary_are_the_committed_ones() {
    let rules = committed("deploy/prometheus/drd.rules.yml");
    assert_eq!(prints(&["config", "alerts"]), rules);
    let runbook = "https://git.example.org/RUNBOOK.md";
    let moved = prints(&["config", "alerts", "--runbook", runbook]);
    assert!(moved.contains(&format!("runbook_url: {runbook}#drddown\n")));
    assert_eq!(moved.lines().count(), rules.lines().count());
    refuses(
        &Folder::new("alerts"),
        &["config", "alerts", "--runbook", "here"],
        2,
    );
}

#[test]
fn a_passed_game_day_leaves_its_time_and_a_failed_one_lets_the_last_stand() {
    let folder = Folder::new("gameday-metrics");
    let page = folder.path().join("drd.prom");
    let run = |scenario: &str| {
        let words = ["gameday", "run", scenario, "--metrics", "drd.prom"];
        drd(&folder, &words).status.code()
    };
    assert_eq!(run("region-dark"), Some(0));
    let left = std::fs::read_to_string(&page).expect("the page");
    let series = "drd_gameday_last_success_timestamp_seconds{outcome=\"failed_over\",scenario=\"region-dark\"} ";
    let at = left.lines().find_map(|line| line.strip_prefix(series));
    let at: f64 = at.expect("the series").parse().expect("a number");
    assert!(at > 1_700_000_000.0, "{at}");
    let wants_more = include_str!("../../src/lab/scenario/files/region-dark.toml")
        .replace("rto = \"300s\"", "rto = \"1s\"");
    folder.file("mine.toml", wants_more);
    assert_eq!(run("mine.toml"), Some(6));
    assert_eq!(std::fs::read_to_string(&page).expect("the page"), left);
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .expect("the folder")
        .collect();
    assert!(
        !names
            .iter()
            .flatten()
            .any(|f| f.file_name() == "drd.prom.new")
    );
}
