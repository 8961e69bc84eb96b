//! The record as JSON: it survives at every step, bit for bit, and nothing strange is read.

use crate::estate::{Estate, estate};
use drd_state_machine::event::Event;
use drd_state_machine::{Record, step};

/// Written and read again it is the same, and so is what is written then.
pub fn survives_json(record: &Record) {
    let text = serde_json::to_string(record).expect("a record is JSON");
    let read: Record = serde_json::from_str(&text).expect("a record can be read");
    assert_eq!(&read, record);
    assert_eq!(
        serde_json::to_string(&read).expect("a record is JSON"),
        text
    );
}

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
    for state in drd_state_machine::state::State::samples() {
        record.state = state;
        survives_json(&record);
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
