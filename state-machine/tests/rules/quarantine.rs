//! No way back while requests of the last role change may still land.
//!
//! RDS knows no fencing token: a promotion that got no answer, landing after the way back, takes
//! the healthy side down.
//!
//! Deliberately absent: the lease, which the machine does not know.

use crate::estate::{Estate, Unhealthy, estate, unanswered};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Event, Outcome, Side, Word};
use drd_state_machine::policy::QUARANTINE;
use drd_state_machine::time::Span;

/// The old side follows again after a failover, and drd watches.
fn watches_again(e: &mut Estate) {
    e.standby_back();
    e.wait_for("watching", 60);
    e.forget();
}

/// Traffic moves, the recovery ends, and the old side follows again.
fn arrives(e: &mut Estate) {
    e.ends(Kind::Redirect, Outcome::Done);
    e.view.dns = Some(Side::Standby);
    e.wait_for("exposed", 30);
    watches_again(e);
}

/// Both orders are refused, with a page, and nothing was begun.
fn refuses_the_way_back(e: &mut Estate) {
    for word in [Word::Failover, Word::Switchover] {
        let incident_id = e.record.facts.incident_id;
        e.order(word);
        assert_eq!(
            (e.state(), e.record.facts.incident_id),
            ("watching", incident_id)
        );
        e.hands_off();
        assert!(e.pages()[0].contains("may still land"), "{:?}", e.pages());
        assert!(e.pages()[0].contains("nothing was begun"));
        e.forget();
    }
}

#[test]
fn a_failover_whose_requests_were_all_answered_may_be_taken_back_at_once() {
    let mut e = estate();
    e.redirecting();
    e.ends(Kind::Fence, Outcome::Done);
    arrives(&mut e);
    e.order(Word::Switchover);
    assert_eq!(e.state(), "fencing");
}

#[test]
fn after_an_unanswered_promotion_the_way_back_waits_for_the_quarantine() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, unanswered());
    let answered_at = e.now;
    e.writer_is(Side::Standby);
    e.serving(Side::Standby, 6);
    e.wait(5);
    e.ends(Kind::ProveWrite, Outcome::Done);
    arrives(&mut e);
    refuses_the_way_back(&mut e);
    e.wait((QUARANTINE - (e.now - answered_at)).0 / 1000 - 1);
    e.forget();
    refuses_the_way_back(&mut e);
    e.wait(1);
    e.order(Word::Switchover);
    assert_eq!(e.state(), "fencing");
}

#[test]
fn an_unanswered_fence_and_an_unanswered_latch_count_as_well() {
    for kind in [Kind::Fence, Kind::Redirect] {
        let mut e = estate();
        e.redirecting();
        e.ends(kind, unanswered());
        e.wait(5);
        arrives(&mut e);
        refuses_the_way_back(&mut e);
    }
}

#[test]
fn a_new_daemon_does_not_know_what_the_old_one_sent() {
    let mut e = estate();
    e.promoting();
    e.give(Event::Started);
    let started = e.now;
    e.ends(Kind::Promote, Outcome::Done);
    assert_eq!(e.record.facts.unanswered.map(|u| u.until), Some(started));
    // A failover goes on in its own direction whatever may still land.
    e.serving(Side::Standby, 6);
    e.writer_is(Side::Standby);
    e.ends(Kind::ProveWrite, Outcome::Done);
    assert_eq!(e.state(), "redirecting");
}

/// Its host's clock may be an hour ahead of the one that wrote the end down.
#[test]
fn a_daemon_that_starts_after_the_end_waits_the_whole_time_from_its_start() {
    for ahead in [0, 3600] {
        let mut e = estate();
        e.exposed();
        e.wait(60);
        e.now = e.now + Span::secs(ahead);
        e.give(Event::Started);
        assert_eq!(e.record.facts.unanswered.map(|u| u.until), Some(e.now));
        e.poll_all();
        e.check();
        watches_again(&mut e);
        refuses_the_way_back(&mut e);
    }
}

#[test]
fn what_was_over_by_the_ledger_s_newest_line_stays_over() {
    let mut e = estate();
    e.redirecting();
    e.ends(Kind::Fence, Outcome::Done);
    arrives(&mut e);
    e.wait(QUARANTINE.0 / 1000);
    e.give(Event::Started);
    assert_eq!(e.record.facts.unanswered, None);
}

#[test]
fn an_attempt_that_never_reports_back_counts_as_unanswered() {
    let mut e = estate();
    e.promoting();
    assert_eq!(e.record.facts.unanswered, None);
    e.wait(31);
    let unanswered = e.record.facts.unanswered.expect("it got lost");
    assert_eq!(unanswered.to, Side::Standby);
}

#[test]
fn an_automatic_way_back_is_blocked_and_paged() {
    let mut e = estate();
    e.setup.policy.cool_down = Span::ZERO;
    e.setup.home = None;
    e.exposed();
    e.give(Event::Started);
    watches_again(&mut e);
    e.check();
    assert!(!e.record.facts.armed);
    e.endpoint(Unhealthy);
    e.region_dark();
    e.wait_for("held", 120);
    e.hands_off();
    assert!(e.because().contains("may still land"), "{}", e.because());
}

#[test]
fn the_quarantine_moves_with_a_clock_that_is_set_back() {
    let mut e = estate();
    e.exposed();
    e.give(Event::Started);
    let left = |e: &Estate| e.record.facts.unanswered.map(|u| e.now - u.until);
    let before = left(&e);
    e.now = e.now - Span::secs(3600);
    e.give(Event::Tick);
    assert_eq!(left(&e), before);
}

#[test]
fn a_record_without_it_is_read() {
    let e = estate();
    let text = serde_json::to_string(&e.record).expect("a record is JSON");
    assert!(!text.contains("unanswered"), "{text}");
}

/// Attempts that ended while the ledger refused every line: they are never reported again.
#[test]
fn a_fence_or_a_promotion_that_never_reported_back_closes_the_way_back() {
    for unheard in [Kind::Fence, Kind::Promote] {
        let mut e = estate();
        e.promoting();
        if unheard == Kind::Fence {
            e.ends(Kind::Promote, Outcome::Done);
        }
        e.writer_is(Side::Standby);
        e.serving(Side::Standby, 6);
        e.wait(5);
        e.ends(Kind::ProveWrite, Outcome::Done);
        arrives(&mut e);
        refuses_the_way_back(&mut e);
    }
}

#[test]
fn the_quarantine_counts_from_the_last_unanswered_request() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, unanswered());
    e.wait(5);
    assert_eq!(e.asked(Kind::Promote).len(), 2);
    e.serving(Side::Standby, 6);
    e.writer_is(Side::Standby);
    e.ends(Kind::ProveWrite, Outcome::Done);
    assert_eq!(e.state(), "redirecting");
    assert_eq!(e.record.facts.unanswered.map(|u| u.until), Some(e.now));
}

#[test]
fn a_fence_that_ends_without_an_answer_after_the_recovery_counts_from_then() {
    let mut e = estate();
    e.exposed();
    e.wait(20);
    e.ends(Kind::Fence, unanswered());
    assert_eq!(e.record.facts.unanswered.map(|u| u.until), Some(e.now));
}

/// Its host may be minutes ahead of the one before: the gap is not known to be time.
#[test]
fn what_is_left_of_the_cool_down_is_left_again_for_the_next_daemon() {
    let mut e = estate();
    e.exposed();
    let left = e.record.facts.cool_down_until - e.now;
    assert!(left > Span::secs(60), "{left}");
    e.now = e.now + Span::secs(2700);
    e.give(Event::Started);
    assert_eq!(e.record.facts.cool_down_until - e.now, left);
}
