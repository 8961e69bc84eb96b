//! Traffic moves, the roles are swapped, and the estate is exposed until a standby is back.
//!
//! Deliberately absent: the attempts before the traffic moves (`recover`).

use crate::estate::{Unhealthy, denied, estate};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Outcome, Side};
use drd_state_machine::record::FenceOutcome;
use drd_state_machine::time::Span;

#[test]
fn resolvers_alone_prove_nothing_without_the_latch() {
    let mut e = estate();
    e.redirecting();
    e.view.dns = Some(Side::Standby);
    e.wait(20);
    assert_eq!(e.state(), "redirecting");
    e.ends(Kind::Redirect, Outcome::Done);
    assert_eq!(e.state(), "verifying");
}

#[test]
fn after_a_failover_the_machine_watches_the_other_way_round() {
    let mut e = estate();
    e.exposed();
    e.standby_back();
    e.wait_for("watching", 60);
    assert_eq!(e.active(), Side::Standby);
    // The rest of the cool-down.
    e.wait(30 * 60);
    assert!(e.record.facts.armed, "{}", e.because());
    e.setup.home = None;
    e.forget();
    e.region_dark();
    e.wait_for("promoting", 75);
    assert_eq!(
        e.mutations(),
        [
            "prescale primary to 6",
            "promote primary #1",
            "scale primary to 6 #1"
        ]
    );
}

#[test]
fn a_second_failover_while_exposed_is_refused_and_paged() {
    let mut e = estate();
    e.exposed();
    e.wait(60);
    e.forget();
    e.setup.home = None;
    e.region_dark();
    e.wait(600);
    assert_eq!(e.state(), "exposed");
    e.hands_off();
    assert!(
        e.pages()
            .iter()
            .any(|p| p.contains("second failover is refused"))
    );
}

#[test]
fn the_cool_down_holds_a_second_failover_although_there_is_a_standby() {
    let mut e = estate();
    e.exposed();
    e.standby_back();
    e.wait_for("watching", 60);
    e.setup.home = None;
    e.forget();
    e.region_dark();
    e.wait_for("held", 70);
    e.hands_off();
    assert_eq!(e.pages().len(), 1);
}

#[test]
fn a_late_sample_of_the_old_direction_does_not_bring_a_standby_back() {
    let mut e = estate();
    e.exposed();
    e.sample(e.now - Span::secs(200), Span::secs(1));
    e.wait(30);
    assert_eq!(e.state(), "exposed");
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
    e.look();
    e.wait_for("exposed", 20);
    assert_eq!(e.asked(Kind::Redirect).len(), 1);
}

#[test]
fn a_fence_that_answers_last_is_noted() {
    let mut e = estate();
    e.exposed();
    e.ends(Kind::Fence, Outcome::Done);
    let incident = e.record.facts.incident.as_ref().expect("it is remembered");
    assert_eq!(incident.fence, FenceOutcome::Fenced);
}

#[test]
fn each_outage_of_an_exposed_side_is_paged() {
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

/// Nobody but people can end it: whoever took the first page may have gone.
#[test]
fn an_outage_of_an_exposed_side_is_paged_every_five_minutes() {
    let mut e = estate();
    e.exposed();
    e.wait(400);
    e.forget();
    e.region_dark();
    e.wait(1_000);
    let refused = |page: &&str| {
        page.starts_with("region_dark") && page.contains("A second failover is refused")
    };
    let pages = e.pages().into_iter().filter(refused).count();
    assert_eq!(pages, 4, "{:?}", e.pages());
    e.hands_off();
}

/// A page of minutes ago was about another outage: the next one is paged within 5 min of it.
#[test]
fn a_second_outage_soon_after_the_first_is_paged_while_exposed() {
    let mut e = estate();
    e.exposed();
    e.wait(400);
    e.region_dark();
    e.wait(40);
    e.region_back();
    e.wait(120);
    e.forget();
    e.region_dark();
    e.wait(330);
    assert!(!e.pages().is_empty(), "{}", e.story());
    e.hands_off();
}

#[test]
fn blindness_while_exposed_is_paged() {
    let mut e = estate();
    e.exposed();
    e.wait(400);
    e.forget();
    e.references = Unhealthy;
    e.wait(60);
    assert_eq!(e.pages().len(), 1, "{:?}", e.pages());
}
