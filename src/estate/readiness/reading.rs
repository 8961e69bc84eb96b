//! One read of a readiness run, and the check that a verdict on it becomes.
//!
//! Deliberately absent: the verdicts themselves.

use crate::aws::error::AwsError;
use drd_state_machine::event::{Check, Verdict};

/// What was read, or why it was not.
pub(super) type AwsRead<T> = Result<T, AwsError>;

/// A check of this name; `gates`: unhealthy keeps drd from being armed.
pub(super) fn check_of(name: &str, gates: bool, (verdict, detail): (Verdict, String)) -> Check {
    Check {
        name: name.into(),
        verdict,
        detail: detail.into(),
        gates,
    }
}
