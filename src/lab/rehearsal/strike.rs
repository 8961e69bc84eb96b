//! Faults as they begin and end: conditions are added up, moments strike.
//!
//! Deliberately absent: what a condition means (`faults`, `world`).

use super::{Happening, Rehearsal, Turn};
use crate::lab::daemon::Place;
use crate::lab::faults::Faults;
use crate::lab::scenario::{At, Fault, Kind, Who};
use crate::lab::senses::Senses;
use drd_state_machine::event::Word;
use drd_state_machine::time::Span;

/// Until an operator who got no answer says it again.
const PATIENCE: Span = Span::secs(15);
/// As long as a lease, a takeover and a restart last, several times over.
const ORDERS_MAX: u32 = 10;

impl Rehearsal<'_> {
    pub(super) fn fault_on(&mut self, place: usize) {
        let scenario = self.scenario;
        let fault = &scenario.faults[place];
        self.active[place] = true;
        self.targets[place] = self.target(fault);
        self.say("fault", describe(fault, true));
        self.add_up();
        if let Some(lasts) = fault.lasts {
            self.after(lasts, Happening::FaultOff(place));
        }
        self.strike(place);
    }

    pub(super) fn fault_off(&mut self, place: usize) {
        let scenario = self.scenario;
        self.active[place] = false;
        self.say("fault", describe(&scenario.faults[place], false));
        self.add_up();
        if scenario.faults[place].kind == Kind::SecondDaemon {
            self.stop(Place::Second);
        }
        self.receive();
    }

    fn add_up(&mut self) {
        let mut faults = std::mem::take::<Faults>(&mut self.world.faults);
        faults.add_up(&self.scenario.faults, &self.active, &self.targets);
        let down = faults.ledger_down;
        self.world.faults = faults;
        self.world.settle();
        self.store().down = down;
    }

    /// Which daemon a fault strikes; `None` for both, where a fault can strike both.
    fn target(&self, fault: &Fault) -> Option<Place> {
        if !self.shared {
            return Some(Place::First);
        }
        let living = || {
            Place::BOTH
                .into_iter()
                .find(|who| self.process(*who).is_some())
        };
        let leader = || self.leader().or_else(living).unwrap_or(Place::First);
        match fault.daemon {
            Some(Who::First) => Some(Place::First),
            Some(Who::Second) => Some(Place::Second),
            Some(Who::Leader) => Some(leader()),
            Some(Who::Follower) => Some(leader().other()),
            None if fault.kind == Kind::ObserverIsolated => None,
            None => Some(leader()),
        }
    }

    /// Faults that are a moment, not a condition.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most kinds need nothing here"
    )]
    fn strike(&mut self, place: usize) {
        let scenario = self.scenario;
        let fault = &scenario.faults[place];
        let who = self.targets[place].unwrap_or(Place::First);
        match fault.kind {
            Kind::DaemonCrash => self.crash(who, fault.restart_after.unwrap_or(Span::secs(5))),
            Kind::DaemonFreeze => self.freeze(who, fault.lasts.unwrap_or(Span::secs(30))),
            Kind::ClockJump => {
                let daemon = &mut self.daemons[who.index()];
                daemon.wall_skew = daemon.wall_skew + fault.by.unwrap_or_default();
            }
            Kind::PoisonMessage => self.send(Some(Senses::poison())),
            Kind::AlarmFlap => self.flap(),
            Kind::SecondDaemon => self.start(Place::Second),
            Kind::Operator => fault.word.into_iter().for_each(|word| self.order(word, 1)),
            _ => {}
        }
    }

    /// An operator speaks to whoever leads, and again when no answer comes: whether the word was
    /// heard is then not known.
    pub(in crate::lab) fn order(&mut self, word: Word, tries: u32) {
        let leader = self.leader().and_then(|who| self.life(who));
        if let Some(generation) = leader.map(|life| life.generation) {
            let turn = Turn::Order(word, tries);
            self.after(Span::ZERO, Happening::Daemon(generation, turn));
            return;
        }
        self.say("daemon", "nobody leads: the operator is told so".to_owned());
        self.order_again(word, tries);
    }

    /// Not for ever: people ask why at some point.
    pub(in crate::lab) fn order_again(&mut self, word: Word, tries: u32) {
        if tries < ORDERS_MAX {
            self.after(PATIENCE, Happening::Order(word, tries + 1));
        }
    }

    /// Whether a fault still waits for this state.
    pub(in crate::lab) fn is_waited_for(&self, state: &str) -> bool {
        let waits = |(place, fault): (usize, &Fault)| {
            !self.struck[place] && matches!(&fault.at, At::Step(name) if name == state)
        };
        self.scenario.faults.iter().enumerate().any(waits)
    }

    /// A state was entered: faults that waited for it begin. `true` when the daemon died of it.
    pub(in crate::lab) fn entered(&mut self, who: Place, state: &str) -> bool {
        let generation = self.life(who).map(|life| life.generation);
        let scenario = self.scenario;
        for (place, fault) in scenario.faults.iter().enumerate() {
            let waits = matches!(&fault.at, At::Step(name) if name == state);
            // Once: the moment is the first one.
            if waits && !std::mem::replace(&mut self.struck[place], true) {
                self.fault_on(place);
            }
        }
        generation != self.life(who).map(|life| life.generation)
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
