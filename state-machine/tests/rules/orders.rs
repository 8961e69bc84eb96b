//! For how long an operator's order stands, and what becomes of the run that it opened.
//!
//! Deliberately absent: what may be ordered (`operators`).

use crate::estate::{Estate, Healthy, denied, estate, refused, unanswered};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Event, Outcome, Side, Word};
use drd_state_machine::record::Trigger;

/// Every request of this run ends like this, for so many seconds.
fn ends_for(e: &mut Estate, seconds: i64, kind: Kind, outcome: &Outcome) {
    for _ in 0..seconds {
        e.ends_if_asked(kind, outcome.clone());
        e.wait(1);
    }
}

fn ordered(word: Word) -> Estate {
    let mut e = estate();
    e.order(word);
    let state = if word == Word::Failover {
        "promoting"
    } else {
        "switching"
    };
    e.wait_for(state, 10);
    e
}

fn given_up(e: &Estate) -> bool {
    e.pages()
        .iter()
        .any(|page| page.contains("is given up, nothing came of it and no role was changed"))
}

/// The primary serves all the time: an order of long ago must not take it down once a request gets through.
#[test]
fn an_order_that_nothing_came_of_within_the_objective_is_given_up() {
    let mut e = ordered(Word::Failover);
    ends_for(&mut e, 320, Kind::Promote, &refused());
    assert!(given_up(&e), "{:?}", e.pages());
    assert_eq!(e.state(), "watching");
    e.forget();
    e.wait(3_600);
    e.changes_no_role();
}

/// A request that nobody answered may still land: until then the run stays open, and asks for nothing.
#[test]
fn an_order_whose_requests_are_unanswered_is_given_up_once_none_can_land() {
    let mut e = ordered(Word::Failover);
    ends_for(&mut e, 301, Kind::Promote, &unanswered());
    e.forget();
    e.wait(300);
    assert_eq!(e.asked(Kind::Promote), [] as [&_; 0], "{}", e.story());
    e.wait(60);
    assert!(given_up(&e), "{:?}", e.pages());
    assert_eq!(e.state(), "watching");
}

/// Nobody was there to follow the run: whoever gave the order has acted otherwise.
#[test]
fn a_restart_keeps_no_order_that_is_older_than_a_minute() {
    let mut e = ordered(Word::Failover);
    e.forget();
    e.now = e.now + drd_state_machine::time::Span::secs(300);
    e.give(Event::Started);
    e.wait(320);
    assert!(
        !given_up(&e),
        "what was sent may still land: {:?}",
        e.pages()
    );
    e.wait(20);
    assert!(given_up(&e), "{:?}", e.pages());
    e.wait(3_600);
    assert_eq!(e.asked(Kind::Promote), [] as [&_; 0], "{}", e.story());
}

#[test]
fn a_restart_within_a_minute_of_the_order_goes_on_with_it() {
    let mut e = ordered(Word::Failover);
    e.forget();
    e.now = e.now + drd_state_machine::time::Span::secs(30);
    e.give(Event::Started);
    assert_eq!(e.asked(Kind::Promote).len(), 1, "{}", e.story());
}

/// To resume is to order it anew.
#[test]
fn what_an_operator_resumes_is_asked_for_again() {
    let mut e = ordered(Word::Failover);
    e.ends(Kind::Promote, denied());
    assert_eq!(e.state(), "held");
    // A minute before it would be given up.
    ends_for(&mut e, 240, Kind::Promote, &denied());
    e.order(Word::Resume);
    assert_eq!(e.state(), "promoting");
    ends_for(&mut e, 200, Kind::Promote, &refused());
    assert!(!given_up(&e), "the word is 200 s old: {:?}", e.pages());
    e.forget();
    e.ends_if_asked(Kind::Promote, refused());
    e.wait(46);
    assert!(!e.asked(Kind::Promote).is_empty(), "{}", e.story());
}

/// Rule 16: what has its own onset, hold-down and gates is failed over, whoever began the switchover.
#[test]
fn a_region_that_dies_under_an_ordered_switchover_is_failed_over() {
    let mut e = ordered(Word::Switchover);
    e.region_dark();
    ends_for(&mut e, 20, Kind::Switchover, &refused());
    e.wait(60);
    assert_eq!(e.state(), "promoting", "{}", e.story());
    assert_eq!(e.asked(Kind::Promote).len(), 1);
    let incident = e.record.facts.incident.as_ref().expect("open");
    assert_eq!(incident.trigger, Trigger::Automatic);
}

/// The switchover itself takes the endpoint down for a moment: that is no outage.
#[test]
fn an_ordered_switchover_that_succeeds_stays_one() {
    let mut e = ordered(Word::Switchover);
    e.ends(Kind::Switchover, Outcome::Done);
    e.underway(Side::Standby);
    e.wait(40);
    e.serving(Side::Standby, 6);
    e.writer_is(Side::Standby);
    e.endpoint(Healthy);
    e.ends(Kind::ProveWrite, Outcome::Done);
    assert_eq!(e.state(), "redirecting");
    assert!(e.asked(Kind::Promote).is_empty());
}
