//! What can go wrong with a call to AWS, and what AWS's code for it means.
//!
//! Deliberately absent: the SDK; the errors of a crate that is built without it have this type too.

use std::error::Error;

/// What a failed call means for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Throttled, a server fault, or an answer that nobody could read.
    Transient,
    /// No answer, or credentials that AWS does not take.
    Unreachable,
    /// The object does not exist.
    Gone,
    /// These credentials may not do it.
    Denied,
    /// It exists already.
    Exists,
    /// Any other refusal; the code says which.
    Refused,
}

/// One failed call.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {object}: {message}")]
pub struct AwsError {
    /// The IAM name of what was asked, e.g. `cloudformation:CreateStack`.
    pub operation: &'static str,
    /// What was asked about.
    pub object: String,
    /// What it means for the next step.
    pub class: Class,
    /// AWS's code, where there is one.
    pub code: Option<String>,
    /// Code and message as AWS said them, or what was seen instead.
    pub message: String,
}

const TRANSIENTS: &str = "BandwidthLimitExceeded InternalError InternalFailure InternalServer \
    OperationInProgress PriorRequestNotComplete RequestLimitExceeded RequestTimeout \
    ServiceUnavailable SlowDown Throttl TooManyRequests";
const CREDENTIALS: &str = "ExpiredToken IncompleteSignature InvalidAccessKeyId \
    InvalidClientTokenId InvalidToken MissingAuthenticationToken OptInRequired \
    RequestTimeTooSkewed SignatureDoesNotMatch UnrecognizedClient";
const DENIALS: &str = "AccessDenied AuthFailure Forbidden NotAuthorized UnauthorizedOperation";
const ABSENCES: &str = "DoesNotExist NoSuch NotFound";
const EXISTENCES: &str = "AlreadyExists AlreadyOwnedByYou";

impl AwsError {
    /// Whether AWS's code holds this word.
    pub fn has_code(&self, word: &str) -> bool {
        self.code.as_deref().is_some_and(|code| code.contains(word))
    }
}

/// What an answer means: its code and text, and the HTTP status.
pub fn class(code: Option<&str>, text: &str, status: Option<u16>) -> Class {
    let Some(code) = code else {
        return match status {
            Some(404) => Class::Gone, // HeadObject and HeadBucket have no body.
            _ => Class::Transient,
        };
    };
    let one_of = |words: &str| words.split_whitespace().any(|word| code.contains(word));
    let server_fault = status.is_some_and(|s| s >= 500 || s == 429);
    if one_of(TRANSIENTS) || server_fault {
        Class::Transient
    } else if one_of(CREDENTIALS) {
        Class::Unreachable
    } else if one_of(DENIALS) {
        Class::Denied
    } else if one_of(EXISTENCES) {
        Class::Exists
    } else if one_of(ABSENCES) || text.contains("does not exist") {
        // CloudFormation has no code for a missing stack: ValidationError, "does not exist".
        Class::Gone
    } else {
        Class::Refused
    }
}

/// An error and its causes in one line, without repeating what a wrapper repeats.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_stack_is_gone_though_its_code_is_that_of_a_bad_request() {
        let text = "Stack with id stack-x does not exist";
        assert_eq!(class(Some("ValidationError"), text, Some(400)), Class::Gone);
        assert_eq!(
            class(Some("ValidationError"), "No updates", Some(400)),
            Class::Refused
        );
    }

    #[test]
    fn a_throttle_is_tried_again_and_bad_credentials_are_not() {
        assert_eq!(class(Some("Throttling"), "", Some(400)), Class::Transient);
        assert_eq!(class(None, "", Some(502)), Class::Transient);
        assert_eq!(
            class(Some("InvalidClientTokenId"), "", Some(403)),
            Class::Unreachable
        );
    }
}
