//! A recovery after its decision: attempts, proofs, holds, the swap of the roles.

use crate::estate::{completion, denied, estate, refused, unanswered};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Event, Outcome, Side};
use drd_state_machine::evidence::Noted;
use drd_state_machine::record::Fence;
use drd_state_machine::state::{Hold, State};
use drd_state_machine::time::Span;

#[test]
fn a_dark_region_is_left_in_seven_commands() {
    let mut e = estate();
    e.exposed();
    assert_eq!(
        e.done(),
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
        epoch: e.record.facts.epoch,
        attempt: 0,
        outcome: Outcome::Done,
    };
    e.tell(Event::Finished(proof));
    e.wait(10);
    assert_eq!(e.state(), "promoting");
    assert!(e.asked(Kind::Redirect).is_empty());
}

#[test]
fn a_stale_completion_changes_nothing() {
    let mut e = estate();
    e.promoting();
    let epoch = e.record.facts.epoch;
    let stale = [(epoch - 1, 1), (epoch, 0), (epoch, 7)];
    for kind in Kind::ALL {
        for (epoch, attempt) in stale {
            for outcome in [Outcome::Done, unanswered(), refused(), denied()] {
                if kind == Kind::Fence && epoch == e.record.facts.epoch {
                    continue; // tried once: it has no attempts
                }
                let before = e.record.clone();
                let ended = Completion {
                    kind,
                    epoch,
                    attempt,
                    outcome,
                };
                let decision = e.tell(Event::Finished(ended)).clone();
                assert_eq!(decision.commands, [], "{kind}");
                assert_eq!(
                    e.record, before,
                    "{kind} of an attempt that is not the newest"
                );
            }
        }
    }
}

#[test]
fn denied_holds_at_once() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, denied());
    assert_eq!(e.state(), "held");
    assert_eq!(e.pages().len(), 1);
    e.forget();
    e.wait(30);
    e.hands_off();
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
        e.wait(5);
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
fn a_restart_issues_the_same_attempt_again() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, unanswered());
    e.wait(2);
    let pending: Vec<Command> = e.asked(Kind::Promote).into_iter().cloned().collect();
    e.forget();
    e.tell(Event::Started);
    assert_eq!(e.asked(Kind::Promote), [&pending[1]]);
    assert_eq!(e.asked(Kind::Scale).len(), 1);
}

#[test]
fn a_restart_throws_the_latch_again_with_the_same_attempt() {
    let mut e = estate();
    e.redirecting();
    let latch = e.asked(Kind::Redirect)[0].clone();
    e.forget();
    e.tell(Event::Started);
    assert_eq!(e.asked(Kind::Redirect), [&latch]);
}

#[test]
fn what_is_done_is_not_asked_again_after_a_restart() {
    let mut e = estate();
    e.promoted();
    e.forget();
    e.tell(Event::Started);
    assert_eq!(e.done(), ["prove_write standby #1"]);
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

#[test]
fn below_the_floor_traffic_does_not_move() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
    e.serving(Side::Standby, 2);
    e.writer_is(Side::Standby);
    e.ends(Kind::ProveWrite, Outcome::Done);
    e.wait_for("held", 300);
    assert!(e.asked(Kind::Redirect).is_empty());
}

#[test]
fn an_objective_that_is_used_up_is_told_once_and_the_rest_goes_on() {
    let mut e = estate();
    e.promoting();
    e.ends(Kind::Promote, Outcome::Done);
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
    assert_eq!(incident.fence, Fence::Fenced);
}

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
fn a_late_word_of_the_old_direction_does_not_bring_a_standby_back() {
    let mut e = estate();
    e.exposed();
    e.sample(e.now - Span::secs(200), Span::secs(1));
    e.wait(30);
    assert_eq!(e.state(), "exposed");
}

#[test]
fn a_completion_delivered_again_is_stale_once_the_next_attempt_runs() {
    let mut e = estate();
    e.promoting();
    let first = e.asked(Kind::Promote)[0].clone();
    e.ends(Kind::Promote, unanswered());
    e.wait(2);
    let before = e.record.clone();
    let again = e.tell(completion(&first, denied())).clone();
    assert_eq!(again.noted, Noted::Refreshed);
    assert_eq!(e.record, before);
}
