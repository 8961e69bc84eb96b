//! The ledger decides again: every decision bit for bit, and every prefix folds to what the daemon
//! knew then.
//!
//! Deliberately absent: damaged files (`ledger`).

use crate::ledger::{entries_of, write};
use crate::{Folder, bench};
use drd::conductor::Conductor;
use drd::lab::at_once;
use drd::ledger::{Entry, FileLedger, Ledger, MemoryLedger, fold, replay, what_if};
use drd_state_machine::Phase;
use drd_state_machine::event::Event;
use drd_state_machine::record::Record;
use drd_state_machine::time::{Span, Time};

#[test]
fn a_whole_rehearsal_is_decided_again_bit_for_bit() {
    let folder = Folder::new("bit-for-bit");
    for name in [
        "region-dark",
        "crash-in-promoting",
        "promotion-fails-once",
        "clock-jump",
        "capacity-shortage",
    ] {
        let path = folder.path().join(name);
        let entries = entries_of(name);
        write(&path, &entries);
        let replayed = replay(&FileLedger::read(&path).expect("a ledger").entries);
        let decisions = entries
            .iter()
            .filter(|e| matches!(e, Entry::Decided { .. }))
            .count();
        assert_eq!(replayed.len(), decisions, "{name}");
        assert!(decisions >= 5, "{name}: {decisions} decisions");
        for decision in replayed {
            assert!(
                decision.is_same(),
                "{name}: {:?}\nnow {:?}",
                decision.written,
                decision.again
            );
        }
    }
}

/// When the role change was decided.
fn decided_at(decisions: impl IntoIterator<Item = (Time, Phase)>) -> Option<Time> {
    decisions
        .into_iter()
        .find(|(_, to)| matches!(to, Phase::Fencing | Phase::Promoting))
        .map(|(at, _)| at)
}

#[test]
fn twice_the_hold_down_would_have_decided_a_hold_down_later() {
    let entries = entries_of("region-dark");
    let policy = bench().setup.policy.clone();
    let tried = |policy| {
        let decisions = what_if(&entries, policy);
        decided_at(decisions.into_iter().map(|(at, d)| (at, d.to))).expect("a decision")
    };
    let written = replay(&entries).into_iter().map(|r| (r.now, r.written.to));
    let was = decided_at(written).expect("a decision");
    let same = tried(&policy);
    // A what-if ticks every second from the newest event: not at the very millisecond.
    assert!(
        Span((same - was).0.abs()) <= Span::secs(1),
        "{}",
        same - was
    );
    let patient = drd_state_machine::policy::Policy {
        hold_down: policy.hold_down + policy.hold_down,
        ..policy.clone()
    };
    let later = tried(&patient) - same;
    assert!(
        Span((later - policy.hold_down).0.abs()) <= Span::secs(5),
        "{later} later"
    );
}

/// A conductor is told everything that a ledger holds, second by second, with what is worth no
/// line in between; `look` sees the record and the ledger after each event.
fn conducted(entries: &[Entry], look: &mut dyn FnMut(&Record, &[Entry], bool)) {
    let bench = bench();
    let mut run: Option<Conductor> = None;
    for entry in entries {
        match entry {
            Entry::Opened { now, .. } => {
                let ledger = run.take().map_or_else(
                    || Ledger::Memory(MemoryLedger::default()),
                    Conductor::into_ledger,
                );
                let known = written_so_far(&ledger);
                let opened = at_once(Conductor::open(
                    bench.setup.clone(),
                    ledger,
                    &known,
                    bench.metrics.clone(),
                    *now,
                ));
                run = Some(opened.expect("no wait").expect("an open ledger"));
            }
            Entry::Noted { now, event } | Entry::Decided { now, event, .. } => {
                let conductor = run.as_mut().expect("opened first");
                let mut at = conductor.record().facts.now + Span::secs(1);
                while at < *now {
                    tell(conductor, at, Event::Tick, look);
                    at = at + Span::secs(1);
                }
                tell(conductor, *now, event.clone(), look);
            }
        }
    }
}

fn written_so_far(ledger: &Ledger) -> Vec<Entry> {
    match ledger {
        Ledger::Memory(memory) => memory.table().entries.clone(),
        Ledger::File(_) | Ledger::DynamoDb(_) => panic!("not a ledger in memory"),
    }
}

fn tell(
    conductor: &mut Conductor,
    now: Time,
    event: Event,
    look: &mut dyn FnMut(&Record, &[Entry], bool),
) {
    let before = conductor.ledger().seq();
    let decided = at_once(conductor.conduct(now, event)).expect("no wait");
    let _ = decided.expect("a decision");
    let grew = conductor.ledger().seq() > before;
    look(
        conductor.record(),
        &written_so_far(conductor.ledger()),
        grew,
    );
}

#[test]
fn the_fold_after_any_decision_is_the_record_that_the_daemon_had() {
    for name in ["region-dark", "crash-in-promoting", "promotion-fails-once"] {
        let mut compared = 0;
        conducted(&entries_of(name), &mut |record, entries, grew| {
            if grew && matches!(entries.last(), Some(Entry::Decided { .. })) {
                compared += 1;
                assert_eq!(
                    fold(entries).as_ref(),
                    Some(record),
                    "{name} after {} entries",
                    entries.len()
                );
            }
        });
        assert!(compared >= 5, "{name}: {compared} decisions");
    }
}

/// What was worth no line may have moved times of looks; nothing that a decision stands on.
#[test]
fn the_fold_at_any_moment_stands_where_the_daemon_stood() {
    for name in [
        "region-dark",
        "crash-in-promoting",
        "blip-of-43-seconds",
        "alarm-flap",
    ] {
        let mut compared = 0;
        let stands = |r: &Record| {
            let f = &r.facts;
            let words: Vec<_> = f
                .evidence
                .readings
                .iter()
                .map(|r| (r.sensor.clone(), r.verdict))
                .collect();
            let flags = (
                f.incident_id,
                f.active,
                f.paused,
                f.cool_down_until,
                f.incident.clone(),
                f.prescaled,
            );
            (
                r.state.clone(),
                flags,
                words,
                f.evidence.first_bad_at,
                f.evidence.corroborated_at,
            )
        };
        conducted(&entries_of(name), &mut |record, entries, _| {
            compared += 1;
            let folded = fold(entries).expect("a record");
            assert_eq!(
                stands(&folded),
                stands(record),
                "{name} after {} entries",
                entries.len()
            );
        });
        assert!(compared > 500, "{name}: {compared} moments");
    }
}
