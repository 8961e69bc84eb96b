//! The moves that are possible at a moment, and what each leads to.
//!
//! Two daemons, one table, requests that are lost, late or arrive twice, crashes and pauses. A
//! daemon that makes no move is one that is frozen or cut off, so both need no move of their own.
//! Deliberately absent: how a move is made (`moves`, `host`).

use crate::engines::Engines;
use crate::estate::Estate;
use crate::host;
use crate::judge;
use crate::judge::Wrong;
use crate::lease_calls;
use crate::moves;
use crate::state::{Awaited, Budget, Flight, INCIDENTS, Process, State, Store};
use drd::engine::lease::{Term, Terms};
use drd_state_machine::time::Span;
use stateright::{Model, Property};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Which rule is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// None: what is shipped.
    Shipped,
    /// Lines are not conditional on the lease, and it is not looked at before sending.
    NoFencing,
    /// The lease is not looked at before sending.
    NoCheckBeforeSend,
    /// Requests without an answer do not close the way back: silence counts as a refusal.
    NoQuarantine,
    /// The lease is counted from the answer.
    LeaseFromReceipt,
    /// Commands are sent before their decision is durable.
    ActBeforeAppend,
    /// A lease is taken over without waiting for it to end.
    NoWait,
}

/// A fault that must have been met, or the budgets are too small to show anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// Another term began in the middle of a promotion.
    TakeoverInPromotion,
    /// The table refused a line of one who no longer leads.
    StaleLineRefused,
    /// The look before the send kept a request back.
    StaleSendRefused,
    /// An act took effect, and its answer was lost.
    AnswerLost,
    /// A request landed after its daemon had stopped waiting.
    LateRequest,
    /// The roles were moved back by an operator's order.
    FailedBack,
    /// An operator's order was refused by the quarantine.
    QuarantineClosed,
    /// The next term issued a request again whose first sending was still on its way.
    IssuedAgain,
}

impl Met {
    /// Every one, with the words for it.
    pub const ALL: [(Met, &'static str); 8] = [
        (
            Met::TakeoverInPromotion,
            "a takeover in the middle of a promotion",
        ),
        (Met::StaleLineRefused, "a stale leader's line refused"),
        (Met::StaleSendRefused, "a stale leader's request kept back"),
        (Met::AnswerLost, "an answer lost after its effect"),
        (Met::LateRequest, "a request landed that nobody waits for"),
        (Met::FailedBack, "a failback done"),
        (
            Met::QuarantineClosed,
            "a failback refused by the quarantine",
        ),
        (
            Met::IssuedAgain,
            "a request issued again by the next term while the first was on its way",
        ),
    ];
}

/// The protocol, with so much that may go wrong.
pub struct Protocol {
    /// Which rule is missing.
    pub variant: Variant,
    /// What may go wrong.
    pub budget: Budget,
    /// The decisions.
    pub engines: Engines,
    /// How the lease is kept.
    pub terms: Terms,
    /// Whether a fence may be lost, late or twice like a promotion.
    pub fences_fly: bool,
    /// One state in so many is healed and followed to its end; 0: none.
    pub heal_one_in: u64,
    /// How many were.
    pub healed: AtomicUsize,
    met: AtomicU32,
}

/// A move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A daemon that does not lead reads the lease and takes it.
    Take { who: usize, fate: AnswerFate },
    /// A daemon that has the lease reads the ledger and begins.
    Begin { who: usize },
    /// A leader whose lease is over takes note of the time.
    StepDown { who: usize },
    /// A leader looks at the world and decides. `doubt`: its line gets no answer.
    Decide { who: usize, doubt: Doubt },
    /// A leader takes note that an attempt's deadline passed.
    TimeOut { who: usize },
    /// A leader carries out the command at this place of its list.
    Perform { who: usize, at: usize },
    /// An operator's order reaches a leader.
    Order { who: usize },
    /// A leader stops on purpose.
    Release { who: usize },
    /// A process ends.
    Crash { who: usize },
    /// A process starts.
    Restart { who: usize },
    /// What is at this place of the wire arrives.
    Arrive { at: usize, fate: Fate },
    /// The role change ends.
    Complete,
    /// The primary region is back and follows.
    Rejoin,
    /// As long passes as an engine waits before it reads the lease again.
    Pause,
    /// A lease's length passes; this daemon renewed meanwhile, and is answered or not yet.
    Lapse {
        renews: Option<usize>,
        fate: AnswerFate,
    },
    /// A quarantine's length passes; this daemon renewed meanwhile.
    Age { renews: Option<usize> },
}

/// What becomes of the answer to a write of the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFate {
    /// It arrives.
    Prompt,
    /// It arrives later.
    Late,
    /// It never arrives.
    Lost,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It is answered.
    None,
    /// It is durable, and the answer is lost.
    Deaf,
    /// It is still on its way.
    Late,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives and is answered, if anybody waits.
    Answered,
    /// It arrives, the answer is lost.
    Deaf,
    /// It never arrives.
    Lost,
    /// It arrives, is answered, and arrives once more later.
    Copied,
}

/// The daemons' names: each keeps its own over a restart, as `[ledger] identity` does.
pub const NAMES: [&str; 2] = ["a", "b"];
/// The engine's own pause after a term that ended by a line.
pub const PAUSE: Span = Span::secs(1);
/// Longer than `takeover_after(15 s)` after a pause, and than a command's deadline of 15 s.
pub const LAPSE: Span = Span::secs(17);
/// Longer than the quarantine of 15 min: AWS refuses what was signed before.
pub const AGE: Span = Span::secs(16 * 60 + 5);
/// How often a leader that is well renews while such a length passes, the last time at its end: not
/// before it is due (5 s), and before the lease is over (15 s).
pub const RENEW_EVERY: Span = Span::secs(12);

impl Protocol {
    /// A model with this rule missing.
    pub fn new(variant: Variant, budget: Budget) -> Protocol {
        Protocol {
            variant,
            budget,
            engines: Engines::new(),
            terms: Terms::default(),
            fences_fly: false,
            heal_one_in: 0,
            healed: AtomicUsize::new(0),
            met: AtomicU32::new(0),
        }
    }

    /// Notes that this was met.
    pub fn meet(&self, met: Met) {
        self.met.fetch_or(1 << met as u32, Ordering::Relaxed);
    }

    /// Whether it was.
    pub fn has_met(&self, met: Met) -> bool {
        self.met.load(Ordering::Relaxed) & (1 << met as u32) != 0
    }

    /// Whether the shipped rules of the lease are followed at this point.
    pub fn fences_lines(&self) -> bool {
        self.variant != Variant::NoFencing
    }

    /// The first moment: one leads and is about to decide, the other has just started.
    pub fn start(&self) -> State {
        let row = self.engines.first_row.clone();
        let gate = Term {
            row: row.clone(),
            sent_at: self.engines.first_sent_at,
        };
        let leader = Process {
            engine: self.engines.first,
            gate: Some(gate.until()),
            awaited: None,
            pending: Vec::new(),
            silent: Vec::new(),
        };
        let mut state = State {
            now: Span::ZERO,
            store: Store {
                line_token: row.fencing_token,
                row: Some(row),
                record: self.engines.first_record,
            },
            daemons: [Some(leader), None],
            wire: Vec::new(),
            estate: Estate::dark(),
            left: self.budget,
            effects: [0; INCIDENTS],
            wrong: Wrong::default(),
        };
        moves::make(self, &mut state, Move::Restart { who: 1 });
        state
    }

    fn daemon_moves(&self, s: &State, who: usize, moves: &mut Vec<Move>) {
        let Some(process) = s.process(who) else {
            return moves.push(Move::Restart { who });
        };
        if s.left.crashes > 0 {
            moves.push(Move::Crash { who });
        }
        let daemon = self.engines.standing(process.engine);
        match process.awaited {
            Some(Awaited::Ledger { .. }) => moves.push(Move::Begin { who }),
            Some(Awaited::Lease { .. }) if lease_calls::may_take(self, s, who) => {
                let take = |fate| Move::Take { who, fate };
                moves.push(take(AnswerFate::Prompt));
                if s.left.late > 0 {
                    moves.extend([take(AnswerFate::Late), take(AnswerFate::Lost)]);
                }
            }
            Some(Awaited::Lease { .. } | Awaited::Write { .. }) | None => {}
        }
        if daemon.leads {
            self.leader_moves(s, who, process, moves);
        }
    }

    fn leader_moves(&self, s: &State, who: usize, process: &Process, moves: &mut Vec<Move>) {
        moves.extend((0..process.pending.len()).map(|at| Move::Perform { who, at }));
        if !host::gate_is_open(s, who) {
            // Whatever it is given, it takes note of the time first.
            return moves.push(Move::StepDown { who });
        }
        let attempts = self.engines.standing(process.engine).performing;
        if s.left.releases > 0 && attempts == 0 {
            moves.push(Move::Release { who });
        }
        if !process.silent.is_empty() {
            // Ends of attempts come before everything else that the control loop takes.
            return moves.push(Move::TimeOut { who });
        }
        let doubt = |doubt| Move::Decide { who, doubt };
        moves.push(doubt(Doubt::None));
        if s.left.losses > 0 {
            moves.extend([doubt(Doubt::Deaf), doubt(Doubt::Late)]);
        }
        if s.left.orders > 0 && host::may_be_ordered(self, s, who) {
            moves.push(Move::Order { who });
        }
    }

    /// Moves of time. Attempts that wait would pass their deadline: each costs a loss.
    fn time_moves(&self, s: &State, moves: &mut Vec<Move>) {
        if moves::waiting(s) > usize::from(s.left.losses) {
            return;
        }
        // One who renews is well, and does what there is to do before it waits.
        let holder = moves::holder(self, s).filter(|who| host::is_idle(self, s, *who));
        if s.left.lapses > 0 {
            let mut lapse = |renews, fate| moves.push(Move::Lapse { renews, fate });
            lapse(None, AnswerFate::Prompt);
            if holder.is_some() {
                lapse(holder, AnswerFate::Prompt);
            }
            if holder.is_some() && s.left.late > 0 {
                lapse(holder, AnswerFate::Late);
            }
        }
        if s.left.ages > 0 {
            moves.push(Move::Age { renews: None });
            // A recovery that waits so long is one in `held`, and that may remain.
            let rests = holder.filter(|who| host::rests(self, s, *who));
            moves.extend(rests.map(|_| Move::Age { renews: rests }));
        }
    }

    /// Whether a daemon does not lead and waits for a moment.
    fn pauses(&self, s: &State) -> bool {
        s.daemons.iter().flatten().any(|process| {
            let daemon = self.engines.standing(process.engine);
            let soon = daemon.wakes_at.is_some_and(|at| at <= s.now + PAUSE);
            daemon.term.is_none() && process.awaited.is_none() && soon
        })
    }

    fn wire_moves(&self, s: &State, moves: &mut Vec<Move>) {
        for (at, flight) in s.wire.iter().enumerate() {
            if at > 0 && s.wire[at - 1] == *flight {
                continue;
            }
            let mut fate = |fate| moves.push(Move::Arrive { at, fate });
            fate(Fate::Answered);
            if let Flight::Act { by: Some(_), .. } = flight {
                if s.left.losses > 0 {
                    fate(Fate::Deaf);
                    fate(Fate::Lost);
                }
                if s.left.copies > 0 {
                    fate(Fate::Copied);
                }
            }
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Move;

    fn init_states(&self) -> Vec<State> {
        vec![self.start()]
    }

    fn actions(&self, s: &State, moves: &mut Vec<Move>) {
        for who in 0..NAMES.len() {
            self.daemon_moves(s, who, moves);
        }
        self.wire_moves(s, moves);
        if s.estate.underway.is_some() {
            moves.push(Move::Complete);
        }
        if s.estate.may_rejoin(s.now) {
            moves.push(Move::Rejoin);
        }
        if self.pauses(s) {
            moves.push(Move::Pause);
        }
        self.time_moves(s, moves);
    }

    fn next_state(&self, last: &State, action: Move) -> Option<State> {
        let mut next = last.clone();
        moves::make(self, &mut next, action);
        (next != *last).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Protocol>> {
        judge::properties()
    }

    /// A state in which a rule is broken is looked at and not gone on from; incidents beyond the
    /// counted ones do not fit into the budgets.
    fn within_boundary(&self, state: &State) -> bool {
        self.engines.brief(state.store.record).incident_id < INCIDENTS as u64
    }
}
