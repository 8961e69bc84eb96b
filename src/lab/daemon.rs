//! The daemons of a rehearsal: one, or two that share a ledger. Each is an install with its own
//! clock; in it a process, which may lead; in that the life of one term.
//!
//! Deliberately absent: what they do. `term` keeps the lease, `life` runs the loops.

use super::life::Life;
use super::rehearsal::Rehearsal;
use crate::clock::Clock;
use crate::lease::{Term, Watch};
use crate::ledger::Trouble;
use drd_state_machine::time::{Span, Time};

/// Which of the two installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The one that is there from the start.
    First,
    /// The one that comes with `second_daemon`.
    Second,
}

impl Place {
    /// Both.
    pub const BOTH: [Place; 2] = [Place::First, Place::Second];

    /// Where it is in a pair.
    pub const fn index(self) -> usize {
        match self {
            Place::First => 0,
            Place::Second => 1,
        }
    }

    /// The other one.
    pub const fn other(self) -> Place {
        match self {
            Place::First => Place::Second,
            Place::Second => Place::First,
        }
    }

    /// Its name: the owner in the lease's row.
    pub const fn name(self) -> &'static str {
        match self {
            Place::First => "first",
            Place::Second => "second",
        }
    }
}

/// One install.
#[derive(Default)]
pub(super) struct Daemon {
    pub(super) process: Option<Process>,
    /// How far the host's wall clock is off; a process reads it once, at its start.
    pub(super) wall_skew: Span,
    /// How much faster than true time its boot clock runs, in parts per million.
    pub(super) ppm: i64,
}

/// One process, from start to crash.
pub(super) struct Process {
    /// No other process or term of the rehearsal has this number.
    pub(super) incarnation: u64,
    pub(super) clock: Clock,
    pub(super) frozen_until: Time,
    /// It was asked to stop: it takes no more work.
    pub(super) stopping_since: Option<Time>,
    pub(super) watch: Watch,
    pub(super) office: Office,
    pub(super) life: Option<Life>,
    /// The number of the newest call to the store; answers to older ones change nothing.
    pub(super) asked: u64,
    /// The lease's row as it was last seen: epoch and version.
    pub(super) seen: Option<(u64, u64)>,
    /// Since when the store has not let anybody work.
    pub(super) stuck_since: Option<Time>,
    pub(super) trouble: Trouble,
}

/// Who may act.
pub(super) enum Office {
    /// Alone by configuration: no lease, it always may.
    Alone,
    /// Waits for its turn.
    Follower,
    /// May act while its term holds.
    Leader(Term),
}

impl Daemon {
    /// Its time since boot, which goes on in suspend.
    pub(super) fn boot(&self, now: Time) -> Span {
        let up = now - super::EPOCH;
        up + Span(up.0 * self.ppm / 1_000_000)
    }
}

impl Process {
    pub(super) fn is_frozen(&self, now: Time) -> bool {
        self.frozen_until > now
    }
}

impl Rehearsal<'_> {
    pub(super) fn process(&self, who: Place) -> Option<&Process> {
        self.daemons[who.index()].process.as_ref()
    }

    pub(super) fn process_mut(&mut self, who: Place) -> Option<&mut Process> {
        self.daemons[who.index()].process.as_mut()
    }

    pub(super) fn life(&self, who: Place) -> Option<&Life> {
        self.process(who)?.life.as_ref()
    }

    pub(super) fn life_mut(&mut self, who: Place) -> Option<&mut Life> {
        self.process_mut(who)?.life.as_mut()
    }

    /// Whose term this is, while it lasts.
    pub(super) fn whose(&self, generation: u64) -> Option<Place> {
        let lives = |who: &Place| self.life(*who).is_some_and(|l| l.generation == generation);
        Place::BOTH.into_iter().find(lives)
    }

    /// Which process this is, while it lives.
    pub(super) fn which(&self, incarnation: u64) -> Option<Place> {
        let is = |who: &Place| {
            self.process(*who)
                .is_some_and(|p| p.incarnation == incarnation)
        };
        Place::BOTH.into_iter().find(is)
    }

    pub(super) fn boot(&self, who: Place) -> Span {
        self.daemons[who.index()].boot(self.world.now)
    }

    /// Whether it may act, as far as it can know.
    pub(super) fn holds(&self, who: Place) -> bool {
        match self.process(who).map(|p| &p.office) {
            Some(Office::Alone) => true,
            Some(Office::Leader(term)) => term.holds(self.boot(who)),
            Some(Office::Follower) | None => false,
        }
    }

    /// Who leads, as the world sees it: the one whose term is in the row, or is alone.
    pub(super) fn leader(&self) -> Option<Place> {
        let row = self.store().lease.clone();
        Place::BOTH.into_iter().find(|who| {
            let office = self.process(*who).filter(|p| p.life.is_some());
            match office.map(|p| &p.office) {
                Some(Office::Alone) => true,
                Some(Office::Leader(term)) => {
                    row.as_ref().is_some_and(|r| r.epoch == term.row.epoch)
                }
                Some(Office::Follower) | None => false,
            }
        })
    }

    /// What a person would call it.
    pub(super) fn called(&self, who: Place) -> String {
        if self.shared {
            format!("the {} daemon", who.name())
        } else {
            "the daemon".to_owned()
        }
    }
}
