//! The one way through which a call to AWS goes here: a deadline, a bounded number of attempts, a
//! class that says what may be done next.
//!
//! Unlike the daemon, whose retries are states of its machine, provisioning may wait: throttles,
//! server faults and silence are tried again, and every call here is one that may be repeated.
//! Deliberately absent: the SDK's own retries and waiters.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;
use std::future::Future;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::pin::Pin;
use std::time::Duration;

/// One attempt. CloudFormation answers a CreateStack of a 50 kB template within seconds.
const ATTEMPT: Duration = Duration::from_secs(30);
/// With the waits below: half a minute of throttling is survived.
const ATTEMPTS_MAX: u32 = 9;
/// The first wait; each one doubles.
const WAIT_FIRST: Duration = Duration::from_millis(200);
/// The longest wait between two attempts.
const WAIT_MAX: Duration = Duration::from_secs(6);

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
    fn from_sdk<E>(
        operation: &'static str,
        object: &str,
        error: &SdkError<E, HttpResponse>,
    ) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let status = error.raw_response().map(|r| r.status().as_u16());
        let code = error.code().map(str::to_owned);
        let text = error.message().unwrap_or_default();
        let class = match was_sent(error) {
            true => class(code.as_deref(), text, status),
            false => Class::Unreachable,
        };
        let message = match &code {
            Some(code) => format!("{code}: {text}"),
            None => chain(error),
        };
        AwsError {
            operation,
            object: object.to_owned(),
            class,
            code,
            message,
        }
    }

    fn no_answer(operation: &'static str, object: &str) -> AwsError {
        AwsError {
            operation,
            object: object.to_owned(),
            class: Class::Transient,
            code: None,
            message: format!("no answer within {} s", ATTEMPT.as_secs()),
        }
    }

    /// Whether AWS's code holds this word.
    pub fn has_code(&self, word: &str) -> bool {
        self.code.as_deref().is_some_and(|code| code.contains(word))
    }
}

fn class(code: Option<&str>, text: &str, status: Option<u16>) -> Class {
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

/// Whether bytes may have left: everything except errors of construction, credentials and the
/// like. A connection that closed half-way through the answer has a kind of its own.
pub fn was_sent<E>(error: &SdkError<E, HttpResponse>) -> bool {
    if let SdkError::DispatchFailure(failure) = error {
        return failure.is_io() || failure.is_timeout() || failure.as_other().is_some();
    }
    !matches!(error, SdkError::ConstructionFailure(_))
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

/// Makes a call until it is answered, at most [`ATTEMPTS_MAX`] times. `request` must be safe to
/// repeat: a read, or a change that is the same when made twice.
///
/// # Errors
/// What AWS said to the last attempt.
pub(crate) async fn call<T, E, F, Fut>(
    operation: &'static str,
    object: &str,
    mut request: F,
) -> Result<T, AwsError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let mut attempt = 1;
    loop {
        // Boxed: unboxed, the SDK's futures grow into every caller's, at minutes of compile time.
        let sent: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(request());
        let error = match tokio::time::timeout(ATTEMPT, sent).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => AwsError::from_sdk(operation, object, &error),
            Err(_) => AwsError::no_answer(operation, object),
        };
        if error.class != Class::Transient {
            return Err(error);
        }
        if attempt == ATTEMPTS_MAX {
            return Err(given_up(error));
        }
        tokio::time::sleep(wait(operation, object, attempt)).await;
        attempt += 1;
    }
}

/// After the last attempt there is nothing transient any more: without a code nobody answered.
fn given_up(mut error: AwsError) -> AwsError {
    error.message = format!("{} (tried {ATTEMPTS_MAX} times)", error.message);
    if error.code.is_none() {
        error.class = Class::Unreachable;
    }
    error
}

/// Doubles, and differs between objects, so that stacks that were throttled together do not come
/// back together. Without a random number: the same run waits the same way.
fn wait(operation: &str, object: &str, attempt: u32) -> Duration {
    let mut hasher = DefaultHasher::new();
    (operation, object, attempt).hash(&mut hasher);
    let doubled = WAIT_FIRST.saturating_mul(1 << attempt.min(8).saturating_sub(1));
    let share = 500 + u32::try_from(hasher.finish() % 500).unwrap_or(0);
    doubled.min(WAIT_MAX) * share / 1000
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

    #[test]
    fn waits_grow_and_stay_bounded() {
        let waits: Vec<Duration> = (1..ATTEMPTS_MAX).map(|n| wait("a:B", "c", n)).collect();
        assert!(waits.iter().all(|w| *w <= WAIT_MAX), "{waits:?}");
        let all: Duration = waits.iter().sum();
        assert!(all > Duration::from_secs(8), "{all:?}");
    }
}
