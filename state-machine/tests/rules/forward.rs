//! Going on: held recoveries, restarts, what comes after a failover.
//!
//! Deliberately absent: how a recovery begins (`decide`) and its usual course (`recover`).

use crate::estate::{Estate, denied, estate, refused, unanswered};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Event, Outcome, Side};
use drd_state_machine::record::Fence;
use drd_state_machine::time::Span;

#[test]
fn a_refusal_that_is_delivered_again_is_one_refusal() {
    let mut e = estate();
    e.promoting();
    for _ in 0..4 {
        e.ends(Kind::Promote, refused());
    }
    e.wait(6);
    assert_eq!(e.state(), "promoting");
    assert_eq!(e.asked(Kind::Promote).len(), 2);
}

#[test]
fn an_acceptance_that_is_delivered_again_fences_once() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.ends(Kind::Promote, Outcome::Done);
    assert_eq!(e.asked(Kind::Fence).len(), 1);
}

/// The clock is set back by an hour, in the middle of a story.
fn an_hour_back(e: &mut Estate) {
    e.now = e.now - Span::secs(3600);
}

#[test]
fn a_clock_set_back_lengthens_no_wait() {
    // The hold-down.
    let mut e = estate();
    e.region_dark();
    e.wait(50);
    an_hour_back(&mut e);
    e.wait_for("promoting", 25);
    // The retry of an attempt that got no answer.
    e.ends(Kind::Promote, unanswered());
    an_hour_back(&mut e);
    e.wait(3);
    assert_eq!(e.asked(Kind::Promote).len(), 2);
    // An attempt that got lost.
    an_hour_back(&mut e);
    e.wait(32);
    assert_eq!(e.asked(Kind::Promote).len(), 3);
    // The retry of the latch.
    e.ends(Kind::Promote, Outcome::Done);
    e.serving(Side::Standby, 6);
    e.writer_is(Side::Standby);
    e.ends(Kind::ProveWrite, Outcome::Done);
    e.ends(Kind::Redirect, unanswered());
    an_hour_back(&mut e);
    e.wait(3);
    assert_eq!(e.asked(Kind::Redirect).len(), 2);
    // The last proof.
    e.ends(Kind::Redirect, Outcome::Done);
    e.view.dns = Some(Side::Standby);
    e.look();
    assert_eq!(e.state(), "verifying");
    an_hour_back(&mut e);
    e.wait_for("exposed", 15);
    // The cool-down.
    e.standby_back();
    an_hour_back(&mut e);
    e.wait_for("watching", 40);
    e.wait(30 * 60);
    assert!(e.record.facts.armed);
}

#[test]
fn a_clock_set_back_does_not_delay_the_end_of_a_suspicion() {
    let mut e = estate();
    e.region_dark();
    e.wait(30);
    e.region_back();
    e.wait(1);
    assert_eq!(e.asked(Kind::ScaleBack).len(), 1);
    an_hour_back(&mut e);
    e.wait(32);
    assert_eq!(e.asked(Kind::ScaleBack).len(), 2, "the first one got lost");
}

#[test]
fn a_latch_that_answers_after_the_hold_counts() {
    let mut e = estate();
    e.redirecting();
    e.wait_for("held", 300);
    e.ends(Kind::Redirect, Outcome::Done);
    e.view.dns = Some(Side::Standby);
    e.wait_for("exposed", 20);
}

#[test]
fn traffic_that_people_moved_by_hand_ends_the_hold() {
    let mut e = estate();
    e.redirecting();
    e.ends(Kind::Redirect, denied());
    assert_eq!(e.state(), "held");
    e.view.dns = Some(Side::Standby);
    e.wait_for("exposed", 20);
    assert_eq!(e.asked(Kind::Redirect).len(), 1);
}

#[test]
fn a_fence_that_answers_last_is_noted() {
    let mut e = estate();
    e.exposed();
    e.ends(Kind::Fence, Outcome::Done);
    let incident = e.record.facts.incident.as_ref().expect("it is remembered");
    assert_eq!(incident.fence, Fence::Fenced);
}

#[test]
fn each_outage_of_an_exposed_side_is_told() {
    let mut e = estate();
    e.exposed();
    e.wait(400);
    for _ in 0..2 {
        e.forget();
        e.region_dark();
        e.wait(100);
        assert!(!e.pages().is_empty());
        e.hands_off();
        e.region_back();
        e.wait(700);
    }
}

#[test]
fn blindness_while_exposed_is_told() {
    let mut e = estate();
    e.exposed();
    e.wait(400);
    e.forget();
    e.references = crate::estate::Unhealthy;
    e.wait(60);
    assert_eq!(e.pages().len(), 1, "{:?}", e.pages());
}

#[test]
fn a_daemon_that_starts_on_a_hold_says_so() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, denied());
    e.forget();
    e.tell(Event::Started);
    assert_eq!(e.done(), ["page critical"]);
}

#[test]
fn capacity_that_is_denied_is_told_at_once() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Scale, denied());
    assert_eq!(e.state(), "promoting");
    assert_eq!(e.pages().len(), 1);
}
