//! Faults as they begin and end: conditions are added up, moments strike.
//!
//! Deliberately absent: what a condition means (`faults`, `world`).

use crate::lab::EPOCH;
use crate::lab::by_hand;
use crate::lab::faults::Faults;
use crate::lab::install::Install;
use crate::lab::scenario::{At, Fault, FaultKind, StruckDaemon};
use crate::lab::sensors::Sensors;
use crate::lab::simulation::{Happening, Simulation};
use drd_state_machine::event::Word;
use drd_state_machine::phase::Phase;
use drd_state_machine::time::Span;

/// Until an operator who got no answer repeats the order.
const PATIENCE: Span = Span::secs(15);
/// As long as a lease, a takeover and a restart last, several times over.
const ORDERS_MAX: u32 = 10;

impl Simulation<'_> {
    pub(super) fn fault_on(&mut self, place: usize) {
        let scenario = self.scenario;
        let fault = &scenario.faults[place];
        self.active[place] = true;
        self.coverage.begins(place);
        self.began[place].get_or_insert(self.world.now - EPOCH);
        self.targets[place] = self.target(fault);
        self.say("fault", fault.sentence(true));
        self.add_up();
        if let Some(lasts) = fault.lasts {
            self.after(lasts, Happening::FaultOff(place));
        }
        self.strike(place);
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most kinds need nothing here"
    )]
    pub(super) fn fault_off(&mut self, place: usize) {
        let scenario = self.scenario;
        self.active[place] = false;
        self.say("fault", scenario.faults[place].sentence(false));
        self.add_up();
        match scenario.faults[place].kind {
            FaultKind::SecondDaemon => self.stop(Install::Second),
            FaultKind::LedgerReplaced => self.store.replaced = None,
            FaultKind::FsyncHangs => self.disk_answers(),
            FaultKind::LogSinkHangs => {
                let dropped = std::mem::take(&mut self.log_dropped);
                self.say("daemon", format!("{dropped} lines of the log were dropped"));
            }
            _ => {}
        }
        self.hand_out();
    }

    fn add_up(&mut self) {
        let mut faults = std::mem::take::<Faults>(&mut self.world.faults);
        faults.add_up(&self.scenario.faults, &self.active, &self.targets);
        let down = faults.ledger_down;
        self.world.faults = faults;
        self.world.settle();
        self.store.down = down;
    }

    /// Which daemon a fault strikes; `None` for both, where a fault can strike both.
    fn target(&self, fault: &Fault) -> Option<Install> {
        if !self.shared {
            return Some(Install::First);
        }
        let living = || {
            Install::BOTH
                .into_iter()
                .find(|who| self.process(*who).is_some())
        };
        let leader = || self.leader().or_else(living).unwrap_or(Install::First);
        match fault.daemon {
            Some(StruckDaemon::First) => Some(Install::First),
            Some(StruckDaemon::Second) => Some(Install::Second),
            Some(StruckDaemon::Leader) => Some(leader()),
            Some(StruckDaemon::Follower) => Some(leader().other()),
            None if matches!(
                fault.kind,
                FaultKind::ObserverIsolated | FaultKind::HostClock
            ) =>
            {
                None
            }
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
        let who = self.targets[place].unwrap_or(Install::First);
        match fault.kind {
            FaultKind::DaemonCrash => self.crash(who, fault.restart_after.unwrap_or(Span::secs(5))),
            FaultKind::DaemonFreeze => self.freeze(who, fault.lasts.unwrap_or(Span::secs(30))),
            FaultKind::ClockJump => {
                let daemon = &mut self.hosts[who.index()];
                daemon.wall_skew = daemon.wall_skew + fault.by.unwrap_or_default();
            }
            FaultKind::HostClock => {
                let one = self.targets[place];
                for who in Install::BOTH
                    .into_iter()
                    .filter(|who| one.is_none_or(|one| one == *who))
                {
                    self.hosts[who.index()].wall_skew = fault.by.unwrap_or_default();
                }
            }
            FaultKind::LedgerReplaced => self.store.replaced = fault.how,
            FaultKind::PoisonMessage => self.send(Some(Sensors::poison())),
            FaultKind::AlarmFlap => self.flap(),
            FaultKind::SecondDaemon => self.start(Install::Second),
            FaultKind::Operator => fault.word.into_iter().for_each(|word| self.order(word, 1)),
            _ => {}
        }
        if let Some(told) = by_hand::strike(&mut self.world, fault) {
            self.say("world", told);
            self.world.settle();
        }
    }

    /// An operator sends an order to the daemon that leads, and again when no answer comes:
    /// whether it arrived is then not known.
    pub(in crate::lab) fn order(&mut self, word: Word, tries: u32) {
        if let Some(who) = self.leader() {
            self.send_order(who, word, tries);
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
    pub(in crate::lab) fn is_waited_for(&self, phase: Phase) -> bool {
        let waits =
            |(place, fault): (usize, &Fault)| !self.struck[place] && fault.at == At::Step(phase);
        self.scenario.faults.iter().enumerate().any(waits)
    }

    /// A state was entered: faults that waited for it begin. The daemon may die of them.
    pub(in crate::lab) fn entered(&mut self, phase: Phase) {
        let scenario = self.scenario;
        for (place, fault) in scenario.faults.iter().enumerate() {
            // Once: the moment is the first one.
            let waits = fault.at == At::Step(phase);
            if waits && !std::mem::replace(&mut self.struck[place], true) {
                self.fault_on(place);
            }
        }
    }
}
