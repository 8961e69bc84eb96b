//! The daemon's life in a rehearsal: the loops of `daemon`, on virtual time, with the shipped
//! conductor in the middle.
//!
//! Deliberately absent: decisions. What comes back from the conductor is carried out, as is.

mod spoken;

use super::rehearsal::{Happening, Rehearsal, Turn, control_plane, look, probe, readiness};
use super::senses::Message;
use super::{acts, at_once};
use crate::clock::Clock;
use crate::conductor::Conductor;
use crate::intake::envelope::{self, Parsed};
use crate::ledger::{Entry, Ledger};
use drd_state_machine::Decision;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Event, Side, Verdict};
use drd_state_machine::evidence::Noted;
use drd_state_machine::state::State;
use drd_state_machine::time::{Span, Time};

/// One process, from start to crash.
pub(super) struct Life {
    pub(super) conductor: Conductor,
    pub(super) started_at: Time,
    clock: Clock,
    frozen_until: Time,
    /// When the next look is due; a look that was scheduled for another moment is superseded.
    look_at: Time,
}

const PROBE_EVERY: Span = Span::secs(5);
const LOOK_ARMED: Span = Span::secs(30);
const LOOK_ACTING: Span = Span::secs(5);
const READINESS_EVERY: Span = Span::secs(300);
const HEARTBEAT_EVERY: Span = Span::secs(60);
const TICK_EVERY: Span = Span::secs(1);
/// What an attempt against a silent region costs drd.
const CALL_TIMEOUT: Span = Span::secs(5);

impl Rehearsal<'_> {
    /// A daemon starts on what the ledger holds, as JSON, the way a real one reads it.
    pub(super) fn restart(&mut self) {
        let Some(ledger) = self.store.take() else {
            return;
        };
        let entries = match &ledger {
            Ledger::Memory(memory) => through_json(&memory.table().entries),
            Ledger::File(_) | Ledger::DynamoDb(_) => Vec::new(),
        };
        let now = self.world.now;
        let clock = Clock::at(now + self.wall_skew, now - super::EPOCH);
        let local = clock.now(now - super::EPOCH);
        let opened = at_once(Conductor::open(
            self.setup.clone(),
            ledger,
            &entries,
            self.metrics.clone(),
            local,
        ));
        let Ok(conductor) = opened else { return };
        let first = self.generation == 0;
        self.generation += 1;
        self.life = Some(Life {
            conductor,
            started_at: now,
            clock,
            frozen_until: now,
            look_at: now,
        });
        if !first {
            self.say("daemon", "a new daemon starts on the ledger".to_owned());
        }
        self.starting = true;
        self.tell(Event::Started);
        for turn in [
            Turn::Look,
            Turn::Readiness,
            Turn::Probe,
            Turn::Heartbeat,
            Turn::Tick,
        ] {
            self.next(Span::millis(10), turn);
        }
        self.receive();
    }

    pub(super) fn crash(&mut self, restart_after: Span) {
        let Some(life) = self.life.take() else { return };
        self.store = Some(life.conductor.into_ledger());
        self.generation += 1;
        self.say(
            "daemon",
            format!("the daemon dies; a new one comes in {restart_after}"),
        );
        self.after(restart_after, Happening::Restart);
    }

    pub(super) fn freeze(&mut self, lasts: Span) {
        let until = self.world.now + lasts;
        if let Some(life) = &mut self.life {
            life.frozen_until = until;
        }
        self.say("daemon", format!("the daemon is frozen for {lasts}"));
    }

    fn next(&mut self, after: Span, turn: Turn) {
        self.after(after, Happening::Daemon(self.generation, turn));
    }

    fn local(&self) -> Option<Time> {
        let life = self.life.as_ref()?;
        Some(life.clock.now(self.world.now - super::EPOCH))
    }

    /// Whether drd looks every few seconds: while it acts, and as soon as one sample was bad.
    fn looks_closely(&self) -> bool {
        self.life.as_ref().is_some_and(|life| {
            let record = life.conductor.record();
            record.state.is_acting() || record.facts.evidence.first_bad_at.is_some()
        })
    }

    pub(super) fn turn(&mut self, generation: u64, turn: Turn) {
        if generation != self.generation {
            return;
        }
        let Some(life) = &self.life else { return };
        if life.frozen_until > self.world.now {
            let wait = life.frozen_until - self.world.now;
            self.next(wait, turn);
            return;
        }
        match turn {
            Turn::Probe => self.probe(),
            Turn::Look if life.look_at > self.world.now => {}
            Turn::Look => self.look(),
            Turn::Readiness => {
                let checks = readiness(&self.world, self.active());
                self.next(Span::secs(1), Turn::Tell(Event::Checked { checks }));
                self.next(READINESS_EVERY, Turn::Readiness);
            }
            Turn::Heartbeat => self.heartbeat(),
            Turn::Tick => {
                self.receive();
                if self.looks_closely() {
                    self.tell(Event::Tick);
                }
                self.next(TICK_EVERY, Turn::Tick);
            }
            Turn::Tell(event) => {
                if let Event::Sampled(sample) = &event {
                    self.judge.sampled(*sample);
                }
                self.tell(event);
            }
        }
    }

    fn active(&self) -> Side {
        self.life
            .as_ref()
            .map_or(Side::Primary, |l| l.conductor.record().facts.active)
    }

    fn probe(&mut self) {
        let active = self.active();
        let acting = self.looks_closely();
        self.next(PROBE_EVERY, Turn::Probe);
        for side in Side::BOTH {
            if side == active || acting {
                let Some(local) = self.local() else { return };
                let signal = probe(&self.world, side, local);
                self.judge_hears_own(&signal.sensor, signal.verdict);
                self.tell(Event::Signalled(signal));
            }
        }
    }

    fn judge_hears_own(&mut self, sensor: &str, verdict: Verdict) {
        let now = self.world.now;
        if self.world.faults.isolated {
            self.judge.blind(now);
            return;
        }
        if let Some(spec) = self.setup.sensors.iter().find(|s| *s.name == *sensor) {
            self.judge.heard(now, now, &spec.name, spec, verdict);
        }
    }

    fn look_in(&mut self, span: Span) {
        let at = self.world.now + span;
        if let Some(life) = &mut self.life {
            life.look_at = at;
        }
        self.next(span, Turn::Look);
    }

    /// What answers is told at once; what hangs costs a timeout and holds nothing else up.
    fn look(&mut self) {
        let acting = self.looks_closely();
        let seen = look(&self.world, self.active(), acting);
        let quick = self.chance.span(Span::millis(100), Span::millis(600));
        let waited = if self.world.faults.isolated {
            CALL_TIMEOUT
        } else {
            quick
        };
        self.next(waited, Turn::Tell(Event::Observed(seen)));
        for side in Side::BOTH {
            let Some(local) = self.local() else { return };
            let signal = control_plane(&self.world, side, local);
            let hung = signal.verdict != Verdict::Healthy;
            let after = if hung { CALL_TIMEOUT } else { quick };
            if !self.world.faults.isolated {
                self.next(after, Turn::Tell(Event::Signalled(signal)));
            }
        }
        self.look_in(if acting { LOOK_ACTING } else { LOOK_ARMED });
    }

    fn heartbeat(&mut self) {
        let reachable = self.world.faults.answers(Side::Standby, "events");
        if let (true, Some(local)) = (reachable, self.local()) {
            let message = self.senses.heartbeat(&self.world, local);
            self.send(Some(message));
        }
        self.next(HEARTBEAT_EVERY, Turn::Heartbeat);
    }

    /// Takes what is on the queue, while the daemon lives and hears.
    pub(super) fn receive(&mut self) {
        while let Some(life) = &self.life {
            let deaf = !self.world.faults.answers(Side::Standby, "sqs")
                || life.frozen_until > self.world.now;
            if deaf {
                return;
            }
            let Some(message) = self.queue.pop_front() else {
                return;
            };
            self.judge.handed_out();
            self.take(message);
        }
    }

    fn take(&mut self, message: Message) {
        let Some(local) = self.local() else { return };
        let Parsed::Signal(signal) = self.read(&message, local) else {
            self.judge.settled();
            return;
        };
        let id = signal.id.clone();
        if let Some((sensor, verdict, looked)) = &message.says
            && let Some(spec) = self.setup.sensors.iter().find(|s| s.name == *sensor)
        {
            self.judge
                .heard(self.world.now, *looked, sensor, spec, *verdict);
        }
        let generation = self.generation;
        let noted = self.tell(Event::Signalled(signal));
        let accepted = matches!(noted, Some(Noted::Changed | Noted::Refreshed));
        self.judge.took(self.world.now, &id, accepted);
        if generation != self.generation || noted.is_none() {
            // Died, or the ledger refused: never deleted, so SQS hands it out again.
            self.judge.returned(1);
            self.queue.push_back(message);
            if generation == self.generation {
                self.life
                    .iter_mut()
                    .for_each(|l| l.frozen_until = l.frozen_until.max(self.world.now + TICK_EVERY));
            }
            return;
        }
        self.judge.settled();
    }

    fn read(&mut self, message: &Message, local: Time) -> Parsed {
        let parsed = envelope::parse(&message.body, self.known, local);
        if let Parsed::Heartbeat {
            sent_at,
            stamped_at,
            ..
        } = &parsed
        {
            let (sent_at, stamped_at) = (*sent_at, *stamped_at);
            self.tell(Event::HeartbeatReturned {
                sent_at,
                stamped_at,
            });
        }
        parsed
    }

    /// Decide, write down, count; then carry out. `None` when the ledger refused.
    pub(super) fn tell(&mut self, event: Event) -> Option<Noted> {
        let local = self.local()?;
        let before = self.life.as_ref()?.conductor.record().facts.active;
        let closely = self.looks_closely();
        let conductor = &mut self.life.as_mut()?.conductor;
        let decision = match at_once(conductor.conduct(local, event)) {
            Ok(decision) => decision,
            Err(refused) => {
                self.ever_held |= !conductor.ledger_works();
                self.carry_out(refused.page.as_slice());
                return None;
            }
        };
        if !closely && self.looks_closely() {
            // As the daemon's loops do: a change of stance ends the pause.
            self.look_in(Span::ZERO);
        }
        self.witness_decision(&decision, before);
        if decision.is_transition() {
            let late = self.chance.happens(0.5);
            if !late && self.entered(&decision.to) {
                return Some(decision.noted);
            }
            self.carry_out(&decision.commands);
            if late {
                self.entered(&decision.to);
            }
        } else {
            self.carry_out(&decision.commands);
        }
        Some(decision.noted)
    }

    fn witness_decision(&mut self, decision: &Decision, active_before: Side) {
        let Some(life) = &self.life else { return };
        let record = life.conductor.record();
        self.judge
            .decided(&self.world, record, decision, self.setup);
        if std::mem::take(&mut self.starting) {
            self.judge.started(self.world.now, record, decision);
        }
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

    fn carry_out(&mut self, commands: &[Command]) {
        for command in commands {
            if let Command::Page { severity, text, .. } = command {
                self.say("page", format!("{}: {text}", severity.name()));
            } else {
                self.say("command", spoken::spoken(command));
            }
            if let Some(life) = &self.life
                && let Ledger::Memory(memory) = life.conductor.ledger()
            {
                let record = life.conductor.record();
                self.judge
                    .acts(&self.world, record, &memory.table().entries, command);
            }
            let request = self.chance.span(Span::millis(5), Span::millis(50));
            self.after(request, Happening::Act(self.generation, command.clone()));
        }
    }

    /// A request arrives. It takes effect even when the daemon that sent it is dead by now.
    pub(super) fn act(&mut self, generation: u64, command: &Command) {
        let act = acts::act(&mut self.world, &mut self.chance, command);
        self.mutations += u32::from(act.changed);
        if let Some(told) = act.told {
            self.say("world", told);
        }
        self.world.settle();
        if command.kind() == Kind::Page {
            return;
        }
        let done = Completion {
            kind: command.kind(),
            epoch: command.epoch(),
            attempt: command.attempt(),
            outcome: act.outcome,
        };
        let turn = Turn::Tell(Event::Finished(done));
        self.after(act.after, Happening::Daemon(generation, turn));
    }
}

/// A real daemon reads JSON: so does this one.
fn through_json(entries: &[Entry]) -> Vec<Entry> {
    entries
        .iter()
        .filter_map(|entry| serde_json::to_string(entry).ok())
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect()
}
