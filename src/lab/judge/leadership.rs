//! The judge's book of leases and requests: who may send, which answers are missing, and whether
//! somebody leads who could.
//!
//! It looks at the store's truth, never at what a daemon knows of its own lease. Deliberately
//! absent: how a lease is kept.

use super::Judge;
use super::requests::{Sender, SentRequest};
use crate::lab::store::SimulatedStore;
use crate::ledger::Entry;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Outcome, Side};
use drd_state_machine::time::{Span, Time};

/// What the promises state, whatever the machine's constant is: no opposite role change while an
/// old request may land.
const QUARANTINE: Span = Span::secs(900);

/// Towards which side it moves the active one.
pub(super) fn towards(command: &Command) -> Option<Side> {
    match command {
        Command::Promote { to, .. }
        | Command::Switchover { to, .. }
        | Command::Redirect { to, .. } => Some(*to),
        Command::Fence { side, .. } => Some(side.other()),
        Command::Prescale { .. }
        | Command::ScaleBack { .. }
        | Command::Scale { .. }
        | Command::ProveWrite { .. }
        | Command::Page { .. } => None,
    }
}

impl Judge {
    /// A mutating request leaves its daemon, at this moment.
    pub fn sends(&mut self, now: Time, sender: Sender, store: &SimulatedStore, command: &Command) {
        self.tries_again(now, sender, command);
        let row = store.lease.as_ref().map(|row| row.fencing_token);
        self.require(sender.token == row, "S7", now, || {
            format!(
                "{} is sent under fencing token {:?}, the lease has {row:?}",
                command.kind(),
                sender.token
            )
        });
        let lines = store.entries.iter().zip(&store.tokens).rev();
        let durable = lines
            .filter(|(_, token)| **token == sender.token)
            .any(|(entry, _)| match entry {
                Entry::Decided { decision, .. } => decision.commands.contains(command),
                Entry::Opened { .. } | Entry::Noted { .. } => false,
            });
        self.require(durable, "S5", now, || {
            format!(
                "{} is sent without a decision that its own term made durable",
                command.kind()
            )
        });
        let Some(to) = towards(command) else { return };
        if command.kind().irreversible() {
            self.no_way_back_yet(now, to);
        }
        self.requests.sent.push(SentRequest {
            kind: command.kind(),
            incident_id: command.incident_id(),
            attempt: command.attempt(),
            generation: sender.generation,
            to,
            at: now,
            answered: false,
        });
    }

    fn no_way_back_yet(&mut self, now: Time, to: Side) {
        let may_land = self
            .requests
            .sent
            .iter()
            .rev()
            .find(|s| s.to != to && !s.answered && now - s.at < QUARANTINE)
            .copied();
        self.require(may_land.is_none(), "S1", now, || {
            let old = may_land.map(|s| (s.kind.name(), s.to, now - s.at));
            format!("roles go to {to} while an older request may land: {old:?}")
        });
    }

    /// The daemon that sent it received how an attempt ended.
    pub fn answered(&mut self, now: Time, generation: u64, done: &Completion) {
        self.retries.note(now, generation, done);
        if matches!(done.outcome, Outcome::Unknown { .. }) {
            return;
        }
        for sent in &mut self.requests.sent {
            let same = (sent.kind, sent.incident_id, sent.generation)
                == (done.kind, done.incident_id, generation);
            // One fence is as good as another: each sets the same size.
            sent.answered |= same && (sent.attempt == done.attempt || sent.kind == Kind::Fence);
        }
    }

    /// The ledger's lines, as the store has them: an older term never writes after a newer one.
    pub fn table(&mut self, now: Time, tokens: &[Option<u64>]) {
        for token in tokens.get(self.requests.lines_seen..).unwrap_or_default() {
            let newest = self.requests.newest_token;
            self.require(*token >= newest, "S5", now, || {
                format!("a line of lease token {token:?} was written after one of {newest:?}")
            });
            self.requests.newest_token = newest.max(*token);
        }
        self.requests.lines_seen = tokens.len();
    }

    /// Whether somebody leads, or at least could: then somebody must, after `bound`.
    pub fn leadership(&mut self, now: Time, led: bool, able: bool, bound: Span) {
        if led {
            let gap = self.requests.leaderless_since.take();
            let long = gap.is_some_and(|since| now - since > bound);
            if long || self.requests.led_since.is_none() {
                self.requests.led_since = Some(now);
            }
            self.requests.able_since = None;
            return;
        }
        self.requests.leaderless_since.get_or_insert(now);
        if !able {
            self.requests.able_since = None;
            return;
        }
        let since = *self.requests.able_since.get_or_insert(now);
        self.require(now - since <= bound, "L2", now, || {
            format!(
                "nobody has led for {}, although a daemon could",
                now - since
            )
        });
    }
}
