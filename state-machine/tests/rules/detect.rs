//! What counts as an outage: votes of fault domains, freshness, the hold-down, the veto.
//!
//! Deliberately absent: whether to act on it (`decide`).

use crate::estate::{Healthy, Unhealthy, Unknown, estate, name};
use drd_state_machine::command::Kind;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Event, Outcome, Side, Signal, Vantage};
use drd_state_machine::policy::Sensor;
use drd_state_machine::reading::Noted;
use drd_state_machine::time::Span;
use std::sync::Arc;

#[test]
fn one_alarm_alone_never_fails_over() {
    for vantage in [Vantage::Witness, Vantage::Route53, Vantage::Probe] {
        let mut e = estate();
        e.reports(vantage, Unhealthy);
        e.wait(1200);
        assert_eq!(e.state(), "watching");
        e.hands_off();
        assert_eq!(e.pages().len(), 1, "gray is paged once: {:?}", e.pages());
    }
}

#[test]
fn an_alarm_of_the_region_alone_is_no_evidence_about_its_endpoint() {
    let mut e = estate();
    e.reports(Vantage::Inside, Unhealthy);
    e.reports(Vantage::ControlPlane, Unhealthy);
    e.wait(1200);
    assert_eq!(e.state(), "watching");
    e.hands_off();
}

#[test]
fn two_sensors_of_one_fault_domain_are_one_vote() {
    let mut e = estate();
    e.setup.sensors.push(Sensor {
        name: Arc::from("second-witness"),
        vantage: Vantage::Witness,
        side: Side::Primary,
    });
    e.give(Event::Started);
    e.reports(Vantage::Witness, Unhealthy);
    for _ in 0..60 {
        e.signal("second-witness", Vantage::Witness, Unhealthy, e.now);
        e.wait(10);
    }
    assert_eq!(e.record.facts.diagnosis.is, Diagnosis::Gray);
    assert_eq!(e.state(), "watching");
    e.hands_off();
}

#[test]
fn a_healthy_sensor_outweighs_its_sibling_in_the_same_domain() {
    let mut e = estate();
    e.setup.sensors.push(Sensor {
        name: Arc::from("second-witness"),
        vantage: Vantage::Witness,
        side: Side::Primary,
    });
    e.give(Event::Started);
    e.reports(Vantage::Route53, Unknown);
    e.reports(Vantage::Witness, Unhealthy);
    e.reports(Vantage::Probe, Unhealthy);
    for _ in 0..30 {
        e.signal("second-witness", Vantage::Witness, Healthy, e.now);
        e.wait(10);
    }
    e.hands_off();
}

#[test]
fn a_43_second_partition_never_triggers() {
    let mut e = estate();
    e.region_dark();
    e.wait(43);
    assert_eq!(e.state(), "suspecting");
    e.region_back();
    e.wait(601);
    e.ends(Kind::ScaleBack, Outcome::Done);
    e.wait(600);
    assert_eq!(e.state(), "watching");
    // Only the cheap, reversible preparation, taken back.
    assert_eq!(
        e.done(),
        ["prescale standby to 6", "scale_back standby to 1"]
    );
}

#[test]
fn the_hold_down_is_sixty_seconds_to_the_second() {
    let mut e = estate();
    e.region_dark();
    e.wait(59);
    assert_eq!(e.state(), "suspecting");
    e.wait(1);
    assert_ne!(e.state(), "suspecting");
}

#[test]
fn database_down_waits_for_auroras_own_failover() {
    let mut e = estate();
    e.database_down();
    e.wait(89);
    assert_eq!(e.state(), "suspecting");
    assert_eq!(e.mutations(), ["prescale standby to 6"]);
    e.wait(2);
    assert_ne!(e.state(), "suspecting");
}

#[test]
fn failed_readings_never_make_a_quorum() {
    let mut e = estate();
    e.endpoint(Unknown);
    e.poll_all();
    e.wait(280);
    assert_eq!(e.state(), "watching");
    e.hands_off();
    e.wait(1200);
    e.hands_off();
    let pages = e.pages();
    assert!(pages[0].starts_with("not armed for 60 s: 0 of 3 fault domains are live"));
    assert!(pages[1].starts_with("unclear for 300 s"));
    assert_eq!(pages.len(), 2, "blindness is paged: {pages:?}");
}

#[test]
fn unknown_neither_counts_nor_resets_the_hold_down() {
    let mut e = estate();
    e.region_dark();
    e.wait(20);
    e.endpoint(Unknown);
    e.poll_all();
    e.wait(45);
    // 65 s after the quorum, but no sensor reports down at this moment.
    assert_eq!(e.state(), "suspecting");
    assert_eq!(e.mutations(), ["prescale standby to 6"]);
    e.endpoint(Unhealthy);
    e.poll_all();
    assert_ne!(e.state(), "suspecting", "the window was not reset");
}

#[test]
fn a_healthy_report_during_the_hold_down_resets_it() {
    let mut e = estate();
    e.region_dark();
    e.wait(50);
    e.reports(Vantage::Probe, Healthy);
    assert_eq!(e.state(), "watching");
    e.reports(Vantage::Probe, Unhealthy);
    e.wait(55);
    assert_eq!(e.state(), "suspecting");
    e.wait(10);
    assert_ne!(e.state(), "suspecting");
}

#[test]
fn a_flapping_sensor_counts_as_unknown() {
    let mut e = estate();
    e.reports(Vantage::Witness, Unhealthy);
    for _ in 0..6 {
        e.reports(Vantage::Probe, Unhealthy);
        e.wait(30);
        e.reports(Vantage::Probe, Healthy);
        e.wait(30);
    }
    e.reports(Vantage::Probe, Unhealthy);
    e.wait(55);
    assert_eq!(e.state(), "watching");
    e.changes_no_role();
    e.wait(10);
    assert_eq!(
        e.state(),
        "suspecting",
        "it has reported the same for a hold-down"
    );
}

#[test]
fn an_outage_that_comes_and_goes_has_not_lasted() {
    let mut e = estate();
    // All sensors flap, so that none of them counts, and then all is well for minutes.
    for _ in 0..2 {
        e.region_dark();
        e.wait(20);
        e.region_back();
        e.wait(3);
    }
    e.wait(240);
    e.region_dark();
    let began = e.now;
    e.wait(59);
    assert_eq!(e.asked(Kind::Promote).len(), 0, "{}", e.story());
    assert_ne!(e.state(), "fencing");
    e.wait_for("promoting", 60);
    let incident = e.record.facts.incident.as_ref().expect("open");
    assert!(incident.decided_at - began >= Span::secs(60));
}

#[test]
fn silence_while_the_observer_was_cut_off_is_not_silence() {
    let mut e = estate();
    e.endpoint(Unhealthy);
    e.lag = None;
    e.view.sides[0] = None;
    e.verdicts.remove(&(Vantage::Inside, Side::Primary));
    e.poll_all();
    e.wait(5);
    assert_eq!(e.state(), "suspecting");
    e.references = Unhealthy;
    e.wait(200);
    e.changes_no_role();
    // Its references answer again: nothing was received for 200 s, and that proves nothing.
    e.references = Healthy;
    e.wait(100);
    assert_eq!(e.state(), "suspecting");
    assert_eq!(e.record.facts.diagnosis.is, Diagnosis::Unclear);
    e.changes_no_role();
    e.wait(25);
    assert_eq!(e.record.facts.diagnosis.is, Diagnosis::DatabaseDown);
}

#[test]
fn while_cut_off_nothing_is_done_and_it_is_paged() {
    let mut e = estate();
    e.region_dark();
    e.references = Unhealthy;
    e.look();
    e.wait(600);
    e.changes_no_role();
    assert!(e.pages().iter().any(|p| p.contains("observer_isolated")));
}

#[test]
fn a_lag_sample_after_the_onset_vetoes() {
    let mut e = estate();
    e.region_dark();
    e.lag = Some(Span::secs(1));
    e.wait(900);
    assert_eq!(e.record.facts.diagnosis.is, Diagnosis::Gray);
    assert_eq!(e.state(), "suspecting");
    assert_eq!(e.mutations(), ["prescale standby to 6"]);
    let pages = e.pages();
    assert_eq!(pages.len(), 4, "{pages:?}");
    assert!(pages[0].starts_with("gray for 60 s"), "{pages:?}");
    assert!(
        pages[1..]
            .iter()
            .all(|p| p.contains("replication advances"))
    );
}

#[test]
fn a_growing_lag_of_a_dead_writer_is_no_veto() {
    let mut e = estate();
    e.region_dark();
    let onset = e.now;
    for _ in 0..6 {
        e.wait(10);
        e.sample(e.now, e.now - onset + Span::secs(1));
    }
    e.wait(1);
    assert_eq!(e.record.facts.diagnosis.is, Diagnosis::RegionDark);
    assert_ne!(e.state(), "suspecting");
}

#[test]
fn a_lone_liar_that_the_probe_contradicts_does_not_start_the_objective() {
    let mut e = estate();
    e.reports(Vantage::Witness, Unhealthy);
    e.wait(250);
    e.hands_off();
    e.region_dark();
    let quorum = e.now;
    e.wait_for("fencing", 65);
    let incident = e
        .record
        .facts
        .incident
        .clone()
        .expect("an incident is open");
    let began = incident.first_bad_at - quorum;
    assert!(began >= Span::secs(-5) && began <= Span::ZERO, "{began}");
}

#[test]
fn the_same_delivery_again_changes_nothing() {
    let mut e = estate();
    let word = Event::Signalled(Signal {
        id: Arc::from("m-1"),
        sensor: Arc::from(name(Vantage::Witness, Side::Primary)),
        verdict: Unhealthy,
        observed_at: e.now,
        good_at: None,
    });
    assert_eq!(e.give(word.clone()).noted, Noted::Changed);
    let before = e.record.clone();
    for _ in 0..5 {
        assert_eq!(e.give(word.clone()).noted, Noted::Duplicate);
    }
    assert_eq!(e.record, before);
}

#[test]
fn an_old_report_that_comes_late_changes_nothing() {
    let mut e = estate();
    let looked = e.now;
    e.wait(20);
    e.reports(Vantage::Witness, Healthy);
    e.signal("witness-primary", Vantage::Witness, Unhealthy, looked);
    let last = e.decisions.last().expect("a decision");
    assert_eq!(last.noted, Noted::Late);
    assert_eq!(e.record.facts.evidence.first_bad_at, None);
}

#[test]
fn a_report_older_than_the_limit_is_ignored() {
    let mut e = estate();
    e.verdicts.remove(&(Vantage::Witness, Side::Primary));
    e.wait(400);
    let looked = e.now - Span::secs(301);
    e.signal("witness-primary", Vantage::Witness, Unhealthy, looked);
    assert_eq!(e.decisions.last().expect("a decision").noted, Noted::Stale);
}

#[test]
fn a_sensor_that_is_not_configured_is_ignored() {
    let mut e = estate();
    let before = e.record.clone();
    e.signal("stranger", Vantage::Witness, Unhealthy, e.now);
    assert_eq!(
        e.decisions.last().expect("a decision").noted,
        Noted::UnknownSensor
    );
    assert_eq!(e.record, before);
}

#[test]
fn a_heartbeat_that_stays_away_disarms_and_is_paged_once() {
    let mut drd = estate();
    drd.wait(70);
    assert!(drd.record.facts.armed);
    for _ in 0..300 {
        drd.now = drd.now + drd_state_machine::time::Span::secs(1);
        drd.look();
    }
    assert!(!drd.record.facts.armed);
    let sent = drd
        .pages()
        .iter()
        .filter(|p| p.contains("heartbeat"))
        .count();
    assert_eq!(sent, 1, "{:?}", drd.pages());
}

#[test]
fn a_quorum_that_nothing_explains_is_paged_within_the_detect_slice() {
    let mut e = estate();
    e.endpoint(Unhealthy);
    e.verdicts.remove(&(Vantage::ControlPlane, Side::Primary));
    e.poll_all();
    e.wait(110);
    assert_eq!(e.state(), "suspecting");
    e.changes_no_role();
    assert_eq!(e.pages().len(), 1, "{:?}", e.pages());
    assert!(e.pages()[0].contains("cannot tell what is down"));
}

#[test]
fn each_outage_is_paged_although_something_else_is_wrong_all_the_time() {
    let mut e = estate();
    e.may_only_advise_on(Diagnosis::ApplicationDown);
    e.readiness = Unhealthy;
    e.check();
    e.wait(400);
    e.forget();
    for _ in 0..2 {
        e.application_down();
        e.wait(100);
        e.region_back();
        e.wait(700);
    }
    let advice = |p: &&&str| p.starts_with("advice");
    assert_eq!(
        e.pages().iter().filter(advice).count(),
        2,
        "{:?}",
        e.pages()
    );
}
