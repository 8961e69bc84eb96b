//! One failed call to AWS: the operation, the object, AWS's own text, and a class that decides the
//! next step.
//!
//! Deliberately absent: the SDK (`sdk` reads its errors), so that a crate that is built without it
//! has this type too; and retries. One call of the daemon's is one attempt: another attempt is a
//! state of its machine.

use std::time::Duration;

pub use super::class::{Class, classify};

/// How far a request came. The control-plane sensor judges by this and not by the class: a throttle
/// is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// AWS answered with a code of its own and a status under 500.
    Answered,
    /// No answer, or a server error.
    Silent,
    /// The request was not sent: no credentials, a wrong configuration, a closed lease gate.
    NotSent,
    /// An answer that carries no code of AWS's, e.g. the page of a proxy.
    OtherParty,
}

/// One failed call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation} {object}: {message}")]
pub struct AwsError {
    /// The IAM name of the call, e.g. `rds:FailoverGlobalCluster`.
    pub operation: &'static str,
    /// The object of the call, as configured.
    pub object: String,
    /// What it means for the next step.
    pub class: Class,
    /// How far the request came.
    pub reached: Reached,
    /// AWS's code, where there is one.
    pub code: Option<String>,
    /// AWS's code and message, or what was observed instead, with every cause.
    pub message: String,
}

impl AwsError {
    /// No answer within the deadline.
    pub fn no_answer(operation: &'static str, object: &str, deadline: Duration) -> AwsError {
        let message = format!("no answer within {} s", deadline.as_secs_f64());
        AwsError {
            reached: Reached::Silent,
            ..AwsError::said(operation, object, None, message)
        }
    }

    /// An answer arrived, but its content is an error (a partial failure, an empty list).
    pub fn said(
        operation: &'static str,
        object: &str,
        code: Option<&str>,
        message: String,
    ) -> AwsError {
        AwsError {
            operation,
            object: object.to_owned(),
            class: classify(code, &message, None),
            reached: Reached::Answered,
            code: code.map(str::to_owned),
            message: code.map_or_else(|| message.clone(), |code| format!("{code}: {message}")),
        }
    }

    /// The answer does not hold the object that was asked for.
    pub fn gone(operation: &'static str, object: &str) -> AwsError {
        let message = "AWS knows no such object".to_owned();
        AwsError {
            class: Class::Gone,
            ..AwsError::said(operation, object, None, message)
        }
    }

    /// Whether AWS's code contains this word.
    pub fn has_code(&self, word: &str) -> bool {
        self.code.as_deref().is_some_and(|code| code.contains(word))
    }

    /// Whether an object of that name exists already.
    pub fn is_existing(&self) -> bool {
        self.has_code("AlreadyExists") || self.has_code("AlreadyOwnedByYou")
    }

    /// Whether there are no credentials, or none that AWS accepts. Absent ones are
    /// [`Class::Transient`] (a metadata service may answer at the next attempt); the SDK has no
    /// type for them, its text names what is missing.
    pub fn is_unauthenticated(&self) -> bool {
        let text_names_them = ["credential", "token"]
            .iter()
            .any(|word| self.message.contains(word));
        let is_unsent = self.reached == Reached::NotSent && self.class == Class::Transient;
        self.class == Class::Unauthenticated || (is_unsent && text_names_them)
    }

    /// Whether AWS could not be reached at all, with these credentials or from this host.
    pub fn is_unreachable(&self) -> bool {
        let is_unanswered = self.class == Class::Transient && self.code.is_none();
        self.class == Class::Unauthenticated || is_unanswered || self.reached == Reached::NotSent
    }
}

/// An error and its causes in one line, without repeating what a wrapper repeats.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let own = cause.to_string();
        if !text.ends_with(&own) {
            text.push_str(": ");
            text.push_str(&own);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_credentials_are_told_from_a_refused_connection() {
        let unsent = |message: &str| AwsError {
            reached: Reached::NotSent,
            ..AwsError::said("sts:GetCallerIdentity", "x", None, message.to_owned())
        };
        assert!(unsent("no providers in chain provided credentials").is_unauthenticated());
        assert!(!unsent("the lease is over").is_unauthenticated());
        let page = AwsError::said("sts:X", "x", None, "unexpected token".to_owned());
        assert!(!page.is_unauthenticated(), "an answer needs credentials");
    }

    #[test]
    fn what_repetition_cannot_reach_is_unreachable() {
        let refused = |code| AwsError::said("sts:X", "x", Some(code), "no".to_owned());
        assert!(refused("ExpiredToken").is_unreachable());
        assert!(!refused("Throttling").is_unreachable(), "AWS answered");
        assert!(!refused("AccessDenied").is_unreachable());
        assert!(AwsError::no_answer("sts:X", "x", Duration::from_secs(5)).is_unreachable());
    }
}
