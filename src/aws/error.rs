//! What can go wrong with a call to AWS: the operation, the object, AWS's own words, and a class
//! that says what may be done next.
//!
//! Deliberately absent: retries. One call is one attempt; trying again is a state of the machine.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use drd_bootstrap::aws::call::{chain, was_sent};
use std::error::Error;
use std::time::Duration;

type BoxError = Box<dyn Error + Send + Sync>;

/// How much of a body that is not AWS's is quoted: enough to recognise a proxy's error page.
const BODY_QUOTED_CHARS_MAX: usize = 200;

/// What a failed call means for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Throttled, a server error, no answer, or an answer that nobody could read. The effect of
    /// a mutating call is unknown.
    Transient,
    /// Not allowed, or the request itself is wrong: trying again cannot help.
    Denied,
    /// The object does not exist.
    Gone,
    /// Refused in the state that the object is in.
    Conflict,
}

impl Class {
    /// The name used in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Transient => "transient",
            Class::Denied => "denied",
            Class::Gone => "gone",
            Class::Conflict => "conflict",
        }
    }
}

/// Whether the other end was heard. The control-plane sensor judges by this and not by the class:
/// a throttle is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// AWS answered in its own words, with a status under 500.
    Answer,
    /// Nothing, or a server error.
    Silence,
    /// The request was not sent (credentials, configuration), or somebody who is not AWS answered.
    Unclear,
}

/// One failed call.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {object}: {message}")]
pub struct AwsError {
    /// The IAM name of what was asked, e.g. `rds:FailoverGlobalCluster`.
    pub operation: &'static str,
    /// The object that was asked about, as configured.
    pub object: String,
    /// What it means for the next step.
    pub class: Class,
    /// Whether the other end was heard.
    pub heard: Heard,
    /// Code and message as AWS said them, or what was seen instead.
    pub message: String,
    #[source]
    source: Option<BoxError>,
}

impl AwsError {
    /// Names and classes an SDK error. Survives bodies that are not AWS's (HTML of a proxy,
    /// truncated XML): they have no code and are [`Class::Transient`].
    pub fn from_sdk<E>(
        operation: &'static str,
        object: &str,
        error: SdkError<E, HttpResponse>,
    ) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let status = error.raw_response().map(|r| r.status().as_u16());
        let seen = Seen::new(error.code(), error.message().unwrap_or_default(), status);
        let (class, heard) = if was_sent(&error) {
            (seen.class(), seen.heard())
        } else {
            (unsent_class(&error), Heard::Unclear)
        };
        let request_id = error.meta().extra("aws_request_id");
        let message = match (error.code(), request_id) {
            (Some(code), Some(id)) => format!("{code}: {} (request {id})", seen.text),
            (Some(code), None) => format!("{code}: {}", seen.text),
            (None, _) => without_code(&error),
        };
        AwsError {
            operation,
            object: object.to_owned(),
            class,
            heard,
            message,
            source: Some(error.into()),
        }
    }

    /// No answer within the deadline.
    pub fn no_answer(operation: &'static str, object: &str, deadline: Duration) -> AwsError {
        let message = format!("no answer within {} s", deadline.as_secs_f64());
        AwsError {
            heard: Heard::Silence,
            ..AwsError::said(operation, object, None, message)
        }
    }

    /// An answer arrived, but what it says is an error (a partial failure, an empty list).
    pub fn said(
        operation: &'static str,
        object: &str,
        code: Option<&str>,
        message: String,
    ) -> AwsError {
        AwsError {
            operation,
            object: object.to_owned(),
            class: Seen::new(code, &message, None).class(),
            heard: Heard::Answer,
            message: code.map_or_else(|| message.clone(), |code| format!("{code}: {message}")),
            source: None,
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
}

/// What an answer shows: code and text as AWS said them, and the HTTP status.
#[derive(Clone, Copy, Debug)]
struct Seen<'a> {
    code: Option<&'a str>,
    text: &'a str,
    status: Option<u16>,
}

/// Codes of a refusal in the present state that may come with a status of 500 or none at all
/// (Auto Scaling API reference; S3 API reference, conditional writes).
const CONFLICTS: &str = "Conflict InProgress PreconditionFailed ResourceContention ResourceInUse";

/// Codes of throttles and server faults (aws-runtime, `retries/classifiers.rs`; common errors).
const TRANSIENTS: &str = "BandwidthLimitExceeded InternalError InternalFailure InternalServer \
    PriorRequestNotComplete RequestLimitExceeded RequestTimeout ServiceUnavailable SlowDown \
    Throttl TooManyRequests";

/// Codes about who asks (common errors of the query protocols, S3 error responses).
const DENIALS: &str = "AccessDenied AllAccessDisabled AuthFailure ExpiredToken Forbidden \
    IncompleteSignature InvalidAccessKeyId InvalidClientTokenId InvalidSecurity InvalidToken \
    MissingAuthenticationToken NotAuthorized OptInRequired RequestExpired RequestTimeTooSkewed \
    SignatureDoesNotMatch Unauthorized UnrecognizedClient";

/// Codes of objects that are not there.
const ABSENCES: &str = "DoesNotExist NonExistent NoSuch NotFound ReceiptHandle";

/// Codes of requests that are wrong in themselves: the same request fails again.
const MALFORMED: &str = "InvalidInput InvalidParameter Malformed MissingParameter Validation";

impl<'a> Seen<'a> {
    fn new(code: Option<&'a str>, text: &'a str, status: Option<u16>) -> Seen<'a> {
        Seen { code, text, status }
    }

    /// Whether the code holds one of these words: services vary in prefixes and suffixes.
    fn is_one_of(&self, words: &str) -> bool {
        self.code
            .is_some_and(|code| words.split_whitespace().any(|word| code.contains(word)))
    }

    fn class(&self) -> Class {
        let server_fault = self.status.is_some_and(|s| s >= 500 || s == 429);
        let stale = matches!(self.status, Some(409 | 412));
        if self.is_one_of(CONFLICTS) || stale {
            // Before the status: Auto Scaling answers ResourceContention with HTTP 500.
            Class::Conflict
        } else if self.is_one_of(TRANSIENTS) || server_fault || self.code.is_none() {
            Class::Transient
        } else if self.is_one_of(DENIALS) {
            Class::Denied
        } else if self.is_one_of(ABSENCES) {
            Class::Gone
        } else if self.is_one_of(MALFORMED) && self.text.contains("not found") {
            // ASG and RDS say "ValidationError ... not found" where others have a code for it.
            Class::Gone
        } else if self.is_one_of(MALFORMED) {
            Class::Denied
        } else {
            // Any other refusal (all the Invalid...StateFault): judged by looking again.
            Class::Conflict
        }
    }

    fn heard(&self) -> Heard {
        match (self.status, self.code) {
            (Some(status), _) if status >= 500 => Heard::Silence,
            (Some(_), Some(_)) => Heard::Answer,
            (Some(_), None) => Heard::Unclear,
            (None, _) => Heard::Silence,
        }
    }
}

/// A request that cannot be built cannot be built a second time; missing credentials may come back.
fn unsent_class<E>(error: &SdkError<E, HttpResponse>) -> Class {
    if matches!(error, SdkError::ConstructionFailure(_)) {
        Class::Denied
    } else {
        Class::Transient
    }
}

/// The whole chain of causes, and the beginning of the body: nothing is swallowed.
fn without_code<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: Error + 'static,
{
    let mut text = chain(error);
    if let Some(response) = error.raw_response() {
        let body = response.body().bytes().unwrap_or_default();
        let quoted: String = String::from_utf8_lossy(body)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(BODY_QUOTED_CHARS_MAX)
            .collect();
        text = format!("HTTP {}: {text}: {quoted:?}", response.status().as_u16());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(code: &str, status: u16) -> Class {
        Seen::new(Some(code), "", Some(status)).class()
    }

    #[test]
    fn codes_have_the_class_that_decides_the_next_step() {
        for (code, status, expected) in [
            ("Throttling", 400, Class::Transient),
            ("ThrottlingException", 400, Class::Transient),
            ("RequestThrottled", 403, Class::Transient),
            ("RequestLimitExceeded", 503, Class::Transient),
            ("InternalFailure", 500, Class::Transient),
            ("ServiceLinkedRoleFailure", 500, Class::Transient),
            ("SlowDown", 503, Class::Transient),
            ("AccessDenied", 403, Class::Denied),
            ("AccessDeniedException", 400, Class::Denied),
            ("UnauthorizedOperation", 403, Class::Denied),
            ("ExpiredTokenException", 400, Class::Denied),
            ("InvalidClientTokenId", 403, Class::Denied),
            ("SignatureDoesNotMatch", 403, Class::Denied),
            ("UnrecognizedClientException", 400, Class::Denied),
            ("DBClusterNotFoundFault", 404, Class::Gone),
            ("GlobalClusterNotFoundFault", 404, Class::Gone),
            ("NoSuchKey", 404, Class::Gone),
            ("AWS.SimpleQueueService.NonExistentQueue", 400, Class::Gone),
            ("InvalidGlobalClusterStateFault", 400, Class::Conflict),
            ("InvalidDBClusterStateFault", 400, Class::Conflict),
            ("ScalingActivityInProgress", 400, Class::Conflict),
            ("ResourceContention", 500, Class::Conflict),
            ("PreconditionFailed", 412, Class::Conflict),
            ("ConditionalRequestConflict", 409, Class::Conflict),
            ("SomethingNew", 400, Class::Conflict),
        ] {
            assert_eq!(class(code, status), expected, "{code} {status}");
        }
    }

    #[test]
    fn a_validation_error_about_a_missing_object_means_gone() {
        let seen = |text| Seen::new(Some("ValidationError"), text, Some(400));
        let missing = "AutoScalingGroup name not found - AutoScalingGroup 'asg' not found";
        assert_eq!(seen(missing).class(), Class::Gone);
        assert_eq!(seen("1 validation error detected").class(), Class::Denied);
    }

    #[test]
    fn an_answer_in_html_is_transient_and_its_words_survive() {
        let error: SdkError<aws_smithy_types::error::metadata::ErrorMetadata, HttpResponse> =
            SdkError::response_error("unexpected token", html(502));
        let error = AwsError::from_sdk("rds:FailoverGlobalCluster", "global-shop1", error);
        assert_eq!(
            (error.class, error.heard),
            (Class::Transient, Heard::Silence)
        );
        let said = error.to_string();
        assert!(
            said.starts_with("rds:FailoverGlobalCluster global-shop1: HTTP 502: "),
            "{said}"
        );
        assert!(
            said.contains("unexpected token") && said.contains("Bad Gateway"),
            "{said}"
        );
    }

    #[test]
    fn a_page_of_a_captive_portal_is_no_word_of_aws() {
        let error: SdkError<aws_smithy_types::error::metadata::ErrorMetadata, HttpResponse> =
            SdkError::service_error(Default::default(), html(403));
        let error = AwsError::from_sdk("rds:DescribeDBClusters", "aurora-shop1", error);
        assert_eq!(
            (error.class, error.heard),
            (Class::Transient, Heard::Unclear)
        );
    }

    fn html(status: u16) -> HttpResponse {
        let body = aws_smithy_types::body::SdkBody::from("<html>\n<h1>Bad   Gateway</h1></html>");
        HttpResponse::new(status.try_into().expect("a status"), body)
    }

    #[test]
    fn a_throttle_is_an_answer_and_a_server_fault_is_not() {
        let heard = |code, status| Seen::new(code, "", status).heard();
        assert_eq!(heard(Some("Throttling"), Some(400)), Heard::Answer);
        assert_eq!(heard(Some("InternalFailure"), Some(500)), Heard::Silence);
        assert_eq!(heard(None, None), Heard::Silence);
    }
}
