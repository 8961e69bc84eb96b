//! One rehearsal: a heap of happenings, a virtual clock, the same seed the same story.
//!
//! Deliberately absent: the daemon's own life (`life`), what a fault means (`faults`).

use super::EPOCH;
use super::chance::Chance;
use super::client::{self, Client};
use super::faults::Faults;
use super::judge::{Judge, Violation};
use super::life::Life;
use super::scenario::{At, Expect, Fault, Kind, Outcome, Scenario};
use super::senses::{self, Message, Senses};
use super::world::World;
use crate::intake::Known;
use crate::ledger::{Entry, Ledger, MemoryLedger};
use crate::metrics::Metrics;
use drd_state_machine::Setup;
use drd_state_machine::event::{Event, LagSample, Side};
use drd_state_machine::record::Incident;
use drd_state_machine::time::{Span, Time};
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

mod agenda;
mod ending;

use agenda::Scheduled;
pub(super) use agenda::{Happening, Turn};

/// One line of the timeline.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Since the start.
    pub t: Span,
    /// `fault`, `world`, `state`, `command`, `page` or `daemon`.
    pub kind: &'static str,
    /// What happened.
    pub text: String,
}

/// How it came out.
#[derive(Debug)]
pub struct Rehearsed {
    /// The outcome.
    pub outcome: Outcome,
    /// What was expected.
    pub expect: Expect,
    /// The newest incident that changed a role, or else the newest one.
    pub incident: Option<Incident>,
    /// The longest time a client went without an acknowledged write.
    pub client_outage: Span,
    /// Acknowledged rows that were lost.
    pub writes_lost: usize,
    /// The stretch of time they cover.
    pub loss: Span,
    /// Promises that did not hold.
    pub violations: Vec<Violation>,
    /// Checks made.
    pub checks: u64,
    /// Everything that happened.
    pub timeline: Vec<Moment>,
    /// Mutating calls that took effect.
    pub mutations: u32,
    /// Role changes that took effect: when, to which side, and whether writes could be lost.
    pub role_changes: Vec<(Time, Side, bool)>,
    /// What was durable at the end, oldest first.
    pub entries: Vec<Entry>,
}

/// A rehearsal under way.
pub struct Rehearsal<'s> {
    scenario: &'s Scenario,
    pub(super) setup: &'s Setup,
    pub(super) known: &'s Known,
    pub(super) metrics: Arc<Metrics>,
    pub(super) world: World,
    pub(super) senses: Senses,
    client: Client,
    pub(super) judge: Judge,
    heap: BinaryHeap<Scheduled>,
    scheduled: u64,
    pub(super) queue: VecDeque<Message>,
    pub(super) life: Option<Life>,
    pub(super) store: Option<Ledger>,
    pub(super) generation: u64,
    pub(super) wall_skew: Span,
    active: Vec<bool>,
    struck: Vec<bool>,
    pub(super) chance: Chance,
    pub(super) mutations: u32,
    pub(super) ever_held: bool,
    pub(super) starting: bool,
    pub(super) moved: Option<Incident>,
    timeline: Vec<Moment>,
    watcher: &'s mut dyn FnMut(&Moment),
}

/// What every rehearsal of a run shares.
pub struct Bench {
    /// What the machine decides under.
    pub setup: Setup,
    /// What intake believes.
    pub known: Known,
    /// Counted into.
    pub metrics: Arc<Metrics>,
}

/// Rehearses a scenario. `watcher` hears each line of the timeline as it happens.
pub fn rehearse(
    scenario: &Scenario,
    seed: u64,
    bench: &Bench,
    watcher: &mut dyn FnMut(&Moment),
) -> Rehearsed {
    let mut run = Rehearsal::new(scenario, seed, bench, watcher);
    run.run();
    run.finish()
}

impl<'s> Rehearsal<'s> {
    fn new(
        scenario: &'s Scenario,
        seed: u64,
        bench: &'s Bench,
        watcher: &'s mut dyn FnMut(&Moment),
    ) -> Rehearsal<'s> {
        let mut run = Rehearsal {
            scenario,
            setup: &bench.setup,
            known: &bench.known,
            metrics: bench.metrics.clone(),
            world: World::new(EPOCH, Chance::new(seed, 1)),
            senses: Senses::new(Chance::new(seed, 2)),
            client: Client::default(),
            judge: Judge::new(),
            heap: BinaryHeap::new(),
            scheduled: 0,
            queue: VecDeque::new(),
            life: None,
            store: Some(Ledger::Memory(MemoryLedger::default())),
            generation: 0,
            wall_skew: Span::ZERO,
            active: vec![false; scenario.faults.len()],
            struck: vec![false; scenario.faults.len()],
            chance: Chance::new(seed, 3),
            mutations: 0,
            ever_held: false,
            starting: false,
            moved: None,
            timeline: Vec::new(),
            watcher,
        };
        run.begin();
        run
    }

    /// Sensors start at their own offsets: nothing in the world is in step with drd.
    fn begin(&mut self) {
        for place in 0..self.scenario.faults.len() {
            if let At::Time(after) = self.scenario.faults[place].at {
                self.after(after, Happening::FaultOn(place));
            }
        }
        self.after(Span::ZERO, Happening::Restart);
        self.after(client::PERIOD, Happening::Second);
        for (period, what) in [
            (Span::secs(10), Happening::Witness),
            (Span::secs(10), Happening::Check),
            (Span::secs(60), Happening::Alarm),
            (Span::secs(10), Happening::Inside),
        ] {
            let offset = self.chance.span(Span::millis(1), period);
            self.after(offset, what);
        }
        let offset = self.chance.span(Span::millis(1), Span::secs(10));
        self.after(offset, Happening::Lag);
    }

    pub(super) fn after(&mut self, span: Span, what: Happening) {
        self.scheduled += 1;
        let (at, order) = (self.world.now + span, self.scheduled);
        self.heap.push(Scheduled { at, order, what });
    }

    pub(super) fn say(&mut self, kind: &'static str, text: String) {
        let moment = Moment {
            t: self.world.now - EPOCH,
            kind,
            text,
        };
        (self.watcher)(&moment);
        self.timeline.push(moment);
    }

    fn run(&mut self) {
        let end = EPOCH + self.scenario.duration;
        while let Some(next) = self.heap.pop().filter(|next| next.at <= end) {
            for told in self.world.advance(next.at) {
                self.say("world", told);
            }
            self.happen(next.what);
            let record = self.life.as_ref().map(|life| life.conductor.record());
            self.judge.world(&self.world, record);
        }
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::FaultOn(place) => self.fault_on(place),
            Happening::FaultOff(place) => self.fault_off(place),
            Happening::Second => {
                self.client.write(&self.world);
                self.after(client::PERIOD, Happening::Second);
            }
            Happening::Witness => {
                let message = self.senses.witness(&self.world);
                self.send(message);
                self.after(Span::secs(10), Happening::Witness);
            }
            Happening::Check => {
                self.senses.check(&self.world);
                self.after(Span::secs(10), Happening::Check);
            }
            Happening::Alarm => self.alarm(),
            Happening::Flap => self.flap(),
            Happening::Inside => {
                for message in self.senses.inside(&self.world) {
                    self.send(Some(message));
                }
                self.after(Span::secs(10), Happening::Inside);
            }
            Happening::Lag => self.lag(),
            Happening::Queued(message) => {
                self.queue.push_back(message);
                self.receive();
            }
            Happening::Act(generation, command) => self.act(generation, &command),
            Happening::Daemon(generation, turn) => self.turn(generation, turn),
            Happening::Restart => self.restart(),
        }
    }

    /// Puts a message on its way to the queue.
    pub(super) fn send(&mut self, message: Option<Message>) {
        if let Some(message) = message {
            self.send_after(Span::ZERO, message);
        }
    }

    fn send_after(&mut self, wait: Span, message: Message) {
        let Some(delays) = self.senses.transport(&self.world) else {
            return;
        };
        for delay in delays {
            self.after(wait + delay, Happening::Queued(message.clone()));
        }
    }

    /// Evaluation takes 5 to 40 s after the metric (aws-facts 1.4: several minutes may elapse).
    fn alarm(&mut self) {
        if self.world.faults.alarm_flap.is_none() {
            for message in self.senses.alarm(&self.world) {
                let evaluation = self.chance.span(Span::secs(5), Span::secs(40));
                self.send_after(evaluation, message);
            }
        }
        self.after(Span::secs(60), Happening::Alarm);
    }

    fn flap(&mut self) {
        let Some(period) = self.world.faults.alarm_flap else {
            return;
        };
        let message = self.senses.flap(&self.world);
        self.send(message);
        self.after(period, Happening::Flap);
    }

    /// The lag monitor samples every 30 s; drd reads it within 10 s.
    fn lag(&mut self) {
        if self.world.lag_is_sampled() {
            let lag = self.world.now - self.world.replica_position();
            let sample = LagSample {
                taken_at: self.world.now,
                lag,
            };
            let read = self.chance.span(Span::secs(2), Span::secs(10));
            if !self.world.faults.isolated && self.life.is_some() {
                let turn = Turn::Tell(Event::Sampled(sample));
                self.after(read, Happening::Daemon(self.generation, turn));
            }
        }
        self.after(Span::secs(30), Happening::Lag);
    }

    fn fault_on(&mut self, place: usize) {
        let scenario = self.scenario;
        let fault = &scenario.faults[place];
        self.active[place] = true;
        self.say("fault", describe(fault, true));
        self.add_up();
        if let Some(lasts) = fault.lasts {
            self.after(lasts, Happening::FaultOff(place));
        }
        self.strike(fault);
    }

    fn fault_off(&mut self, place: usize) {
        let scenario = self.scenario;
        self.active[place] = false;
        self.say("fault", describe(&scenario.faults[place], false));
        self.add_up();
        self.receive();
    }

    fn add_up(&mut self) {
        let mut faults = std::mem::take::<Faults>(&mut self.world.faults);
        faults.add_up(&self.scenario.faults, &self.active);
        let down = faults.ledger_down;
        self.world.faults = faults;
        self.world.settle();
        if let Some(life) = &mut self.life
            && let Ledger::Memory(memory) = life.conductor.ledger_mut()
        {
            memory.table().down = down;
        }
    }

    /// Faults that are a moment, not a condition.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most kinds need nothing here"
    )]
    fn strike(&mut self, fault: &Fault) {
        match fault.kind {
            Kind::DaemonCrash => self.crash(fault.restart_after.unwrap_or(Span::secs(5))),
            Kind::DaemonFreeze => self.freeze(fault.lasts.unwrap_or(Span::secs(30))),
            Kind::ClockJump => self.wall_skew = self.wall_skew + fault.by.unwrap_or_default(),
            Kind::PoisonMessage => self.send(Some(Senses::poison())),
            Kind::AlarmFlap => self.flap(),
            Kind::Operator => {
                if let Some(word) = fault.word {
                    let turn = Turn::Tell(Event::Ordered { word });
                    self.after(Span::ZERO, Happening::Daemon(self.generation, turn));
                }
            }
            _ => {}
        }
    }

    /// A state was entered: faults that waited for it begin. `true` when the daemon died of it.
    pub(super) fn entered(&mut self, state: &str) -> bool {
        let generation = self.generation;
        let scenario = self.scenario;
        for (place, fault) in scenario.faults.iter().enumerate() {
            let waits = matches!(&fault.at, At::Step(name) if name == state);
            // Once: the moment is the first one.
            if waits && !std::mem::replace(&mut self.struck[place], true) {
                self.fault_on(place);
            }
        }
        generation != self.generation
    }
}

fn describe(fault: &Fault, begins: bool) -> String {
    let name = fault.kind.name();
    let side = fault.side.map(|s| format!(" of {s}")).unwrap_or_default();
    let what = [&fault.sensor, &fault.operation, &fault.service]
        .into_iter()
        .flatten()
        .next();
    let what = what.map(|w| format!(" ({w})")).unwrap_or_default();
    format!(
        "{name}{side}{what} {}",
        if begins { "begins" } else { "ends" }
    )
}

/// The senses of a look, for `life`.
pub(super) use senses::{control_plane, look, probe, readiness};
