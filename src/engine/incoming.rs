//! One message: a letter for the machine, a hint, or nothing that needs a line.
//!
//! Deliberately absent: what the text means (`crate::intake`), and deleting.

use super::conductor::{EventLetter, EventOrigin};
use super::environment::Environment;
use super::polling::Polling;
use super::port::{Message, Notice, Receipt};
use crate::intake::{DiscardReason, Hint, Parsed, read};
use drd_state_machine::event::Event;
use drd_state_machine::time::Time;
use std::sync::Arc;

/// What is to be done with a message.
pub(super) enum Incoming {
    /// The machine takes it in; the message is deleted once that is durable.
    Letter(EventLetter),
    /// It needs no line and may be deleted.
    Settled(Receipt, Option<Notice>),
    /// A reason to look sooner; it may be deleted.
    Hint(Receipt, Hint),
    /// It stays in the queue, for the dead-letter queue.
    Left(Option<Notice>),
}

/// Reads a message at this time of AWS's clock, and counts it.
pub(super) fn incoming(
    env: &Environment,
    polling: &mut Polling,
    message: Message,
    dated: Time,
) -> Incoming {
    let reading = read(&message.body, &env.known, dated);
    env.metrics.message_read(&reading, dated);
    let leave = reading.parsed.leave_in_queue();
    let (event, id) = match reading.parsed {
        Parsed::Signal(signal) => {
            let id = signal.id.clone();
            (Event::Signalled(signal), id)
        }
        Parsed::Lag(sample) => (Event::Sampled(sample), Arc::default()),
        Parsed::Heartbeat {
            nonce, stamped_at, ..
        } => {
            let Some(back) = polling.beat_back(&nonce) else {
                let reason = DiscardReason::UnknownHeartbeat;
                env.metrics.event_discarded(reason.name());
                return settled(message, reason);
            };
            let event = Event::HeartbeatReturned {
                sent_at: back.left_at,
                stamped_at,
                earlier_lost: back.earlier_lost,
            };
            (event, Arc::default())
        }
        Parsed::Hint(hint) => return Incoming::Hint(message.receipt, hint),
        Parsed::Discard(reason) if leave => {
            let refused = reason.remark().map(|why| Notice::NotUnderstood {
                id: message.id,
                why: why.to_owned(),
                receive_count: message.receive_count,
            });
            return Incoming::Left(refused);
        }
        Parsed::Discard(reason) => return settled(message, reason),
        Parsed::Malformed(why) => {
            return Incoming::Left(Some(Notice::NotUnderstood {
                id: message.id,
                why,
                receive_count: message.receive_count,
            }));
        }
    };
    let receipts = vec![message.receipt];
    let origin = EventOrigin::Queue { receipts, id };
    Incoming::Letter(EventLetter { event, origin })
}

/// Understood, and not acted on.
fn settled(message: Message, reason: DiscardReason) -> Incoming {
    let id = message.id;
    let notice = reason.remark().map(|_| Notice::NotActedOn { id, reason });
    Incoming::Settled(message.receipt, notice)
}
