//! What an engine reports, for the timeline, the judge and the list of hard situations.
//!
//! Deliberately absent: doing anything for the daemon.

use crate::engine::port::{Notice, OrderReply};
use crate::lab::coverage::Milestone;
use crate::lab::install::Install;
use crate::lab::simulation::Simulation;
use drd_state_machine::Decision;
use drd_state_machine::state::State;

impl Simulation<'_> {
    /// A decision is durable.
    pub(super) fn witness(&mut self, who: Install, decision: &Decision) {
        let Some(process) = self.hosts[who.index()].process.as_ref() else {
            return;
        };
        let Some(record) = process.engine.record() else {
            return;
        };
        let entries = &self.store.entries;
        self.judge
            .decided(&self.world, entries, decision, &self.setup);
        self.reached.decided(record, decision);
        self.ever_held |= matches!(record.state, State::Held { .. });
        if std::mem::replace(&mut self.active_side, record.facts.active) != record.facts.active {
            self.moved = record.facts.incident.clone();
        }
        if decision.is_transition() {
            self.say(
                "state",
                format!("{} -> {}: {}", decision.from, decision.to, decision.because),
            );
        }
    }

    pub(super) fn replied(&mut self, who: Install, order: u64, reply: &OrderReply) {
        let waits = self
            .process_mut(who)
            .and_then(|process| process.orders.remove(&order));
        if let OrderReply::Taken { because } = reply {
            self.answers.push(because.clone());
        }
        match (waits, reply) {
            (None, _) | (Some(_), OrderReply::Taken { .. }) => {}
            (Some((word, tries)), _) => self.order_again(word, tries),
        }
    }

    pub(super) fn noticed(&mut self, who: Install, notice: Notice) {
        match notice {
            Notice::Taken { id, noted } => self.taken(&id, noted),
            Notice::Leads { fencing_token } => self.note_leader(who, fencing_token),
            Notice::LeadsNoMore { why, .. } => self.leads_no_more(who, &why),
            Notice::LedgerRefused(_) => {
                let held = self
                    .process(who)
                    .is_some_and(|p| p.engine.is_held_by_ledger());
                self.ever_held |= held;
                self.reached.note(Milestone::HeldByLedger);
            }
            Notice::RenewalAdopted => self.reached.note(Milestone::LostRenewalAdopted),
            Notice::LeaseTooLate => self.reached.note(Milestone::LeaseGrantedTooLate),
            Notice::LeaseGivenUp => self.reached.note(Milestone::HandedOver),
            Notice::StoreUnanswered(_)
            | Notice::Stale(_)
            | Notice::Hinted(_)
            | Notice::NotUnderstood { .. }
            | Notice::NotActedOn { .. }
            | Notice::Decided { .. } => {}
        }
    }

    fn leads_no_more(&mut self, who: Install, why: &str) {
        let unsent = self
            .process_mut(who)
            .map_or(0, |p| std::mem::take(&mut p.unsent));
        let fenced = match unsent {
            0 => String::new(),
            1 => "; a call that was signed is not sent".to_owned(),
            calls => format!("; {calls} calls that were signed are not sent"),
        };
        if unsent > 0 {
            self.reached.note(Milestone::StaleLeaderFenced);
        }
        let called = self.called(who);
        self.say("daemon", format!("{called} leads no more: {why}{fenced}"));
    }

    fn note_leader(&mut self, who: Install, fencing_token: Option<u64>) {
        let called = self.called(who);
        let again = self.store.entries.len() > 1;
        match fencing_token {
            Some(token) => self.say("daemon", format!("{called} leads, fencing token {token}")),
            None if again => self.say("daemon", "a new daemon starts on the ledger".to_owned()),
            None => {}
        }
        let before = self.last_leader.replace(who);
        let promoting = self
            .process(who)
            .and_then(|p| p.engine.record())
            .is_some_and(|record| matches!(record.state, State::Promoting(_)));
        if before.is_some_and(|before| before != who) {
            self.reached.note(Milestone::Takeover);
            if promoting {
                self.reached.note(Milestone::TakeoverInPromoting);
            }
        } else if before == Some(who) && self.shared {
            self.reached.note(Milestone::OwnLeaseReclaimed);
        }
    }
}
