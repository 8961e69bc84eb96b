//! From the queue to the control loop and back: a message is deleted only after the ledger
//! holds what it said.
//!
//! Deliberately absent: what a message means (`crate::intake`) and what follows from it.

use super::{News, Parts};
use crate::aws::queue::{self, Message};
use crate::intake::{Known, Parsed, Reading, read};
use drd_state_machine::event::Event;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// After a receive that failed: a queue that is away is asked again, not hammered.
const PAUSE: Duration = Duration::from_secs(2);
/// How long an extended message stays hidden.
const HIDDEN_SECONDS: u32 = 30;
/// Extended at a third of that time: two extensions may fail.
const EXTEND_EVERY: Duration = Duration::from_secs(10);
/// Extensions of one message: ten minutes. After that SQS delivers it again, which is harmless.
const EXTENSIONS_MAX: u32 = 60;

pub(super) fn spawn(
    tasks: &mut JoinSet<&'static str>,
    parts: &Parts,
    tell: &mpsc::Sender<News>,
    stopped: &watch::Receiver<bool>,
) {
    let intake = Intake {
        known: crate::config::trusted(&parts.config),
        parts: parts.clone(),
        tell: tell.clone(),
    };
    let mut stopped = stopped.clone();
    tasks.spawn(async move {
        let stop = async { stopped.wait_for(|stop| *stop).await.is_ok() };
        let stops = tokio::select! {
            () = intake.run() => false,
            told = stop => told,
        };
        if stops {
            // What is not deleted stays with the queue; the control loop ends the process.
            std::future::pending::<()>().await;
        }
        "the intake"
    });
}

struct Intake {
    known: Known,
    parts: Parts,
    tell: mpsc::Sender<News>,
}

impl Intake {
    async fn run(&self) {
        loop {
            match self.parts.estate.receive().await {
                Ok(messages) => {
                    if self.take(messages).await.is_none() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the queue cannot be read; observation goes on");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// `None`: nobody listens any more.
    async fn take(&self, messages: Vec<Message>) -> Option<()> {
        let mut settled = Vec::new();
        for message in messages {
            if self.settle(&message).await? {
                settled.push(message.receipt);
            }
        }
        if !settled.is_empty()
            && let Err(error) = self.parts.estate.settle(&settled).await
        {
            tracing::warn!(%error, "not deleted: it is delivered again, with the effect of once");
        }
        Some(())
    }

    /// Whether the message may be deleted.
    async fn settle(&self, message: &Message) -> Option<bool> {
        let now = self.parts.clock.read();
        let Reading { source, parsed } = read(&message.body, &self.known, now);
        let leave = parsed.leave_in_queue();
        let reading = Reading { source, parsed };
        self.parts.metrics.message_read(&reading, now);
        let event = match reading.parsed {
            Parsed::Signal(signal) => Event::Signalled(signal),
            Parsed::Lag(sample) => Event::Sampled(sample),
            Parsed::Heartbeat {
                sent_at,
                stamped_at,
                ..
            } => Event::HeartbeatReturned {
                sent_at,
                stamped_at,
            },
            Parsed::Hint(hint) => {
                tracing::info!(code = %hint.code, subject = %hint.subject, text = %hint.text, "hint");
                self.parts.hint.notify_one();
                return Some(true);
            }
            Parsed::Discard(reason) => {
                tracing::debug!(reason = reason.name(), id = %message.id, "discarded");
                return Some(!leave);
            }
            Parsed::Malformed(why) => {
                tracing::warn!(%why, id = %message.id, received = message.receive_count, "not understood; left for the dead-letter queue");
                return Some(false);
            }
        };
        self.hand_over(event, message).await
    }

    /// Gives the event to the control loop and waits until the ledger holds it, or refused it.
    async fn hand_over(&self, event: Event, message: &Message) -> Option<bool> {
        let (held, answer) = oneshot::channel();
        self.tell
            .send(News {
                event,
                held: Some(held),
            })
            .await
            .ok()?;
        tokio::pin!(answer);
        for _ in 0..EXTENSIONS_MAX {
            tokio::select! {
                durable = &mut answer => return Some(durable.unwrap_or(false)),
                () = tokio::time::sleep(EXTEND_EVERY) => self.extend(message).await,
            }
        }
        Some(false)
    }

    async fn extend(&self, message: &Message) {
        let estate = &self.parts.estate;
        let extended = estate.keep_hidden(&message.receipt, HIDDEN_SECONDS).await;
        if let Err(error) = extended {
            tracing::warn!(%error, "a message could not be kept hidden; it may be delivered again");
        }
    }
}
