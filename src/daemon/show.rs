//! What people are shown: the status, the metrics of a follower, the service manager's line.
//!
//! Deliberately absent: anything that decides. A follower's reading of the ledger is for the eye.

use super::incident_log;
use super::shell::Shell;
use crate::engine::lease::{Row, Terms, takeover_after};
use crate::status::LeaderStatus;
use crate::status::build::{LedgerHealth, StatusInput, build};
use drd_state_machine::Record;
use drd_state_machine::time::{Span, Time};

impl Shell {
    /// Shows the state of things after a turn.
    pub(super) fn show(&mut self) {
        let now = self.parts.clock.read();
        self.parts.turned();
        let setup = self.parts.setup.clone();
        let fresh;
        let leads = self.engine.record();
        let (record, seq) = match (leads, &self.shown.read) {
            (Some(record), _) => (record, self.engine.sequence()),
            (None, Some((record, sequence))) => (record, *sequence),
            (None, None) => {
                fresh = Record::new(&setup, now);
                (&fresh, 0)
            }
        };
        let ledger = LedgerHealth::of(!self.engine.is_held_by_ledger());
        let leader = self
            .terms
            .map(|terms| status(self.engine.lease_row(), leads.is_some(), terms));
        let input = StatusInput {
            record,
            setup: &setup,
            seq,
            ledger,
            leader,
        };
        if leads.is_none() && self.terms.is_some() {
            match ledger {
                LedgerHealth::Refuses => self.parts.metrics.held_by_ledger(),
                LedgerHealth::Works => self.parts.metrics.following(record, now, &setup),
            }
        }
        let view = build(&input, &self.parts.config, now);
        if std::mem::replace(&mut self.shown.armed, view.armed) != view.armed {
            incident_log::armed(&view);
        }
        self.parts.publish(view);
        // Ready: the ledger was opened and took a line, or this daemon stands by for one that leads.
        if self.engine.leads() || (self.terms.is_some() && self.engine.lease_row().is_some()) {
            self.parts.manager.ready();
        }
        self.read_for_show(now);
    }

    /// What the leader wrote, for people.
    fn read_for_show(&mut self, now: Time) {
        let follows = self.terms.is_some() && self.engine.record().is_none();
        if follows && self.shown.is_due(now) {
            self.shown.read_at = Some(now);
            let store = self.store.clone();
            self.reads.spawn(async move { store.read_for_show().await });
        }
    }
}

/// Who leads, as people are shown it.
fn status(row: Option<&Row>, leads: bool, terms: Terms) -> LeaderStatus {
    let lease = row.map_or(terms.lease, |row| Span::millis(row.lease_ms));
    LeaderStatus {
        leads,
        owner: row.map(|row| row.owner.clone()).unwrap_or_default(),
        fencing_token: row.map_or(0, |row| row.fencing_token),
        takeover_after_seconds: takeover_after(lease).as_secs_f64(),
    }
}
