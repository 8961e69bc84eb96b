//! drd decides here, and only here. One door: [`step`].
//!
//! Purity rules: no tokio, no AWS, no clock, no randomness, no logging. Time is handed in,
//! unknown is a value, an event never fails. The same function runs in the daemon, in the lab
//! and in a replay of the ledger.
//!
//! Reading order: `event`, `command`, `phase`, `state` (the terms), `record` (what is
//! remembered), `noting`, `evidence`, `assessment`, `gates`, `late_requests` (what is known and
//! what must hold), `machine` (what follows), `messages` (how it is reported). No file imports one
//! that imports it.
//!
//! Deliberately absent: doing anything; a decision is a value.

pub mod assessment;
pub mod blocker;
pub mod command;
pub mod decision;
pub mod diagnosis;
mod episode;
pub mod event;
pub mod evidence;
pub mod gates;
pub mod host_clock;
pub mod incident;
pub mod lag;
pub mod lag_sample;
mod late_requests;
mod machine;
mod messages;
pub mod misdirected;
mod noting;
pub mod phase;
pub mod policy;
mod proven_side;
pub mod reading;
pub mod record;
mod repeated;
mod replication;
pub mod side;
pub mod state;
pub mod time;
pub mod unreplicated;

pub use assessment::Assessment;
pub use decision::Decision;
pub use messages::{exits, progress};
pub use phase::Phase;
pub use policy::Setup;
pub use record::Record;

use event::Event;
use machine::context::Context;
use record::Diagnosed;
use state::State;
use statig::Outcome;
use statig::blocking::StateExt;
use std::borrow::Cow;
use time::{Span, Time};

/// Takes one event: notes it, looks at the whole picture, routes it, and returns what to do.
///
/// Total: every event is accepted in every state. The decision must be durable before any of
/// its commands acts.
pub fn step(record: &mut Record, setup: &Setup, now: Time, event: &Event) -> Decision {
    record.follow_clock(now);
    let before = Marks::of(record);
    let from = record.state.phase();
    let noted = record.facts.note(setup, now, event);
    let seen = assessment::assess(&mut record.facts, setup, now);
    if record.facts.diagnosis.is != seen.diagnosis {
        record.facts.diagnosis = Diagnosed {
            is: seen.diagnosis,
            since: now,
        };
    }
    let (commands, because) = route(record, setup, now, event, &seen);
    record.facts.armed = is_armed(record, setup, now, &seen);
    let matters = !commands.is_empty() || before != Marks::of(record);
    Decision {
        from,
        to: record.state.phase(),
        because: because.map_or(Cow::Borrowed("noted"), Cow::Owned),
        commands,
        noted,
        matters,
    }
}

fn route(
    record: &mut Record,
    setup: &Setup,
    now: Time,
    event: &Event,
    seen: &Assessment,
) -> (Vec<command::Command>, Option<String>) {
    let mut ctx = Context {
        now,
        setup,
        seen,
        commands: Vec::new(),
        because: None,
    };
    let (state, facts) = (&mut record.state, &mut record.facts);
    if facts.end_pause(now) {
        ctx.page(facts, command::Severity::Info, messages::pause_over());
    }
    if let Outcome::Transition(mut next) = StateExt::handle(state, facts, event, &mut ctx) {
        let (up, down) = state.transition_path(&mut next);
        StateExt::exit(state, facts, &mut ctx, up);
        facts.entered_at = now;
        StateExt::enter(&mut next, facts, &mut ctx, down);
        *state = next;
    }
    (ctx.commands, ctx.because)
}

/// Whether a failover would start now if the evidence asked for it.
fn is_armed(record: &Record, setup: &Setup, now: Time, seen: &Assessment) -> bool {
    matches!(record.state, State::Watching | State::Suspecting)
        && gates::disarming(&record.facts, setup, now, seen)
            .next()
            .is_none()
}

/// What makes a decision worth a line of the ledger.
#[derive(PartialEq)]
struct Marks {
    phase: Phase,
    incident_id: u64,
    active: event::Side,
    armed: bool,
    paused: bool,
    steps: Option<[bool; 3]>,
    suspicion: bool,
}

impl Marks {
    fn of(record: &Record) -> Marks {
        Marks {
            phase: record.state.phase(),
            incident_id: record.facts.incident_id,
            active: record.facts.active,
            armed: record.facts.armed,
            paused: record.facts.paused,
            steps: match &record.state {
                State::Promoting(p) | State::Switching(p) => Some([
                    p.database.is_done(),
                    p.writable.is_done(),
                    p.capacity.is_done(),
                ]),
                State::Watching
                | State::Suspecting
                | State::Fencing
                | State::Redirecting { .. }
                | State::Verifying
                | State::Exposed
                | State::Held { .. } => None,
            },
            suspicion: record.facts.evidence.corroborated_at.is_some(),
        }
    }
}

/// Assesses a record without changing it: for `status --why` and reports.
pub fn assess(record: &Record, setup: &Setup, now: Time) -> Assessment {
    assessment::assess(&mut record.facts.clone(), setup, now)
}

/// For how long what is seen has lasted, and how long it must until drd would act on it; `None` where nothing
/// that drd acts on is seen.
pub fn countdown(
    record: &Record,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> Option<(Span, Span)> {
    let facts = &record.facts;
    let acts = seen.diagnosis.has_ladder();
    let held = machine::earned::held_for(facts, now, seen).filter(|_| acts)?;
    Some((held, gates::hold_down(facts, setup, now, seen)))
}
