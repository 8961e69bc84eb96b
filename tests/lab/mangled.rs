//! Whatever comes in from outside, mangled byte by byte: messages, configurations, scenarios,
//! ledger lines. Nothing panics, nothing is accepted that must not be.
//!
//! Every case follows from a seed: a failure prints it, `DRD_FUZZ_SEED=N cargo test mangled`
//! repeats it, and any other N tries others. The seed corpus is what the other tests and the
//! binary use already. Deliberately absent: coverage guidance, which needs a nightly compiler.

use crate::ledger::entries_of;
use drd::config;
use drd::intake::{self, Known, Parsed};
use drd::lab::rng::Chance;
use drd::lab::scenario::Scenario;
use drd::lab::scenario::builtin;
use drd::ledger::{Entry, GENESIS, seal, unseal};
use drd_state_machine::event::Side;
use drd_state_machine::time::{Span, Time};
use std::path::Path;

/// Cases of each target: a few seconds in all, and with another seed every time somebody wants.
const CASES: u64 = 5_000;
const ACCOUNT: &str = "123456789012";
/// Pieces that matter to some reader: a mangled text that stays well-formed goes deeper.
const WORDS: [&str; 24] = [
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\u0000",
    "null",
    "true",
    "1e999",
    "-1",
    "NaN",
    "\"account\":\"666666666666\"",
    "\"region\":\"eu-north-1\"",
    "alarm",
    "ALARM",
    "\n",
    "=",
    "[[fault]]",
    "step:held",
    "9223372036854775807",
    "\u{65e5}",
    "''",
];

fn base() -> u64 {
    std::env::var("DRD_FUZZ_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
}

/// One to four changes.
fn mangle(chance: &mut Chance, text: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..chance.number(1, 4) {
        change(chance, &mut bytes, other);
    }
    bytes
}

fn place(chance: &mut Chance, len: usize) -> usize {
    let last = u32::try_from(len).unwrap_or(u32::MAX);
    chance.number(0, last) as usize
}

fn range(chance: &mut Chance, len: usize) -> std::ops::Range<usize> {
    let (a, b) = (place(chance, len), place(chance, len));
    a.min(b)..a.max(b)
}

fn change(chance: &mut Chance, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = place(chance, bytes.len());
    match chance.number(0, 5) {
        0 if at < bytes.len() => bytes[at] ^= 1 << chance.number(0, 7),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(range(chance, bytes.len()))),
        3 => {
            let again = bytes[range(chance, bytes.len())].to_vec();
            bytes.splice(at..at, again);
        }
        4 => {
            let foreign = other[range(chance, other.len())].to_vec();
            bytes.splice(at..at, foreign);
        }
        _ => {
            let word = chance.pick(&WORDS).map_or("", |word| word);
            bytes.splice(at..at, word.bytes());
        }
    }
}

/// Shows each case of a corpus, mangled, to `check`, which gives what is wrong.
fn each(corpus: &[Vec<u8>], check: impl Fn(&[u8], &[u8]) -> Option<String>) {
    assert!(!corpus.is_empty());
    for seed in base()..base() + CASES {
        let mut chance = Chance::new(seed, 7);
        let text = chance.pick(corpus).expect("not empty").clone();
        let other = chance.pick(corpus).expect("not empty").clone();
        let mangled = mangle(&mut chance, &text, &other);
        if let Some(wrong) = check(&text, &mangled) {
            let shown = String::from_utf8_lossy(&mangled);
            panic!("{wrong}\nDRD_FUZZ_SEED={seed}\n{shown}");
        }
    }
}

fn files(folder: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut names: Vec<_> = std::fs::read_dir(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    let read = |path| std::fs::read(path).expect("a file");
    names.into_iter().map(read).collect()
}

#[test]
fn a_mangled_message_never_speaks_for_another_account_or_an_unknown_sensor() {
    let alarm = format!("arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:alarm-health-primary-shop1");
    let known = Known::new(ACCOUNT, Span::secs(300))
        .region("eu-central-1")
        .region("eu-central-2")
        .alarm(&alarm, "route53-primary")
        .witness(Side::Primary, "witness-primary");
    let believed = ["route53-primary", "witness-primary"];
    // 2026-03-01T12:00:00Z: the fixtures were sent within the minute before.
    let now = Time(1_772_366_400_000);
    each(&files("tests/fixtures/envelopes"), |_, mangled| {
        let body = String::from_utf8_lossy(mangled);
        let Parsed::Signal(signal) = intake::parse(&body, &known, now) else {
            return None;
        };
        let value: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        let foreign = value["account"].as_str().is_some_and(|a| a != ACCOUNT);
        (foreign || !believed.contains(&&*signal.sensor))
            .then(|| format!("it was believed as a word of {}", signal.sensor))
    });
}

#[test]
fn a_mangled_configuration_is_refused_by_its_name_or_is_one() {
    let corpus = vec![std::fs::read("tests/fixtures/config/shop1.toml").expect("the sample")];
    each(&corpus, |_, mangled| {
        let text = String::from_utf8_lossy(mangled);
        let error = config::parse("mangled.toml", &text, []).err()?.to_string();
        let named = error.contains("mangled.toml") || error.contains("problem");
        (!named).then(|| format!("it is not said where: {error}"))
    });
}

#[test]
fn a_mangled_scenario_is_refused_by_its_name_or_is_one() {
    builtin::all().expect("the built-in ones can be read");
    each(&files("src/lab/scenario/files"), |_, mangled| {
        let text = String::from_utf8_lossy(mangled);
        let error = Scenario::parse("mangled.toml", &text).err()?.to_string();
        (!error.contains("mangled.toml")).then(|| format!("it is not said where: {error}"))
    });
}

#[test]
fn a_ledger_line_with_any_byte_changed_is_never_believed() {
    let entries: Vec<Entry> = entries_of("region-dark").into_iter().take(40).collect();
    let mut hash = GENESIS.to_owned();
    let mut sealed = Vec::new();
    for (seq, entry) in (1..).zip(&entries) {
        let (line, next) = seal(seq, entry, &hash).expect("a line");
        sealed.push((seq, std::mem::replace(&mut hash, next), line));
    }
    let corpus: Vec<Vec<u8>> = sealed
        .iter()
        .map(|(.., l)| l.clone().into_bytes())
        .collect();
    each(&corpus, |text, mangled| {
        let (seq, prev, _) = sealed.iter().find(|(.., l)| l.as_bytes() == text)?;
        let line = std::str::from_utf8(mangled).ok()?;
        let believed = unseal(line, *seq, prev).is_ok();
        (believed && mangled != text).then(|| "it was believed".to_owned())
    });
}
