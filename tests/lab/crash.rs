//! The daemon dies everywhere, and the next one finishes the job: once.
//!
//! Deliberately absent: `kill -9` of the real process (`tests/wire`).

use crate::{bench, entered, lines, named, rehearsed};
use drd::lab::crash::{Spot, crash_all, crash_at};
use drd::lab::crash_point::{DeathPhase, Point};
use drd::lab::scenario::builtin;
use drd::lab::scenario::{At, Fault, FaultKind, Outcome, Scenario};
use drd::lab::simulation::Rehearsed;
use drd_state_machine::Phase;
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;

const DISASTERS: [&str; 3] = ["region-dark", "database-down", "reply-lost"];

fn with_crash(scenario: &Scenario, at: At) -> Scenario {
    let mut scenario = scenario.clone();
    let mut crash = Fault::new(FaultKind::DaemonCrash, Span::ZERO);
    crash.at = at;
    crash.restart_after = Some(Span::secs(5));
    scenario.faults.push(crash);
    scenario
}

fn phase(name: &str) -> Phase {
    Phase::named(name).unwrap_or_else(|| panic!("no state is called {name}"))
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
                let done = rehearsed(&with_crash(&scenario, At::Step(phase(&state))), seed);
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
                scenario = with_crash(&scenario, At::Step(phase(state)));
            }
            let done = rehearsed(&scenario, seed);
            bad.extend(
                wrong(&done, states.len()).map(|what| format!("{name}, seed {seed}: {what}")),
            );
        }
    }
    assert!(bad.is_empty(), "{}:\n{}", bad.len(), bad.join("\n"));
}

/// The whole, every line, is `drd gameday crash-all`.
#[test]
fn a_daemon_that_dies_at_a_line_of_any_scenario_leaves_nothing_half_done() {
    let scenarios = builtin::all().unwrap_or_else(|error| panic!("{error}"));
    let all = crash_all(&scenarios, 1, (1, 29), 2, bench(), &|_, _| {});
    assert_eq!(all.len(), scenarios.len());
    for one in &all {
        assert!(one.failed.is_none(), "{}: {:?}", one.scenario, one.failed);
        assert!(
            one.points > 0 && one.rehearsals >= 3 * one.points,
            "{one:?}"
        );
        assert!(one.held < one.rehearsals || one.held == 0, "{one:?}");
    }
}

#[test]
fn a_recovery_survives_a_crash_at_every_one_of_its_lines() {
    for name in ["region-dark", "leader-frozen-wakes-up-fenced"] {
        let all = crash_all(&[named(name)], 3, (1, 1), 2, bench(), &|_, _| {});
        assert!(all[0].failed.is_none(), "{name}: {:?}", all[0].failed);
        assert!(all[0].points > 150, "{name}: {} lines", all[0].points);
        assert_eq!(all[0].held, 0, "{name}");
    }
}

#[test]
fn each_phase_is_another_death() {
    let scenario = named("lease-answer-lost");
    let without = rehearsed(&scenario, 1);
    let line = 1 + without
        .entries
        .iter()
        .position(|e| format!("{e:?}").contains("Promote {"))
        .expect("a promotion");
    let told = |phase| {
        let mut told = Vec::new();
        let point = Point {
            append: line,
            phase,
        };
        let wrong = crash_at(&scenario, 1, point, bench(), &mut |m| {
            told.push(format!("{} {}", m.kind, m.text));
        });
        assert_eq!(wrong, [""; 0], "{phase:?}");
        told
    };
    let all = DeathPhase::ALL.map(told);
    for (i, one) in all.iter().enumerate() {
        for other in &all[i + 1..] {
            assert_ne!(one, other);
        }
    }
    let frozen = all[3].join("\n");
    assert!(
        frozen.contains("signed are not sent") || frozen.contains("signed is not sent"),
        "{frozen}"
    );
}

#[test]
fn a_spot_is_read_as_it_is_written() {
    let spot: Spot = "region-dark:17:sent".parse().expect("a spot");
    assert_eq!(
        (spot.scenario.as_str(), spot.point.to_string()),
        ("region-dark", "17:sent".to_owned())
    );
    for wrong in [
        "region-dark",
        "region-dark:17",
        "region-dark:0:sent",
        "region-dark:x:sent",
        "a:1:later",
    ] {
        assert!(wrong.parse::<Spot>().is_err(), "{wrong}");
    }
}
