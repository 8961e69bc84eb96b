//! Pages that somebody was delivered, as the world remembers them.
//!
//! Deliberately absent: their texts, which a report has.

use drd_state_machine::command::Severity;
use drd_state_machine::time::Time;

/// When the newest page was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PagesTaken {
    /// Of any severity.
    pub any_at: Option<Time>,
    /// Of the highest: the one that wakes people.
    pub critical_at: Option<Time>,
}

impl PagesTaken {
    /// Another one was delivered.
    pub fn take(&mut self, now: Time, severity: Severity) {
        self.any_at = Some(now);
        if severity == Severity::Critical {
            self.critical_at = Some(now);
        }
    }
}
