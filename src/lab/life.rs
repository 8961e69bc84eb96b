//! The daemon's life in a rehearsal: the loops of `daemon`, on virtual time, with the shipped
//! conductor in the middle. With two daemons it is the life of one term.
//!
//! `starting` has its birth, `hearing` its ears, `looks` its eyes, `sending` its hands. Deliberately absent: decisions. What comes back
//! from the conductor is carried out, as is.

mod hearing;
mod looks;
mod sending;
mod spoken;
mod starting;

use super::at_once;
use super::crash::Phase;
use super::daemon::Place;
use super::reached::Milestone;
use super::rehearsal::{Happening, Rehearsal, Turn};
use super::term::AGAIN;
use crate::conductor::Conductor;
use crate::ledger::{Ledger, LedgerError};
use drd_state_machine::Decision;
use drd_state_machine::event::{Event, Side};
use drd_state_machine::evidence::Noted;
use drd_state_machine::state::State;
use drd_state_machine::time::{Span, Time};

/// One term, from its first line to its end. A daemon that is alone has one for its whole life.
pub(super) struct Life {
    pub(super) conductor: Conductor,
    pub(super) generation: u64,
    /// Attempts whose end is awaited.
    pub(super) under_way: u32,
    /// Mutating calls that were decided and have not left.
    pub(super) unsent: u32,
    /// Nothing was decided yet.
    starting: bool,
    /// When the next look is due; a look that was scheduled for another moment is superseded.
    look_at: Time,
}

const TICK_EVERY: Span = Span::secs(1);

impl Rehearsal<'_> {
    /// How long a daemon that a trap killed stays away: long enough for the other one to lead.
    pub(super) fn absence(&self) -> Span {
        if self.shared {
            Span::secs(60)
        } else {
            Span::secs(5)
        }
    }

    pub(super) fn crash(&mut self, who: Place, restart_after: Span) {
        if self.daemons[who.index()].process.take().is_none() {
            return;
        }
        let text = if self.shared {
            format!(
                "{} dies; it starts again in {restart_after}",
                self.called(who)
            )
        } else {
            format!("the daemon dies; a new one comes in {restart_after}")
        };
        self.say("daemon", text);
        self.after(restart_after, Happening::Start(who));
    }

    pub(super) fn freeze(&mut self, who: Place, lasts: Span) {
        let until = self.world.now + lasts;
        let called = self.called(who);
        if let Some(process) = self.process_mut(who) {
            process.frozen_until = process.frozen_until.max(until);
        }
        self.say("daemon", format!("{called} is frozen for {lasts}"));
    }

    pub(super) fn next(&mut self, generation: u64, after: Span, turn: Turn) {
        self.after(after, Happening::Daemon(generation, turn));
    }

    /// What its clock shows.
    pub(super) fn local(&self, who: Place) -> Option<Time> {
        let process = self.process(who)?;
        Some(process.clock.now(self.boot(who)))
    }

    /// Whether drd looks every few seconds: while it acts, and as soon as one sample was bad.
    fn looks_closely(&self, who: Place) -> bool {
        self.life(who).is_some_and(|life| {
            let record = life.conductor.record();
            record.state.phase().polls_closely() || record.facts.evidence.first_bad_at.is_some()
        })
    }

    pub(super) fn turn(&mut self, generation: u64, turn: Turn) {
        let Some(who) = self.whose(generation) else {
            return self.unheard(&turn);
        };
        let Some(process) = self.process(who) else {
            return self.unheard(&turn);
        };
        if process.is_frozen(self.world.now) {
            let wait = process.frozen_until - self.world.now;
            self.next(generation, wait, turn);
            return;
        }
        let stopping = process.stopping_since.is_some();
        if !self.holds(who) {
            self.end_term(who, "its lease is over", Span::ZERO);
            return self.unheard(&turn);
        }
        if stopping && !matches!(turn, Turn::Tell(Event::Finished(_))) {
            return self.unheard(&turn);
        }
        self.take_turn(who, generation, turn);
    }

    /// Of all that a daemon was to do, an operator's word alone has somebody who misses the answer.
    fn unheard(&mut self, turn: &Turn) {
        if let Turn::Order(word, tries) = turn {
            self.order_again(*word, *tries);
        }
    }

    fn take_turn(&mut self, who: Place, generation: u64, turn: Turn) {
        match turn {
            Turn::Probe => self.probe(who),
            Turn::Look if self.life(who).is_some_and(|l| l.look_at > self.world.now) => {}
            Turn::Look => self.look(who),
            Turn::Readiness => self.check(who),
            Turn::Heartbeat => self.heartbeat(who),
            Turn::Tick => {
                self.receive();
                if self.looks_closely(who) {
                    self.tell(who, Event::Tick);
                }
                self.next(generation, TICK_EVERY, Turn::Tick);
            }
            Turn::Again(done) => self.hear_again(who, done),
            Turn::Order(word, tries) => {
                if self.tell(who, Event::Ordered { word }).is_none() {
                    self.order_again(word, tries);
                }
            }
            Turn::Tell(event) => {
                match &event {
                    Event::Sampled(sample) => self.judge.sampled(*sample),
                    Event::Finished(done) => {
                        self.judge.answered(generation, done);
                        if let Some(life) = self.life_mut(who) {
                            life.under_way = life.under_way.saturating_sub(1);
                        }
                    }
                    Event::Tick
                    | Event::Started
                    | Event::Signalled(_)
                    | Event::Observed(_)
                    | Event::Checked { .. }
                    | Event::HeartbeatReturned { .. }
                    | Event::Ordered { .. } => {}
                }
                self.tell(who, event);
            }
        }
    }

    pub(super) fn active(&self, who: Place) -> Side {
        self.life(who)
            .map_or(Side::Primary, |l| l.conductor.record().facts.active)
    }

    /// Decide, write down, count; then carry out. `None` when the ledger refused.
    pub(super) fn tell(&mut self, who: Place, event: Event) -> Option<Noted> {
        let local = self.local(who)?;
        let before = self.life(who)?.conductor.record().facts.active;
        let closely = self.looks_closely(who);
        let fare = self.fare(who);
        let conductor = &mut self.life_mut(who)?.conductor;
        if let Ledger::Memory(memory) = conductor.ledger_mut() {
            memory.set_way(fare.way);
        }
        let result = at_once(conductor.conduct(local, event))?;
        self.fared(&fare, result.is_err());
        let sprung = self.sprung();
        if matches!(sprung, Some(Phase::Before | Phase::After)) {
            self.crash(who, self.absence());
            return None;
        }
        let decision = match result {
            Ok(decision) => decision,
            Err(refused) => return self.refused(who, &refused.error, refused.page.as_ref()),
        };
        if sprung == Some(Phase::Frozen) {
            self.freeze(who, self.absence());
        }
        if !closely && self.looks_closely(who) {
            // As the daemon's loops do: a change of stance ends the pause.
            self.look_in(who, Span::ZERO);
        }
        self.witness_decision(who, &decision, before);
        if sprung == Some(Phase::Sent) {
            self.carry_out(who, &decision.commands, fare.delay, true);
            self.crash(who, self.absence());
            return Some(decision.noted);
        }
        self.follow(who, &decision, fare.delay);
        Some(decision.noted)
    }

    fn refused(
        &mut self,
        who: Place,
        error: &LedgerError,
        page: Option<&drd_state_machine::command::Command>,
    ) -> Option<Noted> {
        if error.ends_term() && self.shared {
            if matches!(error, LedgerError::Deposed) {
                self.reached.note(Milestone::StaleLeaderRefused);
            }
            self.end_term(who, &error.to_string(), AGAIN);
            if !matches!(error, LedgerError::Deposed) {
                self.stuck(who);
            }
            return None;
        }
        let works = self.life(who).is_some_and(|l| l.conductor.ledger_works());
        self.ever_held |= !works;
        self.reached.note(Milestone::HeldByLedger);
        if let Some(page) = page {
            self.page_by_itself(who, page.clone());
        }
        None
    }

    /// Half of the faults that wait for a state strike before its commands leave, half after.
    fn follow(&mut self, who: Place, decision: &Decision, delay: Span) {
        if !decision.is_transition() {
            self.carry_out(who, &decision.commands, delay, false);
            return;
        }
        let late = self.chance.happens(0.5);
        let waited_for = self.is_waited_for(decision.to.name());
        if !late && self.entered(who, decision.to.name()) {
            return;
        }
        self.carry_out(who, &decision.commands, delay, late && waited_for);
        if late {
            self.entered(who, decision.to.name());
        }
    }

    fn witness_decision(&mut self, who: Place, decision: &Decision, active_before: Side) {
        let Some(life) = self.daemons[who.index()]
            .process
            .as_mut()
            .and_then(|p| p.life.as_mut())
        else {
            return;
        };
        let starting = std::mem::take(&mut life.starting);
        let record = life.conductor.record();
        self.judge
            .decided(&self.world, record, decision, self.setup);
        if starting {
            self.judge.started(self.world.now, record, decision);
        }
        self.reached.decided(record, decision);
        self.ever_held |= matches!(record.state, State::Held { .. });
        if record.facts.active != active_before {
            self.moved = record.facts.incident.clone();
        }
        if decision.is_transition() {
            self.say(
                "state",
                format!("{} -> {}: {}", decision.from, decision.to, decision.because),
            );
        }
    }
}
