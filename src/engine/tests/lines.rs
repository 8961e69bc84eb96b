//! Which events have a line, and when the whole record is written once more.

use super::*;
use crate::engine::conductor::{Conductor, EventLetter, EventOrigin};
use crate::engine::port::Parts;
use drd_state_machine::Setup;
use drd_state_machine::event::{
    Event, GlobalView, Observation, RoleChange, Side, Signal, Vantage, Verdict,
};
use drd_state_machine::policy::Sensor;

impl Bench {
    /// The lines on their way, which the ledger takes.
    fn lines(&mut self) -> Vec<Entry> {
        let mut lines = Vec::new();
        while let Some((_, oldest)) = self.appends.first() {
            lines.extend(oldest.clone());
            self.append_ends(Ok(()));
        }
        lines
    }

    fn looks(&mut self, replica_connected: bool) -> usize {
        let global = GlobalView {
            writer: Some(Side::Primary),
            writers: 1,
            role_change: RoleChange::Idle,
            replica_connected,
        };
        let seen = Observation {
            global: Some(global),
            ..Observation::default()
        };
        let parts = Parts::AROUND;
        self.answer(Answer::Looked { parts, seen });
        self.lines().len()
    }
}

#[test]
fn the_whole_record_is_written_once_more_after_every_500_lines() {
    let mut bench = Bench::alone();
    let mut whole = 0;
    for number in 0..1_200 {
        let word = [Word::Pause, Word::Resume][number as usize % 2];
        bench.order(number, word);
        let lines = bench.lines();
        assert!(!lines.is_empty(), "an order has a line");
        let opened = |line: &&Entry| matches!(line, Entry::Opened { .. });
        whole += lines.iter().filter(opened).count();
    }
    assert_eq!(whole, 2);
}

#[test]
fn a_look_has_a_line_when_it_shows_something_else_than_the_last_one() {
    let mut bench = Bench::alone();
    assert_eq!(bench.looks(true), 1);
    assert_eq!(bench.looks(true), 0);
    assert_eq!(bench.looks(false), 1);
}

#[test]
fn the_number_of_the_newest_line_is_known_once_it_is_durable() {
    let mut bench = Bench::new(None);
    assert_eq!(bench.engine.sequence(), 0, "it does not lead");
    bench.reads_the_ledger();
    bench.takes_lines();
    let first = bench.engine.sequence();
    bench.order(1, Word::Pause);
    assert_eq!(bench.engine.sequence(), first, "the line is on its way");
    let lines = bench.lines().len() as u64;
    assert_eq!(bench.engine.sequence(), first + lines);
}

/// A conductor of an estate with two probes, and how many lines an event of this moment has.
struct Desk {
    conductor: Conductor,
    setup: Arc<Setup>,
    metrics: Metrics,
}

impl Desk {
    fn new() -> Desk {
        let probe = |side: Side| Sensor {
            name: Arc::from(format!("probe-{side}")),
            vantage: Vantage::Probe,
            side,
        };
        let setup = Setup {
            sensors: Side::BOTH.map(probe).to_vec(),
            ..any_setup()
        };
        Desk {
            conductor: Conductor::on(None, &setup, None, DAWN),
            metrics: Metrics::for_lab(&setup).expect("metrics of a fresh registry"),
            setup: Arc::new(setup),
        }
    }

    fn lines(&mut self, now: Time, event: Event) -> usize {
        let mut lines = Vec::new();
        let origin = EventOrigin::Own;
        let letter = EventLetter { event, origin };
        self.conductor
            .propose(&self.setup, (Span::ZERO, now), letter, &mut lines);
        self.conductor
            .commit(lines.len(), &self.metrics, &self.setup);
        lines.len()
    }

    fn probes(&mut self, now: Time, side: Side, verdict: Verdict) -> usize {
        let signal = Signal {
            sensor: Arc::from(format!("probe-{side}")),
            verdict,
            observed_at: now,
            good_at: None,
            id: Arc::from(""),
        };
        self.lines(now, Event::Signalled(signal))
    }
}

#[test]
fn while_something_is_suspected_an_unchanged_reading_has_a_line_a_second() {
    let mut desk = Desk::new();
    let references = Verdict::Healthy;
    let seen = Observation {
        references,
        ..Observation::default()
    };
    desk.lines(DAWN, Event::Observed(seen));
    let mut probes = |after_ms, side, verdict| {
        let now = DAWN + Span::millis(after_ms);
        desk.probes(now, side, verdict)
    };
    let (here, there) = (Side::Primary, Side::Standby);
    assert_eq!(probes(0, here, Verdict::Healthy), 1, "it was not known");
    assert_eq!(probes(0, there, Verdict::Healthy), 1, "nor was it");
    assert_eq!(probes(1, here, Verdict::Healthy), 0, "all is well");
    assert_eq!(probes(2, here, Verdict::Unhealthy), 1);
    assert_eq!(probes(3, here, Verdict::Unhealthy), 1);
    assert_eq!(probes(4, there, Verdict::Healthy), 1, "each for itself");
    assert_eq!(probes(5, here, Verdict::Unhealthy), 0);
    assert_eq!(probes(1_002, here, Verdict::Unhealthy), 0);
    assert_eq!(probes(1_003, here, Verdict::Unhealthy), 1);
}

#[test]
fn a_heartbeat_has_a_line_when_it_changes_what_is_known_of_the_clock() {
    let mut desk = Desk::new();
    let back = |stamped_after_s| Event::HeartbeatReturned {
        sent_at: DAWN,
        stamped_at: DAWN + Span::secs(stamped_after_s),
        earlier_lost: false,
    };
    let now = DAWN + Span::secs(1);
    desk.lines(now, back(0));
    assert_eq!(desk.lines(now, back(0)), 0);
    assert_eq!(desk.lines(now, back(300)), 1);
}

#[test]
fn what_arrives_while_lines_are_on_their_way_shares_the_next_append() {
    let mut bench = Bench::alone();
    bench.order(0, Word::Resume);
    for number in 1..=3 {
        bench.order(number, Word::Resume);
    }
    bench.append_ends(Ok(()));
    let (_, lines) = bench.appends.first().expect("the next append");
    assert_eq!(lines.len(), 3);
}

#[test]
fn an_order_that_finds_no_room_is_answered_at_once_and_the_others_when_they_are_durable() {
    let mut bench = Bench::alone();
    bench.order(0, Word::Resume);
    let mut number = 0;
    while bench.replies.is_empty() {
        assert!(number < 1_000, "a queue without a bound");
        number += 1;
        bench.order(number, Word::Resume);
    }
    assert_eq!(bench.replies, [number]);
    bench.takes_lines();
    assert_eq!(bench.replies.len() as u64, number + 1);
}
