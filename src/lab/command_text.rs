//! Commands as the timeline shows them.
//!
//! Deliberately absent: what they do.

use drd_state_machine::command::Command;

/// A command in words.
pub(super) fn in_words(command: &Command) -> String {
    let attempt = command.attempt();
    match command {
        Command::Prescale { side, min, .. } => format!("prescale {side} to at least {min}"),
        Command::ScaleBack { side, min, .. } => format!("scale {side} back to {min}"),
        Command::Fence { side, .. } => format!("fence {side}"),
        Command::Promote { to, .. } => format!("promote {to}, attempt {attempt}"),
        Command::Switchover { to, .. } => format!("switchover to {to}, attempt {attempt}"),
        Command::Scale { side, desired, .. } => {
            format!("scale {side} to {desired}, attempt {attempt}")
        }
        Command::ProveWrite { side, .. } => format!("prove a write on {side}, attempt {attempt}"),
        Command::Redirect { to, .. } => format!("redirect to {to}, attempt {attempt}"),
        Command::Page { text, .. } => format!("page: {text}"),
    }
}
