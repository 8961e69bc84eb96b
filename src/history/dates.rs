//! Moments as the screens and documents of the past print them.
//!
//! Deliberately absent: lengths (`lengths`), and local time. Everything is UTC, as in the ledger.

use drd_state_machine::time::Time;
use jiff::Timestamp;

/// RFC 3339, for programs.
pub fn moment(at: Time) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(|_| "unknown".to_owned(), |t| t.to_string())
}

/// For how many seconds what began then has lasted.
pub(super) fn seconds_since(began: Time, now: Time) -> f64 {
    (now - began).as_secs_f64().max(0.0)
}
