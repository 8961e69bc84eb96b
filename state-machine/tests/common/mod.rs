//! What both test programs use: a setup, a command in one line, and a sample of each state.
//!
//! Deliberately absent: a page's text, which the snapshot has as the decision's reason.

use drd_state_machine::command::Command;
use drd_state_machine::event::{Side, Vantage};
use drd_state_machine::policy::{Policy, Sensor, Serving, Setup};
use drd_state_machine::state::{Hold, Progress, State, Step, Stopped};
use std::sync::Arc;

/// The default policy, every vantage; the daemon lives in the standby region.
pub fn setup() -> Setup {
    let sensor = |vantage: Vantage, side: Side| Sensor {
        name: Arc::from(name(vantage, side)),
        vantage,
        side,
    };
    let of = |side| Vantage::ALL.map(|vantage| sensor(vantage, side));
    Setup {
        policy: Policy::default(),
        sensors: Side::BOTH.into_iter().flat_map(of).collect(),
        serving: Serving {
            min: 6,
            desired: 6,
            floor_percent: 50,
        },
        home: Some(Side::Standby),
    }
}

/// A sensor's name.
pub fn name(vantage: Vantage, side: Side) -> String {
    format!("{}-{side}", vantage.name())
}

/// A command in the words of the table.
pub fn phrase(command: &Command) -> String {
    let kind = command.kind();
    match command {
        Command::Prescale { side, min, .. } => format!("{kind} {side} to {min}"),
        Command::ScaleBack { side, min, .. } => format!("{kind} {side} to {min}"),
        Command::Fence { side, .. } => format!("{kind} {side}"),
        Command::Promote { attempt, to, .. }
        | Command::Switchover { attempt, to, .. }
        | Command::Redirect { attempt, to, .. } => format!("{kind} {to} #{attempt}"),
        Command::ProveWrite { attempt, side, .. } => format!("{kind} {side} #{attempt}"),
        Command::Scale {
            attempt,
            side,
            desired,
            ..
        } => format!("{kind} {side} to {desired} #{attempt}"),
        Command::Page { severity, .. } => format!("{kind} {}", severity.name()),
    }
}

/// One of each state, and of each way to be held.
pub fn sample_states() -> Vec<State> {
    vec![
        State::Watching,
        State::Suspecting,
        State::Fencing,
        State::Promoting(Progress::default()),
        State::Redirecting {
            latch: Step::default(),
        },
        State::Verifying,
        State::Exposed,
        State::Switching(Progress::default()),
        State::Held {
            hold: Hold::OutOfTime,
            stage: Stopped::Before,
        },
        State::Held {
            hold: Hold::OutOfTime,
            stage: Stopped::Promoting(Progress::default()),
        },
        State::Held {
            hold: Hold::OutOfTime,
            stage: Stopped::Redirecting {
                latch: Step::default(),
            },
        },
        State::Held {
            hold: Hold::OutOfTime,
            stage: Stopped::Verifying,
        },
    ]
}
