//! Random fault mixes: no promise is broken, and a seed gives the same run again.
//!
//! Deliberately absent: the 20,000 seeds, which `drd gameday soak` runs in release.

use crate::{bench, rehearsed};
use drd::lab::soak::{SoakPlan, percentile, scenario, soak};

/// The rarest situation comes about once in some thousand rehearsals.
const SEEDS_TO_MEET_ALL: u64 = 6000;

fn plan(base: u64, seeds: u64, jobs: usize) -> SoakPlan {
    SoakPlan {
        base,
        seeds,
        jobs,
        keep_going: false,
    }
}

#[test]
fn three_hundred_seeds_break_no_promise() {
    let soaked = soak(plan(0, 300, 2), bench(), &|_| {});
    if let Some((seed, done)) = &soaked.first_violation {
        panic!("seed {seed}: {:?}", done.violations);
    }
    assert_eq!(soaked.seeds, 300);
    assert_eq!(soaked.outcomes.iter().sum::<u64>(), 300);
    let [failed_over, switched_over, no_action, held, _] = soaked.outcomes;
    assert!(
        failed_over >= 60 && switched_over >= 30 && no_action >= 30 && held >= 20,
        "a one-sided soak: {:?}",
        soaked.outcomes
    );
    // Every step is checked: a rehearsal of 20 minutes has over a thousand.
    assert!(soaked.checks >= 300 * 1000, "{} checks", soaked.checks);
}

/// A soak that never comes there proves nothing about it.
#[test]
fn every_hard_situation_is_met_and_a_promise_kept_in_it() {
    let soaked = soak(plan(0, SEEDS_TO_MEET_ALL, 2), bench(), &|_| {});
    if let Some((seed, done)) = &soaked.first_violation {
        panic!("seed {seed}: {:?}", done.violations);
    }
    assert_eq!(soaked.never(), [""; 0]);
}

#[test]
fn recoveries_are_told_by_their_shares() {
    let soaked = soak(plan(0, 60, 2), bench(), &|_| {});
    let (half, most) = (
        percentile(&soaked.recoveries, 0.5),
        percentile(&soaked.recoveries, 0.99),
    );
    assert!(half <= most && half.is_some(), "{half:?} {most:?}");
    assert_eq!(
        percentile(&soaked.recoveries, 1.0),
        soaked.recoveries.iter().copied().max()
    );
}

#[test]
fn a_seed_is_the_same_scenario_and_the_same_story_every_time() {
    for seed in [0, 1, 99, u64::MAX] {
        let (first, second) = (scenario(seed), scenario(seed));
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
        let (first, second) = (rehearsed(&first, seed), rehearsed(&second, seed));
        assert_eq!(
            format!("{:?}", first.timeline),
            format!("{:?}", second.timeline)
        );
        assert_eq!(first.entries, second.entries);
    }
}

#[test]
fn seeds_differ() {
    assert_ne!(
        format!("{:?}", scenario(1).faults),
        format!("{:?}", scenario(2).faults)
    );
}

#[test]
fn one_thread_and_two_find_the_same() {
    let (one, two) = (
        soak(plan(40, 40, 1), bench(), &|_| {}),
        soak(plan(40, 40, 2), bench(), &|_| {}),
    );
    assert_eq!((one.outcomes, one.checks), (two.outcomes, two.checks));
}
