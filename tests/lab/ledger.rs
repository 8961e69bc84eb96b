//! The ledger: what was written is read back, a torn tail is repaired, nothing else is accepted.
//!
//! Deliberately absent: two daemons on one store, and a disk that loses what it synced.

use crate::cli::refuses;
use crate::{Folder, named, rehearsed};
use drd::ledger::{Entry, FileLedger, Found, GENESIS, LedgerError, LineFault, seal};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Completion, Event, Outcome};
use drd_state_machine::record::RECORD_VERSION;
use drd_state_machine::time::Span;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

pub(crate) fn entries_of(scenario: &str) -> Vec<Entry> {
    let entries = rehearsed(&named(scenario), 1).entries;
    assert!(
        entries.len() > 20,
        "{scenario} wrote only {} entries",
        entries.len()
    );
    entries
}

/// Another test's child has this process's locks from its fork to its exec: some milliseconds,
/// and a refusal takes some microseconds. Only the test of the lock itself opens without this.
fn open(path: &Path) -> Result<(FileLedger, Found), LedgerError> {
    for _ in 0..100_000 {
        match FileLedger::open(path) {
            Err(LedgerError::Locked { .. }) => std::thread::yield_now(),
            opened => return opened,
        }
    }
    FileLedger::open(path)
}

pub(crate) fn write(path: &Path, entries: &[Entry]) {
    let (mut ledger, found) = open(path).expect("a fresh ledger");
    assert_eq!((found.entries.len(), found.torn_bytes), (0, 0));
    for (place, entry) in entries.iter().enumerate() {
        ledger.append(std::slice::from_ref(entry)).expect("a line");
        assert_eq!(ledger.sequence(), place as u64 + 1);
    }
}

/// A ledger of four short lines; the last one holds letters of more than one byte.
fn short(folder: &Folder) -> (PathBuf, Vec<Entry>) {
    let opened = entries_of("region-dark").swap_remove(0);
    let now = opened.now();
    let outcome = Outcome::Unknown {
        why: "délai dépassé: \u{65e5}\u{672c}".to_owned(),
    };
    let done = Completion {
        kind: Kind::Promote,
        incident_id: 1,
        attempt: 1,
        outcome,
    };
    let noted = |after, event| Entry::Noted {
        now: now + Span::secs(after),
        event,
    };
    let entries = vec![
        opened,
        noted(1, Event::Started),
        noted(2, Event::Tick),
        noted(3, Event::Finished(done)),
    ];
    let path = folder.path().join("ledger.jsonl");
    write(&path, &entries);
    (path, entries)
}

fn text(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("the ledger")
}

fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes
        .split_inclusive(|b| *b == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

/// Opens what must not be accepted; gives the line that is blamed and why.
fn blamed(path: &Path, bytes: &[u8]) -> (usize, LineFault) {
    std::fs::write(path, bytes).expect("the ledger");
    let error = match open(path) {
        Ok((_, found)) => panic!("{} entries were believed", found.entries.len()),
        Err(error) => error,
    };
    let text_of_it = error.to_string();
    assert!(!text_of_it.contains("start from nothing"), "{text_of_it}");
    assert!(text_of_it.contains("RUNBOOK"), "a next step: {text_of_it}");
    assert!(text(path) == bytes, "the file was changed");
    match error {
        LedgerError::Damaged { line, fault, .. } => (line, fault),
        LedgerError::Io { .. }
        | LedgerError::Unreadable { .. }
        | LedgerError::Empty { .. }
        | LedgerError::Locked { .. }
        | LedgerError::Corrupt { .. }
        | LedgerError::Inexpressible(_) => {
            panic!("no line is blamed: {error:?}")
        }
    }
}

/// The line with a hash that fits its bytes, as a newer drd would have written it.
fn resealed(line: &str) -> String {
    let (body, _) = line.rsplit_once(",\"hash\":\"").expect("a sealed line");
    let hash: String = Sha256::digest(body.as_bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    format!("{body},\"hash\":\"{hash}\"}}\n")
}

#[test]
fn what_was_appended_is_read_back() {
    let folder = Folder::new("read-back");
    let path = folder.path().join("deeper/ledger.jsonl");
    let entries = entries_of("crash-in-promoting");
    write(&path, &entries);
    let read = FileLedger::read(&path).expect("a reader needs no lock");
    assert_eq!((read.entries, read.torn_bytes), (entries.clone(), 0));
    let (ledger, found) = open(&path).expect("opened again");
    assert_eq!((found.entries, found.torn_bytes), (entries.clone(), 0));
    assert_eq!(ledger.sequence(), entries.len() as u64);
}

#[test]
fn a_reopened_ledger_goes_on_with_the_same_chain() {
    let folder = Folder::new("goes-on");
    let (path, entries) = short(&folder);
    let (mut ledger, found) = open(&path).expect("opened again");
    ledger.append(&entries[2..=2]).expect("a line");
    drop(ledger);
    let again = FileLedger::read(&path).expect("a whole chain").entries;
    assert_eq!(again[..4], found.entries[..]);
    assert_eq!(again[4], entries[2]);
}

#[test]
fn a_torn_last_line_is_cut_off_wherever_it_tore() {
    let folder = Folder::new("torn");
    let (path, entries) = short(&folder);
    let whole = text(&path);
    let last = split(&whole).pop().expect("a last line").len();
    let kept = whole.len() - last;
    for torn in 0..last {
        std::fs::write(&path, &whole[..kept + torn]).expect("the ledger");
        let read = FileLedger::read(&path).unwrap_or_else(|e| panic!("read, {torn} bytes: {e:?}"));
        assert_eq!((&read.entries[..], read.torn_bytes), (&entries[..3], torn));
        let (mut ledger, found) =
            open(&path).unwrap_or_else(|e| panic!("opened, {torn} bytes: {e:?}"));
        assert_eq!(
            (&found.entries[..], found.torn_bytes),
            (&entries[..3], torn)
        );
        assert!(
            text(&path) == whole[..kept],
            "{torn} bytes were not cut off"
        );
        ledger.append(&entries[3..=3]).expect("a line");
        assert!(
            text(&path) == whole,
            "{torn} bytes: the line that was lost is not the line that came"
        );
    }
}

#[test]
fn a_torn_first_line_is_an_empty_ledger() {
    let folder = Folder::new("torn-first");
    let (path, _) = short(&folder);
    let first = split(&text(&path)).remove(0);
    std::fs::write(&path, &first[..first.len() - 1]).expect("the ledger");
    let (ledger, found) = open(&path).expect("opened");
    assert_eq!(
        (found.entries.len(), found.torn_bytes, ledger.sequence()),
        (0, first.len() - 1, 0)
    );
}

#[test]
fn a_flipped_bit_in_any_byte_of_an_earlier_line_is_found_and_nothing_is_changed() {
    let folder = Folder::new("flipped");
    let (path, _) = short(&folder);
    let whole = text(&path);
    let ends: Vec<usize> = split(&whole)
        .iter()
        .scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        })
        .collect();
    // The line feed of the last line is not tried: a line without one is torn, whatever follows.
    for place in 0..whole.len() - 1 {
        for bit in [0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[place] ^= bit;
            let line = 1 + ends.iter().filter(|end| **end <= place).count();
            let (blamed, fault) = blamed(&path, &bytes);
            assert_eq!(blamed, line, "byte {place}, bit {bit:#x}: {fault}");
        }
    }
}

#[test]
fn a_whole_line_that_follows_another_line_than_the_one_before_it_is_found() {
    let folder = Folder::new("follows");
    let (path, _) = short(&folder);
    let mut lines = split(&text(&path));
    let line = String::from_utf8(lines[2].clone()).expect("JSON");
    let (before, after) = line.split_once("\"prev\":\"").expect("the line before");
    let other = format!("{before}\"prev\":\"{}{}", "0".repeat(64), &after[64..]);
    lines[2] = resealed(other.trim_end()).into_bytes();
    assert_eq!(blamed(&path, &lines.concat()), (3, LineFault::BrokenChain));
}

#[test]
fn lines_that_are_missing_swapped_doubled_or_empty_are_found() {
    let folder = Folder::new("chain");
    let (path, _) = short(&folder);
    let lines = split(&text(&path));
    let order =
        |places: &[usize]| -> Vec<u8> { places.iter().flat_map(|p| lines[*p].clone()).collect() };
    assert_eq!(
        blamed(&path, &order(&[1, 2, 3])),
        (1, LineFault::BrokenChain)
    );
    assert_eq!(
        blamed(&path, &order(&[0, 2, 3])),
        (2, LineFault::BrokenChain)
    );
    assert_eq!(
        blamed(&path, &order(&[0, 1, 3])),
        (3, LineFault::BrokenChain)
    );
    assert_eq!(
        blamed(&path, &order(&[0, 2, 1, 3])),
        (2, LineFault::BrokenChain)
    );
    assert_eq!(
        blamed(&path, &order(&[0, 1, 1, 2, 3])),
        (3, LineFault::BrokenChain)
    );
    let between = [order(&[0, 1]), b"\n".to_vec(), order(&[2, 3])].concat();
    assert_eq!(blamed(&path, &between), (3, LineFault::NoHash));
    let after = [order(&[0, 1, 2, 3]), b"\n".to_vec()].concat();
    assert_eq!(blamed(&path, &after), (5, LineFault::NoHash));
    assert_eq!(blamed(&path, b"{}\n"), (1, LineFault::NoHash));
}

#[test]
fn what_this_version_does_not_know_is_refused_although_its_hash_fits() {
    let folder = Folder::new("unknown");
    let (path, _) = short(&folder);
    let mut lines = split(&text(&path));
    let known = String::from_utf8(lines[2].clone()).expect("text");
    let newer = known.replace("\"kind\":\"noted\"", "\"kind\":\"annotated\"");
    assert_ne!(newer, known, "the sample has no such line: {known}");
    lines[2] = resealed(&newer).into_bytes();
    match blamed(&path, &lines.concat()) {
        (3, LineFault::Unknown(why)) => assert!(why.contains("annotated"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_of_another_version_is_refused() {
    let folder = Folder::new("version");
    let entries = entries_of("region-dark");
    let mut decided = entries
        .iter()
        .find(|e| matches!(e, Entry::Decided { .. }))
        .expect("a decision")
        .clone();
    if let Entry::Decided { before, .. } = &mut decided {
        std::sync::Arc::make_mut(before).version = RECORD_VERSION + 1;
    }
    let (line, _) = seal(1, &decided, GENESIS).expect("a line");
    let path = folder.path().join("ledger.jsonl");
    match blamed(&path, format!("{line}\n").as_bytes()) {
        (1, LineFault::Unknown(why)) => {
            assert!(
                why.contains(&format!("record version {}", RECORD_VERSION + 1)),
                "{why}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_daemon_is_refused_until_the_first_one_is_gone() {
    let folder = Folder::new("locked");
    let (path, _) = short(&folder);
    let (first, _) = open(&path).expect("the first");
    let error = FileLedger::open(&path).expect_err("the second");
    assert!(matches!(error, LedgerError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains("stop that one first"), "{error}");
    drop(first);
    open(&path).expect("the next");
}

/// A user who names the wrong file is not about to start a daemon on it.
#[test]
fn a_file_that_is_no_ledger_is_one_and_nothing_is_advised_about_starting() {
    let folder = Folder::new("replay-none");
    folder.file("other.jsonl", "{\"seq\":1}\n");
    folder.file("empty.jsonl", "");
    folder.file("torn.jsonl", "{\"seq\":1,");
    for (name, part) in [
        ("other.jsonl", "other.jsonl line 1 failed verification"),
        (
            "empty.jsonl",
            "empty.jsonl has no whole line, so there is nothing to read",
        ),
        (
            "torn.jsonl",
            "torn.jsonl has no whole line, only the beginning of one",
        ),
    ] {
        for words in [&["replay", name][..], &["replay", "--conform", name]] {
            let said = refuses(&folder, words, 1);
            assert!(
                said.contains(part) && said.contains("Name the file"),
                "{said}"
            );
            assert!(!said.contains("start"), "{said}");
        }
    }
}
