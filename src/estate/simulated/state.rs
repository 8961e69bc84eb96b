//! What is so behind the doors of a simulated estate: the lab's world, its sensors, its queue.
//!
//! Everything happens in [`SimulatedState::advance`], at the moment it is given. Deliberately absent: clocks,
//! waiting, and what the lab's modules decide themselves.

use crate::engine::port::{Message, Parts, Receipt};
use crate::lab::api;
use crate::lab::by_hand;
use crate::lab::cloud::{self, Act};
use crate::lab::faults::Faults;
use crate::lab::install::Install;
use crate::lab::lag_samples::is_new;
use crate::lab::looks;
use crate::lab::message_queue::MessageQueue;
use crate::lab::rng::Chance;
use crate::lab::scenario::{Fault, FaultKind};
use crate::lab::sensors::{Sensors, SentMessage};
use crate::lab::simulation::Moment;
use crate::lab::timing;
use crate::lab::world::World;
use drd_state_machine::command::Command;
use drd_state_machine::event::{
    Check, LagSample, LagSource, Observation, Outcome, Side, Signal, Vantage, Verdict,
};
use drd_state_machine::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};

/// The one daemon that uses the estate: where the lab has two, this is the first.
const WHO: Install = Install::First;
/// Moments that nobody took: an incident has some dozens; the oldest go first.
const MOMENTS_MAX: usize = 1000;

/// When each thing that the estate does by itself is due next.
#[derive(Debug)]
struct Agenda {
    witness: Time,
    check: Time,
    alarm: Time,
    inside: Time,
    lag: Time,
    flap: Option<Time>,
}

/// A fault that was struck, and when it ends by itself.
#[derive(Debug)]
struct Struck {
    active: bool,
    ends_at: Option<Time>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct SimulatedState {
    began: Time,
    world: World,
    sensors: Sensors,
    queue: MessageQueue,
    /// Messages on their way to the queue, by arrival; of two at once the one sent first.
    travelling: BTreeMap<(Time, u64), SentMessage>,
    sent: u64,
    samples: Vec<LagSample>,
    agenda: Agenda,
    faults: Vec<Fault>,
    struck: Vec<Struck>,
    moments: VecDeque<Moment>,
    chance: Chance,
    /// How long looks take: how often drd looks must not change what else happens.
    look_chance: Chance,
}

/// Whether it is due; if so, its next time is a period from now. What was missed is not made up.
fn due(at: &mut Time, now: Time, period: Span) -> bool {
    let is_due = *at <= now;
    if is_due {
        *at = now + period;
    }
    is_due
}

impl SimulatedState {
    /// The estate as bootstrap leaves it. Its sensors report at once: it has run for a while.
    pub(super) fn new(seed: u64, now: Time) -> SimulatedState {
        SimulatedState {
            began: now,
            // The streams of a rehearsal with this seed.
            world: World::new(now, Chance::new(seed, 1)),
            sensors: Sensors::new(Chance::new(seed, 2)),
            queue: MessageQueue::default(),
            travelling: BTreeMap::new(),
            sent: 0,
            samples: Vec::new(),
            agenda: Agenda {
                witness: now,
                check: now,
                alarm: now,
                inside: now,
                lag: now,
                flap: None,
            },
            faults: Vec::new(),
            struck: Vec::new(),
            moments: VecDeque::new(),
            chance: Chance::new(seed, 3),
            look_chance: Chance::new(seed, 6),
        }
    }

    /// Brings everything to `now`: what was due happens.
    pub(super) fn advance(&mut self, now: Time) {
        let now = now.max(self.world.now);
        for told in self.world.advance(now) {
            self.note("world", told);
        }
        self.end_faults(now);
        self.report(now);
        while let Some(entry) = self.travelling.first_entry().filter(|e| e.key().0 <= now) {
            self.queue.push(entry.remove());
        }
        self.queue.return_overdue(now);
    }

    /// What the sensors and the lag monitor report.
    fn report(&mut self, now: Time) {
        if due(&mut self.agenda.witness, now, timing::WITNESS) {
            for message in self.sensors.witness(&self.world) {
                self.send(Span::ZERO, Some(message));
            }
        }
        if due(&mut self.agenda.check, now, timing::CHECK) {
            self.sensors.check(&self.world);
        }
        let flaps = self.world.faults.alarm_flap;
        if due(&mut self.agenda.alarm, now, timing::ALARM) && flaps.is_none() {
            for message in self.sensors.alarm(&self.world) {
                let evaluation = self.chance.span(timing::EVALUATION.0, timing::EVALUATION.1);
                self.send(evaluation, Some(message));
            }
        }
        if due(&mut self.agenda.inside, now, timing::INSIDE) {
            for message in self.sensors.inside(&self.world) {
                self.send(Span::ZERO, Some(message));
            }
        }
        if due(&mut self.agenda.lag, now, timing::LAG_SAMPLE) {
            if let Some(sample) = self.world.lag_sample(LagSource::Events) {
                let message = self.sensors.lag(self.world.writer.other(), sample);
                self.send(Span::ZERO, Some(message));
            }
            let stored = [LagSource::Metric, LagSource::Aws];
            for sample in stored.into_iter().filter_map(|s| self.world.lag_sample(s)) {
                if is_new(&sample, self.samples.iter().rev()) {
                    self.samples.push(sample);
                }
            }
            self.samples
                .retain(|s| s.taken_at >= now - timing::LAG_WINDOW);
        }
        if let Some(period) = flaps
            && due(self.agenda.flap.get_or_insert(now), now, period)
        {
            let message = self.sensors.flap(&self.world);
            self.send(Span::ZERO, message);
        }
    }

    /// Puts a message on its way to the queue, as often as the transport delivers it.
    fn send(&mut self, wait: Span, message: Option<SentMessage>) {
        let Some(message) = message else { return };
        for delay in self.sensors.transport(&self.world).unwrap_or_default() {
            self.sent += 1;
            let at = self.world.now + wait + delay;
            self.travelling.insert((at, self.sent), message.clone());
        }
    }

    fn note(&mut self, kind: &'static str, text: String) {
        if self.moments.len() >= MOMENTS_MAX {
            self.moments.pop_front();
        }
        let t = self.world.now - self.began;
        self.moments.push_back(Moment { t, kind, text });
    }

    pub(super) fn take_moments(&mut self) -> Vec<Moment> {
        std::mem::take(&mut self.moments).into()
    }

    /// Begins a fault; gives its number.
    pub(super) fn strike(&mut self, fault: Fault) -> usize {
        self.note("fault", fault.sentence(true));
        if fault.kind == FaultKind::PoisonMessage {
            self.send(Span::ZERO, Some(Sensors::poison()));
        }
        if let Some(told) = by_hand::strike(&mut self.world, &fault) {
            self.note("world", told);
        }
        let ends_at = fault.lasts.map(|lasts| self.world.now + lasts);
        let active = true;
        self.struck.push(Struck { active, ends_at });
        self.faults.push(fault);
        self.add_up();
        self.faults.len() - 1
    }

    /// Ends the fault of this number; one that has ended stays as it is.
    pub(super) fn heal(&mut self, number: usize) {
        let Some(struck) = self.struck.get_mut(number).filter(|struck| struck.active) else {
            return;
        };
        struck.active = false;
        if let Some(fault) = self.faults.get(number) {
            let sentence = fault.sentence(false);
            self.note("fault", sentence);
        }
        self.add_up();
    }

    fn end_faults(&mut self, now: Time) {
        for number in 0..self.struck.len() {
            if self.struck[number].ends_at.is_some_and(|at| at <= now) {
                self.heal(number);
            }
        }
    }

    fn add_up(&mut self) {
        let mut faults = std::mem::take::<Faults>(&mut self.world.faults);
        let active: Vec<bool> = self.struck.iter().map(|struck| struck.active).collect();
        faults.add_up(&self.faults, &active, &[]);
        self.world.faults = faults;
        self.world.settle();
        if self.world.faults.alarm_flap.is_none() {
            self.agenda.flap = None;
        }
    }

    fn is_cut_off(&self) -> bool {
        self.world.faults.isolated[WHO.index()]
    }

    /// What an answer of a region takes: some hundred milliseconds, or the whole deadline.
    fn takes(&mut self, silent: bool) -> Span {
        let quick = self.look_chance.span(timing::ANSWER.0, timing::ANSWER.1);
        if silent { timing::CALL_TIMEOUT } else { quick }
    }

    /// What a call of this command's service takes beyond its answer: there, and there and back.
    pub(super) fn travel(&mut self, command: &Command) -> (Span, Span) {
        let (service, _) = api::api(command);
        let added = self.world.faults.latency(service);
        (self.chance.span(Span::ZERO, added), added)
    }

    /// A command's request arrives.
    pub(super) fn act(&mut self, command: &Command) -> Act {
        let mut act = cloud::act(&mut self.world, &mut self.chance, WHO, command);
        if let (Command::Page { severity, text, .. }, Outcome::Done) = (command, &act.outcome) {
            self.note("page", format!("{}: {text}", severity.name()));
        }
        if let Some(told) = act.told.take() {
            self.note("world", told);
        }
        self.world.settle();
        act
    }

    /// What is seen, and after how long.
    pub(super) fn look(&mut self, active: Side, parts: Parts) -> (Observation, Span) {
        let seen = looks::look(&self.world, WHO, active, parts);
        let dark = parts == Parts::ACTIVE && !self.world.faults.answers(WHO, active, "rds");
        let silent = self.is_cut_off() || dark;
        (seen, self.takes(silent))
    }

    /// One reading of one of drd's own sensors, and after how long; `None` where something else is
    /// the source.
    pub(super) fn sense(
        &mut self,
        vantage: Vantage,
        side: Side,
        now: Time,
    ) -> Option<(Signal, Span)> {
        match vantage {
            Vantage::Probe => Some((looks::probe(&self.world, WHO, side, now), Span::ZERO)),
            Vantage::ControlPlane => {
                let signal = looks::control_plane(&self.world, WHO, side, now);
                let takes = self.takes(signal.verdict != Verdict::Healthy);
                Some((signal, takes))
            }
            Vantage::Route53 | Vantage::Inside | Vantage::Witness => {
                let state = self
                    .sensors
                    .alarm_state(&self.world, WHO, vantage, side, now);
                let takes = self.takes(state.is_none());
                state.map(|signal| (signal, takes))
            }
            Vantage::Replication => None,
        }
    }

    /// What CloudWatch has of the lag; `None` when it does not answer.
    pub(super) fn lag(&self) -> Option<Vec<LagSample>> {
        (!self.is_cut_off()).then(|| self.samples.clone())
    }

    pub(super) fn readiness(&self, active: Side) -> Vec<Check> {
        looks::readiness(&self.world, WHO, active)
    }

    /// Whether the standby region's queue answers.
    pub(super) fn queue_answers(&self) -> bool {
        self.world.faults.answers(WHO, Side::Standby, "sqs")
    }

    /// Whether a receive would bring something.
    pub(super) fn has_messages(&self) -> bool {
        self.queue.has_visible() && self.queue_answers()
    }

    /// What a receive brings: nothing while the queue does not answer.
    pub(super) fn take_batch(&mut self) -> Vec<Message> {
        if self.queue_answers() {
            self.queue.take_batch(self.world.now)
        } else {
            Vec::new()
        }
    }

    pub(super) fn delete(&mut self, receipts: &[Receipt]) {
        for receipt in receipts {
            // One that came back meanwhile is delivered again.
            let _ = self.queue.delete(receipt);
        }
    }

    /// Sends a heartbeat; `false` when the event bus does not answer.
    pub(super) fn heartbeat(&mut self, sent: (Time, &str)) -> bool {
        let answers = self.world.faults.answers(WHO, Side::Standby, "events");
        if answers {
            let message = self.sensors.heartbeat(&self.world, sent);
            self.send(Span::ZERO, Some(message));
        }
        answers
    }
}

#[cfg(test)]
mod tests;
