//! A step of the host's wall clock between two daemons (DESIGN section 4, rule 14).
//!
//! Deliberately absent: steps while a daemon runs; its clock counts on by the time since boot.

use crate::estate::{Estate, estate};
use drd_state_machine::host_clock::HostClock;
use drd_state_machine::time::{Span, Time};

fn on(boot_id: &str, booted_at: Time) -> Option<HostClock> {
    Some(HostClock {
        boot_id: boot_id.into(),
        booted_at,
    })
}

/// In an outage for 20 s, on a host whose clock showed this at its boot.
fn in_an_outage() -> (Estate, Time) {
    let mut e = estate();
    let booted_at = e.now - Span::secs(10_000);
    e.record.continue_on(on("one", booted_at));
    e.region_dark();
    e.wait(20);
    (e, booted_at)
}

#[test]
fn a_step_in_the_same_boot_moves_what_is_remembered_and_is_charged_to_no_wait() {
    for step in [Span::secs(360), Span::secs(-360), Span::secs(2)] {
        let (mut e, booted_at) = in_an_outage();
        let (facts, now) = (e.record.facts.clone(), e.now);
        let first_bad = facts.evidence.first_bad_at.expect("an outage");
        e.record.continue_on(on("one", booted_at + step));
        assert_eq!(e.record.facts.now, facts.now + step);
        let moved = e.record.facts.evidence.first_bad_at.expect("an outage");
        assert_eq!((now + step) - moved, now - first_bad);
        assert_eq!(e.record.facts.clock_error, facts.clock_error - step);
    }
}

#[test]
fn two_readings_of_one_clock_are_no_step() {
    let (mut e, booted_at) = in_an_outage();
    let before = e.record.facts.evidence.clone();
    let reading = on("one", booted_at + Span::millis(1999));
    e.record.continue_on(reading.clone());
    assert_eq!(e.record.facts.evidence, before);
    assert_eq!(e.record.facts.host, reading);
}

#[test]
fn on_another_host_or_an_unknown_one_nothing_moves() {
    for host in [on("two", Time(0)), None] {
        let (mut e, _) = in_an_outage();
        let before = e.record.facts.evidence.clone();
        e.record.continue_on(host.clone());
        assert_eq!(e.record.facts.evidence, before);
        assert_eq!(e.record.facts.host, host);
    }
}
