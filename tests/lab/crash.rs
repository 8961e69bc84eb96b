//! The daemon dies everywhere, and the next one finishes the job: once.
//!
//! Deliberately absent: `kill -9` of the real process (`tests/wire`).

use crate::{entered, lines, named, rehearsed};
use drd::lab::rehearsal::Rehearsed;
use drd::lab::scenario::{At, Fault, Kind, Outcome, Scenario};
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;

const DISASTERS: [&str; 3] = ["region-dark", "database-down", "reply-lost"];

fn with_crash(scenario: &Scenario, at: At) -> Scenario {
    let mut scenario = scenario.clone();
    let mut crash = Fault::new(Kind::DaemonCrash, Span::ZERO);
    crash.at = at;
    crash.restart_after = Some(Span::secs(5));
    scenario.faults.push(crash);
    scenario
}

/// What is wrong with how it came out; nothing when all is well.
fn wrong(done: &Rehearsed, crashes: usize) -> Option<String> {
    let died = lines(&done.timeline, "daemon")
        .iter()
        .filter(|text| text.contains("dies"))
        .count();
    let moved: Vec<Side> = done.role_changes.iter().map(|(_, to, _)| *to).collect();
    let well = done.outcome == Outcome::FailedOver
        && done.violations.is_empty()
        && moved == [Side::Standby]
        && died == crashes;
    (!well).then(|| {
        format!(
            "{:?}, died {died} times, roles went to {moved:?}, broken {:?}",
            done.outcome, done.violations
        )
    })
}

#[test]
fn a_crash_on_entering_any_state_changes_nothing_in_the_end() {
    let mut bad = Vec::new();
    let mut tried = 0;
    for name in DISASTERS {
        let scenario = named(name);
        for seed in 0..10 {
            // Half of the seeds die before the state's commands are sent, half after.
            for state in entered(&rehearsed(&scenario, seed).timeline) {
                let done = rehearsed(&with_crash(&scenario, At::Step(state.clone())), seed);
                tried += 1;
                bad.extend(
                    wrong(&done, 1)
                        .map(|what| format!("{name}, step:{state}, seed {seed}: {what}")),
                );
            }
        }
    }
    assert!(tried >= 3 * 10 * 6, "only {tried} crashes were tried");
    assert!(
        bad.is_empty(),
        "{} of {tried}:\n{}",
        bad.len(),
        bad.join("\n")
    );
}

#[test]
fn a_crash_at_any_time_changes_nothing_in_the_end() {
    let mut bad = Vec::new();
    for name in DISASTERS {
        let scenario = named(name);
        for seconds in (60..=300).step_by(10) {
            for seed in 0..4 {
                let done = rehearsed(&with_crash(&scenario, At::Time(Span::secs(seconds))), seed);
                bad.extend(
                    wrong(&done, 1).map(|what| format!("{name}, {seconds} s, seed {seed}: {what}")),
                );
            }
        }
    }
    assert!(bad.is_empty(), "{}:\n{}", bad.len(), bad.join("\n"));
}

#[test]
fn a_daemon_that_dies_in_every_state_of_one_recovery_still_finishes_it() {
    let mut bad = Vec::new();
    for name in DISASTERS {
        for seed in 0..10 {
            let mut scenario = named(name);
            let states = entered(&rehearsed(&scenario, seed).timeline);
            for state in &states {
                scenario = with_crash(&scenario, At::Step(state.clone()));
            }
            let done = rehearsed(&scenario, seed);
            bad.extend(
                wrong(&done, states.len()).map(|what| format!("{name}, seed {seed}: {what}")),
            );
        }
    }
    assert!(bad.is_empty(), "{}:\n{}", bad.len(), bad.join("\n"));
}
