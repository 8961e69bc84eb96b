//! The machine as a table that people can read: every state x every named situation, answered
//! by the real [`step`].
//!
//! `scene` arranges a state, `situations` names what may be the case in it, `write` prints. The
//! table says nothing of its own: change the machine and the table changes, in a snapshot and in
//! the crate's README. Deliberately absent: sequences; `tests/` and the lab have those.

mod scene;
mod situations;
mod write;

pub use scene::Scene;
pub use situations::{Situation, situations};
pub use write::{markdown, matrix, mermaid, phrase};

use crate::command::{Command, Kind};
use crate::event::Event;
use crate::state::{State, Stopped};
use crate::step;

/// What one state does in one situation.
#[derive(Clone, Debug)]
pub struct Row {
    /// The state before, with the stage where it is held: `held (promoting)`.
    pub state: &'static str,
    /// Its public name.
    pub from: &'static str,
    /// What is the case, and what is told.
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
    for state in State::samples() {
        for situation in situations() {
            rows.push(row(&state, situation));
        }
    }
    rows
}

fn row(state: &State, situation: &Situation) -> Row {
    let scene = Scene::of(state, situation);
    let event = scene.event(situation);
    let Scene { record, setup, now } = scene;
    let (mut told, mut ticked) = (record.clone(), record.clone());
    let decision = step(&mut told, &setup, now, &event);
    let without = step(&mut ticked, &setup, now, &Event::Tick);
    let ended = event
        .finished()
        .filter(|d| d.incident_id == record.facts.incident_id);
    Row {
        state: label(state),
        from: state.name(),
        situation: situation.name,
        next: told.state.name(),
        because: decision.because.into_owned(),
        ended: ended.map(|done| done.kind),
        consumed: told != ticked || decision.commands != without.commands,
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
