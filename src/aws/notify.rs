//! What drd puts on its own event bus: heartbeats that come back through the queue, and pages.
//!
//! Deliberately absent: recipients. Rules on the bus forward pages to topics and chats.

use super::clients::Clients;
use super::error::AwsError;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use drd_bootstrap::topology::Events;
use drd_state_machine::command::Severity;
use drd_state_machine::time::Time;
use serde_json::{Value, json};

/// How much of a page's text is sent. An entry may have 256 KB (EventBridge quotas), an SNS text
/// message 1,600 characters; a page that needs more is a report.
const TEXT_CHARS_MAX: usize = 4_000;

/// Sends a heartbeat. It proves the path bus -> rule -> queue -> daemon; its echo's `time` is
/// AWS's clock, `sent_at` ours.
///
/// # Errors
/// The failed call.
pub async fn heartbeat(aws: &Clients, sent_at: Time, nonce: &str) -> Result<(), AwsError> {
    let detail = json!({ "sent_at": rfc3339(sent_at), "nonce": nonce });
    put(aws, "drd.heartbeat", "Heartbeat", &detail).await
}

/// Sends an event that every daemon drops: a suffix with a space is no estate's. Its clock is a
/// doctor's, and a heartbeat taken for the daemon's would shift its measure of AWS's clock.
///
/// # Errors
/// The failed call.
pub async fn of_doctor(aws: &Clients, sent_at: Time) -> Result<(), AwsError> {
    let suffix = format!("doctor of {}", aws.topology().suffix);
    let detail = json!({ "sent_at": rfc3339(sent_at), "nonce": "doctor", "suffix": suffix });
    put(aws, "drd.heartbeat", "Heartbeat", &detail).await
}

/// Sends a page.
///
/// # Errors
/// The failed call.
pub async fn page(
    aws: &Clients,
    severity: Severity,
    text: &str,
    incident_id: u64,
) -> Result<(), AwsError> {
    let detail = json!({
        "suffix": aws.topology().suffix.as_str(),
        "severity": severity.name(),
        "text": text.chars().take(TEXT_CHARS_MAX).collect::<String>(),
        // `epoch` is the name that rules and filters on the bus match.
        "epoch": incident_id,
    });
    put(aws, "drd.page", "Page", &detail).await
}

async fn put(aws: &Clients, source: &str, kind: &str, detail: &Value) -> Result<(), AwsError> {
    const OPERATION: &str = "events:PutEvents";
    let Events::Sqs { event_bus: bus, .. } = &aws.topology().events;
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(bus)
        .source(source)
        .detail_type(kind)
        .detail(detail.to_string())
        .build();
    let answer = aws
        .act(
            OPERATION,
            bus,
            aws.events().put_events().entries(entry).send(),
        )
        .await?;
    refused(answer.failed_entry_count(), answer.entries()).map_or(Ok(()), |(code, cause)| {
        Err(AwsError::said(OPERATION, bus, Some(&code), cause))
    })
}

/// PutEvents answers 200 even where it took nothing (EventBridge API reference).
fn refused(count: i32, entries: &[PutEventsResultEntry]) -> Option<(String, String)> {
    let entry = entries.iter().find(|e| e.error_code().is_some());
    (count > 0 || entry.is_some()).then(|| {
        let text = |given: Option<&str>, missing: &str| given.unwrap_or(missing).to_owned();
        (
            text(entry.and_then(|e| e.error_code()), "InternalFailure"),
            text(
                entry.and_then(|e| e.error_message()),
                "the entry was not taken",
            ),
        )
    })
}

/// RFC 3339 in UTC with milliseconds; a time beyond year 9999 is sent as milliseconds.
fn rfc3339(time: Time) -> String {
    jiff::Timestamp::from_millisecond(time.0)
        .map_or_else(|_| time.0.to_string(), |stamp| format!("{stamp:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_sent_in_rfc_3339_with_milliseconds() {
        assert_eq!(rfc3339(Time(1_700_000_000_120)), "2023-11-14T22:13:20.120Z");
        assert_eq!(rfc3339(Time(1_700_000_000_000)), "2023-11-14T22:13:20.000Z");
    }

    #[test]
    fn an_accepted_call_with_a_refused_entry_is_an_error() {
        let refusal = PutEventsResultEntry::builder()
            .error_code("ThrottlingException")
            .error_message("Rate exceeded")
            .build();
        let (code, cause) = refused(1, &[refusal]).expect("refused");
        assert_eq!(
            (code.as_str(), cause.as_str()),
            ("ThrottlingException", "Rate exceeded")
        );
        assert_eq!(
            refused(0, &[PutEventsResultEntry::builder().event_id("e").build()]),
            None
        );
        assert!(refused(1, &[]).is_some(), "a count alone is enough");
    }
}
