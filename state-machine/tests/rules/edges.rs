//! Exact limits: the last moment that still counts, and the first that does not; and of each
//! condition of a proof, that it alone is not enough. Found by changing the code on purpose.
//!
//! Deliberately absent: limits of time (`moments` has most of them).

use crate::common::sample_states;
use crate::estate::{Estate, Healthy, START, Unhealthy, Unknown, estate, unknown_estate};
use drd_state_machine::blocker::Blocker;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Event, Outcome, RoleChange, Side, Vantage, Word};
use drd_state_machine::gates::{not_armed, standing};
use drd_state_machine::policy::{LOOK_FRESH, READY_FRESH};
use drd_state_machine::state::State;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Assessment, assess};

const MOMENT: Span = Span::millis(1);

fn seen(e: &Estate, at: Time) -> Assessment {
    assess(&e.record, &e.setup, at)
}

#[test]
fn a_look_at_our_own_references_counts_for_exactly_its_time() {
    let e = estate();
    let last = e.record.facts.evidence.references.at + LOOK_FRESH;
    assert_eq!(seen(&e, last).observer, Healthy);
    assert_eq!(seen(&e, last + MOMENT).observer, Unknown);
}

#[test]
fn lag_that_uses_up_the_objective_exactly_is_still_within_it() {
    for (more, diagnosis) in [
        (Span::ZERO, Diagnosis::Healthy),
        (MOMENT, Diagnosis::ReplicationStalled),
    ] {
        let mut e = estate();
        let lag = e.setup.policy.rpo - e.setup.policy.lag_period + more;
        e.lag = Some(lag);
        e.wait(150);
        while (e.now - START).0 % 30_000 != 0 {
            e.wait(1);
        }
        assert_eq!(seen(&e, e.now).diagnosis, diagnosis, "{lag}");
    }
}

#[test]
fn silence_of_the_lag_monitor_is_no_finding_before_drd_listened_long_enough() {
    let mut e = unknown_estate();
    e.lag = None;
    e.give(Event::Started);
    e.check();
    e.poll_all();
    let started = e.record.facts.started_at;
    let fresh = e.setup.policy.lag_fresh;
    e.wait(fresh.0 / 1000 - 1);
    assert_eq!(seen(&e, started + fresh).diagnosis, Diagnosis::Healthy);
    let later = seen(&e, started + fresh + MOMENT).diagnosis;
    assert_eq!(later, Diagnosis::ReplicationStalled);
}

/// Traffic has moved; the resolvers have just answered so.
fn verifying() -> Estate {
    let mut e = estate();
    e.redirecting();
    for vantage in [Vantage::Witness, Vantage::Route53, Vantage::Probe] {
        e.verdicts.remove(&(vantage, Side::Standby));
    }
    e.ends(Kind::Redirect, Outcome::Done);
    e.wait(10);
    e.view.dns = Some(Side::Standby);
    e.look();
    assert_eq!(e.state(), "verifying");
    e
}

#[test]
fn only_the_new_side_s_own_endpoint_proves_the_end() {
    let mut e = verifying();
    // The old side's endpoint, and the new side's control plane, prove nothing.
    for vantage in [Vantage::Witness, Vantage::Route53, Vantage::Probe] {
        e.verdicts.insert((vantage, Side::Primary), Healthy);
    }
    e.wait(15);
    assert_eq!(e.state(), "verifying");
    e.verdicts
        .insert((Vantage::Witness, Side::Standby), Unhealthy);
    e.wait(10);
    assert_eq!(e.state(), "verifying");
    e.verdicts
        .insert((Vantage::Witness, Side::Standby), Healthy);
    e.wait_for("exposed", 15);
}

#[test]
fn two_writers_another_writer_or_an_old_look_prove_no_end() {
    let break_it: [fn(&mut Estate); 3] = [
        |e| writers(e, Some(Side::Standby), 2),
        |e| writers(e, Some(Side::Primary), 1),
        |e| e.view.global = None,
    ];
    for broken in break_it {
        let mut e = estate();
        e.redirecting();
        e.ends(Kind::Redirect, Outcome::Done);
        e.wait(10);
        broken(&mut e);
        e.view.dns = Some(Side::Standby);
        e.wait(15);
        assert_eq!(e.state(), "verifying", "{}", e.story());
        let mended = estate().view.global;
        e.view.global = mended;
        writers(&mut e, Some(Side::Standby), 1);
        e.wait_for("exposed", 15);
    }
}

fn writers(e: &mut Estate, writer: Option<Side>, count: u8) {
    if let Some(global) = &mut e.view.global {
        (global.writer, global.writers) = (writer, count);
    }
}

#[test]
fn a_standby_is_back_only_when_all_of_it_is() {
    let break_it: [fn(&mut Estate); 5] = [
        |e| e.view.sides[0] = None,
        |e| {
            if let Some(view) = &mut e.view.sides[0] {
                view.database_available = Some(false);
            }
        },
        |e| connected(e, false),
        |e| e.underway(Side::Primary),
        |e| e.lag = None,
    ];
    for (which, broken) in break_it.into_iter().enumerate() {
        let mut e = estate();
        e.exposed();
        // Longer than samples of the old direction and the last look count.
        e.wait(150);
        e.standby_back();
        broken(&mut e);
        e.wait(60);
        assert_eq!(e.state(), "exposed", "condition {which}: {}", e.story());
        e.standby_back();
        if let Some(global) = &mut e.view.global {
            global.role_change = RoleChange::Idle;
        }
        e.wait_for("watching", 60);
    }
}

fn connected(e: &mut Estate, connected: bool) {
    if let Some(global) = &mut e.view.global {
        global.replica_connected = connected;
    }
}

#[test]
fn without_an_answer_of_its_own_references_drd_does_not_act() {
    let mut e = estate();
    e.references = Unknown;
    // Until the newest answer of the references is too old to count.
    e.wait(LOOK_FRESH.0 / 1000 + 1);
    e.region_dark();
    e.wait(90);
    e.hands_off();
    e.references = Healthy;
    e.wait_for("promoting", 75);
}

#[test]
fn what_cannot_be_taken_back_is_a_change_of_the_writer_and_nothing_else() {
    for kind in Kind::ALL {
        let writer = matches!(kind, Kind::Promote | Kind::Switchover);
        assert_eq!(kind.irreversible(), writer, "{kind}");
        let tells = matches!(kind, Kind::ProveWrite | Kind::Page);
        assert_eq!(kind.mutates(), !tells, "{kind}");
    }
}

#[test]
fn a_decision_is_a_transition_when_the_state_changed() {
    let mut e = estate();
    e.region_dark();
    e.wait_for("suspecting", 30);
    let moved = e.decisions.iter().filter(|d| d.is_transition()).count();
    assert_eq!(moved, 1, "{}", e.story());
}

#[test]
fn a_cool_down_is_over_at_its_end_and_readiness_is_old_after_its_limit() {
    let mut e = estate();
    e.record.facts.cool_down_until = e.now;
    assert_eq!(standing(&e.record.facts, e.now), []);
    let (before, left) = (e.now - MOMENT, MOMENT);
    assert_eq!(
        standing(&e.record.facts, before),
        [Blocker::CoolDown { left }]
    );
    let old = e.record.facts.readiness.checked_at + READY_FRESH;
    assert!(!standing(&e.record.facts, old).contains(&Blocker::ReadinessUnknown));
    let older = old + MOMENT;
    assert!(standing(&e.record.facts, older).contains(&Blocker::ReadinessUnknown));
}

#[test]
fn the_reasons_for_not_being_armed_are_listed_and_an_armed_drd_has_none() {
    let why = |e: &Estate| not_armed(&e.record.facts, &e.setup, e.now, &seen(e, e.now));
    let mut e = estate();
    assert_eq!(why(&e), [""; 0]);
    e.order(Word::Pause);
    assert_eq!(why(&e), ["drd is paused by an operator"]);
    e.order(Word::Resume);
    e.may_only_advise_on(Diagnosis::ApplicationDown);
    e.application_down();
    e.wait(5);
    assert_eq!(why(&e), ["autonomy for application_down is not act"]);
    e.may_act_on(Diagnosis::ApplicationDown);
    assert_eq!(why(&e), [""; 0]);
}

#[test]
fn the_end_of_a_recovery_forgets_what_the_other_direction_showed() {
    let mut e = estate();
    e.exposed();
    let evidence = &e.record.facts.evidence;
    assert_eq!(evidence.lag, Default::default());
    assert_eq!(
        (evidence.first_bad_at, evidence.corroborated_at),
        (None, None)
    );
}

#[test]
fn what_was_recanted_is_closed() {
    let mut e = estate();
    e.region_dark();
    e.wait_for("fencing", 75);
    e.region_back();
    e.wait(20);
    let ended = e.record.facts.incident.as_ref().and_then(|i| i.ended_at);
    assert!(ended.is_some(), "{}", e.story());
    assert_eq!(e.asked(Kind::Promote), [] as [&Command; 0]);
}

#[test]
fn one_silence_inside_is_enough_to_call_a_well_endpoint_gray() {
    for control_plane in [true, false] {
        let mut e = estate();
        if control_plane {
            e.reports(Vantage::ControlPlane, Unhealthy);
            // What the region answers to another question would contradict it.
            e.view.sides[Side::Primary.index()] = None;
            e.wait(20);
        } else if let Some(view) = &mut e.view.sides[Side::Primary.index()] {
            view.database_available = Some(false);
        }
        e.wait(10);
        assert_eq!(seen(&e, e.now).diagnosis, Diagnosis::Gray);
    }
}

/// What our probe met while we were cut off dates nothing; what others saw meanwhile does.
#[test]
fn after_a_blindness_the_probe_s_report_counts_from_the_first_answer_of_the_references() {
    for vantage in [Vantage::Probe, Vantage::Witness] {
        let mut e = estate();
        e.references = Unhealthy;
        e.wait(60);
        e.verdicts
            .retain(|(v, _), _| *v == vantage || !v.sees_endpoint());
        e.reports(vantage, Unhealthy);
        let reported_at = e.now;
        e.wait(60);
        e.references = Healthy;
        e.wait(10);
        let since = e.record.facts.evidence.observer_ok_since;
        let first = e.record.facts.evidence.first_bad_at;
        let expected = if vantage == Vantage::Probe {
            since
        } else {
            reported_at
        };
        assert_eq!(first, Some(expected), "{vantage:?}");
        assert!(since > reported_at);
    }
}

#[test]
fn drd_looks_closely_in_every_state_that_may_lead_to_an_act() {
    let rests: Vec<&str> = sample_states()
        .iter()
        .filter(|s| !s.phase().polls_closely())
        .map(State::name)
        .collect();
    assert_eq!(rests, ["watching", "exposed"]);
    assert!((Span::millis(1500).as_secs_f64() - 1.5).abs() < 1e-9);
}

/// People moved the roles by hand: what was raised on the other side now serves.
#[test]
fn the_side_that_writes_is_never_scaled_back_nor_is_any_while_that_is_unknown() {
    for writer in [None, Some(Side::Standby), Some(Side::Primary)] {
        let mut e = estate();
        e.region_dark();
        e.wait(30);
        assert_eq!(e.asked(Kind::Prescale).len(), 1);
        if let Some(global) = &mut e.view.global {
            global.writer = writer;
        }
        e.look();
        e.region_back();
        e.wait(660);
        assert_eq!(e.state(), "watching");
        let expected = usize::from(writer == Some(Side::Primary));
        assert_eq!(
            e.asked(Kind::ScaleBack).len().min(1),
            expected,
            "{writer:?}"
        );
    }
}

/// Judged only while nothing is suspected: what a failing region does to the status is not documented.
#[test]
fn a_replica_that_is_not_connected_is_no_standby() {
    let mut e = estate();
    let none = |e: &Estate| standing(&e.record.facts, e.now).contains(&Blocker::NoStandby);
    assert!(!none(&e));
    connected(&mut e, false);
    e.look();
    assert!(none(&e) && !e.record.facts.armed);
    e.reports(Vantage::Witness, Unhealthy);
    assert!(!none(&e));
}

/// Paged once: silence is not the end of an episode.
#[test]
fn an_outage_that_no_sensor_reports_for_a_while_is_not_paged_again() {
    let mut e = estate();
    e.may_only_advise_on(Diagnosis::ApplicationDown);
    e.application_down();
    e.wait(150);
    let sent = e.pages().len();
    assert!(sent > 0);
    let verdicts = e.verdicts.clone();
    e.verdicts
        .retain(|(vantage, _), _| *vantage == Vantage::ControlPlane);
    e.wait(e.setup.policy.event_max_age.0 / 1000 + 60);
    assert_eq!(e.record.facts.evidence.first_bad_at, None);
    e.verdicts = verdicts;
    e.wait(150);
    let again = e.pages().iter().filter(|p| p.contains("advice")).count();
    assert_eq!(again, 1, "{:?}", e.pages());
}
