//! The hosts of a rehearsal: each runs the shipped engine as a process, on its own boot clock, and
//! carries out its actions in the simulated world.
//!
//! Deliberately absent: decisions, polling plans, leases, retries. The engine has them; a mistake
//! planted there is a mistake here.

mod asks;
mod lines;
mod notices;
mod orders;
mod queue;
mod sending;
mod store_calls;

use super::crash_point::DeathPhase;
use super::install::Install;
use super::simulation::{Happening, Process, Simulation};
use crate::clock::Clock;
use crate::engine::port::{Action, Answer, Ask, Gate, Input, Notice};
use crate::engine::{Engine, Environment};
use drd_state_machine::command::Command;
use drd_state_machine::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

impl Simulation<'_> {
    pub(super) fn process(&self, who: Install) -> Option<&Process> {
        self.hosts[who.index()].process.as_ref()
    }

    pub(super) fn process_mut(&mut self, who: Install) -> Option<&mut Process> {
        self.hosts[who.index()].process.as_mut()
    }

    /// Which process this is, while it lives.
    pub(super) fn which(&self, incarnation: u64) -> Option<Install> {
        let is = |who: &Install| {
            self.process(*who)
                .is_some_and(|p| p.incarnation == incarnation)
        };
        Install::BOTH.into_iter().find(is)
    }

    pub(super) fn boot(&self, who: Install) -> Span {
        self.hosts[who.index()].boot(self.world.now)
    }

    /// What its clock shows.
    pub(super) fn local(&self, who: Install) -> Time {
        let host = &self.hosts[who.index()];
        let boot = host.boot(self.world.now);
        match &host.process {
            Some(process) => process.engine.local(boot),
            None => self.world.now,
        }
    }

    /// Whether it leads and may act, as far as it can know.
    pub(super) fn leads(&self, who: Install) -> bool {
        let boot = self.boot(who);
        self.process(who)
            .is_some_and(|p| p.engine.leads() && p.engine.holds(boot))
    }

    /// Who leads, as the world sees it: the one whose lease is in the row, or is alone.
    pub(super) fn leader(&self) -> Option<Install> {
        let row = self.store.lease.as_ref().map(|row| row.fencing_token);
        Install::BOTH.into_iter().find(|who| {
            self.process(*who).is_some_and(|p| {
                p.engine.leads() && (!self.shared || p.engine.fencing_token() == row)
            })
        })
    }

    /// What a person would call it.
    pub(super) fn called(&self, who: Install) -> String {
        if self.shared {
            format!("the {} daemon", who.name())
        } else {
            "the daemon".to_owned()
        }
    }

    /// A process starts.
    pub(super) fn start(&mut self, who: Install) {
        if self.process(who).is_some() {
            return;
        }
        let now = self.world.now;
        self.incarnations += 1;
        let env = Arc::new(Environment {
            setup: self.setup.clone(),
            known: self.known.clone(),
            pace: crate::engine::Pace::default(),
            terms: self.shared.then(crate::engine::lease::Terms::default),
            name: who.name().to_owned(),
            secret: Arc::from(format!("process-{}", self.incarnations)),
            boot_id: Some(Arc::from(who.name())),
            metrics: self.metrics.clone(),
        });
        if self.store.opened() {
            self.judge.forgets(now, &self.store.entries);
            self.queue.taken.clear();
            self.queue.durable.clear();
        }
        let boot = self.boot(who);
        let skew = self.hosts[who.index()].wall_skew;
        let process = Process {
            incarnation: self.incarnations,
            engine: Engine::new(env, Clock::at(now + skew, boot), boot),
            frozen_until: now,
            stopping: false,
            gate_until: Span(i64::MIN),
            wakes_at: None,
            unsent: 0,
            idle_turns: 0,
            orders: BTreeMap::new(),
            fate: None,
        };
        self.hosts[who.index()].process = Some(process);
        if self.shared {
            let called = self.called(who);
            self.say("daemon", format!("{called} starts"));
        }
        self.give(who, Input::Timer);
    }

    /// How long a daemon that a trap killed is away: long enough for the other one to lead.
    pub(super) fn absence(&self) -> Span {
        if self.shared {
            Span::secs(60)
        } else {
            Span::secs(5)
        }
    }

    pub(super) fn crash(&mut self, who: Install, restart_after: Span) {
        let Some(process) = self.hosts[who.index()].process.take() else {
            return;
        };
        let text = if self.shared {
            format!(
                "{} dies; it starts again in {restart_after}",
                self.called(who)
            )
        } else {
            format!("the daemon dies; a new one comes in {restart_after}")
        };
        self.say("daemon", text);
        for (word, tries) in process.orders.into_values() {
            self.order_again(word, tries);
        }
        self.after(restart_after, Happening::Start(who));
    }

    pub(super) fn freeze(&mut self, who: Install, lasts: Span) {
        let until = self.world.now + lasts;
        let called = self.called(who);
        if let Some(process) = self.process_mut(who) {
            process.frozen_until = process.frozen_until.max(until);
        }
        self.say("daemon", format!("{called} is frozen for {lasts}"));
    }

    /// A process is asked to stop.
    pub(super) fn stop(&mut self, who: Install) {
        let called = self.called(who);
        let Some(process) = self.process_mut(who) else {
            return;
        };
        process.stopping = true;
        self.say("daemon", format!("{called} is asked to stop"));
        self.deliver(who, Input::StopRequested);
    }

    /// An input reaches a process after this long, if it still lives by then.
    pub(super) fn give_in(&mut self, who: Install, after: Span, input: Input) {
        if let Some(process) = self.process(who) {
            let incarnation = process.incarnation;
            self.after(after, Happening::Input(incarnation, input));
        }
    }

    /// An input reaches the process of this number.
    pub(super) fn input(&mut self, incarnation: u64, input: Input) {
        if let Some(who) = self.which(incarnation) {
            self.deliver(who, input);
        }
    }

    /// An input reaches a process; one that is frozen takes it in when it thaws.
    fn deliver(&mut self, who: Install, input: Input) {
        let now = self.world.now;
        let Some(process) = self.process(who) else {
            return;
        };
        if process.is_frozen(now) {
            self.give_in(who, process.frozen_until - now, input);
            return;
        }
        self.give(who, input);
    }

    /// The wake-up that a process wanted.
    pub(super) fn wake(&mut self, incarnation: u64) {
        let Some(who) = self.which(incarnation) else {
            return;
        };
        let now = self.world.now;
        if let Some(process) = self.process_mut(who) {
            if process.wakes_at != Some(now) {
                return;
            }
            process.wakes_at = None;
        }
        self.deliver(who, Input::Timer);
    }

    /// Gives an input to the engine, and whatever the host can answer at once after it.
    pub(super) fn give(&mut self, who: Install, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let boot = self.boot(who);
            self.before_input(who, &input);
            let appended = is_appended(&input);
            let Some(process) = self.process_mut(who) else {
                return;
            };
            let timed = matches!(input, Input::Timer);
            let actions = process.engine.handle(boot, input);
            process.count_idle(timed && actions.is_empty(), boot);
            let incarnation = process.incarnation;
            self.carry_out(who, actions, appended, &mut inputs);
            if self.which(incarnation).is_none() {
                return;
            }
        }
        self.schedule_wake(who);
    }

    fn schedule_wake(&mut self, who: Install) {
        let now = self.world.now;
        let host = &self.hosts[who.index()];
        let Some(process) = &host.process else { return };
        let Some(boot) = process.engine.next_wakeup() else {
            return;
        };
        // At least one tick later: the boot clock counts whole milliseconds.
        let at = host.when(boot).max(now + Span::millis(1));
        if process
            .wakes_at
            .is_some_and(|known| known <= at && known > now)
        {
            return;
        }
        let incarnation = process.incarnation;
        if let Some(process) = self.process_mut(who) {
            process.wakes_at = Some(at);
        }
        self.after(at - now, Happening::Wake(incarnation));
    }

    /// Carries out what the engine wants, in order. A daemon that dies of it does no more.
    fn carry_out(
        &mut self,
        who: Install,
        actions: Vec<Action>,
        appended: bool,
        inputs: &mut VecDeque<Input>,
    ) {
        let Some(process) = self.process_mut(who) else {
            return;
        };
        let incarnation = process.incarnation;
        let fate = process.fate.take_if(|_| appended);
        let mut leaves_now = fate == Some(DeathPhase::Sent);
        let mut struck_later = Vec::new();
        let pages = decided_pages(&actions);
        for action in actions {
            match action {
                Action::Notice(Notice::Decided { decision }) => {
                    self.witness(who, &decision);
                    if decision.is_transition() {
                        // Half of the faults that wait for a state strike before its commands
                        // leave, half after.
                        let late = self.strike_chance.happens(0.5);
                        leaves_now |= late && self.is_waited_for(decision.to);
                        if late {
                            struck_later.push(decision.to);
                        } else {
                            self.entered(decision.to);
                        }
                    }
                }
                Action::Notice(notice) => {
                    self.log_dropped += u32::from(self.world.faults.log_sink_hangs);
                    self.noticed(who, notice);
                }
                Action::Ask { term, ask } => self.ask(who, term, ask, leaves_now, inputs),
                Action::Store { call, ask } => self.ask_store(who, call, ask, inputs),
                Action::Delete(receipts) => self.delete(&receipts),
                Action::Page { command, attempt } => self.page(who, command, attempt, &pages),
                Action::Gate(gate) => self.set_gate(who, gate),
                Action::Reply { order, reply } => self.replied(who, order, &reply),
                Action::Stopped => self.stopped(who),
            }
            if self.which(incarnation).is_none() {
                return;
            }
        }
        if fate == Some(DeathPhase::Frozen) {
            self.freeze(who, self.absence());
        }
        for phase in struck_later {
            self.entered(phase);
        }
        if fate == Some(DeathPhase::Sent) {
            self.crash(who, self.absence());
        }
    }

    fn set_gate(&mut self, who: Install, gate: Gate) {
        if let Some(process) = self.process_mut(who) {
            process.gate_until = match gate {
                Gate::OpenUntil(until) => until,
                Gate::Closed => Span(i64::MIN),
            };
        }
    }

    fn stopped(&mut self, who: Install) {
        let called = self.called(who);
        self.hosts[who.index()].process = None;
        self.say("daemon", format!("{called} has stopped"));
    }

    fn ask(
        &mut self,
        who: Install,
        term: u64,
        ask: Ask,
        leaves_now: bool,
        inputs: &mut VecDeque<Input>,
    ) {
        match ask {
            Ask::Append(lines) => self.append(who, term, lines, inputs),
            Ask::Perform { command, until } => {
                self.perform(who, term, (command, until), leaves_now);
            }
            Ask::Receive => self.wait_for_messages(who, term),
            Ask::Look { active, parts } => self.look(who, term, active, parts),
            Ask::Sense { vantage, side } => self.sense(who, term, vantage, side, inputs),
            Ask::ReadLag { .. } => self.read_lag(who, term),
            Ask::CheckReadiness { active } => self.check_readiness(who, term, active),
            Ask::SendHeartbeat { sent_at, nonce } => self.heartbeat(who, term, (sent_at, &nonce)),
        }
    }
}

/// Whether it reports that lines are durable.
fn is_appended(input: &Input) -> bool {
    matches!(
        input,
        Input::Answered {
            answer: Answer::Appended(Ok(())),
            ..
        }
    )
}

/// Pages that a decision of these actions has: the judge sees them there.
fn decided_pages(actions: &[Action]) -> Vec<Command> {
    actions
        .iter()
        .flat_map(|action| {
            if let Action::Notice(Notice::Decided { decision }) = action {
                decision.commands.clone()
            } else {
                Vec::new()
            }
        })
        .collect()
}
