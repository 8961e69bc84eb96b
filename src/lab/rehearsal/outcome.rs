//! How a rehearsal came out.
//!
//! Deliberately absent: whether that is what was expected (`report`).

use crate::lab::EPOCH;
use crate::lab::install::Install;
use crate::lab::scenario::Outcome;
use crate::lab::simulation::{Rehearsed, Simulation};
use drd_state_machine::record::{Operation, Record};
use drd_state_machine::state::State;
use drd_state_machine::time::Span;

impl Simulation<'_> {
    pub(super) fn finish(mut self) -> Rehearsed {
        let outage = self.client.failing_for(self.world.now);
        let record = self.last_record();
        let blind = Install::BOTH
            .into_iter()
            .filter(|who| self.process(*who).is_some())
            .all(|who| self.world.faults.isolated[who.index()]);
        let in_flight = self.queue.messages.in_flight().count() as u64;
        self.judge.returned(in_flight);
        self.judge.end(self.world.now, &self.setup, blind, outage);
        let outcome = self.outcome(&record);
        Rehearsed {
            outcome,
            setup: self.setup.clone(),
            incident: self.moved.clone().or_else(|| record.facts.incident.clone()),
            client_outage: self.client.longest_outage(self.world.now),
            outages: self.outages(),
            writes_lost: self.client.lost(&self.world.losses),
            loss: self.client.loss(&self.world.losses),
            violations: std::mem::take(&mut self.judge.violations),
            checks: self.judge.checks,
            timeline: std::mem::take(&mut self.timeline),
            mutations: self.mutations,
            role_changes: std::mem::take(&mut self.world.role_changes),
            ended_in: record.state.phase(),
            pages: std::mem::take(&mut self.pages),
            sent: std::mem::take(&mut self.sent),
            dead_letters: self.dead_letters,
            answers: std::mem::take(&mut self.answers),
            armed: std::mem::take(&mut self.armed),
            began: std::mem::take(&mut self.began),
            ever_held: self.ever_held,
            reached: self.reached,
            quorum_was_wrong: self.judge.quorum_wrong_at.is_some(),
            lossy_of_living: self.judge.lossy_of_living,
            cells: std::mem::take(&mut self.coverage.cells),
            entries: std::mem::take(&mut self.store.entries),
        }
    }

    fn outages(&self) -> Vec<(Span, Span)> {
        let all = self.client.outages(self.world.now).into_iter();
        all.map(|(from, until)| (from - EPOCH, until - EPOCH))
            .collect()
    }

    /// What the one that leads knows; without one, what the next one will know.
    fn last_record(&self) -> Record {
        let leader = self.leader().and_then(|who| self.process(who));
        if let Some(record) = leader.and_then(|process| process.engine.record()) {
            return record.clone();
        }
        crate::ledger::fold(&self.store.entries).unwrap_or_else(|| Record::new(&self.setup, EPOCH))
    }

    /// Role changes outrank holds, holds outrank silence.
    fn outcome(&self, record: &Record) -> Outcome {
        match (&self.moved, &record.state) {
            (Some(i), _) if i.operation == Operation::Failover => Outcome::FailedOver,
            (Some(_), _) => Outcome::SwitchedOver,
            (None, State::Held { .. }) => Outcome::Held,
            (None, state) if state.phase().is_acting() && !matches!(state, State::Suspecting) => {
                Outcome::Unfinished
            }
            (None, _) if self.ever_held => Outcome::Held,
            (None, _) => Outcome::NoAction,
        }
    }
}
