//! How a rehearsal came out.
//!
//! Deliberately absent: whether that is what was expected (`report`).

use super::{Rehearsal, Rehearsed};
use crate::lab::EPOCH;
use crate::lab::scenario::Outcome;
use crate::ledger::{Entry, Ledger};
use drd_state_machine::record::{Operation, Record};
use drd_state_machine::state::State;

impl Rehearsal<'_> {
    pub(super) fn finish(mut self) -> Rehearsed {
        let outage = self.client.failing_for(self.world.now);
        let record = self.last_record();
        if let Some(life) = &self.life {
            let up_since = life.started_at;
            self.judge
                .end(&self.world, &record, self.setup, up_since, outage);
        }
        let outcome = self.outcome(&record);
        Rehearsed {
            outcome,
            expect: self.scenario.expect,
            incident: self.moved.clone().or_else(|| record.facts.incident.clone()),
            client_outage: self.client.longest_outage(self.world.now),
            writes_lost: self.client.lost(&self.world.losses),
            loss: self.client.loss(&self.world.losses),
            violations: std::mem::take(&mut self.judge.violations),
            checks: self.judge.checks,
            timeline: std::mem::take(&mut self.timeline),
            mutations: self.mutations,
            role_changes: std::mem::take(&mut self.world.role_changes),
            entries: self.into_entries(),
        }
    }

    fn into_entries(self) -> Vec<Entry> {
        let ledger = self
            .life
            .map(|life| life.conductor.into_ledger())
            .or(self.store);
        match ledger {
            Some(Ledger::Memory(memory)) => std::mem::take(&mut memory.table().entries),
            Some(Ledger::File(_) | Ledger::DynamoDb(_)) | None => Vec::new(),
        }
    }

    fn last_record(&self) -> Record {
        match (&self.life, &self.store) {
            (Some(life), _) => life.conductor.record().clone(),
            (None, Some(Ledger::Memory(memory))) => crate::ledger::fold(&memory.table().entries)
                .unwrap_or_else(|| Record::new(self.setup, EPOCH)),
            (None, _) => Record::new(self.setup, EPOCH),
        }
    }

    /// Role changes outrank holds, holds outrank silence.
    fn outcome(&self, record: &Record) -> Outcome {
        match (&self.moved, &record.state) {
            (Some(i), _) if i.operation == Operation::Failover => Outcome::FailedOver,
            (Some(_), _) => Outcome::SwitchedOver,
            (None, State::Held { .. }) => Outcome::Held,
            (None, state) if state.is_acting() && !matches!(state, State::Suspecting) => {
                Outcome::Unfinished
            }
            (None, _) if self.ever_held => Outcome::Held,
            (None, _) => Outcome::NoAction,
        }
    }
}
