//! What operators may order, and what it does.
//!
//! Deliberately absent: gates that an operator does not pass (`quarantine`).

use crate::estate::estate;
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Event, Outcome, Side, Word};
use drd_state_machine::record::{Operation, Trigger};
use drd_state_machine::time::Span;

#[test]
fn an_operator_may_order_a_failover_of_a_healthy_estate() {
    let mut e = estate();
    e.order(Word::Failover);
    assert_eq!(e.state(), "fencing");
    e.wait_for("promoting", 10);
    let incident = e.record.facts.incident.clone().expect("open");
    assert_eq!(incident.trigger, Trigger::Operator);
    assert_eq!(incident.operation, Operation::Failover);
}

#[test]
fn an_operators_switchover_never_becomes_lossy_by_itself() {
    let mut e = estate();
    e.order(Word::Switchover);
    e.wait_for("switching", 10);
    for _ in 0..4 {
        e.ends(Kind::Switchover, crate::estate::refused());
        e.wait(10);
    }
    assert_eq!(e.state(), "held");
    assert!(e.asked(Kind::Promote).is_empty());
}

#[test]
fn an_order_while_traffic_moves_changes_nothing() {
    let mut e = estate();
    e.redirecting();
    e.forget();
    for word in [Word::Failover, Word::Switchover, Word::Resume] {
        e.order(word);
    }
    assert_eq!(e.state(), "redirecting");
    e.quiet();
}

#[test]
fn resume_tries_the_held_stage_again() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, crate::estate::denied());
    assert_eq!(e.state(), "held");
    e.forget();
    e.order(Word::Resume);
    assert_eq!(e.state(), "promoting");
    assert_eq!(e.asked(Kind::Promote).len(), 1);
}

#[test]
fn abandon_after_the_writer_moved_leaves_it_there() {
    let mut e = estate();
    e.promoted();
    e.view.sides[1] = None;
    e.wait_for("held", 300);
    e.forget();
    e.order(Word::Abandon);
    assert_eq!(e.state(), "exposed");
    assert_eq!(e.active(), Side::Standby);
    e.hands_off();
}

#[test]
fn an_operators_override_passes_the_gates_that_hold_drd() {
    let mut e = estate();
    e.lag = None;
    e.wait(130);
    e.region_dark();
    e.wait_for("held", 110);
    e.changes_no_role();
    e.order(Word::Failover);
    e.wait_for("promoting", 10);
    e.ends(Kind::Promote, Outcome::Done);
}

#[test]
fn a_recovery_that_an_operator_begins_late_is_not_held_before_it_has_tried() {
    let mut e = estate();
    e.lag = None;
    e.wait(130);
    e.region_dark();
    e.wait_for("held", 110);
    e.wait(600);
    e.forget();
    e.order(Word::Failover);
    assert_eq!(
        e.pages().len(),
        1,
        "the objective is used up: {:?}",
        e.pages()
    );
    assert!(e.pages()[0].contains("is used up already"));
    e.wait_for("promoting", 10);
    e.ends(Kind::Promote, crate::estate::unanswered());
    e.wait(3);
    assert_eq!(e.state(), "promoting");
    assert_eq!(e.asked(Kind::Promote).len(), 2, "it is tried again");
}

#[test]
fn a_recovery_that_is_resumed_late_is_not_held_before_it_has_tried() {
    let mut e = estate();
    e.order(Word::Pause);
    e.region_dark();
    e.wait(900);
    e.order(Word::Resume);
    e.wait_for("promoting", 15);
    e.wait(60);
    assert_eq!(e.state(), "promoting");
}

#[test]
fn a_late_stage_that_is_stalled_is_paged_again() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.underway(Side::Standby);
    e.wait_for("held", 300);
    e.serving(Side::Standby, 6);
    e.writer_is(Side::Standby);
    e.ends(Kind::ProveWrite, Outcome::Done);
    assert_eq!(e.state(), "redirecting");
    e.forget();
    // The latch cannot be thrown.
    for _ in 0..100 {
        e.ends_if_asked(Kind::Redirect, crate::estate::refused());
        e.wait(5);
    }
    assert_eq!(e.state(), "held");
    let pages = e.pages();
    assert_eq!(pages.len(), 2, "{pages:?}");
    assert!(
        pages[0].contains("the latch could not be thrown"),
        "{pages:?}"
    );
    assert!(pages[1].contains("is held"), "{pages:?}");
}

#[test]
fn what_was_abandoned_before_anything_irreversible_does_not_begin_again() {
    let mut e = estate();
    e.region_dark();
    e.wait_for("fencing", 65);
    e.order(Word::Abandon);
    assert_eq!(e.state(), "watching");
    e.wait(900);
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
    assert!(e.pages()[0].contains("so drd is paused. It acts by itself again after: drd resume"));
    assert!(e.record.facts.paused_since.is_some());
    e.order(Word::Resume);
    e.wait_for("promoting", 15);
}

#[test]
fn a_hold_that_was_abandoned_does_not_begin_again() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, crate::estate::denied());
    e.order(Word::Abandon);
    e.forget();
    e.wait(900);
    e.hands_off();
}

#[test]
fn an_abandoned_order_of_a_healthy_estate_leaves_it_protected() {
    let mut e = estate();
    e.order(Word::Failover);
    e.order(Word::Abandon);
    e.wait(10);
    assert_eq!(e.state(), "watching");
    assert!(e.record.facts.armed);
    e.quiet();
}

#[test]
fn a_pause_remembers_since_when_it_holds_and_a_resume_forgets_it() {
    let mut e = estate();
    e.order(Word::Pause);
    let begun = e.record.facts.paused_since.expect("paused");
    e.wait(60);
    e.order(Word::Pause);
    assert_eq!(e.record.facts.paused_since, Some(begun));
    e.order(Word::Resume);
    assert!(!e.record.facts.paused && e.record.facts.paused_since.is_none());
}

#[test]
fn an_operator_s_order_begins_an_incident_of_its_own() {
    let mut e = estate();
    let incident_id = e.record.facts.incident_id;
    e.order(Word::Failover);
    let incident = e.record.facts.incident.as_ref().expect("begun");
    assert_eq!(
        (e.record.facts.incident_id, incident.incident_id),
        (incident_id + 1, incident_id + 1)
    );
}

#[test]
fn a_resumed_promotion_is_asked_for_at_once_under_the_next_number() {
    let mut e = estate();
    e.promoting();
    for _ in 0..4 {
        e.ends(Kind::Promote, crate::estate::refused());
        e.wait(10);
    }
    assert_eq!(e.state(), "held");
    let before = e.asked(Kind::Promote).last().map_or(0, |c| c.attempt());
    e.forget();
    e.order(Word::Resume);
    let asked = e.asked(Kind::Promote);
    assert_eq!(
        asked.iter().map(|c| c.attempt()).collect::<Vec<_>>(),
        [before + 1]
    );
}

/// A ledger that hung, or a lease that was lost: whoever ordered it acts otherwise by then.
#[test]
fn an_order_that_nothing_came_of_for_a_minute_is_given_up_with_a_page() {
    for (late, expected) in [(60, "promoting"), (61, "watching")] {
        let mut e = estate();
        e.order(Word::Failover);
        assert_eq!(e.state(), "fencing");
        e.now = e.now + Span::secs(late);
        e.look();
        assert_eq!(e.state(), expected, "{}", e.story());
        let given_up = e.pages().iter().any(|p| p.contains("is given up"));
        assert_eq!(given_up, expected == "watching");
        assert_eq!(e.mutations().is_empty(), expected == "watching");
    }
}

/// Whoever paused it may have gone home.
#[test]
fn a_pause_with_an_end_is_over_then_and_drd_acts_by_itself_again() {
    let mut e = estate();
    let pause = |e: &mut crate::estate::Estate, lasts| {
        e.give(Event::Ordered {
            word: Word::Pause,
            lasts: Some(Span::secs(lasts)),
            by: None,
        });
    };
    pause(&mut e, 600);
    pause(&mut e, 100);
    e.region_dark();
    e.wait(98);
    assert!(e.record.facts.paused);
    assert_eq!(e.asked(Kind::Promote).len(), 0);
    e.wait(1);
    assert!(!e.record.facts.paused);
    assert!(
        e.pages()
            .contains(&"the pause is over: drd acts by itself again")
    );
    e.wait_for("promoting", 15);

    let mut e = estate();
    pause(&mut e, 100);
    e.order(Word::Pause);
    e.wait(200);
    assert!(
        e.record.facts.paused,
        "a pause without an end took its place"
    );
}
