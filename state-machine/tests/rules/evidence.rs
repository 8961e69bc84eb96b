//! What becomes of one report of a sensor and of one lag sample: new, the same again, late, stale.
//! Order is by when the sensor looked, never by arrival.
//!
//! Deliberately absent: what follows from a report (`detect`).

use crate::estate::{Healthy, Unhealthy, Unknown, name, setup};
use drd_state_machine::event::{LagSample, LagSource, Side, Signal, Vantage, Verdict};
use drd_state_machine::evidence::Evidence;
use drd_state_machine::policy::{OWN_FRESH, Policy};
use drd_state_machine::reading::{Noted, Reading};
use drd_state_machine::time::{Span, Time};
use std::sync::Arc;

const NOW: Time = Time(1_767_225_600_000);
const MOMENT: Span = Span::millis(1);
const NO_ERROR: Span = Span::ZERO;

struct Received(Evidence, Policy);

fn received() -> Received {
    let setup = setup();
    Received(Evidence::new(&setup.sensors), setup.policy)
}

impl Received {
    fn reports(&mut self, vantage: Vantage, id: &str, verdict: Verdict, looked: Time) -> Noted {
        let signal = Signal {
            id: Arc::from(id),
            sensor: Arc::from(name(vantage, Side::Primary)),
            verdict,
            observed_at: looked,
            good_at: None,
        };
        self.0.take_signal(&signal, NO_ERROR, NOW, &self.1)
    }

    fn witness(&mut self, id: &str, verdict: Verdict, looked: Time) -> Noted {
        self.reports(Vantage::Witness, id, verdict, looked)
    }

    fn reading(&self, vantage: Vantage) -> &Reading {
        let name = name(vantage, Side::Primary);
        let found = self.0.readings.iter().find(|r| *r.sensor == *name);
        found.expect("it is configured")
    }
}

#[test]
fn a_report_of_the_same_id_or_the_same_moment_is_a_duplicate() {
    let mut received = received();
    assert_eq!(received.witness("1", Unhealthy, NOW), Noted::Changed);
    assert_eq!(
        received.witness("1", Healthy, NOW),
        Noted::Duplicate,
        "its id"
    );
    assert_eq!(
        received.witness("2", Healthy, NOW),
        Noted::Duplicate,
        "its moment"
    );
    assert_eq!(received.reading(Vantage::Witness).verdict, Unhealthy);
}

#[test]
fn the_first_report_counts_although_it_is_of_the_moment_that_nothing_is_known_of() {
    let mut received = received();
    received.1.event_max_age = NOW - Time::default();
    assert_eq!(
        received.witness("1", Healthy, Time::default()),
        Noted::Changed
    );
}

#[test]
fn our_own_readings_have_no_id_and_are_no_duplicates_of_each_other() {
    let mut received = received();
    let probe =
        |received: &mut Received, verdict, at| received.reports(Vantage::Probe, "", verdict, at);
    assert_eq!(probe(&mut received, Healthy, NOW), Noted::Changed);
    assert_eq!(probe(&mut received, Healthy, NOW), Noted::Refreshed);
    assert_eq!(probe(&mut received, Unhealthy, NOW - MOMENT), Noted::Late);
    assert_eq!(probe(&mut received, Unhealthy, NOW), Noted::Changed);
}

#[test]
fn a_pushed_report_is_stale_one_moment_after_its_age_and_our_own_never_is() {
    let mut received = received();
    let oldest = NOW - received.1.event_max_age;
    assert_eq!(
        received.witness("1", Unhealthy, oldest - MOMENT),
        Noted::Stale
    );
    assert_eq!(received.witness("2", Unhealthy, oldest), Noted::Changed);
    let own = received.reports(Vantage::Probe, "", Unhealthy, oldest - MOMENT);
    assert_eq!(own, Noted::Changed);
}

#[test]
fn a_report_counts_for_exactly_its_time() {
    let mut received = received();
    received.witness("1", Unhealthy, NOW);
    received.reports(Vantage::Probe, "", Unhealthy, NOW);
    for (vantage, fresh) in [
        (Vantage::Witness, Span::secs(90)),
        (Vantage::Probe, OWN_FRESH),
    ] {
        let reading = received.reading(vantage);
        assert_eq!(reading.last_verdict(NOW + fresh, &received.1), Unhealthy);
        assert_eq!(
            reading.last_verdict(NOW + fresh + MOMENT, &received.1),
            Unknown
        );
    }
}

#[test]
fn only_a_change_of_mind_is_a_flip_and_three_in_the_window_silence_a_sensor_for_a_hold_down() {
    let mut received = received();
    let at = |seconds| NOW - Span::secs(60) + Span::secs(seconds);
    received.witness("0", Healthy, at(0));
    // Not knowing in between is no change of mind.
    received.witness("1", Unknown, at(1));
    received.witness("2", Healthy, at(2));
    for (n, verdict) in [Unhealthy, Healthy].into_iter().enumerate() {
        let seconds = 3 + i64::try_from(n).expect("small");
        received.witness(&format!("flip {n}"), verdict, at(seconds));
    }
    assert_eq!(
        received
            .reading(Vantage::Witness)
            .current_verdict(NOW, &received.1),
        Healthy
    );
    received.witness("third", Unhealthy, at(9));
    let reading = received.reading(Vantage::Witness);
    assert_eq!(reading.current_verdict(NOW, &received.1), Unknown);
    let first_flip = at(3);
    let quiet = (0..)
        .map(|s| first_flip + Span::secs(s))
        .find(|t| *t > NOW && reading.current_verdict(*t, &received.1) != Unknown);
    let quiet = quiet.expect("it counts again");
    assert_eq!(
        reading.current_verdict(quiet - MOMENT, &received.1),
        Unknown
    );
}

#[test]
fn a_sender_s_clock_is_corrected_and_no_report_is_of_the_future() {
    let mut received = received();
    let signal = |looked| Signal {
        id: Arc::from("1"),
        sensor: Arc::from(name(Vantage::Witness, Side::Primary)),
        verdict: Unhealthy,
        observed_at: looked,
        good_at: None,
    };
    let ahead = Span::secs(30);
    let looked = NOW - Span::secs(5);
    received
        .0
        .take_signal(&signal(looked + ahead), ahead, NOW, &received.1.clone());
    assert_eq!(received.reading(Vantage::Witness).observed_at, looked);
    let mut received = self::received();
    received
        .0
        .take_signal(&signal(NOW + ahead), NO_ERROR, NOW, &received.1.clone());
    assert_eq!(received.reading(Vantage::Witness).observed_at, NOW);
}

#[test]
fn a_sensor_that_is_configured_otherwise_starts_unknown_and_the_others_stay() {
    let mut received = received();
    received.witness("1", Unhealthy, NOW);
    received.reports(Vantage::Route53, "2", Unhealthy, NOW);
    let mut sensors = setup().sensors;
    for sensor in &mut sensors {
        if *sensor.name == *name(Vantage::Witness, Side::Primary) {
            sensor.side = Side::Standby;
        }
    }
    received.0.adopt(&sensors);
    assert_eq!(received.reading(Vantage::Witness).verdict, Unknown);
    assert_eq!(received.reading(Vantage::Witness).side, Side::Standby);
    assert_eq!(received.reading(Vantage::Route53).verdict, Unhealthy);
    received.0.adopt(&sensors[1..]);
    assert_eq!(received.0.readings.len(), sensors.len() - 1);
}

fn sample(received: &mut Received, seconds_ago: i64, lag: i64, error: Span) -> Noted {
    let sample = LagSample {
        source: LagSource::Events,
        taken_at: NOW - Span::secs(seconds_ago),
        lag: Span::secs(lag),
    };
    let policy = received.1.clone();
    received.0.take_lag(sample, error, NOW, &policy)
}

#[test]
fn samples_are_kept_in_order_and_of_one_moment_the_worse_one_counts() {
    let mut received = received();
    assert_eq!(sample(&mut received, 30, 2, NO_ERROR), Noted::Changed);
    assert_eq!(sample(&mut received, 90, 1, NO_ERROR), Noted::Changed);
    assert_eq!(sample(&mut received, 60, 3, NO_ERROR), Noted::Changed);
    assert_eq!(sample(&mut received, 60, 9, NO_ERROR), Noted::Changed);
    assert_eq!(sample(&mut received, 60, 9, NO_ERROR), Noted::Duplicate);
    assert_eq!(sample(&mut received, 60, 4, NO_ERROR), Noted::Duplicate);
    let kept: Vec<_> = received
        .0
        .lag
        .of(LagSource::Events)
        .iter()
        .map(|s| (NOW - s.taken_at, s.lag))
        .collect();
    let secs = Span::secs;
    assert_eq!(
        kept,
        [
            (secs(90), secs(1)),
            (secs(60), secs(9)),
            (secs(30), secs(2))
        ]
    );
}

#[test]
fn a_sample_s_time_is_corrected_and_never_in_the_future() {
    let mut received = received();
    sample(&mut received, 30, 1, Span::secs(20));
    sample(&mut received, 10, 1, Span::secs(-60));
    let kept = received.0.lag.of(LagSource::Events).iter();
    let at: Vec<_> = kept.map(|s| NOW - s.taken_at).collect();
    assert_eq!(at, [Span::secs(50), Span::ZERO]);
}

#[test]
fn no_more_samples_are_kept_than_a_decision_looks_at_and_the_oldest_goes() {
    let mut received = received();
    for seconds in 0..200 {
        sample(&mut received, 400 - seconds, 1, NO_ERROR);
    }
    let full = received.0.lag.of(LagSource::Events).len();
    assert!(full < 200, "{full} samples are kept");
    sample(&mut received, 1, 1, NO_ERROR);
    assert_eq!(received.0.lag.of(LagSource::Events).len(), full);
    assert_eq!(
        received.0.lag.newest().map(|s| NOW - s.taken_at),
        Some(Span::secs(1))
    );
}
