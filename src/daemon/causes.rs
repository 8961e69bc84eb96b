//! An error with its causes, in one line.
//!
//! Deliberately absent: leaving out what a wrapper repeats (`drd_bootstrap::aws::error` does).

use std::error::Error;

/// The error, then each cause after a colon.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
