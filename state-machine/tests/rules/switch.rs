//! The lossless move, and when the lossy one may take its place.
//!
//! Deliberately absent: the lossy move itself (`recover`).

use crate::estate::{Estate, Healthy, Unhealthy, completion, denied, estate, refused, unanswered};
use drd_state_machine::Phase;
use drd_state_machine::blocker::Blocker;
use drd_state_machine::command::Kind;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Outcome, Side, Vantage, Word};
use drd_state_machine::policy::retry_gap;
use drd_state_machine::state::{Hold, State};

/// The edge is down, and the policy lets drd act on that.
fn switching() -> Estate {
    let mut e = estate();
    e.may_act_on(Diagnosis::EdgeDown);
    e.endpoint(Unhealthy);
    e.poll_all();
    e.wait_for("switching", 75);
    e
}

fn refused_four_times(e: &mut Estate) {
    for _ in 0..4 {
        e.ends(Kind::Switchover, refused());
        e.wait(5);
    }
}

#[test]
fn a_switchover_is_lossless_first() {
    let mut e = switching();
    assert_eq!(
        e.mutations(),
        [
            "prescale standby to 6",
            "switchover standby #1",
            "scale standby to 6 #1"
        ]
    );
    e.ends(Kind::Switchover, Outcome::Done);
    assert!(
        e.asked(Kind::Fence).is_empty(),
        "nothing is fenced in a move without loss"
    );
}

#[test]
fn a_switchover_that_does_not_come_about_becomes_a_failover() {
    let mut e = switching();
    for _ in 0..4 {
        e.ends(Kind::Switchover, refused());
        e.wait(5);
    }
    assert_eq!(e.state(), "promoting");
    // Its attempts are counted from the beginning.
    let asked = e.asked(Kind::Promote);
    assert_eq!(asked.iter().map(|c| c.attempt()).collect::<Vec<_>>(), [1]);
    e.order(Word::Abandon);
    assert!(e.pages().last().expect("a page").contains("no way back"));
}

#[test]
fn a_switchovers_late_answer_does_not_count_for_the_failover_after_it() {
    let mut e = switching();
    let switchover = e.asked(Kind::Switchover)[0].clone();
    // No answer; the slice is used up.
    e.wait_for("promoting", 130);
    e.give(completion(&switchover, denied()));
    assert_eq!(e.state(), "promoting", "{}", e.story());
    e.give(completion(&switchover, Outcome::Done));
    assert!(e.asked(Kind::Fence).is_empty());
}

#[test]
fn a_refused_switchover_of_an_estate_that_is_well_again_holds() {
    let mut e = switching();
    e.endpoint(Healthy);
    e.poll_all();
    refused_four_times(&mut e);
    assert_eq!(e.state(), "held");
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
}

/// What runs may be the very switchover that was asked for.
#[test]
fn while_a_role_change_runs_no_failover_takes_its_place() {
    let mut e = switching();
    e.underway(Side::Standby);
    e.wait_for("held", 200);
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
}

#[test]
fn a_denied_switchover_of_an_estate_that_is_well_again_holds() {
    let mut e = switching();
    e.reports(Vantage::Probe, Healthy);
    e.ends(Kind::Switchover, denied());
    assert_eq!(e.state(), "held");
    assert!(e.asked(Kind::Promote).is_empty(), "{}", e.story());
}

#[test]
fn a_pause_during_the_switchover_keeps_the_failover_away() {
    let mut e = switching();
    e.order(Word::Pause);
    refused_four_times(&mut e);
    assert!(e.asked(Kind::Promote).is_empty());
    let State::Held { hold, .. } = &e.record.state else {
        panic!("not held but {}", e.state());
    };
    assert_eq!(*hold, Hold::Blocked(vec![Blocker::Paused]));
}

#[test]
fn no_switchover_is_asked_for_beside_the_failover_that_takes_its_place() {
    let mut e = switching();
    let decided = e.record.facts.incident.as_ref().expect("open").decided_at;
    let over = decided + e.setup.policy.budget.promote;
    // The next attempt is due at the very moment at which the slice is used up.
    loop {
        let newest = e.asked(Kind::Switchover).last().expect("asked").attempt();
        if over - e.now == retry_gap(newest) {
            break;
        }
        e.wait(1);
    }
    e.ends(Kind::Switchover, unanswered());
    e.wait_for_any(&["promoting"], 10);
    assert_eq!(e.state(), "promoting");
    let last = e
        .decisions
        .iter()
        .find(|d| d.from == Phase::Switching && d.to == Phase::Promoting);
    let last = last.expect("it became a failover");
    let kinds: Vec<Kind> = last.commands.iter().map(|c| c.kind()).collect();
    assert!(!kinds.contains(&Kind::Switchover), "{kinds:?}");
}
