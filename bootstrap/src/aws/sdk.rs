//! Reads the SDK's errors.
//!
//! Deliberately absent: the meaning of codes; `class` has the list.

use super::class::{Class, classify};
use super::error::{AwsError, Reached, chain};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;

/// How much of a body that is not AWS's is quoted: enough to recognise a proxy's error page.
const BODY_QUOTED_CHARS_MAX: usize = 200;

impl AwsError {
    /// Names and classifies an SDK error. Bodies that are not AWS's (HTML of a proxy, truncated
    /// XML) have no code and are [`Class::Transient`].
    pub fn from_sdk<E>(
        operation: &'static str,
        object: &str,
        error: &SdkError<E, HttpResponse>,
    ) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let status = error.raw_response().map(|r| r.status().as_u16());
        let (code, text) = (error.code(), error.message());
        let (class, reached) = match was_sent(error) {
            true => (
                classify(code, text.unwrap_or_default(), status),
                reached(code, status),
            ),
            false => (unsent_class(error), Reached::NotSent),
        };
        let text = text.unwrap_or("no reason given");
        let message = match (code, error.meta().extra("aws_request_id")) {
            (Some(code), Some(id)) => format!("{code}: {text} (request {id})"),
            (Some(code), None) => format!("{code}: {text}"),
            (None, _) => without_code(error),
        };
        AwsError {
            operation,
            object: object.to_owned(),
            class,
            reached,
            code: code.map(str::to_owned),
            message,
        }
    }
}

/// Whether bytes may have left: everything except errors of construction, credentials and the
/// like. A connection that closed half-way through the answer has a kind of its own.
fn was_sent<E>(error: &SdkError<E, HttpResponse>) -> bool {
    if let SdkError::DispatchFailure(failure) = error {
        return failure.is_io() || failure.is_timeout() || failure.as_other().is_some();
    }
    !matches!(error, SdkError::ConstructionFailure(_))
}

/// A request that cannot be built cannot be built a second time; missing credentials may come back.
fn unsent_class<E>(error: &SdkError<E, HttpResponse>) -> Class {
    if matches!(error, SdkError::ConstructionFailure(_)) {
        Class::Malformed
    } else {
        Class::Transient
    }
}

fn reached(code: Option<&str>, status: Option<u16>) -> Reached {
    match (status, code) {
        (Some(status), _) if status >= 500 => Reached::Silent,
        (Some(_), Some(_)) => Reached::Answered,
        (Some(_), None) => Reached::OtherParty,
        (None, _) => Reached::Silent,
    }
}

/// The whole chain of causes on one line (the credentials chain lists what it tried on lines of its
/// own), and the beginning of the body.
fn without_code<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: Error + 'static,
{
    let text = one_line(&chain(error));
    let Some(response) = error.raw_response() else {
        return text;
    };
    let body = response.body().bytes().unwrap_or_default();
    let quoted: String = one_line(&String::from_utf8_lossy(body))
        .chars()
        .take(BODY_QUOTED_CHARS_MAX)
        .collect();
    format!("HTTP {}: {text}: {quoted:?}", response.status().as_u16())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::error::metadata::ErrorMetadata;

    #[test]
    fn an_answer_in_html_is_transient_and_its_text_survives() {
        let error: SdkError<ErrorMetadata, HttpResponse> =
            SdkError::response_error("unexpected token", html(502));
        let error = AwsError::from_sdk("rds:FailoverGlobalCluster", "global-shop1", &error);
        assert_eq!(
            (error.class, error.reached),
            (Class::Transient, Reached::Silent)
        );
        let text = error.to_string();
        assert!(
            text.starts_with("rds:FailoverGlobalCluster global-shop1: HTTP 502: "),
            "{text}"
        );
        assert!(
            text.contains("unexpected token") && text.contains("Bad Gateway"),
            "{text}"
        );
    }

    #[test]
    fn a_page_of_a_captive_portal_is_no_answer_of_aws() {
        let error: SdkError<ErrorMetadata, HttpResponse> =
            SdkError::service_error(Default::default(), html(403));
        let error = AwsError::from_sdk("rds:DescribeDBClusters", "aurora-shop1", &error);
        assert_eq!(
            (error.class, error.reached),
            (Class::Transient, Reached::OtherParty)
        );
    }

    #[test]
    fn what_cannot_be_built_is_not_sent_again() {
        let error: SdkError<ErrorMetadata, HttpResponse> =
            SdkError::construction_failure("no such parameter");
        let error = AwsError::from_sdk("rds:DescribeDBClusters", "aurora-shop1", &error);
        assert_eq!(
            (error.class, error.reached),
            (Class::Malformed, Reached::NotSent)
        );
    }

    fn html(status: u16) -> HttpResponse {
        let body = aws_smithy_types::body::SdkBody::from("<html>\n<h1>Bad   Gateway</h1></html>");
        HttpResponse::new(status.try_into().expect("a status"), body)
    }

    #[test]
    fn a_throttle_is_an_answer_and_a_server_fault_is_not() {
        assert_eq!(reached(Some("Throttling"), Some(400)), Reached::Answered);
        assert_eq!(reached(Some("InternalFailure"), Some(500)), Reached::Silent);
        assert_eq!(reached(None, None), Reached::Silent);
    }
}
