//! A queue as SQS has it: a message that was received is hidden for a while, comes back unless it
//! was deleted, and goes to the dead-letter queue when it came back too often.
//!
//! Deliberately absent: who waits for messages, and what a message means (`crate::intake`).

use super::sensors::SentMessage;
use crate::engine::port::{Message, Receipt};
use drd_state_machine::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The visibility timeout that bootstrap gives the queue.
pub const VISIBLE_AFTER: Span = Span::secs(30);
/// How long a receive waits for a message (SQS, long polling).
pub const LONG_POLL: Span = Span::secs(20);
/// After so many deliveries a message goes to the dead-letter queue (bootstrap's redrive policy).
const RECEIVES_MAX: u32 = 5;
/// What one receive brings at most (SQS, ReceiveMessage).
const BATCH_MAX: usize = 10;

#[derive(Debug)]
struct QueuedMessage {
    message: SentMessage,
    receives: u32,
}

/// The queue.
#[derive(Debug, Default)]
pub struct MessageQueue {
    visible: VecDeque<QueuedMessage>,
    /// Received and not deleted, each with the moment at which it comes back.
    received: BTreeMap<Receipt, (QueuedMessage, Time)>,
    receipts: u64,
}

/// What became of messages that were received and not deleted in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overdue {
    /// So many are visible again.
    pub returned: u64,
    /// So many went to the dead-letter queue.
    pub dead: u64,
}

impl MessageQueue {
    /// A message arrives.
    pub fn push(&mut self, message: SentMessage) {
        let receives = 0;
        self.visible.push_back(QueuedMessage { message, receives });
    }

    /// Whether a receive would bring something.
    pub fn has_visible(&self) -> bool {
        !self.visible.is_empty()
    }

    /// The oldest visible messages, ten at most. They are hidden until they come back.
    pub fn take_batch(&mut self, now: Time) -> Vec<Message> {
        let mut batch = Vec::new();
        while batch.len() < BATCH_MAX
            && let Some(mut queued) = self.visible.pop_front()
        {
            queued.receives += 1;
            self.receipts += 1;
            let receipt: Receipt = Arc::from(self.receipts.to_string());
            batch.push(Message {
                receipt: receipt.clone(),
                id: receipt.clone(),
                body: queued.message.body.clone(),
                receive_count: queued.receives,
            });
            self.received.insert(receipt, (queued, now + VISIBLE_AFTER));
        }
        batch
    }

    /// What was received and not deleted becomes visible again, or goes to the dead letters.
    pub fn return_overdue(&mut self, now: Time) -> Overdue {
        let mut overdue = Overdue::default();
        let due = self.received.extract_if(.., |_, (_, at)| *at <= now);
        for (_, (queued, _)) in due {
            if queued.receives >= RECEIVES_MAX {
                overdue.dead += 1;
            } else {
                overdue.returned += 1;
                self.visible.push_back(queued);
            }
        }
        overdue
    }

    /// Deletes one delivery; `None` when it came back or was deleted before.
    pub fn delete(&mut self, receipt: &Receipt) -> Option<SentMessage> {
        let (queued, _) = self.received.remove(receipt)?;
        Some(queued.message)
    }

    /// The message of a delivery that is neither deleted nor came back.
    pub fn delivered(&self, receipt: &Receipt) -> Option<&SentMessage> {
        self.received
            .get(receipt)
            .map(|(queued, _)| &queued.message)
    }

    /// Every message that was received and neither deleted nor came back.
    pub fn in_flight(&self) -> impl Iterator<Item = &SentMessage> {
        self.received.values().map(|(queued, _)| &queued.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::sensors::Sensors;

    #[test]
    fn a_message_comes_back_until_it_is_dead() {
        let mut queue = MessageQueue::default();
        queue.push(Sensors::poison());
        let mut now = Time(0);
        for count in 1..=RECEIVES_MAX {
            let batch = queue.take_batch(now);
            assert_eq!(batch.len(), 1);
            assert_eq!(batch[0].receive_count, count);
            assert!(!queue.has_visible());
            now = now + VISIBLE_AFTER;
            let dead = u64::from(count == RECEIVES_MAX);
            let returned = 1 - dead;
            assert_eq!(queue.return_overdue(now), Overdue { returned, dead });
        }
        assert!(!queue.has_visible());
        assert_eq!(queue.in_flight().count(), 0);
    }

    #[test]
    fn a_deleted_message_does_not_come_back() {
        let mut queue = MessageQueue::default();
        for _ in 0..=BATCH_MAX {
            queue.push(Sensors::poison());
        }
        let batch = queue.take_batch(Time(0));
        assert_eq!(batch.len(), BATCH_MAX);
        for message in &batch {
            assert!(queue.delivered(&message.receipt).is_some());
            assert!(queue.delete(&message.receipt).is_some());
            assert!(queue.delete(&message.receipt).is_none());
        }
        assert_eq!(
            queue.return_overdue(Time(0) + VISIBLE_AFTER),
            Overdue::default()
        );
        assert!(queue.has_visible(), "the eleventh");
    }
}
