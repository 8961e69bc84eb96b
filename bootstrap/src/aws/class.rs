//! What an answer of AWS means for the next step, by its code, its text and its HTTP status.
//!
//! The one list of codes of both crates: the daemon's calls and provisioning's are classified here.
//! Deliberately absent: the SDK's types, and retries; each caller has its own rule for those.

/// What a failed call means for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Throttled, a server error, no answer, an answer that could not be parsed, or a request that
    /// was not sent. The effect of a mutating call is unknown.
    Transient,
    /// AWS does not accept the credentials: wrong, expired, or not of a region that is enabled.
    Unauthenticated,
    /// The credentials are valid and the action is not allowed.
    Denied,
    /// The request itself is wrong: the same request fails again.
    Malformed,
    /// The object does not exist.
    Gone,
    /// Refused in the state that the object is in; the code has the reason.
    Conflict,
}

impl Class {
    /// The value of the label `reason` of `drd_aws_requests_failed_total`. The label has four values,
    /// which dashboards and alerts know: what no repetition of the request can mend counts as denied.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Transient => "transient",
            Class::Unauthenticated | Class::Denied | Class::Malformed => "denied",
            Class::Gone => "gone",
            Class::Conflict => "conflict",
        }
    }
}

/// Codes of throttles and server faults (aws-runtime, `retries/classifiers.rs`; common errors; for
/// OperationInProgress the CloudFormation API reference).
const TRANSIENTS: &str = "BandwidthLimitExceeded InternalError InternalFailure InternalServer \
    OperationInProgress PriorRequestNotComplete RequestLimitExceeded RequestTimeout \
    ServiceUnavailable SlowDown Throttl TooManyRequests";

/// Codes of a refusal in the present state that may come with a status of 500 or none at all
/// (Auto Scaling API reference; S3 API reference, conditional writes).
const CONFLICTS: &str = "Conflict InProgress PreconditionFailed ResourceContention ResourceInUse";

/// Codes about the credentials (common errors of the query protocols; EC2, STS and S3 error
/// responses).
const CREDENTIALS: &str = "AuthFailure ExpiredToken IncompleteSignature InvalidAccessKeyId \
    InvalidClientTokenId InvalidSecurity InvalidToken MissingAuthenticationToken OptInRequired \
    RegionDisabled RequestExpired RequestTimeTooSkewed SignatureDoesNotMatch UnrecognizedClient";

/// Codes about what the credentials may do (the same references).
const DENIALS: &str = "AccessDenied AllAccessDisabled AuthorizationError Forbidden NotAuthorized \
    Unauthorized";

/// Codes of objects that do not exist.
const ABSENCES: &str = "DoesNotExist NonExistent NoSuch NotFound ReceiptHandle";

/// Codes of requests that are wrong in themselves.
const MALFORMED: &str = "InvalidInput InvalidParameter Malformed MissingParameter Validation";

/// Auto Scaling, RDS and CloudFormation answer "ValidationError ... not found" or "... does not
/// exist" where others have a code for it.
const ABSENCE_TEXTS: [&str; 2] = ["not found", "does not exist"];

/// Classifies an answer: its code and text, and the HTTP status. No code: no answer of AWS's.
pub fn classify(code: Option<&str>, text: &str, status: Option<u16>) -> Class {
    // Contained, not equal: services vary in prefixes and suffixes.
    let is_one_of = |words: &str| {
        code.is_some_and(|code| words.split_whitespace().any(|word| code.contains(word)))
    };
    let is_server_fault = status.is_some_and(|s| s >= 500 || s == 429);
    let is_stale = matches!(status, Some(409 | 412));
    if is_one_of(TRANSIENTS) {
        Class::Transient
    } else if is_one_of(CONFLICTS) || is_stale {
        // Before the status: Auto Scaling answers ResourceContention with HTTP 500.
        Class::Conflict
    } else if is_server_fault || code.is_none() {
        Class::Transient
    } else if is_one_of(CREDENTIALS) {
        Class::Unauthenticated
    } else if is_one_of(DENIALS) {
        Class::Denied
    } else if is_one_of(ABSENCES) {
        Class::Gone
    } else if is_one_of(MALFORMED) {
        match ABSENCE_TEXTS.iter().any(|words| text.contains(words)) {
            true => Class::Gone,
            false => Class::Malformed,
        }
    } else {
        // Any other refusal (all the Invalid...StateFault): judged by reading the state again.
        Class::Conflict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("OperationInProgressException", 400, Class::Transient),
            ("AccessDenied", 403, Class::Denied),
            ("AccessDeniedException", 400, Class::Denied),
            ("UnauthorizedOperation", 403, Class::Denied),
            ("ExpiredTokenException", 400, Class::Unauthenticated),
            ("InvalidClientTokenId", 403, Class::Unauthenticated),
            ("UnrecognizedClientException", 400, Class::Unauthenticated),
            ("AuthFailure", 401, Class::Unauthenticated),
            ("RegionDisabledException", 403, Class::Unauthenticated),
            ("SignatureDoesNotMatch", 403, Class::Unauthenticated),
            ("DBClusterNotFoundFault", 404, Class::Gone),
            ("GlobalClusterNotFoundFault", 404, Class::Gone),
            ("NoSuchKey", 404, Class::Gone),
            ("AWS.SimpleQueueService.NonExistentQueue", 400, Class::Gone),
            ("ReceiptHandleIsInvalid", 404, Class::Gone),
            ("InvalidGlobalClusterStateFault", 400, Class::Conflict),
            ("InvalidDBClusterStateFault", 400, Class::Conflict),
            ("ScalingActivityInProgress", 400, Class::Conflict),
            ("ResourceContention", 500, Class::Conflict),
            ("PreconditionFailed", 412, Class::Conflict),
            ("ConditionalRequestConflict", 409, Class::Conflict),
            ("AlreadyExistsException", 400, Class::Conflict),
            ("SomethingNew", 400, Class::Conflict),
        ] {
            assert_eq!(
                classify(Some(code), "", Some(status)),
                expected,
                "{code} {status}"
            );
        }
    }

    #[test]
    fn an_answer_without_a_code_is_transient_unless_its_status_is_a_conflict() {
        assert_eq!(classify(None, "", Some(502)), Class::Transient);
        assert_eq!(classify(None, "", Some(403)), Class::Transient);
        assert_eq!(classify(None, "", None), Class::Transient);
        assert_eq!(classify(None, "", Some(412)), Class::Conflict);
    }

    #[test]
    fn a_validation_error_about_a_missing_object_means_gone() {
        let class = |text| classify(Some("ValidationError"), text, Some(400));
        let group = "AutoScalingGroup name not found - AutoScalingGroup 'asg' not found";
        assert_eq!(class(group), Class::Gone);
        assert_eq!(class("Stack with id stack-x does not exist"), Class::Gone);
        assert_eq!(class("1 validation error detected"), Class::Malformed);
        assert_eq!(class("No updates are to be performed"), Class::Malformed);
    }
}
