//! Bodies as real senders send them (public documentation and fixtures, details replaced): each is
//! read as its name requires. `snapshots/events__readings.snap` has file -> reading.
//!
//! Deliberately absent: bodies of an estate that `drd bootstrap` built (`intake.rs`).

use drd::intake::{Known, Parsed, Reading, read};
use drd_state_machine::event::Signal;
use drd_state_machine::time::{Span, Time};
use std::path::{Path, PathBuf};

/// 2026-03-01T12:00:00Z: the bodies are of half a minute before.
const NOW: Time = Time(1_772_366_400_000);
const ACCOUNT: &str = "123456789012";
/// Every alarm that a body is about is declared: none of its messages may be lost on drd.
const ALARMS: [(&str, &str); 4] = [
    ("Prod ALB - unhealthy hosts (p1)", "alb"),
    ("prod-service-aggregate", "aggregate"),
    ("fleet-insights", "insights"),
    ("r53-prod-endpoint", "route53"),
];

fn known() -> Known {
    let nothing = Known::new(ACCOUNT, Span::secs(300))
        .region("us-east-1")
        .region("us-west-2");
    ALARMS.iter().fold(nothing, |known, (name, sensor)| {
        let arn = format!("arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}");
        known.alarm(&arn, sensor)
    })
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events");
    let entries = std::fs::read_dir(folder).expect("the fixtures are there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

fn name(file: &Path) -> &str {
    file.file_name().and_then(|n| n.to_str()).expect("a name")
}

fn reading(file: &Path) -> Reading {
    let body = std::fs::read_to_string(file).expect("a body");
    read(&body, &known(), NOW)
}

fn meaning(parsed: &Parsed) -> String {
    let text = match parsed {
        Parsed::Signal(Signal {
            sensor,
            verdict,
            observed_at,
            ..
        }) => {
            let age = (NOW - *observed_at).as_secs_f64();
            format!("{sensor} {verdict:?}, {age} s old")
        }
        Parsed::Hint(hint) => format!("hint {:?} {} {}", hint.kind, hint.code, hint.subject),
        Parsed::Discard(why) => format!("not acted on: {}", why.name()),
        Parsed::Malformed(why) => format!("refused: {why}"),
        other @ (Parsed::Lag(_) | Parsed::Heartbeat { .. }) => format!("{other:?}"),
    };
    let fate = if parsed.leave_in_queue() {
        " -> dead letter"
    } else {
        ""
    };
    text + fate
}

#[test]
fn every_body_is_read_as_its_name_requires() {
    let lines: Vec<String> = files()
        .iter()
        .map(|file| {
            let Reading { source, parsed } = reading(file);
            format!("{} | {} | {}", name(file), source.name(), meaning(&parsed))
        })
        .collect();
    insta::assert_snapshot!("readings", lines.join("\n"));
}

/// 'a': alarms by EventBridge; of the others those that name a declared alarm.
#[test]
fn no_body_that_concerns_a_declared_alarm_is_dead_lettered() {
    let mut concerned = 0;
    for file in files() {
        let body = std::fs::read_to_string(&file).expect("a body");
        if !ALARMS.iter().any(|(alarm, _)| body.contains(alarm)) {
            continue;
        }
        concerned += 1;
        let parsed = reading(&file).parsed;
        assert!(!parsed.leave_in_queue(), "{}: {parsed:?}", name(&file));
    }
    assert_eq!(concerned, 26, "of the files' own count");
}
