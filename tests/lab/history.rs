//! What a ledger has of the past, with every daemon dead: the screens as people read them.
//!
//! Deliberately absent: the document of one run (`reports`).

use crate::cli::{drd as run, refuses};
use crate::ledger::write;
use crate::{Folder, named, rehearsed};
use drd::history::{History, LedgerIdentity, RunOutcome, UnarmedKind};
use drd::lab::scenario::builtin;

/// A folder with the ledger of a rehearsal in it.
pub fn ledger_of(scenario: &str) -> Folder {
    let folder = Folder::new(&format!(
        "history-{scenario}-{:?}",
        std::thread::current().id()
    ));
    let entries = rehearsed(&named(scenario), 1).entries;
    write(&folder.path().join("ledger.jsonl"), &entries);
    folder
}

/// What drd prints in that folder when it ends well.
pub fn prints_in(folder: &Folder, words: &[&str]) -> String {
    let output = run(folder, words);
    let refused = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        (output.status.code(), refused.as_str()),
        (Some(0), ""),
        "drd {words:?}"
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn history_of(scenario: &str) -> History {
    let identity = LedgerIdentity {
        name: scenario,
        head: "",
        torn_bytes: 0,
    };
    History::of(identity, &rehearsed(&named(scenario), 1).entries)
}

#[test]
fn the_history_is_read_from_a_ledger_whose_daemon_is_dead() {
    for scenario in [
        "region-dark",
        "blip-of-43-seconds",
        "paused",
        "promotion-denied",
        "operator-switches-over",
        "crash-in-promoting",
    ] {
        let folder = ledger_of(scenario);
        let words = ["history", "--ledger", "ledger.jsonl"];
        insta::assert_snapshot!(format!("history-{scenario}"), prints_in(&folder, &words));
        let armed = [&words[..], &["--armed"]].concat();
        insta::assert_snapshot!(format!("armed-{scenario}"), prints_in(&folder, &armed));
    }
}

#[test]
fn no_line_of_a_history_is_wider_than_a_screen() {
    for scenario in builtin::all().expect("built in") {
        let history = history_of(&scenario.name);
        for text in [history.table(), history.armed_table()] {
            for line in text.lines() {
                let fits = line.chars().count() <= 80;
                assert!(fits, "{}: {line}", scenario.name);
            }
        }
    }
}

#[test]
fn every_episode_is_a_run_or_a_near_miss_and_never_both() {
    let dark = history_of("region-dark");
    assert_eq!((dark.runs.len(), dark.near_misses.len()), (1, 0));
    assert_eq!(dark.runs[0].outcome, RunOutcome::Done);
    let blip = history_of("blip-of-43-seconds");
    assert_eq!((blip.runs.len(), blip.near_misses.len()), (0, 1));
    let missing = blip.near_misses[0].missing.join("; ");
    assert!(missing.contains("hold_down: held for"), "{missing}");
    let paused = history_of("paused");
    assert_eq!((paused.runs.len(), paused.pauses.len()), (0, 1));
    let missing = paused.near_misses[0].missing.join("; ");
    assert!(missing.contains("paused by an operator"), "{missing}");
}

#[test]
fn armed_and_not_armed_and_not_known_add_up_to_the_whole_ledger() {
    for scenario in [
        "region-dark",
        "crash-in-promoting",
        "paused",
        "promotion-denied",
    ] {
        let entries = rehearsed(&named(scenario), 1).entries;
        let whole = entries[entries.len() - 1].now() - entries[0].now();
        let history = history_of(scenario);
        let sum = history.armed_seconds + history.not_armed_seconds + history.unknown_seconds;
        assert!(
            (sum - whole.as_secs_f64()).abs() < 0.01,
            "{scenario}: {sum} of {whole}"
        );
        let crashed = scenario == "crash-in-promoting";
        assert_eq!(history.unknown_seconds > 0.0, crashed, "{scenario}");
        let unknown = history
            .not_armed
            .iter()
            .any(|s| s.kind == UnarmedKind::NoLine);
        assert_eq!(unknown, crashed, "{scenario}");
    }
}

#[test]
fn a_ledger_with_a_changed_letter_has_no_history() {
    let folder = ledger_of("region-dark");
    let path = folder.path().join("ledger.jsonl");
    let text = std::fs::read_to_string(&path).expect("the ledger");
    folder.file("ledger.jsonl", text.replacen("healthy", "hoalthy", 1));
    let refused = refuses(&folder, &["history", "--ledger", "ledger.jsonl"], 1);
    assert!(refused.contains("failed verification"), "{refused}");
}

#[test]
fn without_a_ledger_the_configuration_names_it() {
    let folder = ledger_of("region-dark");
    let config = include_str!("../fixtures/config/shop1.toml")
        .replace("kind = \"file\"", "kind = \"dynamodb\"")
        .replace(
            "path = \"/var/lib/drd/ledger.jsonl\"",
            "table = \"table-ledger-shop1\"",
        );
    let table = folder.file("table.toml", config);
    let table = table.display().to_string();
    let refused = refuses(&folder, &["history", "--config", &table], 2);
    assert!(refused.contains("--ledger FILE"), "{refused}");
    let refused = refuses(&folder, &["history", "--ledger", "nowhere.jsonl"], 1);
    assert!(refused.contains("nowhere.jsonl"), "{refused}");
}
