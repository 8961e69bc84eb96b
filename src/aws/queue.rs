//! The queue of events: receive, delete, extend. Bodies are not parsed here.
//!
//! Deliberately absent: parsing, deduplication, and what a message means. `intake` does that.

use super::clients::Clients;
use super::error::AwsError;
use crate::engine::port::{Message, Receipt};
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message as SqsMessage, MessageSystemAttributeName,
    QueueAttributeName,
};
use drd_bootstrap::topology::Events;

/// Seconds that SQS holds a receive while the queue is empty: the longest there is
/// (SQS API reference), so an idle daemon calls 180 times an hour.
const WAIT_SECONDS: i32 = 20;
/// Messages a call: the most that SQS gives and the most that a batch deletes.
pub const BATCH_MAX: i32 = 10;

/// What is judged of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueAttributes {
    /// About how many messages wait.
    pub waiting: Option<u64>,
    /// How long a received message stays hidden, in seconds.
    pub visibility_seconds: Option<u64>,
    /// Whether messages that could not be read go to a dead-letter queue.
    pub has_dead_letters: bool,
}

/// Waits for messages, 20 s at most.
///
/// # Errors
/// The failed call.
pub async fn receive(aws: &Clients) -> Result<Vec<Message>, AwsError> {
    let url = url(aws);
    let request = aws
        .sqs()
        .receive_message()
        .queue_url(url)
        .wait_time_seconds(WAIT_SECONDS)
        .max_number_of_messages(BATCH_MAX)
        .message_system_attribute_names(MessageSystemAttributeName::All);
    let answer = aws
        .call(aws.timers().poll, "sqs:ReceiveMessage", url, request.send())
        .await?;
    Ok(answer
        .messages
        .unwrap_or_default()
        .into_iter()
        .filter_map(message_of)
        .collect())
}

/// Deletes deliveries, ten a call. Call it when their effect is in the ledger.
///
/// # Errors
/// The first that failed; the others were tried. A message that stays is delivered again.
pub async fn delete(aws: &Clients, receipts: &[Receipt]) -> Result<(), AwsError> {
    let mut first = Ok(());
    for batch in receipts.chunks(BATCH_MAX as usize) {
        first = first.and(delete_batch(aws, batch).await);
    }
    first
}

async fn delete_batch(aws: &Clients, receipts: &[Receipt]) -> Result<(), AwsError> {
    const OPERATION: &str = "sqs:DeleteMessage";
    let url = url(aws);
    let entries = receipts
        .iter()
        .enumerate()
        .map(|(i, receipt)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(i.to_string())
                .receipt_handle(&**receipt)
                .build()
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| AwsError::said(OPERATION, url, Some("InvalidInput"), e.to_string()))?;
    let request = aws
        .sqs()
        .delete_message_batch()
        .queue_url(url)
        .set_entries(Some(entries));
    let answer = aws.read(OPERATION, url, request.send()).await?;
    answer.failed().first().map_or(Ok(()), |failed| {
        let cause = failed.message().unwrap_or("no reason given").to_owned();
        Err(AwsError::said(OPERATION, url, Some(failed.code()), cause))
    })
}

/// The queue's attributes.
///
/// # Errors
/// The failed call; [`super::error::Class::Gone`] when there is no such queue.
pub async fn attributes(aws: &Clients) -> Result<QueueAttributes, AwsError> {
    let url = url(aws);
    let request = aws
        .sqs()
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::All);
    let answer = aws
        .read("sqs:GetQueueAttributes", url, request.send())
        .await?;
    let all = answer.attributes.unwrap_or_default();
    let number = |name| all.get(&name).and_then(|text: &String| text.parse().ok());
    Ok(QueueAttributes {
        waiting: number(QueueAttributeName::ApproximateNumberOfMessages),
        visibility_seconds: number(QueueAttributeName::VisibilityTimeout),
        has_dead_letters: all.contains_key(&QueueAttributeName::RedrivePolicy),
    })
}

fn url(aws: &Clients) -> &str {
    let Events::Sqs { queue_url, .. } = &aws.topology().events;
    queue_url
}

/// A delivery without a receipt cannot be answered, and SQS always gives one.
fn message_of(found: SqsMessage) -> Option<Message> {
    let attribute = |name| found.attributes().and_then(|all| all.get(&name));
    let receive_count = attribute(MessageSystemAttributeName::ApproximateReceiveCount);
    Some(Message {
        receive_count: receive_count.and_then(|n| n.parse().ok()).unwrap_or(1),
        id: found.message_id.unwrap_or_default().into(),
        receipt: found.receipt_handle?.into(),
        body: found.body.unwrap_or_default().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_keeps_its_count() {
        let found = SqsMessage::builder()
            .message_id("m-1")
            .receipt_handle("r-1")
            .body("{}")
            .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "3")
            .build();
        let message = message_of(found).expect("it has a receipt");
        assert_eq!(message.receive_count, 3);
    }

    #[test]
    fn a_delivery_without_attributes_is_the_first() {
        let message = message_of(SqsMessage::builder().receipt_handle("r-1").build());
        assert_eq!(message.map(|m| m.receive_count), Some(1));
    }
}
