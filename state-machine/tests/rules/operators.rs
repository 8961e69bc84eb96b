//! What operators may say, and what it does.

use crate::estate::estate;
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Outcome, Side, Word};
use drd_state_machine::record::{Operation, Trigger};

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
        e.wait(5);
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
    e.hands_off();
    e.order(Word::Failover);
    e.wait_for("promoting", 10);
    e.ends(Kind::Promote, Outcome::Done);
}
