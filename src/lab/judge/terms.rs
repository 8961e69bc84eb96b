//! The judge's book of leases and requests: who may send, which answers are missing, and whether
//! somebody leads who could.
//!
//! It looks at the store's truth, never at what a daemon believes of its own lease. Deliberately
//! absent: how a lease is kept.

use super::Judge;
use crate::ledger::{Entry, MemoryTable};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Outcome, Side};
use drd_state_machine::time::{Span, Time};

/// What the promises say, whatever the machine's constant says: no opposite role change while an
/// old request may land.
const QUARANTINE: Span = Span::secs(900);

/// Who sends.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// The epoch of the lease under which it acts; `None` when it is alone.
    pub epoch: Option<u64>,
    /// Its term.
    pub generation: u64,
}

/// A request that moves the active side.
#[derive(Clone, Copy, Debug)]
struct Sent {
    kind: Kind,
    incident_id: u64,
    attempt: u32,
    generation: u64,
    to: Side,
    at: Time,
    answered: bool,
}

/// What was sent, and who led.
#[derive(Debug, Default)]
pub(super) struct Terms {
    sent: Vec<Sent>,
    lines_seen: usize,
    newest_epoch: Option<u64>,
    leaderless_since: Option<Time>,
    able_since: Option<Time>,
    led_since: Option<Time>,
}

/// Towards which side it moves the active one.
fn towards(command: &Command) -> Option<Side> {
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

impl Terms {
    /// The side that the newest request for a role change names.
    pub(super) fn newest_role(&self) -> Option<Side> {
        let roles = self.sent.iter().rev().find(|s| s.kind.irreversible());
        roles.map(|s| s.to)
    }

    /// Since when somebody has led, if somebody does; gaps that a takeover may take do not count.
    pub(super) fn led_since(&self, now: Time) -> Option<Time> {
        let gap = self
            .leaderless_since
            .map_or(Span::ZERO, |since| now - since);
        self.led_since.filter(|_| gap == Span::ZERO)
    }
}

impl Judge {
    /// A mutating request leaves its daemon, at this moment.
    pub fn sends(&mut self, now: Time, sender: Sender, store: &MemoryTable, command: &Command) {
        let row = store.lease.as_ref().map(|row| row.epoch);
        self.require(sender.epoch == row, "S7", now, || {
            format!(
                "{} is sent under lease epoch {:?}, the lease is of epoch {row:?}",
                command.kind(),
                sender.epoch
            )
        });
        let lines = store.entries.iter().zip(&store.epochs).rev();
        let durable = lines
            .filter(|(_, epoch)| **epoch == sender.epoch)
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
        self.terms.sent.push(Sent {
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
            .terms
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

    /// The daemon that sent it heard how an attempt ended.
    pub fn answered(&mut self, generation: u64, done: &Completion) {
        if matches!(done.outcome, Outcome::Unknown { .. }) {
            return;
        }
        for sent in &mut self.terms.sent {
            let same = (sent.kind, sent.incident_id, sent.attempt, sent.generation)
                == (done.kind, done.incident_id, done.attempt, generation);
            sent.answered |= same;
        }
    }

    /// The ledger's lines, as the store has them: an older term never writes after a newer one.
    pub fn table(&mut self, now: Time, epochs: &[Option<u64>]) {
        for epoch in epochs.get(self.terms.lines_seen..).unwrap_or_default() {
            let newest = self.terms.newest_epoch;
            self.require(*epoch >= newest, "S5", now, || {
                format!("a line of lease epoch {epoch:?} was written after one of {newest:?}")
            });
            self.terms.newest_epoch = newest.max(*epoch);
        }
        self.terms.lines_seen = epochs.len();
    }

    /// Whether somebody leads, or at least could: then somebody must, after `bound`.
    pub fn leadership(&mut self, now: Time, led: bool, able: bool, bound: Span) {
        if led {
            let gap = self.terms.leaderless_since.take();
            let long = gap.is_some_and(|since| now - since > bound);
            if long || self.terms.led_since.is_none() {
                self.terms.led_since = Some(now);
            }
            self.terms.able_since = None;
            return;
        }
        self.terms.leaderless_since.get_or_insert(now);
        if !able {
            self.terms.able_since = None;
            return;
        }
        let since = *self.terms.able_since.get_or_insert(now);
        self.require(now - since <= bound, "L2", now, || {
            format!(
                "nobody has led for {}, although a daemon could",
                now - since
            )
        });
    }
}
