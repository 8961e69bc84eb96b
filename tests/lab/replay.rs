//! The ledger decides again: every decision bit for bit, and every prefix folds to what the daemon
//! knew then.
//!
//! Deliberately absent: damaged files (`ledger`).

use crate::ledger::{entries_of, write};
use crate::{Folder, bench};
use drd::clock::Clock;
use drd::engine::port::{Action, Answer, Ask, Input, Parts, StoreAnswer};
use drd::engine::{Engine, Environment, Pace};
use drd::ledger::{Entry, FileLedger, fold, replay, what_if};
use drd_state_machine::Phase;
use drd_state_machine::event::{Event, Side, Vantage};
use drd_state_machine::record::Record;
use drd_state_machine::time::{Span, Time};
use std::collections::VecDeque;
use std::sync::Arc;

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

/// When the hold-down was over: the role change is decided, or held, because the looks of the ledger
/// show the one that was really under way then.
fn decided_at(decisions: impl IntoIterator<Item = (Time, Phase)>) -> Option<Time> {
    decisions
        .into_iter()
        .find(|(_, to)| matches!(to, Phase::Fencing | Phase::Promoting | Phase::Held))
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

/// The shipped engine on a ledger in memory: every line is durable at once.
struct Ledgered {
    engine: Engine,
    entries: Vec<Entry>,
    started_at: Time,
}

impl Ledgered {
    fn new(now: Time) -> Ledgered {
        let bench = bench();
        let env = Arc::new(Environment {
            setup: bench.setup.clone(),
            known: bench.known.clone(),
            pace: Pace::default(),
            terms: None,
            name: "replay".to_owned(),
            secret: Arc::from("secret"),
            boot_id: None,
            metrics: bench.metrics.clone(),
        });
        let mut new = Ledgered {
            engine: Engine::new(env, Clock::at(now, Span::ZERO), Span::ZERO),
            entries: Vec::new(),
            started_at: now,
        };
        new.give(now, Input::Timer);
        new
    }

    /// Gives an input; polls are not answered, appends and the reading of the ledger at once.
    fn give(&mut self, now: Time, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.engine.handle(now - self.started_at, input) {
                match action {
                    Action::Store { call, .. } => inputs.push_back(Input::Stored {
                        call,
                        answer: StoreAnswer::Ledger {
                            record: fold(&self.entries).map(Box::new),
                            sequence: self.entries.len() as u64,
                        },
                    }),
                    Action::Ask {
                        term,
                        ask: Ask::Append(lines),
                    } => {
                        self.entries.extend(lines);
                        let answer = Answer::Appended(Ok(()));
                        inputs.push_back(Input::Answered { term, answer });
                    }
                    Action::Ask { .. }
                    | Action::Delete(_)
                    | Action::Page { .. }
                    | Action::Gate(_)
                    | Action::Reply { .. }
                    | Action::Notice(_)
                    | Action::Stopped => {}
                }
            }
        }
    }

    /// The answer that brings this event; `None` for what the engine makes by itself.
    fn answer(event: &Event) -> Option<Answer> {
        match event.clone() {
            Event::Signalled(signal) => Some(Answer::Sensed {
                vantage: Vantage::Probe,
                side: Side::Primary,
                signals: vec![signal],
            }),
            Event::Sampled(sample) | Event::LagRead(sample) => {
                Some(Answer::LagRead(Some(vec![sample])))
            }
            Event::Observed(seen) => Some(Answer::Looked {
                parts: Parts::AROUND,
                seen,
            }),
            Event::Checked { checks } => Some(Answer::Checked(checks)),
            Event::Finished(done) => Some(Answer::Finished(done)),
            Event::HeartbeatReturned { .. }
            | Event::Ordered { .. }
            | Event::Started
            | Event::Tick => None,
        }
    }
}

/// An engine is given everything that a ledger holds, second by second, with what is worth no
/// line in between; `look` sees the record and the ledger after each event.
fn conducted(entries: &[Entry], look: &mut dyn FnMut(&Record, &[Entry], bool)) {
    let first = entries.first().expect("an opened ledger").now();
    let mut run = Ledgered::new(first);
    let mut now = first;
    let mut give = |run: &mut Ledgered, now: Time, input: Input| {
        let before = run.entries.len();
        run.give(now, input);
        let record = run.engine.record().expect("it leads");
        look(record, &run.entries, run.entries.len() > before);
    };
    for entry in entries {
        let (Entry::Noted { event, .. } | Entry::Decided { event, .. }) = entry else {
            continue;
        };
        while now + Span::secs(1) < entry.now() {
            now = now + Span::secs(1);
            give(&mut run, now, Input::Timer);
        }
        now = now.max(entry.now());
        let term = run.engine.term().expect("a term");
        if let Some(answer) = Ledgered::answer(event) {
            give(&mut run, now, Input::Answered { term, answer });
        }
    }
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

/// What was worth no line may have moved times of looks; nothing that a decision rests on.
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
