//! Faults that are aimed at one source of lag samples: each changes the story by itself, and only sources that
//! are wrong are paged as a contradiction.
//!
//! Deliberately absent: the outcomes of whole outages (`cases`), and the rules one by one (the machine's own
//! `lag_sources`).

use crate::{named, rehearsed};
use drd::lab::scenario::{Fault, FaultKind, Outcome, Scenario};
use drd::lab::simulation::Rehearsed;
use drd_state_machine::event::LagSource;
use drd_state_machine::time::Span;

/// An outage after six minutes with this fault from the start.
fn dark(mut fault: Fault, source: Option<LagSource>) -> Scenario {
    let mut scenario = named("region-dark");
    let outage = Fault::new(FaultKind::RegionDark, Span::secs(360));
    fault.source = source;
    scenario.faults = vec![fault, outage];
    scenario
}

fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind, Span::ZERO)
}

fn contradictions(done: &Rehearsed) -> usize {
    let pages = done.pages.iter();
    pages.filter(|p| p.text.contains("contradict")).count()
}

fn wrong(seconds: i64, rows: u32) -> Fault {
    Fault {
        lag: Some(Span::secs(seconds)),
        rows: Some(rows),
        ..fault(FaultKind::LagWrong)
    }
}

#[test]
fn one_source_that_is_wrong_against_the_others_gives_up_no_data() {
    for seed in 1..=30 {
        for source in LagSource::ALL {
            let done = rehearsed(&dark(wrong(0, 150), Some(source)), seed);
            assert_eq!(done.outcome, Outcome::Held, "{source:?} {seed}");
            assert_eq!(done.lossy_of_living, 0);
            assert!(contradictions(&done) > 0, "{source:?} {seed}");
        }
    }
}

/// What shows more than is missing closes the gate as well: nobody knows that it is wrong.
#[test]
fn one_source_that_shows_too_much_is_not_outvoted() {
    for source in LagSource::ALL {
        let done = rehearsed(&dark(wrong(300, 0), Some(source)), 1);
        assert_eq!(done.outcome, Outcome::Held, "{source:?}");
        assert!(contradictions(&done) > 0, "{source:?}");
    }
}

/// The region disappears after a time in which the replica was far behind, and at once as near as before.
fn dark_after_swings(fault: Fault, source: Option<LagSource>) -> Scenario {
    let mut scenario = dark(fault, source);
    for (at, lag) in [(30, 100), (150, 250)] {
        scenario.faults.push(Fault {
            lag: Some(Span::secs(lag)),
            lasts: Some(Span::secs(70)),
            ..Fault::new(FaultKind::ReplicationLag, Span::secs(at))
        });
    }
    scenario
}

/// Where half of the samples of all sources are lost, nothing shows which of two samples of one minute was the
/// earlier one: that is not asked here.
#[test]
fn a_source_that_is_late_or_lost_is_no_contradiction_whatever_the_lag_does() {
    let delayed = Fault {
        delay: Some(Span::secs(150)),
        ..fault(FaultKind::LagDelayed)
    };
    let partly = Fault {
        rate: Some(0.5),
        ..fault(FaultKind::LagLost)
    };
    let lost = fault(FaultKind::LagLost);
    let each = LagSource::ALL.map(Some).into_iter();
    let mut cases: Vec<_> = each
        .flat_map(|source| [&delayed, &partly, &lost].map(|fault| (source, fault)))
        .collect();
    cases.extend([(None, &delayed), (None, &lost)]);
    for seed in 1..=30 {
        for (source, fault) in &cases {
            let done = rehearsed(&dark_after_swings((*fault).clone(), *source), seed);
            let what = format!("{:?} {source:?} {seed}", fault.kind);
            assert_eq!(contradictions(&done), 0, "{what}: {:?}", done.pages);
        }
    }
}

#[test]
fn a_fault_of_one_source_strikes_that_one_alone() {
    let samples = |source: Option<LagSource>| {
        let mut scenario = dark(fault(FaultKind::LagLost), source);
        scenario.faults.truncate(1);
        let done = rehearsed(&scenario, 1);
        let text = format!("{:?}", done.entries);
        LagSource::ALL.map(|of| text.matches(&format!("source: {of:?}")).count() > 0)
    };
    assert_eq!(samples(None), [false; 3]);
    assert_eq!(samples(Some(LagSource::Events)), [false, true, true]);
    assert_eq!(samples(Some(LagSource::Metric)), [true, false, true]);
    assert_eq!(samples(Some(LagSource::Aws)), [true, true, false]);
}

#[test]
fn a_source_is_refused_where_no_lag_sample_is_struck() {
    let text = "name = \"x\"\nabout = \"x\"\nduration = \"5m\"\n[expect]\noutcome = \"no_action\"\n\
                [[fault]]\nat = \"1s\"\nkind = \"region_dark\"\nsource = \"aws\"\n";
    let refused = Scenario::parse("x.toml", text).expect_err("it strikes nothing");
    let why = refused.to_string();
    assert!(why.contains("region_dark ignores `source` = aws"), "{why}");
}
