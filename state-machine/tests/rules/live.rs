//! Fault domains that are live, and what a change that was sent shows of the looks before it.
//!
//! Deliberately absent: what the domains report (`detect`).

use crate::estate::{Estate, Healthy, Unhealthy, Unknown, estate};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Event, Side, Signal, Vantage};
use drd_state_machine::gates::{limits, not_armed};
use drd_state_machine::time::{Span, Time};

#[test]
fn what_drd_leaves_to_people_is_named_whatever_is_seen() {
    let mut e = estate();
    let left = |e: &Estate| -> Vec<Diagnosis> {
        let limits = limits(&e.record.facts, &e.setup);
        limits.into_iter().map(|limit| limit.diagnosis).collect()
    };
    assert_eq!(left(&e), []);
    e.setup.home = Some(Side::Standby);
    assert_eq!(left(&e), [], "it runs where nothing serves");
    e.setup.home = Some(Side::Primary);
    assert_eq!(left(&e), [Diagnosis::RegionDark]);
    e.may_only_advise_on(Diagnosis::EdgeDown);
    assert_eq!(left(&e), [Diagnosis::RegionDark, Diagnosis::EdgeDown]);
    e.wait(5);
    assert!(e.record.facts.armed, "for the others");
}

#[test]
fn a_daemon_that_may_act_on_nothing_is_not_armed() {
    let mut e = estate();
    for diagnosis in Diagnosis::ALL.into_iter().filter(|of| of.has_ladder()) {
        assert!(e.record.facts.armed, "before {diagnosis}");
        e.may_only_advise_on(diagnosis);
        e.wait(5);
    }
    assert!(!e.record.facts.armed);
    let seen = drd_state_machine::assess(&e.record, &e.setup, e.now);
    let why = not_armed(&e.record.facts, &e.setup, e.now, &seen);
    assert_eq!(why, ["no diagnosis has autonomy act: people act on all"]);
}

/// A domain is silent after its report has aged (rule 1); one that is left cannot make a quorum.
#[test]
fn too_few_live_domains_are_not_armed_and_are_paged_once_with_their_names() {
    let mut e = estate();
    e.verdicts.remove(&(Vantage::Witness, Side::Primary));
    e.wait(200);
    assert!(e.record.facts.armed, "probe and route53 are two");
    e.quiet();
    e.verdicts.remove(&(Vantage::Route53, Side::Primary));
    let readings = &e.record.facts.evidence.readings;
    let last = readings.iter().find(|r| &*r.sensor == "route53-primary");
    let age = e.now - last.expect("it has reported").observed_at;
    e.wait(135 - age.0 / 1000);
    assert!(
        e.record.facts.armed,
        "the last state of the alarm counts for 135 s"
    );
    e.wait(1);
    assert!(!e.record.facts.armed);
    let seen = drd_state_machine::assess(&e.record, &e.setup, e.now);
    assert_eq!(seen.live, [false, false, true]);
    let why = not_armed(&e.record.facts, &e.setup, e.now, &seen);
    let text =
        "1 of 3 fault domains are live, and the quorum is 2: nothing fresh from witness, route53";
    assert_eq!(why, [text]);
    e.wait(59);
    assert_eq!(e.pages(), [""; 0]);
    e.wait(1200);
    let page = format!(
        "not armed for 60 s: {text}. No outage can be confirmed. No role was changed; look at the sensors named, drd arms itself once they report"
    );
    assert_eq!(e.pages(), [page]);
    e.forget();
    e.reports(Vantage::Witness, Healthy);
    assert!(e.record.facts.armed);
    e.hands_off();
}

/// Another spell is paged again, but what comes and goes at most every 5 min.
#[test]
fn domains_that_fall_silent_again_are_paged_at_most_every_five_minutes() {
    let mut e = estate();
    let silent = |e: &mut Estate, seconds| {
        e.endpoint(Unknown);
        e.poll_all();
        e.wait(seconds);
        e.endpoint(Healthy);
        e.poll_all();
        e.wait(30);
    };
    let paged = |e: &Estate| {
        let pages = e.pages();
        pages.iter().filter(|p| p.starts_with("not armed")).count()
    };
    silent(&mut e, 90);
    assert_eq!(paged(&e), 1, "{:?}", e.pages());
    silent(&mut e, 90);
    assert_eq!(paged(&e), 1);
    e.wait(300);
    silent(&mut e, 90);
    assert_eq!(paged(&e), 2);
}

/// The references fail: that is paged, and the probe is no domain of its own while they do.
#[test]
fn a_daemon_that_is_cut_off_is_paged_for_that_and_not_for_the_silence() {
    let mut e = estate();
    e.references = Unhealthy;
    e.endpoint(Unknown);
    e.poll_all();
    e.wait(120);
    let pages = e.pages();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert!(pages[0].starts_with("observer_isolated"), "{pages:?}");
}

/// The report of a change may be lost, and the next one come much later: the witness itself reports when it
/// last saw the endpoint well, and a quorum of others that began before that begins anew there (rule 4).
#[test]
fn a_witness_that_turns_bad_reports_when_it_was_last_good() {
    let mut e = an_alarm_arrives_late();
    let good_at = e.now - Span::secs(11);
    witness_turned(&mut e, Some(good_at));
    // As long as that reading is fresh there is no quorum.
    assert_eq!(e.record.facts.evidence.corroborated_at, None);
    e.wait(10);
    let since = e.record.facts.evidence.corroborated_at;
    assert_eq!(since, Some(good_at), "{}", e.story());
}

/// What it does not report is not known: no good reading is made up, and the quorum starts where it did.
#[test]
fn a_witness_that_is_bad_after_silence_was_not_good_just_before() {
    let mut e = an_alarm_arrives_late();
    let alarm = e.now - Span::secs(50);
    witness_turned(&mut e, None);
    let evidence = &e.record.facts.evidence;
    assert_eq!(evidence.corroborated_at, Some(alarm), "{}", e.story());
    assert!(evidence.first_bad_at < Some(alarm), "{}", e.story());
}

/// It cannot have seen it well after it saw it bad: a date of the future makes nothing anew.
#[test]
fn a_witness_was_last_good_no_later_than_it_looked() {
    let mut e = an_alarm_arrives_late();
    let looked = e.now - Span::secs(1);
    witness_turned(&mut e, Some(looked + Span::secs(600)));
    let since = e.record.facts.evidence.corroborated_at;
    assert!(since <= Some(looked), "{since:?}: {}", e.story());
}

/// drd's own probe is bad for 111 s, the witness is silent for the last 51 of them, and what the alarm saw 50 s
/// ago arrives.
fn an_alarm_arrives_late() -> Estate {
    let mut e = estate();
    e.verdicts
        .insert((Vantage::Probe, Side::Primary), Unhealthy);
    e.wait(60);
    e.verdicts.remove(&(Vantage::Witness, Side::Primary));
    e.reports(Vantage::Witness, Healthy);
    let alarm = e.now + Span::secs(1);
    e.verdicts.remove(&(Vantage::Witness, Side::Primary));
    e.verdicts.remove(&(Vantage::Route53, Side::Primary));
    e.wait(50);
    e.signal("route53-primary", Vantage::Route53, Unhealthy, alarm);
    e.wait(1);
    e
}

/// The witness's first bad report arrives; it looked a second ago.
fn witness_turned(e: &mut Estate, good_at: Option<Time>) {
    let observed_at = e.now - Span::secs(1);
    e.give(Event::Signalled(Signal {
        id: "turned".into(),
        sensor: "witness-primary".into(),
        verdict: Unhealthy,
        observed_at,
        good_at,
    }));
}

/// drd was being cut off when its probe went bad: the reading of a moment before proves nothing about the
/// endpoint, and 200 s in which users were served do not count as dark once they are down in truth.
#[test]
fn what_the_probe_met_as_drd_was_cut_off_dates_no_outage() {
    let mut e = estate();
    e.lag = None;
    e.reports(Vantage::Probe, Unhealthy);
    assert!(e.record.facts.evidence.first_bad_at.is_some());
    e.references = Unhealthy;
    e.look();
    assert_eq!(e.record.facts.evidence.first_bad_at, None);
    e.wait(200);
    e.references = Healthy;
    e.database_down();
    let dark = e.now;
    e.wait(120);
    let seen = drd_state_machine::assess(&e.record, &e.setup, e.now);
    let position = e.record.facts.evidence.position().expect("a sample");
    let served = dark - position;
    assert!(
        seen.loss
            .is_some_and(|loss| loss >= served - Span::secs(20)),
        "{:?} of {served}",
        seen.loss
    );
    assert_eq!(e.asked(Kind::Promote), [] as [&Command; 0]);
}

/// What never saw it bad cannot hold up a quorum that another sensor took back.
#[test]
fn a_quorum_that_one_sensor_took_back_is_over_though_a_third_reports_unknown() {
    let mut e = estate();
    e.verdicts.remove(&(Vantage::Witness, Side::Primary));
    e.verdicts.remove(&(Vantage::Route53, Side::Primary));
    e.reports(Vantage::Witness, Unknown);
    e.reports(Vantage::Route53, Unhealthy);
    e.reports(Vantage::Probe, Unhealthy);
    assert!(e.record.facts.evidence.corroborated_at.is_some());
    e.reports(Vantage::Route53, Healthy);
    assert_eq!(e.record.facts.evidence.corroborated_at, None);
}

/// Somebody moves the roles to a side whose endpoint was bad for ten minutes: users were not there, and the outage
/// of theirs begins with the move.
#[test]
fn what_a_side_reported_before_it_served_dates_no_outage() {
    let mut e = estate();
    for vantage in [Vantage::Witness, Vantage::Route53, Vantage::Probe] {
        e.verdicts.insert((vantage, Side::Standby), Unhealthy);
    }
    e.wait(600);
    e.writer_is(Side::Standby);
    if let Some(global) = &mut e.view.global {
        global.replica_connected = true;
    }
    e.view.latch = Some(Side::Standby);
    e.view.dns = Some(Side::Standby);
    let before = e.now;
    e.wait(300);
    assert_eq!(e.active(), Side::Standby, "{}", e.story());
    let first_bad_at = e.record.facts.evidence.first_bad_at;
    assert!(
        first_bad_at >= Some(before),
        "{first_bad_at:?}: {}",
        e.story()
    );
}
