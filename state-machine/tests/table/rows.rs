//! The rows of the table: every state in every named situation, answered by the real [`step`].
//!
//! Deliberately absent: any knowledge of its own. Change the machine and the rows change, in the
//! snapshot and in the crate's README.

use crate::common::sample_states;
use crate::scene::Scene;
use crate::situations::{Situation, situations};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::Event;
use drd_state_machine::state::{State, Stopped};
use drd_state_machine::step;

/// What one state does in one situation.
#[derive(Clone, Debug)]
pub struct Row {
    /// The state before, with the stage where it is held: `held (promoting)`.
    pub state: &'static str,
    /// Its public name.
    pub from: &'static str,
    /// What is the case, and what happens.
    pub situation: &'static str,
    /// The state after.
    pub next: &'static str,
    /// What is commanded.
    pub commands: Vec<Command>,
    /// Why.
    pub because: String,
    /// The command whose attempt ended, when the situation is that one did, in this incident.
    pub ended: Option<Kind>,
    /// Whether the event made a difference: with a tick in its place it would have come out
    /// otherwise.
    pub consumed: bool,
}

impl Row {
    /// Whether the state changes or something is commanded.
    pub fn acts(&self) -> bool {
        self.is_transition() || !self.commands.is_empty()
    }

    /// Whether the state changes.
    pub fn is_transition(&self) -> bool {
        self.from != self.next
    }
}

/// The total matrix: every sample of a state in every situation.
pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for state in sample_states() {
        for situation in situations() {
            rows.push(row(&state, situation));
        }
    }
    rows
}

fn row(state: &State, situation: &Situation) -> Row {
    let scene = situation.in_state(state);
    let event = (situation.event)(&scene);
    let Scene { record, setup, now } = scene;
    let (mut after, mut ticked) = (record.clone(), record.clone());
    let decision = step(&mut after, &setup, now, &event);
    let without = step(&mut ticked, &setup, now, &Event::Tick);
    let ended = event
        .finished()
        .filter(|d| d.incident_id == record.facts.incident_id);
    Row {
        state: label(state),
        from: state.name(),
        situation: situation.name,
        next: after.state.name(),
        because: decision.because.into_owned(),
        ended: ended.map(|done| done.kind),
        consumed: after != ticked || decision.commands != without.commands,
        commands: decision.commands,
    }
}

/// A state's name, with the stage where it is held.
pub fn label(state: &State) -> &'static str {
    match state {
        State::Watching
        | State::Suspecting
        | State::Fencing
        | State::Promoting(_)
        | State::Redirecting { .. }
        | State::Verifying
        | State::Exposed
        | State::Switching(_) => state.name(),
        State::Held { stage, .. } => match stage {
            Stopped::Before => "held (before)",
            Stopped::Promoting(_) => "held (promoting)",
            Stopped::Redirecting { .. } => "held (redirecting)",
            Stopped::Verifying => "held (verifying)",
        },
    }
}
