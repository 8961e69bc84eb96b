//! The built binary: its help, its exit codes, and what it prints when it refuses.
//!
//! Deliberately absent: the daemon (`tests/wire`) and any network.

use crate::{Folder, named, rehearsed};
use drd::ledger::FileLedger;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SHOP1: &str = include_str!("../fixtures/config/shop1.toml");

/// Runs drd with nothing of the caller's environment.
pub fn drd(folder: &Folder, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drd"))
        .args(words)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("TMPDIR", folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("drd {words:?}: {error}"))
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What drd prints when it ends with this code and nothing on stderr.
pub fn prints(words: &[&str]) -> String {
    let folder = Folder::new(&format!("prints-{}", words.join("")));
    let output = drd(&folder, words);
    assert_eq!(
        (code(&output), err(&output).as_str()),
        (0, ""),
        "drd {words:?}"
    );
    out(&output)
}

/// What drd prints on stderr when it refuses with this code, without this machine's paths.
pub fn refuses(folder: &Folder, words: &[&str], expected: i32) -> String {
    let output = drd(folder, words);
    let said = err(&output);
    assert_eq!(code(&output), expected, "drd {words:?}: {said}");
    assert_eq!(out(&output), "", "data beside a refusal: drd {words:?}");
    said.replace(&*folder.path().to_string_lossy(), "[folder]")
}

#[test]
fn help_says_what_there_is() {
    let build = if cfg!(feature = "aws") {
        "help"
    } else {
        "help-without-aws"
    };
    insta::assert_snapshot!(build, prints(&["--help"]));
    insta::assert_snapshot!("help-gameday", prints(&["gameday", "--help"]));
    insta::assert_snapshot!("help-status", prints(&["status", "--help"]));
    insta::assert_snapshot!("help-gameday-run", prints(&["gameday", "run", "--help"]));
    insta::assert_snapshot!("help-config", prints(&["config", "--help"]));
    insta::assert_snapshot!("gameday-list", prints(&["gameday", "list"]));
}

#[test]
fn a_passed_rehearsal_is_zero_and_its_json_is_the_schema() {
    let folder = Folder::new("region-dark");
    let output = drd(
        &folder,
        &[
            "gameday",
            "run",
            "region-dark",
            "-o",
            "json",
            "--report",
            "here",
        ],
    );
    assert_eq!(code(&output), 0, "{}", err(&output));
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("JSON on stdout, alone");
    let has = |pointer: &str| {
        report
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{pointer} is missing"))
    };
    assert_eq!(has("/schema"), "drd.report/1.0");
    assert_eq!(has("/scenario"), "region-dark");
    assert_eq!(has("/seed"), 1);
    assert_eq!(has("/outcome"), "failed_over");
    assert_eq!(has("/expected/outcome"), "failed_over");
    assert_eq!(has("/expected/rto_seconds"), 300.0);
    assert_eq!(has("/expected/rpo_seconds"), 60.0);
    assert_eq!(has("/passed"), true);
    for clock in ["detected", "decided", "client"] {
        let seconds = has(&format!("/clocks/{clock}_seconds"))
            .as_f64()
            .expect("a number");
        assert!(seconds > 0.0 && seconds <= 300.0, "{clock}: {seconds}");
    }
    assert!(has("/rpo_seconds").as_f64().expect("a number") <= 60.0);
    assert!(has("/acknowledged_writes_lost").is_u64());
    assert!(has("/invariants/checked").as_u64().expect("a number") > 1000);
    assert_eq!(has("/invariants/violated"), &serde_json::json!([]));
    assert_eq!(has("/diagnosis"), "region_dark");
    let timeline = has("/timeline").as_array().expect("a list");
    assert!(timeline.len() > 10);
    for line in timeline {
        assert!(
            line["t"].is_number() && line["kind"].is_string() && line["text"].is_string(),
            "{line}"
        );
    }
    for name in ["report.json", "report.md", "report.html"] {
        let written = std::fs::read_to_string(folder.path().join("here").join(name)).expect(name);
        assert!(written.contains("region-dark"), "{name}");
    }
    // The story is talk: stderr.
    assert!(
        err(&output).contains("watching -> suspecting"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_rehearsal_that_comes_out_otherwise_is_six() {
    let folder = Folder::new("otherwise");
    let text = "name = \"hopeful\"\nabout = \"-\"\nduration = \"20m\"\n[expect]\noutcome = \"no_action\"\n\
                [[fault]]\nat = \"60s\"\nkind = \"region_dark\"\n";
    let path = folder.file("hopeful.toml", text);
    let output = drd(&folder, &["gameday", "run", &path.to_string_lossy()]);
    assert_eq!(code(&output), 6, "{}", err(&output));
    assert!(
        out(&output).starts_with("FAILED  hopeful: failed_over (expected no_action)"),
        "{}",
        out(&output)
    );
}

#[test]
fn an_unknown_scenario_is_two_and_points_at_the_list() {
    let folder = Folder::new("unknown-scenario");
    let said = refuses(&folder, &["gameday", "run", "region-drak"], 2);
    assert!(
        said.contains("region-drak") && said.contains("gameday list"),
        "{said}"
    );
    insta::assert_snapshot!("refused-unknown-scenario", said);
}

#[test]
fn a_wrong_scenario_file_is_two_and_says_it_once() {
    let folder = Folder::new("wrong-scenario-file");
    folder.file("mine.toml", "name = \"mine\"\nabuot = \"-\"\n");
    let said = refuses(&folder, &["gameday", "run", "mine.toml"], 2);
    assert_eq!(said.matches("unknown field").count(), 1, "{said}");
}

#[test]
fn a_typo_in_the_configuration_is_two_and_is_pointed_at() {
    let folder = Folder::new("config-typo");
    let line = 1 + SHOP1
        .lines()
        .position(|l| l.starts_with("global_cluster"))
        .expect("the sample has it");
    let path = folder.file(
        "drd.toml",
        SHOP1.replace("global_cluster =", "global_clutser ="),
    );
    let said = refuses(&folder, &["config", "check", &path.to_string_lossy()], 2);
    assert!(
        said.contains(&format!("drd.toml:{line}")),
        "line {line}: {said}"
    );
    assert!(
        said.contains("global_clutser") && said.contains("global_cluster"),
        "{said}"
    );
    insta::assert_snapshot!("refused-config-typo", said);
}

#[test]
fn a_good_configuration_is_zero() {
    let folder = Folder::new("config-good");
    folder.file("drd.toml", SHOP1);
    let output = drd(&folder, &["config", "check", "drd.toml"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("shop1"), "{}", out(&output));
}

#[test]
fn a_missing_configuration_is_two_for_every_command_that_needs_one() {
    let folder = Folder::new("config-missing");
    for words in [
        #[cfg(feature = "aws")]
        &["run", "--config", "nowhere.toml"][..],
        &["config", "check", "nowhere.toml"],
        &["status", "--config", "nowhere.toml"],
    ] {
        let said = refuses(&folder, words, 2);
        assert!(
            said.starts_with("drd: there is no configuration nowhere.toml;"),
            "{said}"
        );
        assert!(
            said.contains("--config") && !said.contains("metadata"),
            "{said}"
        );
    }
}

#[test]
fn usage_errors_are_two() {
    let folder = Folder::new("usage");
    for words in [
        &[][..],
        &["gamedya"],
        &["gameday", "run"],
        &["gameday", "run", "x", "--speed", "fast"],
        &["gameday", "soak", "--seeds", "0"],
        &["status", "--health", "--why"],
        &["status", "--health", "-o", "json"],
    ] {
        refuses(&folder, words, 2);
    }
}

#[test]
fn status_without_a_daemon_is_seven() {
    let folder = Folder::new("status");
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a port");
    assert!(
        !SHOP1.contains("[http]"),
        "the sample listens somewhere: adapt this test"
    );
    folder.file(
        "drd.toml",
        format!("{SHOP1}\n[http]\nlisten = \"{free}\"\n"),
    );
    let said = refuses(&folder, &["status", "--config", "drd.toml"], 7);
    assert!(said.contains(&free.to_string()), "{said}");
    insta::assert_snapshot!(
        "refused-status",
        said.replace(&free.port().to_string(), "[port]")
    );
}

#[test]
fn the_health_of_a_daemon_that_is_not_there_is_seven_in_one_line() {
    let folder = Folder::new("health");
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a port");
    // The rest of the file is not judged, so there is no rest.
    folder.file("drd.toml", format!("[http]\nlisten = \"{free}\"\n"));
    let said = refuses(&folder, &["status", "--health", "--config", "drd.toml"], 7);
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(said.contains(&free.to_string()), "{said}");
}

fn written(path: &Path) {
    let (mut ledger, _) = FileLedger::open(path).expect("a fresh ledger");
    for entry in &rehearsed(&named("region-dark"), 1).entries {
        ledger.append(std::slice::from_ref(entry)).expect("a line");
    }
}

#[test]
fn a_ledger_is_replayed_bit_for_bit_with_zero() {
    let folder = Folder::new("replay");
    written(&folder.path().join("ledger.jsonl"));
    let output = drd(&folder, &["replay", "ledger.jsonl"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let said = out(&output);
    assert!(said.contains("same  watching -> suspecting"), "{said}");
    assert!(said.trim_end().ends_with(" 0 came out otherwise"), "{said}");
}

#[test]
fn another_policy_is_tried_on_the_same_ledger() {
    let folder = Folder::new("replay-policy");
    written(&folder.path().join("ledger.jsonl"));
    folder.file("drd.toml", SHOP1);
    let output = drd(&folder, &["replay", "ledger.jsonl", "--policy", "drd.toml"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(
        out(&output).contains("watching -> suspecting"),
        "{}",
        out(&output)
    );
}

#[test]
fn a_broken_ledger_is_one_and_the_line_is_named() {
    let folder = Folder::new("replay-broken");
    let path = folder.path().join("ledger.jsonl");
    written(&path);
    let text = std::fs::read_to_string(&path).expect("the ledger");
    std::fs::write(&path, text.replacen("\"seq\":3,", "\"seq\":8,", 1)).expect("the ledger");
    let said = refuses(&folder, &["replay", "ledger.jsonl"], 1);
    assert!(said.contains("ledger.jsonl line 3"), "{said}");
    insta::assert_snapshot!("refused-broken-ledger", said);
}

#[test]
fn a_clean_soak_is_zero() {
    let said = prints(&["gameday", "soak", "--seeds", "50"]);
    assert!(said.starts_with("50 rehearsals from seed 0:"), "{said}");
    assert!(said.trim_end().ends_with("no promise was broken"), "{said}");
    assert!(
        said.contains(" rehearsals a second") && said.contains("met: "),
        "{said}"
    );
}

#[test]
fn a_clean_crash_all_is_zero_and_its_json_is_the_schema() {
    let said = prints(&["gameday", "crash-all", "--every", "400", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(report["schema"], "drd.crash_all/1.0");
    assert_eq!(report["passed"], true);
    let scenarios = report["scenarios"].as_array().expect("a list");
    assert!(scenarios.len() >= 30);
    for one in scenarios {
        assert!(one["points"].as_u64() > Some(0), "{one}");
        assert_eq!(one["failed"], serde_json::Value::Null);
    }
}

#[test]
fn one_crash_is_replayed_by_its_name() {
    let folder = Folder::new("one-crash");
    let output = drd(
        &folder,
        &["gameday", "crash-all", "--crash", "region-dark:60:after"],
    );
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).contains("the daemon dies"), "{}", err(&output));
    refuses(
        &folder,
        &["gameday", "crash-all", "--crash", "region-dark:60"],
        2,
    );
    refuses(
        &folder,
        &["gameday", "crash-all", "--crash", "region-drak:60:after"],
        2,
    );
}

#[test]
fn a_crash_that_cannot_happen_is_a_usage_error() {
    let folder = Folder::new("no-crash");
    for (spot, reason) in [
        ("region-dark:99999:before", "no daemon dies at line 99999"),
        ("region-dark:60:frozen", "alone on its ledger"),
    ] {
        let text = refuses(&folder, &["gameday", "crash-all", "--crash", spot], 2);
        assert!(text.contains(reason), "{text}");
    }
}

#[test]
fn a_reader_that_closes_the_pipe_ends_nothing_but_the_printing() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_drd"))
        .args(["gameday", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("drd starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("drd ends");
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
}

#[test]
fn an_interrupted_soak_prints_how_far_it_came() {
    // More seeds than two seconds are enough for on any machine.
    let output = Command::new("timeout")
        .args(["--preserve-status", "-s", "INT", "2"])
        .arg(env!("CARGO_BIN_EXE_drd"))
        .args(["gameday", "soak", "--seeds", "100000000"])
        .output()
        .expect("timeout of coreutils");
    let text = out(&output);
    assert_eq!(code(&output), 1, "{text}{}", err(&output));
    assert!(text.contains(" of 100000000 seeds"), "{text}");
}
