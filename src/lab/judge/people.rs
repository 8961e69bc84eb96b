//! What people asked of drd, by the ledger's own lines about their words: which incidents are theirs, and
//! since when drd is to begin none by itself.
//!
//! Deliberately absent: whether drd should have obeyed.

use crate::ledger::Entry;
use drd_state_machine::Decision;
use drd_state_machine::command::Command;
use drd_state_machine::event::{Event, Word};
use drd_state_machine::time::{Span, Time};

/// An order that began something has its role change decided on within this: the last look and its slice,
/// and the longest that a fault of a ledger lasts in between.
const OPENS_WITHIN: Span = Span::secs(660);

/// What people asked for.
#[derive(Debug, Default)]
pub(super) struct PeopleBook {
    lines_seen: usize,
    ordered_at: Option<Time>,
    /// The incidents whose roles were to be changed, and whether an operator ordered that.
    incidents: Vec<(u64, bool)>,
    newest_incident: u64,
    /// When people last ordered a role change, or to go on.
    given_at: Option<Time>,
    pub(super) paused_since: Option<Time>,
}

impl PeopleBook {
    /// A line is to become durable: what follows from an order may be decided on in the same append.
    pub(super) fn proposed(&mut self, now: Time, event: &Event, decision: &Decision) {
        let order = matches!(event.word(), Some(Word::Failover | Word::Switchover));
        // One that is refused begins nothing.
        if order && decision.is_transition() {
            self.ordered_at = Some(now);
        }
    }

    /// The ledger's lines so far.
    pub(super) fn read(&mut self, now: Time, entries: &[Entry]) {
        for entry in entries.get(self.lines_seen..).unwrap_or_default() {
            let (Entry::Noted { event, .. } | Entry::Decided { event, .. }) = entry else {
                continue;
            };
            match event.word() {
                Some(Word::Pause) => self.paused_since = self.paused_since.or(Some(now)),
                Some(Word::Resume) => {
                    self.paused_since = None;
                    self.given_at = Some(now);
                }
                Some(Word::Failover | Word::Switchover) => self.given_at = Some(now),
                Some(Word::Abandon) | None => {}
            }
        }
        self.lines_seen = entries.len();
    }

    /// A command was decided on. The first change of roles of an incident shows whose it is.
    pub(super) fn decided(&mut self, now: Time, command: &Command) {
        let incident_id = command.incident_id();
        let known = self.incidents.iter().any(|(id, _)| *id == incident_id);
        if known || !command.kind().irreversible() {
            return;
        }
        let ordered = self.ordered_at.take();
        let theirs = ordered.is_some_and(|at| now - at <= OPENS_WITHIN);
        self.incidents.push((incident_id, theirs));
    }

    /// A command's decision is durable.
    pub(super) fn counts(&mut self, command: &Command) {
        self.newest_incident = self.newest_incident.max(command.incident_id());
    }

    /// Whether the command is of the newest incident that anything was decided in.
    pub(super) fn is_current(&self, command: &Command) -> bool {
        command.incident_id() >= self.newest_incident
    }

    /// Whether an operator ordered this incident.
    pub(super) fn ordered(&self, command: &Command) -> bool {
        self.incidents.contains(&(command.incident_id(), true))
    }

    /// When people last ordered a role change, or to go on.
    pub(super) fn given_at(&self) -> Option<Time> {
        self.given_at
    }

    /// A daemon started on a ledger of another time: what is in that one is what people ordered.
    pub(super) fn read_anew(&mut self, now: Time, entries: &[Entry]) {
        *self = PeopleBook::default();
        self.read(now, entries);
        for entry in entries {
            let Entry::Decided {
                event, decision, ..
            } = entry
            else {
                continue;
            };
            self.proposed(now, event, decision);
            for command in &decision.commands {
                self.decided(now, command);
                self.counts(command);
            }
        }
    }
}
