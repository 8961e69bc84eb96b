//! Whether to begin: the gates, autonomy, the last look, the preparation and its end.
//!
//! Deliberately absent: what counts as an outage (`detect`), and what follows the decision (`recover`).

use crate::estate::{Estate, Healthy, Unhealthy, Unknown, estate, side_view};
use drd_state_machine::assess;
use drd_state_machine::blocker::Blocker;
use drd_state_machine::command::Kind;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Event, Side, Vantage, Verdict, Word};
use drd_state_machine::gates::explain;
use drd_state_machine::state::{Hold, State};
use drd_state_machine::time::Span;

fn blockers(e: &Estate) -> Vec<Blocker> {
    if let State::Held {
        hold: Hold::Blocked(closed),
        ..
    } = &e.record.state
    {
        return closed.clone();
    }
    panic!("not held by a gate but {}: {}", e.state(), e.because());
}

#[test]
fn a_replica_that_is_further_behind_than_the_rpo_holds() {
    let mut e = estate();
    e.lag = Some(Span::secs(61));
    e.wait(150);
    e.forget();
    e.region_dark();
    e.wait_for("held", 70);
    e.changes_no_role();
    assert_eq!(e.pages().len(), 1);
    let [Blocker::LossOver { loss, rpo }] = blockers(&e)[..] else {
        panic!("{}", e.because());
    };
    assert!(loss > rpo && loss < rpo + Span::secs(32), "{loss}");
}

#[test]
fn a_replica_that_is_less_far_behind_does_not_hold() {
    let mut e = estate();
    e.lag = Some(Span::secs(29));
    e.wait(200);
    e.region_dark();
    e.wait_for("promoting", 75);
}

/// A minute and a half in which the endpoint answers wrongly and no sample comes, 15 s in which it is well or
/// is not, and then the region is dark.
fn dark_after_wrong_answers(then: Verdict) -> Estate {
    let mut e = estate();
    e.may_only_advise_on(Diagnosis::ApplicationDown);
    e.lag = None;
    e.endpoint(Unhealthy);
    e.wait(90);
    e.endpoint(then);
    e.wait(15);
    e.forget();
    e.region_dark();
    e.wait(120);
    e
}

#[test]
fn what_a_quorum_reported_dark_counts_as_served_once_it_was_found_well_again_without_a_sample() {
    let e = dark_after_wrong_answers(Healthy);
    e.changes_no_role();
    assert!(
        matches!(blockers(&e)[..], [Blocker::LossOver { .. }]),
        "{}",
        e.because()
    );
    let e = dark_after_wrong_answers(Unhealthy);
    assert!(!e.asked(Kind::Promote).is_empty(), "{}", e.story());
}

#[test]
fn a_lone_liar_does_not_hide_a_replica_that_fell_behind_since() {
    let mut e = estate();
    e.wait(60);
    e.reports(Vantage::Witness, Unhealthy);
    e.forget();
    let stopped = e.now;
    e.lag = None;
    for _ in 0..4 {
        e.wait(20);
        e.sample(e.now, e.now - stopped);
    }
    e.region_dark();
    e.wait_for("held", 110);
    e.changes_no_role();
    assert!(matches!(blockers(&e)[..], [Blocker::LossOver { .. }]));
}

#[test]
fn time_in_which_nobody_reported_it_dark_counts_as_served() {
    let mut e = estate();
    e.wait(60);
    e.region_dark();
    // The state of an alarm lasts; what looks again and again reports nothing meanwhile.
    e.verdicts
        .insert((Vantage::Route53, Side::Primary), Unknown);
    e.wait(5);
    e.references = Unhealthy;
    e.look();
    let verdicts = e.verdicts.clone();
    e.verdicts
        .retain(|(vantage, _), _| !vantage.sees_endpoint());
    // Longer than an episode lasts that no sensor reports any more.
    e.wait(330);
    e.verdicts = verdicts;
    e.references = Healthy;
    e.forget();
    e.wait_for("held", 110);
    e.changes_no_role();
    assert!(matches!(blockers(&e)[..], [Blocker::LossOver { .. }]));
}

#[test]
fn a_sample_that_is_behind_does_not_take_back_a_known_position() {
    let mut e = estate();
    e.sample(e.now - Span::secs(100), Span::secs(59));
    e.region_dark();
    e.wait_for("promoting", 75);
}

#[test]
fn unknown_lag_holds_after_the_detect_slice() {
    let mut e = estate();
    e.lag = None;
    e.record.facts.evidence.lag = Default::default();
    e.wait(60);
    e.forget();
    e.region_dark();
    e.wait(100);
    assert_eq!(e.state(), "suspecting", "a late sample may still come");
    e.wait_for("held", 10);
    e.changes_no_role();
    assert_eq!(blockers(&e), [Blocker::LossUnknown]);
}

#[test]
fn a_sample_that_comes_late_but_was_taken_in_time_opens_the_gate() {
    let mut e = estate();
    e.lag = None;
    e.wait(130);
    let taken = e.now - Span::secs(5);
    e.region_dark();
    e.wait(90);
    e.sample(taken, Span::secs(1));
    e.wait_for("promoting", 10);
}

#[test]
fn an_unfit_standby_holds() {
    let mut e = estate();
    e.readiness = Unhealthy;
    e.check();
    e.wait(60);
    e.forget();
    e.region_dark();
    e.wait_for("held", 65);
    e.hands_off();
    assert!(matches!(blockers(&e)[..], [Blocker::Unfit { .. }]));
}

#[test]
fn an_unknown_readiness_answer_keeps_the_one_before() {
    let mut e = estate();
    e.readiness = Unhealthy;
    e.check();
    e.readiness = crate::estate::Unknown;
    e.check();
    assert_eq!(e.record.facts.readiness.red().count(), 1);
}

#[test]
fn paused_means_no_mutating_command() {
    let mut e = estate();
    e.order(Word::Pause);
    e.region_dark();
    e.wait(900);
    assert_eq!(e.state(), "suspecting");
    e.hands_off();
    assert_eq!(e.pages().len(), 1);
    assert!(e.pages()[0].contains("paused and did nothing"));
}

#[test]
fn a_resumed_daemon_acts_on_what_still_holds() {
    let mut e = estate();
    e.order(Word::Pause);
    e.region_dark();
    e.wait(100);
    e.order(Word::Resume);
    e.wait_for("promoting", 15);
}

#[test]
fn a_pause_at_the_last_moment_is_in_time() {
    let mut e = estate();
    e.region_dark();
    e.wait_for("fencing", 65);
    e.order(Word::Pause);
    e.wait(30);
    assert_eq!(e.state(), "held");
    assert_eq!(e.mutations(), ["prescale standby to 6"]);
    assert_eq!(blockers(&e), [Blocker::Paused]);
}

#[test]
fn application_down_only_advises_where_the_policy_is_to_advise() {
    let mut e = estate();
    e.may_only_advise_on(Diagnosis::ApplicationDown);
    e.application_down();
    e.wait(900);
    assert_eq!(e.state(), "suspecting");
    e.changes_no_role();
    assert_eq!(e.pages().len(), 1);
    assert!(e.pages()[0].starts_with("advice: a switchover to standby"));
}

#[test]
fn edge_down_only_advises_where_the_policy_is_to_advise() {
    let mut e = estate();
    e.may_only_advise_on(Diagnosis::EdgeDown);
    e.endpoint(Unhealthy);
    e.poll_all();
    e.wait(900);
    assert_eq!(e.record.facts.diagnosis.is, Diagnosis::EdgeDown);
    e.hands_off();
    assert_eq!(e.pages().len(), 1);
}

#[test]
fn a_daemon_in_the_dark_region_holds() {
    let mut e = estate();
    e.setup.home = Some(Side::Primary);
    e.region_dark();
    e.wait_for("held", 65);
    e.changes_no_role();
    assert_eq!(blockers(&e), [Blocker::SharesRegion]);
}

#[test]
fn a_daemon_in_the_active_region_reports_what_it_is_not_armed_for() {
    let mut e = estate();
    e.setup.home = Some(Side::Primary);
    let seen = assess(&e.record, &e.setup, e.now);
    let why = explain(&e.record.facts, &e.setup, e.now, &seen);
    let named =
        |r: &&drd_state_machine::gates::Reason| r.text.contains("not armed for region_dark");
    assert_eq!(why.iter().filter(named).count(), 1);
}

#[test]
fn somebody_elses_role_change_holds() {
    let mut e = estate();
    e.underway(Side::Primary);
    e.region_dark();
    e.wait_for("held", 65);
    e.changes_no_role();
    assert_eq!(blockers(&e), [Blocker::ForeignRoleChange]);
}

#[test]
fn the_last_look_recants_for_free() {
    let mut e = estate();
    e.region_dark();
    e.wait(60);
    assert_eq!(e.state(), "fencing");
    e.reports(Vantage::Probe, Healthy);
    e.look();
    assert_eq!(e.state(), "suspecting");
    e.region_back();
    e.wait(20);
    assert_eq!(e.state(), "watching");
    e.wait(601);
    assert_eq!(
        e.mutations()[..2],
        ["prescale standby to 6", "scale_back standby to 1"]
    );
}

#[test]
fn a_hold_before_anything_ends_by_itself_when_all_is_well() {
    let mut e = estate();
    e.setup.home = Some(Side::Primary);
    e.region_dark();
    e.wait_for("held", 65);
    e.region_back();
    e.wait(10);
    assert_eq!(e.state(), "watching");
    e.changes_no_role();
}

#[test]
fn a_clock_error_is_taken_off_pushed_reports() {
    let mut e = estate();
    // Our clock is ten minutes behind: uncorrected, every report would come from the future.
    let behind = Span::secs(600);
    e.give(Event::HeartbeatReturned {
        sent_at: e.now,
        stamped_at: e.now + behind,
        earlier_lost: false,
    });
    let looked = e.now + behind - Span::secs(310);
    e.signal("witness-primary", Vantage::Witness, Unhealthy, looked);
    let last = e.decisions.last().expect("a decision");
    assert_eq!(last.noted, drd_state_machine::reading::Noted::Stale);
}

#[test]
fn another_diagnosis_at_the_last_look_must_earn_its_own_hold_down() {
    let mut e = estate();
    e.region_dark();
    e.wait_for("fencing", 65);
    // The region answers again, its database does not: Aurora may be about to mend itself.
    e.verdicts
        .insert((Vantage::ControlPlane, Side::Primary), Healthy);
    e.view.sides[0] = Some(side_view(0));
    if let Some(view) = &mut e.view.sides[0] {
        view.database_available = Some(false);
    }
    e.poll_all();
    assert_eq!(e.record.facts.diagnosis.is, Diagnosis::DatabaseDown);
    e.wait(10);
    assert_eq!(e.state(), "suspecting", "{}", e.story());
    e.wait_for("promoting", 35);
}

#[test]
fn another_diagnosis_at_the_last_look_must_be_drds_to_act_on() {
    let mut e = estate();
    e.setup.policy.autonomy.remove(&Diagnosis::DatabaseDown);
    e.setup.policy.hold_down_for.clear();
    e.region_dark();
    e.wait_for("fencing", 65);
    e.verdicts
        .insert((Vantage::ControlPlane, Side::Primary), Healthy);
    e.view.sides[0] = Some(side_view(0));
    if let Some(view) = &mut e.view.sides[0] {
        view.database_available = Some(false);
    }
    e.poll_all();
    e.wait(300);
    assert_eq!(e.mutations(), ["prescale standby to 6"]);
}

#[test]
fn a_scale_back_that_is_refused_is_tried_again_and_one_that_is_denied_is_paged() {
    let mut e = estate();
    e.region_dark();
    e.wait(20);
    e.region_back();
    e.wait(601);
    e.ends(Kind::ScaleBack, crate::estate::refused());
    e.wait(40);
    assert_eq!(e.asked(Kind::ScaleBack).len(), 2);
    e.ends(Kind::ScaleBack, crate::estate::denied());
    assert_eq!(e.pages().len(), 1);
    e.wait(600);
    assert_eq!(e.asked(Kind::ScaleBack).len(), 2);
}

#[test]
fn a_prescale_that_is_denied_is_paged() {
    let mut e = estate();
    e.region_dark();
    e.wait(20);
    e.ends(Kind::Prescale, crate::estate::denied());
    assert_eq!(e.pages().len(), 1);
    e.wait_for("promoting", 60);
}

/// `--why` compares with the wait that counts: without pushed samples a lossy move waits longer.
#[test]
fn the_explained_hold_down_is_the_one_that_is_waited_for() {
    let mut e = estate();
    e.setup.policy.hold_down = Span::secs(6);
    e.region_dark();
    e.wait(20);
    assert_eq!(e.state(), "suspecting");
    let seen = assess(&e.record, &e.setup, e.now);
    let lines = explain(&e.record.facts, &e.setup, e.now, &seen);
    let line = lines.iter().find(|line| line.code == "hold_down");
    let line = line.expect("the hold-down");
    assert_eq!(line.met, Unhealthy, "{}", line.text);
}
