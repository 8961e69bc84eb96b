//! The lossless move, and when the lossy one may take its place.
//!
//! Deliberately absent: the lossy move itself (`recover`).

use crate::estate::{Estate, Healthy, Unhealthy, completion, denied, estate, refused};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Outcome, Side, Vantage, Word};
use drd_state_machine::time::Span;

/// The edge is down, and the other side is proven.
fn switching() -> Estate {
    let mut e = estate();
    e.serving(Side::Standby, 6);
    e.endpoint(Unhealthy);
    e.poll_all();
    e.wait_for("switching", 105);
    e
}

fn refused_four_times(e: &mut Estate) {
    for _ in 0..4 {
        e.ends(Kind::Switchover, refused());
        e.wait(10);
    }
}

#[test]
fn a_switchover_is_lossless_first() {
    let mut e = switching();
    assert_eq!(
        e.mutations(),
        ["switchover standby #1", "scale standby to 6 #1"]
    );
    e.ends(Kind::Switchover, Outcome::Done);
    assert!(
        e.asked(Kind::Fence).is_empty(),
        "nothing is fenced in a move without loss"
    );
}

#[test]
fn no_traffic_moves_to_a_side_that_is_not_proven() {
    for unproven in [Vantage::Probe, Vantage::Witness] {
        let mut e = estate();
        e.serving(Side::Standby, 6);
        e.verdicts.insert((unproven, Side::Standby), Unhealthy);
        e.endpoint(Unhealthy);
        e.poll_all();
        e.wait(239);
        assert_eq!((e.state(), e.pages().len()), ("suspecting", 0));
        e.wait(10);
        e.hands_off();
        assert_eq!(e.pages().len(), 1, "{:?}", e.pages());
    }
}

#[test]
fn capacity_is_raised_to_prove_the_other_side_and_then_traffic_moves() {
    let mut e = estate();
    e.endpoint(Unhealthy);
    e.poll_all();
    e.wait(150);
    assert_eq!(e.state(), "suspecting");
    assert_eq!(e.mutations(), ["prescale standby to 6"]);
    e.serving(Side::Standby, 6);
    e.wait_for("switching", 10);
}

/// A switchover that failed proves no death.
#[test]
fn a_switchover_that_is_refused_is_held_and_asked_for_again_and_loses_nothing() {
    let mut e = switching();
    refused_four_times(&mut e);
    assert_eq!(e.state(), "held");
    e.wait(300);
    assert!(e.asked(Kind::Switchover).len() > 4);
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
}

#[test]
fn a_region_that_dies_during_the_switchover_is_failed_over_after_its_own_hold_down() {
    let mut e = switching();
    refused_four_times(&mut e);
    e.region_dark();
    e.wait(55);
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
    e.wait_for("promoting", 150);
    // Its attempts are counted from the beginning.
    let asked = e.asked(Kind::Promote);
    assert_eq!(asked.iter().map(|c| c.attempt()).collect::<Vec<_>>(), [1]);
    e.order(Word::Abandon);
    assert!(e.pages().last().expect("a page").contains("no way back"));
}

/// The lossless move may have begun with a replica far behind: what counts is what may be lost now.
#[test]
fn a_move_that_turns_lossy_reports_what_it_may_lose_from_then_on() {
    let mut e = switching();
    let incident = e.record.facts.incident.as_mut().expect("an incident");
    incident.loss = Some(Span::secs(120));
    e.region_dark();
    e.wait_for("promoting", 250);
    let loss = e.record.facts.incident.as_ref().and_then(|i| i.loss);
    assert!(loss <= Some(e.setup.policy.rpo), "{loss:?}");
}

#[test]
fn a_switchovers_late_answer_does_not_count_for_the_failover_after_it() {
    let mut e = switching();
    let switchover = e.asked(Kind::Switchover)[0].clone();
    e.region_dark();
    e.wait_for("promoting", 250);
    e.give(completion(&switchover, denied()));
    assert_eq!(e.state(), "promoting", "{}", e.story());
    e.give(completion(&switchover, Outcome::Done));
    assert!(e.asked(Kind::Fence).is_empty());
}

#[test]
fn a_refused_switchover_of_an_estate_that_is_well_again_is_given_up() {
    let mut e = switching();
    e.ends(Kind::Switchover, refused());
    e.endpoint(Healthy);
    e.poll_all();
    e.wait(60);
    assert_eq!(e.state(), "watching", "{}", e.story());
    assert_eq!(e.asked(Kind::Switchover).len(), 1);
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
}

/// What runs may be the very switchover that was asked for.
#[test]
fn while_a_role_change_runs_no_failover_takes_its_place() {
    let mut e = switching();
    e.underway(Side::Standby);
    e.region_dark();
    e.wait_for("held", 250);
    e.wait(300);
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
}

#[test]
fn a_denied_switchover_holds() {
    let mut e = switching();
    e.reports(Vantage::Probe, Healthy);
    e.ends(Kind::Switchover, denied());
    assert_eq!(e.state(), "held");
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
}

#[test]
fn a_pause_before_the_point_of_no_return_keeps_every_further_request_away() {
    let mut e = switching();
    e.order(Word::Pause);
    e.ends(Kind::Switchover, refused());
    e.region_dark();
    e.wait(400);
    assert_eq!(e.state(), "held");
    assert_eq!(e.asked(Kind::Switchover).len(), 1);
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
}
