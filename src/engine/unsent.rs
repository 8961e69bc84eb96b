//! A role change whose decision is too old is not sent (DESIGN section 4, rule 14).
//!
//! Deliberately absent: deciding anew. The machine does, on what is seen by then.

use drd_state_machine::command::Command;
use drd_state_machine::event::{Completion, Outcome};
use drd_state_machine::time::Span;

/// What cannot be undone leaves within this of its decision, or not at all: what was seen then may be over.
pub const ROLE_CHANGE_LEAVES: Span = Span::secs(15);

/// The end of an attempt that was not sent: its decision is too old.
pub fn not_sent(command: &Command) -> Completion {
    Completion {
        kind: command.kind(),
        incident_id: command.incident_id(),
        attempt: command.attempt(),
        outcome: Outcome::Refused {
            why: format!("not sent: the decision is older than {ROLE_CHANGE_LEAVES}"),
        },
    }
}
