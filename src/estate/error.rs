//! How a call to an estate failed, without the types of any provider.
//!
//! Deliberately absent: retries. One call is one attempt; another attempt is a state of the
//! machine.

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
