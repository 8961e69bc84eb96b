//! One rehearsal: a heap of happenings, a virtual clock, the same seed the same story.
//!
//! Deliberately absent: what a host does (`lab::host`), what a fault means (`faults`).

use super::EPOCH;
use super::client::{self, Client};
use super::coverage::{Cells, CoverageBook, Reached};
use super::crash_point::{DeathPhase, Point};
use super::install::Install;
use super::judge::{Judge, Violation};
use super::rng::Chance;
use super::scenario::{At, Outcome, Scenario};
use super::sensors::Sensors;
use super::store::{SimulatedStore, Trap};
use super::timing;
use super::world::World;
use crate::intake::Known;
use crate::ledger::Entry;
use crate::metrics::Metrics;
use drd_state_machine::Setup;
use drd_state_machine::command::{Kind, Severity};
use drd_state_machine::event::{LagSample, Side};
use drd_state_machine::phase::Phase;
use drd_state_machine::record::Incident;
use drd_state_machine::time::{Span, Time};
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;

mod agenda;
mod parcel;
mod process;
mod queue;

pub(super) use agenda::{Happening, Scheduled};
pub(super) use parcel::{Parcel, Signed, StoreLetter};
pub(super) use process::{Host, Process};
pub(super) use queue::{Receiver, SimulatedQueue};

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

/// A page that arrived.
#[derive(Clone, Debug)]
pub struct DeliveredPage {
    /// Since the start.
    pub t: Span,
    /// Its severity.
    pub severity: Severity,
    /// What it says.
    pub text: String,
}

/// How it came out.
#[derive(Debug)]
pub struct Rehearsed {
    /// The outcome.
    pub outcome: Outcome,
    /// What it was decided under.
    pub setup: Arc<Setup>,
    /// The newest incident that changed a role, or else the newest one.
    pub incident: Option<Incident>,
    /// The longest time a client went without an acknowledged write.
    pub client_outage: Span,
    /// Every stretch without an acknowledged write, since the start.
    pub outages: Vec<(Span, Span)>,
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
    pub ended_in: Phase,
    /// Pages that somebody was delivered, in order.
    pub pages: Vec<DeliveredPage>,
    /// Kinds of calls that were sent, whatever became of them.
    pub sent: BTreeSet<Kind>,
    /// Messages that went to the dead letters.
    pub dead_letters: u64,
    /// What operators were answered.
    pub answers: Vec<String>,
    /// Whether drd was armed, from when on; empty where the scenario does not ask.
    pub armed: Vec<(Span, bool)>,
    /// When each fault of the scenario began.
    pub began: Vec<Option<Span>>,
    /// Whether drd was held at any time.
    pub ever_held: bool,
    /// Hard situations that came about.
    pub reached: Reached,
    /// A quorum of fault domains was wrong at once.
    pub quorum_was_wrong: bool,
    /// Promotions that may lose writes, of a database that lived.
    pub lossy_of_living: u32,
    /// Which fault met which state.
    pub cells: Cells,
    /// What was durable at the end, oldest first.
    pub entries: Vec<Entry>,
}

/// A rehearsal under way.
pub struct Simulation<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) setup: Arc<Setup>,
    pub(super) known: Arc<Known>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) world: World,
    pub(super) sensors: Sensors,
    pub(super) client: Client,
    pub(super) judge: Judge,
    pub(super) heap: BinaryHeap<Scheduled>,
    scheduled: u64,
    pub(super) queue: SimulatedQueue,
    /// What CloudWatch has of the lag.
    /// From when CloudWatch gives it out, and the sample.
    pub(super) samples: Vec<(Time, LagSample)>,
    /// Who waits to read the file of a disk that hangs: the process and its call.
    pub(super) reads_waiting: Vec<(u64, u64)>,
    /// Lines of the log that nobody read: they are dropped, so that nothing waits for a reader.
    pub(super) log_dropped: u32,
    /// Two daemons share the ledger.
    pub(super) shared: bool,
    pub(super) hosts: [Host; 2],
    pub(super) store: SimulatedStore,
    /// Processes so far: each has its own number.
    pub(super) incarnations: u64,
    pub(super) orders_sent: u64,
    pub(super) last_leader: Option<Install>,
    pub(super) point: Option<DeathPhase>,
    pub(super) active: Vec<bool>,
    pub(super) struck: Vec<bool>,
    pub(super) targets: Vec<Option<Install>>,
    pub(super) chance: Chance,
    /// How long looks and readings take: how often drd looks must not change what else happens.
    pub(super) look_chance: Chance,
    /// Of the lag samples that came with sources of their own: the other streams stay as they were.
    pub(super) lag_chance: Chance,
    /// Whether a fault that waits for a state strikes before or after its commands leave.
    pub(super) strike_chance: Chance,
    /// The store's own stream: a daemon that is alone must not notice it.
    pub(super) store_chance: Chance,
    pub(super) mutations: u32,
    pub(super) ever_held: bool,
    pub(super) pages: Vec<DeliveredPage>,
    pub(super) sent: BTreeSet<Kind>,
    pub(super) dead_letters: u64,
    pub(super) answers: Vec<String>,
    pub(super) armed: Vec<(Span, bool)>,
    pub(super) began: Vec<Option<Span>>,
    pub(super) reached: Reached,
    pub(super) coverage: CoverageBook,
    pub(super) active_side: Side,
    pub(super) moved: Option<Incident>,
    pub(super) timeline: Vec<Moment>,
    watcher: &'s mut dyn FnMut(&Moment),
}

/// What every rehearsal of a run shares.
pub struct Bench {
    /// What the machine decides under.
    pub setup: Arc<Setup>,
    /// What messages may be about.
    pub known: Arc<Known>,
    /// Counted into.
    pub metrics: Arc<Metrics>,
}

/// The stream of strikes: the one with which faults strike where they struck in 0.1.0, so that its
/// rehearsals can be compared with today's (`tests/lab/baseline.rs`).
const STRIKES: u64 = 422_547;
impl<'s> Simulation<'s> {
    pub(super) fn new(
        scenario: &'s Scenario,
        seed: u64,
        bench: &'s Bench,
        watcher: &'s mut dyn FnMut(&Moment),
    ) -> Simulation<'s> {
        let mut run = Simulation {
            scenario,
            setup: bench.setup.clone(),
            known: bench.known.clone(),
            metrics: bench.metrics.clone(),
            world: World::new(EPOCH, Chance::new(seed, 1)),
            sensors: Sensors::new(Chance::new(seed, 2)),
            client: Client::default(),
            judge: Judge::new(),
            heap: BinaryHeap::new(),
            scheduled: 0,
            queue: SimulatedQueue::default(),
            samples: Vec::new(),
            reads_waiting: Vec::new(),
            log_dropped: 0,
            shared: scenario.is_shared(),
            hosts: [Host::default(), Host::default()],
            store: SimulatedStore::default(),
            incarnations: 0,
            orders_sent: 0,
            last_leader: None,
            point: None,
            active: vec![false; scenario.faults.len()],
            struck: vec![false; scenario.faults.len()],
            targets: vec![None; scenario.faults.len()],
            chance: Chance::new(seed, 3),
            look_chance: Chance::new(seed, 6),
            lag_chance: Chance::new(seed, 12),
            strike_chance: Chance::new(seed, STRIKES),
            store_chance: Chance::new(seed, 5),
            mutations: 0,
            ever_held: false,
            pages: Vec::new(),
            sent: BTreeSet::new(),
            dead_letters: 0,
            answers: Vec::new(),
            armed: Vec::new(),
            began: vec![None; scenario.faults.len()],
            reached: Reached::default(),
            coverage: CoverageBook::new(scenario.faults.len()),
            active_side: Side::Primary,
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
        self.after(Span::ZERO, Happening::Start(Install::First));
        self.after(client::PERIOD, Happening::Second);
        for (period, what) in [
            (timing::WITNESS, Happening::Witness),
            (timing::CHECK, Happening::Check),
            (timing::ALARM, Happening::Alarm),
            (timing::INSIDE, Happening::Inside),
        ] {
            let offset = self.chance.span(Span::millis(1), period);
            self.after(offset, what);
        }
        let offset = self.chance.span(Span::millis(1), Span::secs(10));
        self.after(offset, Happening::Lag);
    }

    /// Boot clocks of two hosts differ by as much as the lease's margin allows for: 500 ppm.
    fn set_clocks(&mut self) {
        for who in Install::BOTH {
            let drawn = self.store_chance.number(0, 1000);
            self.hosts[who.index()].ppm = i64::from(drawn) - 500;
        }
    }

    pub(super) fn set_trap(&mut self, point: Option<Point>) {
        let Some(point) = point else { return };
        self.point = Some(point.phase);
        self.store.trap = Some(Trap {
            append: point.append,
            keeps: point.phase != DeathPhase::Before,
            answers: matches!(point.phase, DeathPhase::Sent | DeathPhase::Frozen),
            sprung: false,
        });
    }

    /// The phase of the trap that was just sprung; once.
    pub(super) fn sprung(&mut self) -> Option<DeathPhase> {
        self.point?;
        let sprung = self.store.trap.is_some_and(|trap| trap.sprung);
        if sprung { self.point.take() } else { None }
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
}
