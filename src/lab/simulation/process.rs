//! The hosts and the processes on them: an engine, its clock, and what its host keeps for it.
//!
//! Deliberately absent: running it (`lab::host`).

use crate::engine::Engine;
use crate::lab::EPOCH;
use crate::lab::crash_point::DeathPhase;
use drd_state_machine::event::Word;
use drd_state_machine::time::{Span, Time};
use std::collections::BTreeMap;

/// One turn may find that nothing is left to do; a second one at the same instant has learnt nothing new.
const IDLE_TURNS_MAX: u32 = 2;

/// One install.
#[derive(Default)]
pub(in crate::lab) struct Host {
    pub(in crate::lab) process: Option<Process>,
    /// How far the host's wall clock is off; a process reads it once, at its start.
    pub(in crate::lab) wall_skew: Span,
    /// How much faster than true time its boot clock runs, in parts per million.
    pub(in crate::lab) ppm: i64,
}

/// One process, from start to crash.
pub(in crate::lab) struct Process {
    /// No other process of the rehearsal has this number.
    pub(in crate::lab) incarnation: u64,
    pub(in crate::lab) engine: Engine,
    pub(in crate::lab) frozen_until: Time,
    pub(in crate::lab) stopping: bool,
    /// Until when mutating requests may leave, by its boot clock.
    pub(in crate::lab) gate_until: Span,
    /// The moment of the wake-up that is scheduled.
    pub(in crate::lab) wakes_at: Option<Time>,
    /// Mutating requests that are signed and have not left.
    pub(in crate::lab) unsent: u32,
    /// Timer turns in a row that did nothing and wanted another one at the same instant.
    pub(in crate::lab) idle_turns: u32,
    pub(in crate::lab) orders: BTreeMap<u64, (Word, u32)>,
    /// What becomes of it once its newest line was answered.
    pub(in crate::lab) fate: Option<DeathPhase>,
}

impl Host {
    /// Its time since boot, which goes on in suspend.
    pub(in crate::lab) fn boot(&self, now: Time) -> Span {
        let up = now - EPOCH;
        up + Span(up.0 * self.ppm / 1_000_000)
    }

    /// The true time at which its boot clock shows this; never too early by more than a tick.
    pub(in crate::lab) fn when(&self, boot: Span) -> Time {
        EPOCH + Span(boot.0 - boot.0 * self.ppm / (1_000_000 + self.ppm))
    }
}

impl Process {
    pub(in crate::lab) fn is_frozen(&self, now: Time) -> bool {
        self.frozen_until > now
    }

    /// A hot loop fails the rehearsal. One idle turn may be: a line that the turn before made due at its own instant.
    pub(in crate::lab) fn count_idle(&mut self, idle: bool, boot: Span) {
        let again = self.engine.next_wakeup().is_some_and(|at| at <= boot);
        self.idle_turns = if idle && again {
            self.idle_turns + 1
        } else {
            0
        };
        assert!(
            self.idle_turns < IDLE_TURNS_MAX,
            "the engine wants to be woken again at once, and does nothing then"
        );
    }

    /// Names its term among all of the rehearsal.
    pub(in crate::lab) fn generation(&self, term: u64) -> u64 {
        (self.incarnation << 32) | term
    }
}
