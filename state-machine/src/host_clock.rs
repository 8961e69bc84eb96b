//! The clock of the host that a record was made on, and what follows when it was set since (DESIGN
//! section 4, rule 14).
//!
//! Deliberately absent: reading clocks.

use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Clocks set by less than this are treated as not having moved.
pub(crate) const STEP_MIN: Span = Span::secs(2);

/// The clock of a process: what its host's wall clock showed at its start, counted on by the time since
/// boot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostClock {
    /// Names one boot of one host.
    pub boot_id: Arc<str>,
    /// What this clock showed at that boot.
    pub booted_at: Time,
}

impl HostClock {
    /// By how much the host's wall clock was set since a process of the same boot read it; `None` on
    /// another host or after a reboot, where nobody knows how much of a difference is time.
    pub(crate) fn step_since(&self, earlier: &HostClock) -> Option<Span> {
        let same = self.boot_id == earlier.boot_id;
        let by = self.booted_at - earlier.booted_at;
        (same && by.0.saturating_abs() >= STEP_MIN.0).then_some(by)
    }
}
