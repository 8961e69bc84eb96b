//! When a fault begins.
//!
//! Deliberately absent: how a file writes it (`read`).

use drd_state_machine::Phase;
use drd_state_machine::time::Span;

/// When a fault begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// This long after the start.
    Time(Span),
    /// The moment that a state is entered.
    Step(Phase),
}
