//! How a call to an estate failed, without the types of any provider, and what that means for the command
//! it was made for: one table for AWS and the lab.
//!
//! Deliberately absent: retries. One call is one attempt; another attempt is a state of the
//! machine.

use drd_bootstrap::aws::error::Class;
use drd_state_machine::event::Outcome;

/// What a failed call means for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// Throttled, a server error, no answer, or an answer that cannot be parsed. The effect of a
    /// mutating call is unknown.
    Transient,
    /// Not allowed, or the request itself is wrong: trying again cannot help.
    Denied,
    /// The object does not exist.
    Gone,
    /// Refused in the state that the object is in.
    Conflict,
}

/// One failed call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation} {object}: {cause}")]
pub struct EstateError {
    /// What it means for the next step.
    pub class: FailureClass,
    /// What was called, e.g. `sqs:ReceiveMessage`.
    pub operation: &'static str,
    /// The object of the call, as configured.
    pub object: String,
    /// The provider's code and message, or what was observed instead.
    pub cause: String,
}

/// The end of an attempt whose call failed so.
pub fn outcome_of(class: Class, why: String) -> Outcome {
    match class {
        // Credentials are renewed in a moment (DESIGN section 4, rule 13).
        Class::Transient | Class::Unauthenticated => Outcome::Unknown { why },
        Class::Denied | Class::Malformed | Class::Gone => Outcome::Denied { why },
        Class::Conflict => Outcome::Refused { why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_expired_deny_nothing() {
        let why = || "ExpiredToken".to_owned();
        let unknown = Outcome::Unknown { why: why() };
        assert_eq!(outcome_of(Class::Unauthenticated, why()), unknown);
        let denied = Outcome::Denied { why: why() };
        assert_eq!(outcome_of(Class::Denied, why()), denied);
    }
}
