//! The last moment that still counts and the first that does not, of everything that is waited for
//! or grows old. Found by changing the code on purpose; the other limits are in `edges`.
//!
//! Deliberately absent: conditions that are no matter of time (`edges`).

use crate::estate::{Estate, Healthy, Unhealthy, Unknown, estate};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Event, LagSource, Side, Vantage};
use drd_state_machine::gates::event_path_silent;
use drd_state_machine::policy::{
    HEARTBEAT_SILENT, LOST, OWN_FRESH, QUARANTINE, READY_FRESH, SETTLE,
};
use drd_state_machine::time::{Span, Time};

const MOMENT: Span = Span::millis(1);

/// The next event comes at this moment, and nothing else is received until then.
fn tick_at(e: &mut Estate, at: Time) {
    e.now = at;
    e.give(Event::Tick);
}

/// An outage before which the lag was unknown already. Gives when the slice of detection is used up.
fn dark_without_lag(e: &mut Estate) -> Time {
    e.lag = None;
    e.record.facts.evidence.lag = Default::default();
    e.wait(60);
    e.region_dark();
    e.wait(55);
    let first_bad = e.record.facts.evidence.first_bad_at.expect("an outage");
    first_bad + e.setup.policy.budget.detect
}

#[test]
fn the_event_path_is_silent_after_its_limit_and_not_at_it() {
    let e = estate();
    let facts = &e.record.facts;
    let last = facts.heartbeat_at.expect("one came back") + HEARTBEAT_SILENT;
    assert_eq!(event_path_silent(facts, last), None);
    let silent = HEARTBEAT_SILENT + MOMENT;
    assert_eq!(event_path_silent(facts, last + MOMENT), Some(silent));
}

#[test]
fn an_attempt_is_lost_after_its_limit_and_not_at_it() {
    let mut e = estate();
    e.promoting();
    let lost = e.now + LOST;
    e.wait(LOST.0 / 1000);
    assert_eq!((e.now, e.asked(Kind::Promote).len()), (lost, 1));
    tick_at(&mut e, lost + MOMENT);
    assert_eq!(e.asked(Kind::Promote).len(), 2);
}

/// The lag was unknown before the outage, and may still become known.
#[test]
fn what_may_still_become_known_is_waited_for_until_the_slice_of_detection_is_used_up() {
    let mut e = estate();
    let over = dark_without_lag(&mut e);
    e.wait((over - e.now).0 / 1000 - 1);
    tick_at(&mut e, over - MOMENT);
    assert_eq!(e.state(), "suspecting", "{}", e.story());
    tick_at(&mut e, over);
    assert_eq!(e.state(), "held", "{}", e.story());
}

#[test]
fn an_episode_that_no_sensor_reports_any_more_ends_after_its_limit_and_not_at_it() {
    let mut e = estate();
    e.reports(Vantage::Witness, Unhealthy);
    let first_bad = e.record.facts.evidence.first_bad_at;
    assert_eq!(first_bad, Some(e.now));
    e.reports(Vantage::Witness, Unknown);
    let last = first_bad.expect("just seen") + e.setup.policy.event_max_age;
    tick_at(&mut e, last);
    assert_eq!(e.record.facts.evidence.first_bad_at, first_bad);
    tick_at(&mut e, last + MOMENT);
    assert_eq!(e.record.facts.evidence.first_bad_at, None);
}

#[test]
fn a_healthy_report_of_the_same_moment_contradicts_nothing() {
    let mut e = estate();
    e.reports(Vantage::Witness, Unhealthy);
    let first_bad = e.record.facts.evidence.first_bad_at;
    e.signal("probe-primary", Vantage::Probe, Healthy, e.now);
    e.reports(Vantage::Witness, Unknown);
    assert_eq!(e.record.facts.evidence.first_bad_at, first_bad);
    e.reports(Vantage::Probe, Healthy);
    assert_eq!(e.record.facts.evidence.first_bad_at, None);
}

#[test]
fn a_sensor_that_flaps_does_not_contradict_a_quorum_of_others() {
    let mut e = estate();
    for verdict in [Unhealthy, Healthy, Unhealthy, Healthy, Unhealthy] {
        e.reports(Vantage::Witness, verdict);
    }
    e.verdicts.remove(&(Vantage::Witness, Side::Primary));
    e.reports(Vantage::Route53, Unhealthy);
    e.reports(Vantage::Probe, Unhealthy);
    let corroborated = e.record.facts.evidence.corroborated_at;
    assert_eq!(corroborated, Some(e.now));
    e.reports(Vantage::Witness, Healthy);
    assert_eq!(e.record.facts.evidence.corroborated_at, corroborated);
    // The own probe's good report always counts.
    e.reports(Vantage::Probe, Healthy);
    assert_eq!(e.record.facts.evidence.corroborated_at, None);
}

#[test]
fn the_observer_is_proven_by_a_look_after_the_quorum_and_shortly_before_it() {
    let mut e = estate();
    e.region_dark();
    e.wait_for("suspecting", 20);
    let picture = drd_state_machine::assess(&e.record, &e.setup, e.now);
    let mut facts = e.record.facts.clone();
    let since = facts.evidence.corroborated_at.expect("a quorum");
    facts.evidence.references.at = since - OWN_FRESH;
    assert!(picture.observer_proven(&facts));
    facts.evidence.references.at = since - OWN_FRESH - MOMENT;
    assert!(!picture.observer_proven(&facts));
}

#[test]
fn a_short_gap_between_two_daemons_is_no_blindness() {
    for more in [Span::ZERO, MOMENT] {
        let mut e = estate();
        let before = e.record.facts.evidence.observer_ok_since;
        e.now = e.now + OWN_FRESH + more;
        e.give(Event::Started);
        let expected = if more == MOMENT { e.now } else { before };
        assert_eq!(e.record.facts.evidence.observer_ok_since, expected);
    }
}

#[test]
fn a_clock_error_counts_from_its_limit_on() {
    for (error, counts) in [(14_999, 0), (15_000, 15_000), (-15_000, -15_000)] {
        let mut e = estate();
        e.give(Event::HeartbeatReturned {
            sent_at: e.now,
            stamped_at: e.now + Span::millis(error),
            earlier_lost: false,
        });
        assert_eq!(e.record.facts.clock_error, Span::millis(counts));
    }
}

#[test]
fn a_check_that_gives_no_answer_keeps_its_last_one_for_its_limit_alone() {
    for (more, stays) in [(Span::ZERO, true), (MOMENT, false)] {
        let mut e = estate();
        e.now = e.record.facts.readiness.checked_at + READY_FRESH + more;
        e.readiness = Unknown;
        e.check();
        let kept = e.record.facts.readiness.checks[0].verdict;
        assert_eq!(kept == Healthy, stays);
    }
}

#[test]
fn a_new_daemon_waits_for_requests_whose_quarantine_was_not_over_by_the_newest_line() {
    for (left, waits) in [(MOMENT, true), (Span::ZERO, false)] {
        let mut e = estate();
        let until = e.now - QUARANTINE + left;
        e.record.facts.unanswered = Some(drd_state_machine::record::Unanswered {
            to: Side::Standby,
            until,
        });
        e.now = e.now + Span::secs(60);
        e.give(Event::Started);
        let kept = e.record.facts.unanswered.map(|u| u.until);
        assert_eq!(kept, Some(if waits { e.now } else { until }));
    }
}

#[test]
fn a_role_change_is_followed_by_the_whole_cool_down() {
    let mut e = estate();
    e.exposed();
    let ended = e.record.facts.incident.as_ref().and_then(|i| i.ended_at);
    let over = ended.map(|t| t + e.setup.policy.cool_down);
    assert_eq!(Some(e.record.facts.cool_down_until), over);
}

/// What an event looks like that was delivered again after the clock's error became known.
#[test]
fn an_event_that_comes_again_under_another_time_is_the_same_event() {
    let mut e = estate();
    e.reports(Vantage::Witness, Unhealthy);
    let before = e.record.facts.evidence.clone();
    let known = before
        .readings
        .iter()
        .find(|r| r.vantage == Vantage::Witness && r.side == Side::Primary)
        .expect("it reported");
    let again = drd_state_machine::event::Signal {
        id: known.id.clone(),
        sensor: "witness-primary".into(),
        verdict: Unhealthy,
        observed_at: e.now + Span::secs(1),
        good_at: None,
    };
    e.now = e.now + Span::secs(2);
    e.give(Event::Signalled(again));
    let after = &e.record.facts.evidence;
    assert_eq!(after.readings, before.readings);
    assert_eq!(after.first_bad_at, before.first_bad_at);
}

#[test]
fn as_many_lag_samples_are_kept_as_count() {
    let mut e = estate();
    for more in 0..60 {
        e.sample(e.now - Span::secs(60 - more), Span::secs(1));
    }
    let lag = e.record.facts.evidence.lag.of(LagSource::Events);
    // Ten minutes of samples, one every 30 s.
    assert_eq!(lag.len(), 20);
    assert_eq!(lag.last().map(|s| s.taken_at), Some(e.now - Span::secs(1)));
}

#[test]
fn a_clock_that_is_set_back_by_less_than_its_limit_is_not_followed() {
    for (back, moves) in [(Span::secs(2), false), (Span::secs(2) + MOMENT, true)] {
        let mut e = estate();
        let before = e.record.facts.started_at;
        e.now = e.now - back;
        e.give(Event::Tick);
        assert_eq!(e.record.facts.started_at != before, moves, "{back}");
    }
}

/// A daemon that starts in the middle of an outage has not received every report yet; it matters
/// where the hold-down is shorter than that takes.
#[test]
fn a_new_daemon_settles_before_it_calls_a_gate_closed() {
    let mut e = estate();
    e.setup.policy.hold_down = Span::secs(5);
    e.setup.policy.lag_delivery = Span::ZERO;
    e.setup.policy.lag_read_delivery = Span::ZERO;
    e.setup.policy.lag_period = Span::secs(5);
    e.now = dark_without_lag(&mut e) - Span::secs(5);
    e.give(Event::Started);
    e.poll_all();
    let settled = e.record.facts.started_at + SETTLE;
    e.wait((settled - e.now).0 / 1000 - 1);
    tick_at(&mut e, settled - MOMENT);
    assert_eq!(e.state(), "suspecting", "{}", e.story());
    tick_at(&mut e, settled);
    assert_eq!(e.state(), "held", "{}", e.story());
}

/// A sample that was taken at the onset is no evidence of what came after it.
#[test]
fn replication_got_past_an_onset_only_after_it() {
    let e = estate();
    let evidence = &e.record.facts.evidence;
    let newest = evidence.lag.newest().expect("samples");
    let (taken, shown) = (newest.taken_at, newest.position());
    assert_eq!(evidence.alive_at(shown), None);
    assert_eq!(evidence.alive_at(shown - MOMENT), Some(taken));
}
