//! A small estate for tests that read as English: what is true, which sensors report it, and time.
//!
//! `world` has what is true, `time` which sensors report it and when, `outcome` what the
//! machine did. Sensors keep their rhythm while time passes: own probes every 5 s, the witness and Route 53
//! every 10 s, a look every 5 s, lag every 30 s, a tick every second.
//!
//! Deliberately absent: AWS and its errors; an attempt ends as the test chooses.

mod outcome;
mod time;
mod world;

use crate::book::Book;
pub use crate::common::{name, setup};
use drd_state_machine::command::Command;
use drd_state_machine::event::{
    Completion, Event, GlobalView, Observation, Outcome, RoleChange, Side, SideView, Vantage,
    Verdict,
};
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Decision, Record, Setup};
use std::collections::BTreeMap;

pub use Verdict::{Healthy, Unhealthy, Unknown};

/// Where the tests' time starts.
pub const START: Time = Time(1_767_225_600_000);

/// An estate, the machine that watches it, and what it decided.
pub struct Estate {
    pub record: Record,
    pub setup: Setup,
    pub now: Time,
    /// What each sensor would report; a sensor that is missing is silent.
    pub verdicts: BTreeMap<(Vantage, Side), Verdict>,
    pub references: Verdict,
    pub view: Observation,
    /// The lag that samples show; `None`: no sample arrives.
    pub lag: Option<Span>,
    pub readiness: Verdict,
    /// How raising capacity on suspicion ends, within the second; `None`: no answer.
    pub prescale_ends: Option<Outcome>,
    /// Every decision since the last `forget`.
    pub decisions: Vec<Decision>,
    /// At each step the machine goes on with what it read of what it wrote.
    pub reads_its_own_record: bool,
    /// Checks the promises after every decision, where a test wants that.
    pub book: Option<Book>,
    /// How often each delivery comes again, and whether a tick takes its place instead.
    pub again: (usize, bool),
    deliveries: u64,
    /// Of the decisions, those whose prescales were answered.
    answered: usize,
}

/// An estate that has been well for three minutes.
pub fn estate() -> Estate {
    let mut estate = unknown_estate();
    estate.give(Event::Started);
    estate.check();
    estate.poll_all();
    estate.wait(180);
    assert_eq!(estate.state(), "watching");
    assert!(estate.record.facts.armed);
    estate.quiet();
    estate
}

/// An estate that nothing was received of yet.
pub fn unknown_estate() -> Estate {
    let setup = setup();
    let every = |vantage| Side::BOTH.map(|side| ((vantage, side), Healthy));
    let configured = Vantage::ALL
        .into_iter()
        .filter(|v| *v != Vantage::Replication);
    Estate {
        record: Record::new(&setup, START),
        setup,
        now: START,
        verdicts: configured.flat_map(every).collect(),
        references: Healthy,
        view: Observation {
            references: Healthy,
            global: Some(GlobalView {
                writer: Some(Side::Primary),
                writers: 1,
                role_change: RoleChange::Idle,
                replica_connected: true,
            }),
            sides: [Some(side_view(6)), Some(side_view(1))],
            dns: Some(Side::Primary),
            latch: None,
        },
        lag: Some(Span::secs(1)),
        readiness: Healthy,
        prescale_ends: Some(Outcome::Done),
        decisions: Vec::new(),
        reads_its_own_record: false,
        book: None,
        again: (0, false),
        deliveries: 0,
        answered: 0,
    }
}

pub fn side_view(serving: u32) -> SideView {
    SideView {
        database_available: Some(true),
        in_service: Some(serving),
        healthy_targets: Some(serving),
        min_size: Some(serving),
    }
}

pub fn unanswered() -> Outcome {
    Outcome::Unknown {
        why: "no answer within 10 s".to_owned(),
    }
}

pub fn refused() -> Outcome {
    Outcome::Refused {
        why: "InvalidGlobalClusterStateFault".to_owned(),
    }
}

pub fn denied() -> Outcome {
    Outcome::Denied {
        why: "AccessDenied".to_owned(),
    }
}

/// The end of an attempt of this command.
pub fn completion(command: &Command, outcome: Outcome) -> Event {
    Event::Finished(Completion {
        kind: command.kind(),
        incident_id: command.incident_id(),
        attempt: command.attempt(),
        outcome,
    })
}
