//! A recovery after its decision: attempts, proofs, capacity, holds.
//!
//! Deliberately absent: the lossless move (`switch`), and the end of a recovery (`arrive`).

use crate::estate::{denied, estate, refused, unanswered};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Completion, Event, Outcome, Side};
use drd_state_machine::record::FenceOutcome;
use drd_state_machine::state::{Hold, State};

#[test]
fn a_dark_region_is_left_in_seven_commands() {
    let mut e = estate();
    e.exposed();
    // The fence is asked for again until it is confirmed.
    let mut done = e.done();
    done.dedup();
    assert_eq!(
        done,
        [
            "prescale standby to 6",
            "promote standby #1",
            "scale standby to 6 #1",
            "fence primary",
            "prove_write standby #1",
            "redirect standby #1",
            "page info",
        ]
    );
    assert_eq!(e.active(), Side::Standby);
}

#[test]
fn no_redirect_before_a_write_was_proven() {
    let mut e = estate();
    e.promoted();
    for _ in 0..20 {
        e.ends(Kind::ProveWrite, refused());
        e.wait(5);
    }
    assert_eq!(e.state(), "promoting");
    assert!(e.asked(Kind::Redirect).is_empty());
    e.ends(Kind::ProveWrite, Outcome::Done);
    assert_eq!(e.asked(Kind::Redirect).len(), 1);
}

#[test]
fn a_proof_on_a_side_that_is_not_the_writer_is_none() {
    let mut e = estate();
    e.promoting();
    e.serving(Side::Standby, 6);
    let proof = Completion {
        kind: Kind::ProveWrite,
        incident_id: e.record.facts.incident_id,
        attempt: 0,
        outcome: Outcome::Done,
    };
    e.give(Event::Finished(proof));
    e.wait(10);
    assert_eq!(e.state(), "promoting");
    assert!(e.asked(Kind::Redirect).is_empty());
}

#[test]
fn denied_holds_at_once_and_is_asked_for_again() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, denied());
    assert_eq!(e.state(), "held");
    assert_eq!(e.pages().len(), 1);
    e.forget();
    e.wait(4);
    e.hands_off();
    e.wait(2);
    assert_eq!(e.mutations(), ["promote standby #2"]);
}

#[test]
fn no_answer_is_tried_again_after_a_pause() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, unanswered());
    e.wait(1);
    assert_eq!(e.asked(Kind::Promote).len(), 1);
    e.wait(1);
    let asked: Vec<u32> = e.asked(Kind::Promote).iter().map(|c| c.attempt()).collect();
    assert_eq!(asked, [1, 2]);
}

#[test]
fn four_refusals_hold() {
    let mut e = estate();
    e.promoting();
    for _ in 0..4 {
        e.ends(Kind::Promote, refused());
        e.wait(10);
    }
    assert_eq!(e.asked(Kind::Promote).len(), 4);
    let State::Held { hold, .. } = &e.record.state else {
        panic!("not held but {}", e.state());
    };
    assert!(matches!(hold, Hold::PromotionRefused(_)));
    assert_eq!(e.pages().len(), 1);
}

#[test]
fn a_promotion_that_was_accepted_and_dropped_is_asked_for_again() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.wait(30);
    assert_eq!(e.asked(Kind::Promote).len(), 1);
    e.wait(10);
    assert_eq!(e.asked(Kind::Promote).len(), 2);
}

#[test]
fn a_slow_promotion_that_shows_progress_is_left_alone() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.underway(Side::Standby);
    e.wait(150);
    assert_eq!(e.asked(Kind::Promote).len(), 1);
}

#[test]
fn capacity_floor_is_taken_when_the_slice_is_used_up() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.serving(Side::Standby, 3);
    e.writer_is(Side::Standby);
    e.ends(Kind::ProveWrite, Outcome::Done);
    let decided = e.record.facts.incident.as_ref().expect("open").decided_at;
    let left = e.setup.policy.budget.promote - (e.now - decided);
    e.wait(left.0 / 1000 - 1);
    assert_eq!(e.state(), "promoting", "the slice is not used up");
    e.wait(1);
    assert_eq!(e.state(), "redirecting");
    assert!(e.pages().iter().any(|p| p.contains("3 of 6 instances")));
}

/// The old side cannot write any more: two of six are better than none.
#[test]
fn below_the_floor_traffic_moves_when_the_slice_is_used_up_and_people_are_paged() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.serving(Side::Standby, 2);
    e.writer_is(Side::Standby);
    e.ends(Kind::ProveWrite, Outcome::Done);
    assert!(e.asked(Kind::Redirect).is_empty());
    e.wait_for("redirecting", 120);
    assert!(e.pages().iter().any(|p| p.contains("2 of 6 instances")));
}

#[test]
fn to_a_side_on_which_nothing_serves_traffic_does_not_move() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.serving(Side::Standby, 0);
    e.writer_is(Side::Standby);
    e.ends(Kind::ProveWrite, Outcome::Done);
    e.wait_for("held", 300);
    assert!(e.asked(Kind::Redirect).is_empty());
    e.serving(Side::Standby, 1);
    assert_eq!(e.asked(Kind::Redirect).len(), 1, "held goes on");
}

#[test]
fn an_objective_that_is_used_up_is_paged_once_and_the_rest_goes_on() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.ends(Kind::Scale, Outcome::Done);
    e.ends(Kind::Fence, Outcome::Done);
    e.underway(Side::Standby);
    e.wait_for("held", 300);
    assert_eq!(e.pages().len(), 1);
    e.forget();
    e.wait(60);
    e.quiet();
    e.serving(Side::Standby, 6);
    e.writer_is(Side::Standby);
    assert_eq!(e.done(), ["prove_write standby #1"]);
    e.ends(Kind::ProveWrite, Outcome::Done);
    assert_eq!(e.state(), "redirecting");
}

#[test]
fn the_old_side_is_fenced_only_after_the_promotion_was_accepted() {
    let mut e = estate();
    e.promoting();
    e.wait(5);
    assert!(e.asked(Kind::Fence).is_empty());
    e.ends(Kind::Promote, Outcome::Done);
    assert_eq!(e.asked(Kind::Fence).len(), 1);
    e.ends(Kind::Fence, Outcome::Done);
    let incident = e.record.facts.incident.as_ref().expect("open");
    assert_eq!(incident.fence, FenceOutcome::Fenced);
}

/// The old side got its capacity back: the fence that is confirmed late is no fence of what follows.
#[test]
fn a_fence_that_was_taken_back_is_not_confirmed_by_a_late_answer() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.wait(40);
    let restored = e.done().contains(&"prescale primary to 6".to_owned());
    assert!(restored, "{:?}", e.done());
    e.ends(Kind::Fence, Outcome::Done);
    let incident = e.record.facts.incident.as_ref().expect("open");
    assert_eq!(incident.fence, FenceOutcome::Unknown);
}

#[test]
fn capacity_that_is_denied_is_paged_at_once() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Scale, denied());
    assert_eq!(e.state(), "promoting");
    assert_eq!(e.pages().len(), 1);
}

/// Another process promoted it, and Aurora answers ours with what it then answers.
#[test]
fn a_promotion_that_is_seen_done_is_done_whatever_its_call_returned() {
    for late in [denied(), refused(), unanswered()] {
        let mut e = estate();
        e.promoting();
        e.writer_is(Side::Standby);
        e.ends(Kind::Promote, late);
        e.wait(60);
        assert_eq!(e.state(), "promoting", "{}", e.story());
        assert_eq!(e.asked(Kind::Promote).len(), 1);
    }
}
