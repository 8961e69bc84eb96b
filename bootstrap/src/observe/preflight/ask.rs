//! One way for every read: a deadline, a name, and how it failed.
//!
//! Deliberately absent: the daemon's clients. Those never retry, because a retry of theirs is a
//! visible state; a doctor may ask twice before it says that nobody answers.

use crate::aws::call::chain;
use crate::checks::{Failure, Read, Trouble};
use aws_config::{Region, SdkConfig};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use std::error::Error;
use std::time::Duration;
use tokio::time::Instant;

/// A healthy regional API answers within 1 s.
const ATTEMPT: Duration = Duration::from_secs(5);
/// TCP and TLS: one lost SYN is survived.
const CONNECT: Duration = Duration::from_secs(3);
/// Two attempts and the pause between them: a person waits for this.
const DEADLINE: Duration = Duration::from_secs(12);
const ATTEMPTS: u32 = 2;

/// Asks; cheap to clone.
#[derive(Clone, Debug)]
pub struct Asker {
    config: SdkConfig,
    began_at_ms: i64,
    began: Instant,
}

impl Asker {
    /// `now` is the host's wall clock in Unix milliseconds, at this moment.
    pub fn new(config: &SdkConfig, now: i64) -> Asker {
        Asker {
            config: config.clone(),
            began_at_ms: now,
            began: Instant::now(),
        }
    }

    /// The host's wall clock, in Unix milliseconds.
    pub(super) fn now_ms(&self) -> i64 {
        let since = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.began_at_ms.saturating_add(since)
    }

    /// The configuration for a region.
    pub(super) fn at(&self, region: &str) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(DEADLINE)
            .build();
        self.config
            .to_builder()
            .region(Region::new(region.to_owned()))
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .build()
    }
}

/// One read within the deadline.
pub(in crate::observe) async fn ask<T, E>(
    operation: &'static str,
    object: &str,
    request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
) -> Read<T>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let trouble = |failure, said| Trouble {
        operation,
        object: object.to_owned(),
        failure,
        said,
    };
    // Boxed: unboxed, the SDK's futures grow into every caller's.
    match tokio::time::timeout(DEADLINE, Box::pin(request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            let said = words(&error);
            Err(trouble(failure(&error, &said), said))
        }
        Err(_) => {
            let said = format!("no answer within {} s", DEADLINE.as_secs());
            Err(trouble(Failure::Silent, said))
        }
    }
}

/// A read that answered without what was asked for.
pub(in crate::observe) fn absent(operation: &'static str, object: &str) -> Trouble {
    Trouble {
        operation,
        object: object.to_owned(),
        failure: Failure::Absent,
        said: "AWS knows no such object".to_owned(),
    }
}

fn words<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(code) = error.code() {
        return format!("{code}: {}", error.message().unwrap_or("no reason given"));
    }
    // The credentials chain lists what it tried on lines of its own.
    let text = chain(error);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match error.raw_response() {
        Some(response) => format!("HTTP {}: {text}", response.status().as_u16()),
        None => text,
    }
}

/// Codes about who asks (common errors of the query protocols; STS and S3 error responses).
const NOBODY: [&str; 9] = [
    "AuthFailure",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "OptInRequired",
    "RegionDisabled",
    "SignatureDoesNotMatch",
    "UnrecognizedClient",
];
const DENIED: [&str; 5] = [
    "AccessDenied",
    "Forbidden",
    "NotAuthorized",
    "Unauthorized",
    "AuthorizationError",
];
const ABSENT: [&str; 4] = ["NotFound", "NoSuch", "DoesNotExist", "NonExistent"];

fn failure<E>(error: &SdkError<E, HttpResponse>, said: &str) -> Failure
where
    E: ProvideErrorMetadata,
{
    let SdkError::DispatchFailure(failed) = error else {
        return by_code(error.code(), said);
    };
    // Neither sent nor cut off: the credentials chain found none.
    let unsent = !failed.is_io() && !failed.is_timeout();
    if unsent && (said.contains("credential") || said.contains("token")) {
        Failure::NotAuthenticated
    } else {
        Failure::Silent
    }
}

fn by_code(code: Option<&str>, said: &str) -> Failure {
    let Some(code) = code else {
        return Failure::Silent;
    };
    let is = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if is(&NOBODY) {
        Failure::NotAuthenticated
    } else if is(&DENIED) {
        Failure::Denied
    } else if is(&ABSENT) || (code == "ValidationError" && said.contains("does not exist")) {
        // CloudFormation has no code of its own for a stack that is not there.
        Failure::Absent
    } else {
        Failure::Silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_from_an_absence_and_from_silence() {
        for (code, said, expected) in [
            (Some("AccessDenied"), "", Failure::Denied),
            (Some("AccessDeniedException"), "", Failure::Denied),
            (Some("UnauthorizedOperation"), "", Failure::Denied),
            (Some("InvalidClientTokenId"), "", Failure::NotAuthenticated),
            (
                Some("UnrecognizedClientException"),
                "",
                Failure::NotAuthenticated,
            ),
            (Some("NoSuchHostedZone"), "", Failure::Absent),
            (Some("GlobalClusterNotFoundFault"), "", Failure::Absent),
            (
                Some("ValidationError"),
                "Stack with id x does not exist",
                Failure::Absent,
            ),
            (
                Some("ValidationError"),
                "1 validation error",
                Failure::Silent,
            ),
            (Some("Throttling"), "", Failure::Silent),
            (Some("InternalFailure"), "", Failure::Silent),
            (None, "no answer", Failure::Silent),
        ] {
            assert_eq!(by_code(code, said), expected, "{code:?} {said}");
        }
    }
}
