//! Everything that one moment of the model consists of, small enough to keep millions of.
//!
//! Deliberately absent: what follows what. `model` lists the moves, `moves` and `daemon` make
//! them.

use crate::estate::{Act, Estate};
use crate::judge::Wrong;
use crate::spine::Id;
use drd::lease::{Row, Term, Watch};
use drd_state_machine::time::Span;

/// The table: the lease's row, and what its lines fold to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    /// The lease.
    pub row: Option<Row>,
    /// The fold of all lines.
    pub record: Id,
    /// Under which lease the newest line was written.
    pub line_epoch: u64,
}

/// A daemon.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Daemon {
    /// Not running.
    Down,
    /// Waits for the lease.
    Follower(Watch),
    /// Has the lease, and has not read the ledger yet.
    Elected(Term),
    /// Leads, or believes to.
    Leader(Leader),
}

/// One that acts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leader {
    /// Its term.
    pub term: Term,
    /// What it remembers.
    pub record: Id,
    /// Commands that came with a decision and are not sent yet, sorted.
    pub pending: Vec<Act>,
    /// Attempts whose deadline passed, sorted: it has not taken note yet.
    pub silent: Vec<Act>,
}

/// What is on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flight {
    /// A request to RDS, Auto Scaling or S3; `by` waits for the answer, if anybody does.
    Act {
        /// Who waits.
        by: Option<usize>,
        /// The request.
        act: Act,
    },
    /// The same request once more; its first arrival was answered.
    Copy {
        /// The request.
        act: Act,
    },
    /// The answer to a write of the lease: taken or renewed.
    Answer {
        /// To whom.
        to: usize,
        /// The lease that was written.
        epoch: u64,
        /// The row's version.
        version: u64,
        /// When the write was sent.
        sent_at: Span,
    },
    /// A ledger line that its writer gave up on.
    Line {
        /// The lease that it is conditional on.
        epoch: u64,
        /// The fold that it follows: stands for its number.
        before: Id,
        /// The fold with it.
        after: Id,
    },
}

/// How much may still go wrong, and how often time may still pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Requests or answers lost or late, lines in doubt.
    pub losses: u8,
    /// Requests that arrive twice.
    pub copies: u8,
    /// Crashes.
    pub crashes: u8,
    /// Answers about the lease that arrive late.
    pub late: u8,
    /// Leases handed over on purpose.
    pub releases: u8,
    /// Times that a lease's length passes.
    pub lapses: u8,
    /// Times that a quarantine's length passes.
    pub ages: u8,
    /// Orders of an operator to move to the other side.
    pub orders: u8,
}

/// Incidents that are told apart; a story with more does not fit into the budgets.
pub const INCIDENTS: usize = 4;

/// A moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Time since the start, the same on every host: `lease` has the arithmetic of clocks that
    /// are wrong.
    pub now: Span,
    /// The table.
    pub store: Store,
    /// Both daemons.
    pub daemons: [Daemon; 2],
    /// What is on its way, sorted.
    pub wire: Vec<Flight>,
    /// The truth.
    pub estate: Estate,
    /// What may still happen.
    pub left: Budget,
    /// Role changes that took effect, by incident.
    pub effects: [u8; INCIDENTS],
    /// What went wrong.
    pub wrong: Wrong,
}

impl State {
    /// The daemon as a leader, if it believes to be one.
    pub fn leader(&self, d: usize) -> Option<&Leader> {
        match &self.daemons[d] {
            Daemon::Leader(leader) => Some(leader),
            Daemon::Down | Daemon::Follower(_) | Daemon::Elected(_) => None,
        }
    }

    /// The same, to change.
    pub fn leader_mut(&mut self, d: usize) -> Option<&mut Leader> {
        match &mut self.daemons[d] {
            Daemon::Leader(leader) => Some(leader),
            Daemon::Down | Daemon::Follower(_) | Daemon::Elected(_) => None,
        }
    }

    /// Puts something on the wire.
    pub fn send(&mut self, flight: Flight) {
        let place = self.wire.partition_point(|known| known <= &flight);
        self.wire.insert(place, flight);
    }

    /// Whether this daemon waits for an answer.
    pub fn waits(&self, d: usize) -> bool {
        self.wire
            .iter()
            .any(|f| matches!(f, Flight::Act { by: Some(who), .. } if *who == d))
    }

    /// A daemon's process or term is over: what it sent goes on alone, and answers about that
    /// lease find nobody.
    pub fn forget(&mut self, d: usize, becomes: Daemon) {
        self.daemons[d] = becomes;
        self.drop_answers(d);
        for flight in &mut self.wire {
            if let Flight::Act { by, .. } = flight
                && *by == Some(d)
            {
                *by = None;
            }
        }
        self.wire.sort();
    }

    /// Whoever asks again, or is gone, does not hear the answer to what it asked before.
    pub fn drop_answers(&mut self, d: usize) {
        self.wire
            .retain(|f| !matches!(f, Flight::Answer { to, .. } if *to == d));
    }
}

/// Adds to a sorted list, once.
pub fn add(list: &mut Vec<Act>, act: Act) {
    if let Err(place) = list.binary_search(&act) {
        list.insert(place, act);
    }
}
