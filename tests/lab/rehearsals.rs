//! Every built-in scenario, judged.
//!
//! A change of behaviour is a reviewed diff of `snapshots/`. Deliberately absent: random mixes.

use crate::cli::drd;
use crate::{Folder, bench, lines, named, rehearsed};
use drd::lab::scenario::builtin;
use drd::lab::scenario::{Outcome, Scenario};
use drd::lab::simulation::{Moment, Rehearsed};
use drd::report::Report;
use drd_state_machine::time::Span;

fn all() -> Vec<Scenario> {
    builtin::all().unwrap_or_else(|error| panic!("{error}"))
}

/// The timeline with whole seconds.
fn told(timeline: &[Moment]) -> String {
    timeline
        .iter()
        .map(|m| format!("{:>5.0}  {:<8} {}\n", m.t.as_secs_f64(), m.kind, m.text))
        .collect()
}

#[test]
fn there_are_scenarios_of_every_outcome() {
    let all = all();
    let of = |outcome| all.iter().filter(|s| s.expect.outcome == outcome).count();
    assert!(all.len() >= 30, "{}", all.len());
    assert!(of(Outcome::NoAction) + of(Outcome::Held) >= 6);
    assert!(of(Outcome::FailedOver) >= 6);
    let mut names: Vec<&str> = all.iter().map(|s| s.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len(), "two scenarios share a name");
}

/// Whether its file says that it may end after the objective, or that nothing is to be moved.
fn may_end_late(scenario: &Scenario) -> bool {
    let objective = bench().setup.policy.rto;
    let expect = &scenario.expect;
    !expect.outcome.moved() || expect.rto.is_some_and(|rto| rto > objective)
}

#[test]
fn every_built_in_scenario_passes_with_twenty_seeds() {
    let mut failed = Vec::new();
    for scenario in all() {
        for seed in 0..20 {
            let report = Report::new(&scenario, seed, &rehearsed(&scenario, seed));
            if !report.as_expected || !(report.passed || may_end_late(&scenario)) {
                failed.push(report.summary());
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn every_built_in_scenario_tells_the_same_story_as_before() {
    for scenario in all() {
        let done = rehearsed(&scenario, 1);
        insta::assert_snapshot!(scenario.name.as_str(), told(&done.timeline));
    }
}

#[test]
fn the_same_seed_tells_the_same_story_byte_for_byte() {
    for scenario in all() {
        for seed in [1, 7] {
            let exact = |done: &Rehearsed| {
                let story: Vec<String> = done.timeline.iter().map(|m| format!("{m:?}")).collect();
                (story, done.entries.clone(), done.checks)
            };
            let (first, second) = (rehearsed(&scenario, seed), rehearsed(&scenario, seed));
            assert_eq!(
                exact(&first),
                exact(&second),
                "{} with seed {seed}",
                scenario.name
            );
        }
    }
}

#[test]
fn another_seed_tells_another_story() {
    let scenario = named("region-dark");
    assert_ne!(
        told(&rehearsed(&scenario, 1).timeline),
        told(&rehearsed(&scenario, 2).timeline)
    );
}

/// Suspicions of something that drd would act on: the other side is raised meanwhile, and put back.
const PRESCALED: [&str; 2] = ["blip-of-43-seconds", "standby-unproven"];

#[test]
fn where_nothing_must_be_done_no_mutating_call_is_made() {
    for scenario in all()
        .into_iter()
        .filter(|s| s.expect.outcome == Outcome::NoAction)
    {
        for seed in 0..20 {
            let done = rehearsed(&scenario, seed);
            let by_hand = scenario.name == "roles-moved-by-hand";
            assert_eq!(
                done.role_changes.len(),
                usize::from(by_hand),
                "{} with seed {seed}",
                scenario.name
            );
            if !PRESCALED.contains(&scenario.name.as_str()) {
                assert_eq!(
                    lines(&done.timeline, "command"),
                    [""; 0],
                    "{} with seed {seed}",
                    scenario.name
                );
                assert_eq!(done.mutations, 0, "{} with seed {seed}", scenario.name);
            }
        }
    }
}

/// The one call that a suspicion may make: it is cheap, and it is taken back.
#[test]
fn a_blip_at_most_prescales_the_standby_and_takes_it_back() {
    let scenario = named("blip-of-43-seconds");
    let mut prescaled = 0;
    for seed in 0..20 {
        let done = rehearsed(&scenario, seed);
        let commands = lines(&done.timeline, "command");
        let sizes: Vec<&str> = lines(&done.timeline, "world")
            .into_iter()
            .filter(|text| text.contains("group"))
            .collect();
        if commands.is_empty() {
            assert_eq!((done.mutations, sizes), (0, vec![]), "seed {seed}");
            continue;
        }
        prescaled += 1;
        assert_eq!(
            commands,
            ["prescale standby to at least 6", "scale standby back to 1"],
            "seed {seed}"
        );
        let there_and_back = [
            "the standby group is set to 6 (min 6)",
            "the standby group is set to 1 (min 1)",
        ];
        assert_eq!(sizes, there_and_back, "seed {seed}");
        assert_eq!(done.mutations, 2, "seed {seed}");
    }
    assert!(prescaled > 0, "no seed showed a prescale");
}

#[test]
fn where_drd_holds_no_role_was_changed_behind_its_back_and_people_are_paged() {
    for scenario in all()
        .into_iter()
        .filter(|s| s.expect.outcome == Outcome::Held)
    {
        let done = rehearsed(&scenario, 1);
        let pages = lines(&done.timeline, "page");
        assert!(
            pages.iter().any(|page| page.starts_with("critical")),
            "{}: {pages:?}",
            scenario.name
        );
        assert!(
            done.mutations <= 4,
            "{}: {} mutating calls",
            scenario.name,
            done.mutations
        );
        assert!(done.role_changes.len() <= 1, "{}", scenario.name);
    }
}

#[test]
fn a_hold_that_users_wait_in_for_longer_than_the_objective_is_never_called_passed() {
    let folder = Folder::new("held-late");
    let run = |name: &str| {
        let done = drd(&folder, &["gameday", "run", name, "--report", "here"]);
        let text = String::from_utf8(done.stdout).expect("text");
        (done.status.code(), text)
    };
    let (code, text) = run("lag-over-rpo");
    assert_eq!(code, Some(6), "{text}");
    let wanted = "AS EXPECTED, RTO 300 s MISSED (900 s)  lag-over-rpo: held (expected held)\n";
    assert!(text.starts_with(wanted), "{text}");
    let report = std::fs::read(folder.path().join("here/report.json")).expect("the report");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(report["objectives"]["rto"], "missed");
    assert_eq!(
        (&report["passed"], &report["as_expected"]),
        (&false.into(), &true.into())
    );
    // A blip that nobody waits long in has no objective to miss.
    let (code, text) = run("blip-of-43-seconds");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("PASSED  "), "{text}");
}

/// The look at the roles comes every second, and that at the new side a second after it at most.
#[test]
fn the_end_of_a_promotion_is_noticed_within_two_seconds() {
    let scenario = named("database-down");
    for seed in 1..=30 {
        let done = rehearsed(&scenario, seed);
        let at = |text: &str| {
            let found = done.timeline.iter().find(|m| m.text.starts_with(text));
            found.unwrap_or_else(|| panic!("{text}, seed {seed}")).t
        };
        let late = at("prove a write on standby") - at("standby is the writer");
        assert!(late <= Span::secs(2), "{late}, seed {seed}");
    }
}
