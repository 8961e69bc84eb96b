//! What others do behind drd's back: its latch, the group that serves, the roles, the record; and
//! outages of which none lasts.
//!
//! Deliberately absent: what the estate makes of it (`tests/lab`).

use crate::estate::{Estate, Healthy, Unhealthy, estate};
use drd_state_machine::command::Kind;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Outcome, RoleChange, Side, Vantage};
use drd_state_machine::time::Span;

/// The standby serves after a failover, everything agrees, nothing was commanded since.
fn failed_over() -> Estate {
    let mut e = estate();
    e.exposed();
    e.view.latch = Some(Side::Standby);
    e.standby_back();
    e.wait_for("watching", 60);
    e.wait(60);
    e.forget();
    e
}

#[test]
fn a_latch_that_somebody_removes_is_put_back_and_that_is_paged() {
    let mut e = failed_over();
    e.view.latch = Some(Side::Primary);
    e.wait(35);
    assert_eq!(e.mutations(), ["redirect standby #1001"]);
    assert!(
        e.pages()[0].contains("was removed: it is put back"),
        "{:?}",
        e.pages()
    );
    e.view.latch = Some(Side::Standby);
    e.ends(Kind::Redirect, Outcome::Done);
    e.forget();
    e.wait(120);
    e.hands_off();
}

#[test]
fn a_latch_that_is_removed_a_fourth_time_is_left_to_people() {
    let mut e = failed_over();
    for n in 1..=3 {
        e.view.latch = Some(Side::Primary);
        e.wait(35);
        assert_eq!(e.asked(Kind::Redirect).len(), n);
        e.view.latch = Some(Side::Standby);
        e.wait(60);
    }
    e.forget();
    e.view.latch = Some(Side::Primary);
    e.wait(60);
    assert_eq!(e.mutations(), [""; 0]);
    let critical = e
        .pages()
        .into_iter()
        .any(|page| page.contains("keeps its hands off"));
    assert!(critical, "{:?}", e.pages());
    assert!(!e.record.facts.armed);
}

/// The latch was read until a moment ago; what changed the record since was that it cannot be read.
#[test]
fn a_latch_that_cannot_be_read_any_more_is_named_and_not_the_record() {
    let mut e = failed_over();
    e.view.latch = None;
    e.view.dns = Some(Side::Primary);
    e.wait(20);
    assert!(
        e.pages()[0].contains("no store of the latch can be read"),
        "{:?}",
        e.pages()
    );
}

#[test]
fn a_paused_drd_puts_nothing_back() {
    let mut e = failed_over();
    e.order(drd_state_machine::event::Word::Pause);
    e.view.latch = Some(Side::Primary);
    e.wait(120);
    e.hands_off();
    assert_eq!(e.record.facts.diagnosis.is, Diagnosis::Misdirected);
}

#[test]
fn a_latch_that_somebody_else_threw_is_paged_and_left_alone() {
    let mut e = estate();
    e.view.latch = Some(Side::Standby);
    e.wait(120);
    e.hands_off();
    assert_eq!(e.pages().len(), 1, "{:?}", e.pages());
    assert!(e.pages()[0].contains("somebody set the latch to standby"));
    assert!(!e.record.facts.armed);
}

#[test]
fn a_record_that_was_edited_is_paged() {
    let mut e = estate();
    e.view.latch = Some(Side::Primary);
    e.view.dns = Some(Side::Standby);
    e.wait(60);
    e.hands_off();
    assert!(
        e.pages()[0].contains("was the record edited"),
        "{:?}",
        e.pages()
    );
}

#[test]
fn a_group_that_is_made_smaller_after_a_failover_is_raised_again() {
    let mut e = failed_over();
    e.serving(Side::Standby, 1);
    e.wait(35);
    assert_eq!(e.mutations(), ["scale standby to 6 #1001"]);
    assert!(e.pages()[0].contains("was lowered to 1"), "{:?}", e.pages());
}

#[test]
fn a_group_that_was_always_small_is_nobody_else_s_doing() {
    let mut e = estate();
    e.serving(Side::Primary, 2);
    e.wait(120);
    e.hands_off();
}

fn moved_by_hand(e: &mut Estate) {
    e.writer_is(Side::Standby);
    if let Some(global) = &mut e.view.global {
        global.replica_connected = true;
    }
}

#[test]
fn roles_that_somebody_else_moved_are_adopted_once_the_latch_agrees_for_a_minute() {
    let mut e = estate();
    e.view.latch = Some(Side::Primary);
    moved_by_hand(&mut e);
    e.wait(300);
    assert_eq!(e.active(), Side::Primary);
    assert!(!e.record.facts.armed);
    assert!(e.pages()[0].contains("standby is the writer, and drd did not move it"));
    e.view.latch = Some(Side::Standby);
    e.view.dns = Some(Side::Standby);
    e.wait(45);
    assert_eq!(e.active(), Side::Primary, "a minute has not passed");
    e.wait(60);
    assert_eq!(e.active(), Side::Standby);
    let told = e
        .pages()
        .into_iter()
        .any(|page| page.starts_with("somebody else moved the roles"));
    assert!(told, "{:?}", e.pages());
    e.hands_off();
}

#[test]
fn roles_are_not_adopted_while_a_role_change_runs_or_the_replica_is_gone() {
    for (connected, idle) in [(false, true), (true, false)] {
        let mut e = estate();
        e.view.latch = Some(Side::Standby);
        moved_by_hand(&mut e);
        if let Some(global) = &mut e.view.global {
            global.replica_connected = connected;
            if !idle {
                global.role_change = RoleChange::Underway(Side::Primary);
            }
        }
        e.wait(300);
        assert_eq!(
            e.active(),
            Side::Primary,
            "connected {connected}, idle {idle}"
        );
    }
}

#[test]
fn users_without_service_half_of_the_time_are_paged_although_no_outage_lasts() {
    let mut e = estate();
    for _ in 0..5 {
        e.reports(Vantage::Probe, Unhealthy);
        e.wait(30);
        e.reports(Vantage::Probe, Healthy);
        e.wait(20);
    }
    e.hands_off();
    let pages = e.repeated_pages();
    assert_eq!(pages.len(), 1, "{pages:?}");
    e.wait(200);
    assert!(e.record.facts.evidence.bad_spells.within(e.now) == Span::ZERO);
}

#[test]
fn a_third_of_the_time_is_no_repeated_outage() {
    let mut e = estate();
    for _ in 0..6 {
        e.reports(Vantage::Probe, Unhealthy);
        e.wait(10);
        e.reports(Vantage::Probe, Healthy);
        e.wait(20);
    }
    assert_eq!(e.repeated_pages(), [""; 0]);
}
