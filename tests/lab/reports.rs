//! The document of one run, from a ledger alone, and the bundle that it is kept in.
//!
//! Deliberately absent: a second verifier (`tests/evidence`), which shares no code with this one.

use crate::cli::{drd as run, refuses};
use crate::history::{ledger_of, prints_in};
use crate::ledger::write;
use crate::{Folder, named, rehearsed};
use drd::evidence::verify;
use drd::history::History;
use drd::ledger::{Entry, VerifiedLedger};
use drd::report::RunReport;
use std::path::Path;

const LEDGER: [&str; 2] = ["--ledger", "ledger.jsonl"];

fn reported(folder: &Folder, format: &str) -> String {
    let words = [&["report", "1"][..], &LEDGER, &["--format", format]].concat();
    prints_in(folder, &words)
}

#[test]
fn a_run_is_reported_from_its_ledger_as_people_read_it() {
    for scenario in ["region-dark", "promotion-denied"] {
        let folder = ledger_of(scenario);
        insta::assert_snapshot!(format!("report-{scenario}"), reported(&folder, "md"));
    }
}

#[test]
fn a_report_of_a_run_has_the_fields_of_a_rehearsal_and_knows_what_was_not_measured() {
    let folder = ledger_of("region-dark");
    let report: serde_json::Value =
        serde_json::from_str(&reported(&folder, "json")).expect("JSON on stdout, alone");
    assert_eq!(report["schema"], "drd.report/1.0");
    assert_eq!(report["kind"], "run");
    assert_eq!(report["objectives"]["rto"], "met");
    assert_eq!(report["objectives"]["rpo"], "met");
    assert_eq!(report["clocks"]["client_seconds"], serde_json::Value::Null);
    let detected = report["clocks"]["detected_seconds"]
        .as_f64()
        .expect("known");
    let rehearsal = rehearsed(&named("region-dark"), 1).incident.expect("a run");
    let ended = rehearsal.ended_at.expect("it ended");
    assert_eq!(detected, (ended - rehearsal.first_bad_at).as_secs_f64());
    for line in report["timeline"].as_array().expect("a list") {
        assert!(line["line"].is_u64() && line["t"].is_number(), "{line}");
    }
}

/// The same ledger, as if a kernel had named the boots of its hosts.
fn of_real_hosts(entries: &[Entry]) -> Vec<Entry> {
    let text = serde_json::to_string(entries).expect("is JSON");
    let real = "\"boot_id\":\"4cbb7f7d-6ff8-4b7e-8a44-6f2f0f2f6b5e\"";
    let text = text.replace("\"boot_id\":\"first\"", real);
    serde_json::from_str(&text).expect("entries")
}

#[test]
fn every_page_of_a_rehearsal_says_simulated_and_none_of_a_real_run_does() {
    let entries = rehearsed(&named("region-dark"), 1).entries;
    for (entries, simulated) in [(of_real_hosts(&entries), false), (entries, true)] {
        let folder = Folder::new("simulated-or-not");
        write(&folder.path().join("ledger.jsonl"), &entries);
        let html = reported(&folder, "html");
        assert_eq!(html.contains("class=\"simulated banner\""), simulated);
        assert_eq!(html.contains("SIMULATED"), simulated);
        let markdown = reported(&folder, "md");
        for heading in markdown.lines().filter(|line| line.starts_with("## ")) {
            assert_eq!(heading.contains("(SIMULATED)"), simulated, "{heading}");
        }
        let history = prints_in(&folder, &[&["history"][..], &LEDGER].concat());
        assert_eq!(history.starts_with("SIMULATED"), simulated, "{history}");
    }
}

#[test]
fn a_page_needs_nothing_from_elsewhere_and_claims_no_compliance() {
    let folder = ledger_of("region-dark");
    bundle(&folder, "kept");
    for name in ["report.html", "report.md", "report.json", "evidence.json"] {
        let path = folder.path().join("kept").join(name);
        let text = std::fs::read_to_string(path).expect(name);
        assert!(!text.to_lowercase().contains("compliant"), "{name}");
        for outside in ["<script", "<link", "src=", "http://", "@import"] {
            assert!(!text.contains(outside), "{name}: {outside}");
        }
    }
    let page = std::fs::read_to_string(folder.path().join("kept/report.html")).expect("a page");
    assert!(page.contains("Supports testing under DORA RTS 2024/1774 Art. 25"));
    for part in [
        "How to verify",
        "Deviations",
        "Sign-off",
        "Policy in full",
        "Not measured",
    ] {
        assert!(page.contains(&format!("<h2>{part}")), "{part}");
    }
}

#[test]
fn a_run_that_the_ledger_does_not_have_is_refused_with_those_it_has() {
    let folder = ledger_of("region-dark");
    let refused = refuses(&folder, &[&["report", "7"][..], &LEDGER].concat(), 2);
    insta::assert_snapshot!("refused-report-of-no-run", refused);
}

fn bundle(folder: &Folder, name: &str) {
    let words = [&["report", "1"][..], &LEDGER, &["--evidence", name]].concat();
    prints_in(folder, &words);
}

fn blamed(folder: &Path) -> String {
    match verify(folder) {
        Ok(found) => panic!("{found:?}"),
        Err(faults) => faults.to_string(),
    }
}

#[test]
fn one_flipped_byte_of_any_file_of_a_bundle_is_named() {
    let folder = ledger_of("region-dark");
    bundle(&folder, "kept");
    let kept = folder.path().join("kept");
    verify(&kept).expect("it is whole");
    let files = std::fs::read_dir(&kept).expect("a folder");
    let names: Vec<_> = files
        .map(|file| file.expect("a file").file_name())
        .collect();
    assert_eq!(names.len(), 7);
    for name in names {
        let (path, name) = (kept.join(&name), name.to_string_lossy().into_owned());
        let whole = std::fs::read(&path).expect("a file");
        for place in (0..whole.len()).step_by(whole.len().div_ceil(40)) {
            let mut bytes = whole.clone();
            bytes[place] ^= 4;
            std::fs::write(&path, bytes).expect("a file");
            let faults = blamed(&kept);
            let named: Vec<_> = faults.lines().filter(|l| l.starts_with("  ")).collect();
            assert_eq!(named.len(), 1, "{name} byte {place}: {faults}");
            assert!(named[0].starts_with(&format!("  {name}: ")), "{faults}");
        }
        std::fs::write(&path, whole).expect("a file");
    }
    verify(&kept).expect("it is whole again");
}

#[test]
fn a_bundle_that_is_whole_and_one_that_is_not_as_a_person_sees_them() {
    let folder = ledger_of("region-dark");
    bundle(&folder, "kept");
    let shown = prints_in(&folder, &["evidence", "verify", "kept"]);
    assert!(
        shown.starts_with("The evidence in kept is whole: 7 files"),
        "{shown}"
    );
    assert!(shown.contains("byte for byte the same"), "{shown}");
    let page = folder.path().join("kept/report.html");
    let html = std::fs::read_to_string(&page).expect("a page");
    std::fs::write(&page, html.replace("MISSED", "met   ")).expect("a page");
    std::fs::write(&page, html.replacen("Run 1", "Run 2", 1)).expect("a page");
    std::fs::remove_file(folder.path().join("kept/setup.json")).expect("a file");
    folder.file("kept/more.txt", "more");
    let refused = refuses(&folder, &["evidence", "verify", "kept"], 1);
    insta::assert_snapshot!("refused-evidence", refused);
}

#[test]
fn a_game_day_leaves_evidence_of_the_same_kind() {
    let folder = Folder::new("gameday-evidence");
    let words = [
        "gameday",
        "run",
        "region-dark",
        "--report",
        "here",
        "--evidence",
        "kept",
    ];
    let output = run(&folder, &words);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let shown = prints_in(&folder, &["evidence", "verify", "kept"]);
    assert!(shown.contains("of a rehearsal: run it again"), "{shown}");
    let page = std::fs::read_to_string(folder.path().join("kept/report.html")).expect("a page");
    assert!(page.contains("drd gameday run region-dark --seed 1"));
    let replayed = prints_in(&folder, &["replay", "kept/ledger.jsonl"]);
    assert!(replayed.contains("0 came out otherwise"), "{replayed}");
}

#[test]
fn every_run_of_every_scenario_has_a_page_whose_timeline_is_in_order() {
    let mut runs = 0;
    for scenario in drd::lab::scenario::builtin::all().expect("built in") {
        let folder = ledger_of(&scenario.name);
        let ledger = VerifiedLedger::read(&folder.path().join("ledger.jsonl")).expect("whole");
        let history = History::of_ledger("ledger.jsonl", &ledger);
        for one in &history.runs {
            let report = RunReport::of(one.run, &history, &ledger).expect("it is there");
            assert!(report.html().contains("<svg"), "{}", scenario.name);
            let json: serde_json::Value =
                serde_json::from_str(&report.json().expect("is JSON")).expect("is JSON");
            let lines = json["timeline"].as_array().expect("a list");
            assert!(lines.len() > 2, "{}: run {}", scenario.name, one.run);
            let numbers: Vec<_> = lines.iter().map(|line| line["line"].as_u64()).collect();
            assert!(numbers.is_sorted(), "{}", scenario.name);
            runs += 1;
        }
    }
    assert!(runs > 30, "{runs} runs");
}
