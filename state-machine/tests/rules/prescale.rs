//! The capacity that is raised on suspicion, and put back.
//!
//! Deliberately absent: the capacity that a recovery waits for (`recover`).

use crate::estate::{denied, estate, side_view};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Event, Outcome, Side};

#[test]
fn prescale_is_taken_back_to_what_was_found_first() {
    let mut e = estate();
    e.region_dark();
    e.wait(20);
    assert_eq!(e.done(), ["prescale standby to 6"]);
    e.view.sides[1] = Some(side_view(6));
    e.region_back();
    e.wait(590);
    assert_eq!(e.asked(Kind::ScaleBack).len(), 0, "a blip may come back");
    e.wait(12);
    assert_eq!(e.done().last().expect("asked"), "scale_back standby to 1");
    // No answer for so long that nothing flaps, and a second suspicion finds what the first one
    // raised.
    e.wait(330);
    e.region_dark();
    e.wait(20);
    e.region_back();
    e.wait(660);
    let last = e.asked(Kind::ScaleBack).last().copied().cloned();
    assert_eq!(e.done().last().expect("asked"), "scale_back standby to 1");
    assert_eq!(last.expect("asked").incident_id(), 2);
    e.ends(Kind::ScaleBack, Outcome::Done);
    e.forget();
    e.wait(600);
    e.quiet();
}

#[test]
fn a_prescale_that_died_with_its_daemon_is_asked_for_again() {
    let mut e = estate();
    e.prescale_ends = None;
    e.region_dark();
    e.wait(20);
    assert_eq!(e.done(), ["prescale standby to 6"]);
    e.give(Event::Started);
    e.wait(35);
    assert_eq!(e.done(), ["prescale standby to 6"; 2]);
}

#[test]
fn a_prescale_that_was_denied_is_not_asked_for_again() {
    let mut e = estate();
    e.prescale_ends = Some(denied());
    e.region_dark();
    e.wait(55);
    assert_eq!(e.mutations(), ["prescale standby to 6"]);
}

#[test]
fn what_is_large_enough_already_is_not_prescaled() {
    let mut e = estate();
    e.serving(Side::Standby, 6);
    e.region_dark();
    e.wait(50);
    e.quiet();
}
