//! Every kind of fault strikes: a built-in scenario has it, and without it the same seed tells another
//! story.
//!
//! Deliberately absent: whether the story is right (`rehearsals`).

use crate::rehearsed;
use drd::lab::scenario::{FaultKind, Scenario, builtin};

/// What happened, but the lines that name the fault itself.
fn story(scenario: &Scenario, seed: u64) -> Vec<String> {
    let done = rehearsed(scenario, seed);
    let told = done.timeline.iter().filter(|moment| moment.kind != "fault");
    let mut story: Vec<String> = told.map(|moment| format!("{moment:?}")).collect();
    let counted = (done.client_outage, done.writes_lost, done.dead_letters);
    story.push(format!("{counted:?}"));
    story.extend(done.pages.iter().map(|page| format!("{page:?}")));
    story.extend(done.entries.iter().map(|entry| format!("{entry:?}")));
    story
}

#[test]
fn every_kind_of_fault_changes_the_story_of_a_built_in_scenario() {
    let scenarios = builtin::all().unwrap_or_else(|error| panic!("{error}"));
    let mut without_effect = Vec::new();
    for kind in FaultKind::ALL {
        let strikes = scenarios.iter().any(|scenario| {
            let mut without = scenario.clone();
            without.faults.retain(|fault| fault.kind != kind);
            let has = without.faults.len() < scenario.faults.len();
            has && (1..=5).any(|seed| story(scenario, seed) != story(&without, seed))
        });
        if !strikes {
            without_effect.push(kind.name());
        }
    }
    assert_eq!(without_effect, [""; 0]);
}
