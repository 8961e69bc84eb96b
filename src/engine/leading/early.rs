//! Messages that look too old before it is known how wrong this host's clock is: the first heartbeat shows it,
//! and they are read again then.
//!
//! Deliberately absent: what becomes of them (`arrivals`).

use crate::engine::environment::Environment;
use crate::engine::port::Message;
use crate::intake::{DiscardReason, Parsed, read};
use drd_state_machine::time::{Span, Time};

/// How many are kept: both sides' sensors, several times over. What is more is judged by the clock as it is.
const EARLY_MAX: usize = 64;
/// For how long: a heartbeat is back within seconds, and the queue shows them again after 60 s.
const WAITS: Span = Span::secs(30);

/// What is kept, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct EarlyMessages {
    kept: Vec<Message>,
    until: Option<Span>,
}

impl EarlyMessages {
    /// Keeps the message where it is `early` and looks too old; gives it back where it does not.
    pub(super) fn kept(
        &mut self,
        env: &Environment,
        message: Message,
        dated: Time,
        early: bool,
        now: Span,
    ) -> Option<Message> {
        if !early || self.kept.len() >= EARLY_MAX || !looks_old(env, &message, dated) {
            return Some(message);
        }
        self.kept.push(message);
        self.until.get_or_insert(now + WAITS);
        None
    }

    /// Everything, once the clock is known or the wait is over.
    pub(super) fn take(&mut self, now: Span, known: bool) -> Option<Vec<Message>> {
        let until = self.until?;
        if !known && now < until {
            return None;
        }
        self.until = None;
        Some(std::mem::take(&mut self.kept))
    }

    /// When the wait is over.
    pub(super) fn until(&self) -> Option<Span> {
        self.until
    }
}

fn looks_old(env: &Environment, message: &Message, dated: Time) -> bool {
    let reading = read(&message.body, &env.known, dated);
    matches!(reading.parsed, Parsed::Discard(DiscardReason::Stale))
}
