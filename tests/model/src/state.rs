//! Everything that one moment of the model consists of, small enough to keep millions of.
//!
//! Deliberately absent: what follows what. `model` lists the moves, `moves` and `host` make
//! them.

use crate::engines::{EngineId, RecordId};
use crate::estate::{Act, Estate};
use crate::judge::Wrong;
use drd::engine::lease::Row;
use drd::engine::port::StoreCall;
use drd_state_machine::time::Span;

/// The table: the lease's row, and what its lines fold to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    /// The lease.
    pub row: Option<Row>,
    /// The fold of all lines.
    pub record: RecordId,
    /// Under which lease the newest line was written.
    pub line_token: u64,
}

/// A running process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// The shipped engine.
    pub engine: EngineId,
    /// Until when requests may leave; `None` while the gate is closed.
    pub gate: Option<Span>,
    /// The call to the store whose answer it waits for.
    pub awaited: Option<Awaited>,
    /// Commands that came with a decision and are not sent yet, sorted.
    pub pending: Vec<Act>,
    /// Attempts whose deadline passed, sorted: it has not taken note yet.
    pub silent: Vec<Act>,
}

/// A call to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Awaited {
    /// Read the lease.
    Lease {
        /// Its number.
        call: u64,
    },
    /// Write the lease.
    Write {
        /// Its number.
        call: u64,
    },
    /// Read the ledger.
    Ledger {
        /// Its number.
        call: u64,
    },
}

impl Awaited {
    /// What is awaited after this call.
    pub fn of(call: u64, ask: &StoreCall) -> Awaited {
        match ask {
            StoreCall::ReadLease => Awaited::Lease { call },
            StoreCall::WriteLease { .. } => Awaited::Write { call },
            StoreCall::ReadLedger => Awaited::Ledger { call },
        }
    }

    /// The call's number.
    pub fn call(self) -> u64 {
        match self {
            Awaited::Lease { call } | Awaited::Write { call } | Awaited::Ledger { call } => call,
        }
    }
}

/// What is on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flight {
    /// A request to RDS, Auto Scaling or S3; `by` waits for the answer, if any does.
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
        /// To which call.
        call: u64,
        /// Token and version of the row that it was written over, where the engine has not asked for
        /// the write yet.
        found: Option<(u64, u64)>,
    },
    /// A ledger line that its writer gave up on.
    Line {
        /// The lease that it is conditional on.
        token: u64,
        /// The fold that it follows: in place of its number.
        before: RecordId,
        /// The fold with it.
        after: RecordId,
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
    /// Answers about the lease that arrive late or never.
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

/// Incidents that are counted apart; a story with more does not fit into the budgets.
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
    pub daemons: [Option<Process>; 2],
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
    /// The process, if it runs.
    pub fn process(&self, d: usize) -> Option<&Process> {
        self.daemons[d].as_ref()
    }

    /// The same, to change.
    pub fn process_mut(&mut self, d: usize) -> Option<&mut Process> {
        self.daemons[d].as_mut()
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

    /// A daemon's term is over: what it sent goes on alone.
    pub fn end_term(&mut self, d: usize) {
        if let Some(process) = &mut self.daemons[d] {
            process.pending.clear();
            process.silent.clear();
        }
        for flight in &mut self.wire {
            if let Flight::Act { by, .. } = flight
                && *by == Some(d)
            {
                *by = None;
            }
        }
        self.wire.sort();
    }

    /// A process is over: answers to it reach nothing.
    pub fn forget(&mut self, d: usize) {
        self.end_term(d);
        self.daemons[d] = None;
    }

    /// Answers that no call waits for change nothing, and are left out.
    pub fn drop_answers(&mut self) {
        let calls = [0, 1].map(|d: usize| self.process(d)?.awaited.map(Awaited::call));
        self.wire.retain(|f| match f {
            Flight::Answer { to, call, .. } => calls[*to] == Some(*call),
            Flight::Act { .. } | Flight::Copy { .. } | Flight::Line { .. } => true,
        });
    }
}

/// Adds to a sorted list, once.
pub fn add(list: &mut Vec<Act>, act: Act) {
    if let Err(place) = list.binary_search(&act) {
        list.insert(place, act);
    }
}
