//! Spans as tokio wants them.
//!
//! Deliberately absent: clocks.

use drd_state_machine::time::Span;
use std::time::Duration;

/// A span that is over already is no wait.
pub(super) fn duration(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.0).unwrap_or(0))
}
