//! The record as JSON: it survives at every step, bit for bit, and nothing strange is read.
//!
//! Deliberately absent: files and their damage; the ledger reads and writes the JSON.

use crate::book::survives_json;
use crate::common::sample_states;
use crate::estate::{Estate, Unhealthy, Unknown, estate, refused};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{Event, Vantage, Word};
use drd_state_machine::record::RECORD_VERSION;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Record, step};

#[test]
fn the_record_survives_json_at_every_step_of_a_failover() {
    let mut e = estate();
    e.exposed();
    let events = e.decisions.len();
    assert!(events > 300, "{events}");
    // The same story again, and at each step the machine goes on with what it read.
    let mut e = estate();
    e.reads_its_own_record = true;
    e.exposed();
    assert_eq!(e.decisions.len(), events);
}

#[test]
fn every_sample_of_a_state_survives_json() {
    let mut record = estate().record;
    for state in sample_states() {
        record.state = state;
        survives_json(&record);
    }
}

#[test]
fn a_record_of_another_version_is_refused() {
    let mut value = json(&estate());
    value["version"] = serde_json::json!(RECORD_VERSION + 1);
    let refused = serde_json::from_value::<Record>(value).expect_err("another version");
    assert!(refused.to_string().contains("version"), "{refused}");
}

#[test]
fn a_record_with_an_unknown_field_is_refused() {
    for place in [
        "",
        "/facts",
        "/facts/evidence",
        "/facts/readiness",
        "/facts/diagnosis",
    ] {
        let mut value = json(&estate());
        let object = value.pointer_mut(place).expect("it is there");
        object["written_by_a_newer_drd"] = serde_json::json!(1);
        let read = serde_json::from_value::<Record>(value);
        assert!(read.is_err(), "an unknown field in {place:?} was skipped");
    }
}

#[test]
fn a_state_with_an_unknown_field_is_refused() {
    let mut e = estate();
    e.promoting();
    for place in ["/state", "/state/database", "/facts/incident"] {
        let mut value = json(&e);
        let object = value.pointer_mut(place).expect("it is there");
        object["written_by_a_newer_drd"] = serde_json::json!(1);
        let read = serde_json::from_value::<Record>(value);
        assert!(read.is_err(), "an unknown field in {place:?} was skipped");
    }
}

#[test]
fn a_tick_on_a_record_that_was_read_decides_the_same() {
    let mut e = estate();
    e.promoted();
    let mut read: Record = serde_json::from_value(json(&e)).expect("it can be read");
    let a = step(&mut e.record, &e.setup, e.now, &Event::Tick);
    let b = step(&mut read, &e.setup, e.now, &Event::Tick);
    assert_eq!(a, b);
    assert_eq!(e.record, read);
}

fn json(e: &Estate) -> serde_json::Value {
    serde_json::to_value(&e.record).expect("a record is JSON")
}

#[test]
fn times_out_of_this_world_panic_nowhere() {
    let mut e = estate();
    for (sent, stamped) in [(i64::MAX, i64::MIN), (i64::MIN, i64::MAX), (0, i64::MIN)] {
        e.give(Event::HeartbeatReturned {
            sent_at: Time(sent),
            stamped_at: Time(stamped),
            earlier_lost: false,
        });
        for looked in [Time(i64::MIN), Time(i64::MAX), e.now] {
            e.signal("witness-primary", Vantage::Witness, Unhealthy, looked);
            e.sample(looked, Span(i64::MAX));
            e.sample(looked, Span(i64::MIN));
        }
        e.wait(3);
    }
    e.setup.serving.desired = u32::MAX;
    e.setup.serving.floor_percent = u32::MAX;
    assert!(e.setup.serving.floor() >= 1);
    for now in [Time(i64::MAX), Time(i64::MIN), Time(0)] {
        e.now = now;
        e.give(Event::Started);
        e.give(Event::Tick);
    }
}

/// Whatever is remembered as a moment: the tests' time began in 2026.
fn is_a_moment(value: i64) -> bool {
    value > 1_000_000_000_000
}

/// Every moment in `before` is `by` later in `after`. Gives how many there were.
fn moments_moved(
    before: &serde_json::Value,
    after: &serde_json::Value,
    by: Span,
    path: &str,
) -> usize {
    use serde_json::Value;
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => before
            .iter()
            // What a sender's own clock showed does not move with this host's.
            .filter(|(key, _)| *key != "stamped_at")
            .map(|(key, value)| moments_moved(value, &after[key], by, &format!("{path}/{key}")))
            .sum(),
        (Value::Array(before), Value::Array(after)) => before
            .iter()
            .zip(after)
            .map(|(old, new)| moments_moved(old, new, by, path))
            .sum(),
        (old, new) => match (old.as_i64(), new.as_i64()) {
            (Some(old), Some(new)) if is_a_moment(old) => {
                assert_eq!(new - old, by.0, "{path}");
                1
            }
            _ => 0,
        },
    }
}

#[test]
fn a_clock_that_was_set_back_moves_every_moment_and_no_wait_gets_longer() {
    let hour = Span::secs(-3600);
    let stories: [fn(&mut Estate); 6] = [
        // Paused, and nothing more is reported of what began.
        |e| {
            e.order(Word::Pause);
            e.reports(Vantage::Witness, Unhealthy);
            e.reports(Vantage::Witness, Unknown);
        },
        |e| {
            e.promoted();
        },
        |e| {
            e.redirecting();
        },
        |e| {
            e.exposed();
        },
        // Requests that got no answer, and a hold in the middle.
        |e| {
            e.promoting();
            for _ in 0..4 {
                e.ends(Kind::Promote, refused());
                e.wait(10);
            }
            assert_eq!(e.state(), "held");
        },
        // Prescaled, and the suspicion is over.
        |e| {
            e.region_dark();
            e.wait(30);
            e.region_back();
            e.wait(1);
            e.ends_if_asked(Kind::ScaleBack, refused());
        },
    ];
    for story in stories {
        let mut e = estate();
        story(&mut e);
        e.give(Event::Tick);
        let before = json(&e);
        e.now = e.now + hour;
        e.give(Event::Tick);
        let moved = moments_moved(&before, &json(&e), hour, "");
        // A sensor of each vantage and side, each with the moments of its report and of its change.
        assert!(moved > 2 * 12, "{moved} moments in {}", e.state());
    }
}
