//! One rehearsal: a heap of happenings, a virtual clock, the same seed the same story.
//!
//! Deliberately absent: the daemon's own life (`life`), what a fault means (`faults`).

use super::EPOCH;
use super::chance::Chance;
use super::client::{self, Client};
use super::crash::{Phase, Point};
use super::daemon::{Daemon, Place};
use super::judge::{Judge, Violation};
use super::reached::{Milestone, Reached};
use super::scenario::{At, Expect, Outcome, Scenario};
use super::senses::{self, Message, Senses};
use super::world::World;
use crate::intake::Known;
use crate::ledger::{Entry, MemoryTable, Trap};
use crate::metrics::Metrics;
use drd_state_machine::Setup;
use drd_state_machine::event::{LagSample, Side};
use drd_state_machine::record::Incident;
use drd_state_machine::time::{Span, Time};
use std::collections::{BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

mod agenda;
mod ending;
mod signals;
mod strike;

use agenda::Scheduled;
pub(super) use agenda::{Happening, Parcel, Turn};

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
    /// The state at the end.
    pub ended_in: &'static str,
    /// Whether people were told of anything.
    pub paged: bool,
    /// Whether drd was held at any time.
    pub ever_held: bool,
    /// Hard situations that came about.
    pub reached: Reached,
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
    /// What CloudWatch has of the lag.
    pub(super) samples: Vec<LagSample>,
    /// Two daemons share the ledger.
    pub(super) shared: bool,
    pub(super) daemons: [Daemon; 2],
    pub(super) store: Arc<Mutex<MemoryTable>>,
    /// Terms and processes so far: each has its own number.
    pub(super) generation: u64,
    pub(super) last_leader: Option<Place>,
    point: Option<Phase>,
    active: Vec<bool>,
    struck: Vec<bool>,
    targets: Vec<Option<Place>>,
    pub(super) chance: Chance,
    /// The store's own stream: a daemon that is alone must not notice it.
    pub(super) store_chance: Chance,
    pub(super) mutations: u32,
    pub(super) ever_held: bool,
    pub(super) reached: Reached,
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
    rehearse_to(scenario, seed, bench, None, watcher)
}

/// Rehearses a scenario in which the daemon dies at one append of its ledger.
pub fn rehearse_to(
    scenario: &Scenario,
    seed: u64,
    bench: &Bench,
    point: Option<Point>,
    watcher: &mut dyn FnMut(&Moment),
) -> Rehearsed {
    let mut run = Rehearsal::new(scenario, seed, bench, watcher);
    run.set_trap(point);
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
            samples: Vec::new(),
            shared: scenario.is_shared(),
            daemons: [Daemon::default(), Daemon::default()],
            store: Arc::default(),
            generation: 0,
            last_leader: None,
            point: None,
            active: vec![false; scenario.faults.len()],
            struck: vec![false; scenario.faults.len()],
            targets: vec![None; scenario.faults.len()],
            chance: Chance::new(seed, 3),
            store_chance: Chance::new(seed, 5),
            mutations: 0,
            ever_held: false,
            reached: Reached::default(),
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
        if self.shared {
            self.set_clocks();
        }
        self.after(Span::ZERO, Happening::Start(Place::First));
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

    /// Boot clocks of two hosts differ by as much as the lease's margin allows for: 500 ppm.
    fn set_clocks(&mut self) {
        for who in Place::BOTH {
            let drawn = self.store_chance.number(0, 1000);
            self.daemons[who.index()].ppm = i64::from(drawn) - 500;
        }
    }

    fn set_trap(&mut self, point: Option<Point>) {
        let Some(point) = point else { return };
        self.point = Some(point.phase);
        self.store().trap = Some(Trap {
            append: point.append,
            keeps: point.phase != Phase::Before,
            answers: matches!(point.phase, Phase::Sent | Phase::Frozen),
            sprung: false,
        });
    }

    /// The phase of the trap that was just sprung; once.
    pub(super) fn sprung(&mut self) -> Option<Phase> {
        self.point?;
        let sprung = self.store().trap.is_some_and(|trap| trap.sprung);
        if sprung { self.point.take() } else { None }
    }

    pub(super) fn store(&self) -> MutexGuard<'_, MemoryTable> {
        super::locked(&self.store)
    }

    pub(super) fn after(&mut self, span: Span, what: Happening) {
        self.scheduled += 1;
        let (at, order) = (self.world.now + span, self.scheduled);
        let what = Box::new(what);
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
            self.happen(*next.what);
            self.judged();
        }
    }

    fn judged(&mut self) {
        let now = self.world.now;
        self.judge.world(&self.world);
        if self.shared {
            let store = self.store.clone();
            let store = super::locked(&store);
            self.judge.table(now, &store.epochs);
            drop(store);
            let awake = |who: &Place| self.process(*who).is_some_and(|p| !p.is_frozen(now));
            let leads = |who: &Place| awake(who) && self.life(*who).is_some() && self.holds(*who);
            let could = |who: &Place| {
                let stays = self
                    .process(*who)
                    .is_some_and(|p| p.stopping_since.is_none());
                awake(who) && stays && self.world.faults.store_is_well(*who)
            };
            let led = Place::BOTH.iter().any(leads);
            let able = Place::BOTH.iter().any(could);
            self.judge
                .leadership(now, led, able, Self::takeover_bound());
        } else {
            let led = self.life(Place::First).is_some();
            self.judge.leadership(now, led, false, Span::ZERO);
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
            Happening::Send(generation, command) => self.leave(generation, command),
            Happening::Act(parcel) => self.act(parcel),
            Happening::Daemon(generation, turn) => self.turn(generation, turn),
            Happening::Start(who) => self.start(who),
            Happening::Order(word, tries) => self.order(word, tries),
            Happening::Duty(incarnation, duty) => self.duty(incarnation, duty),
            Happening::Letter(letter) => self.letter(letter),
            Happening::LineArrives => {
                if !self.store().arrive() {
                    self.reached.note(Milestone::StaleLeaderRefused);
                }
            }
        }
    }
}

/// The senses of a look, for `life`.
pub(super) use senses::{control_plane, look, probe, readiness};
