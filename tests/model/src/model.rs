//! The moves that are possible at a moment, and what each leads to.
//!
//! Two daemons, one table, requests that are lost, late or arrive twice, crashes and pauses. A
//! daemon that makes no move is one that is frozen or cut off, so both need no move of their own.
//! Deliberately absent: how a move is made (`moves`, `daemon`).

use crate::daemon;
use crate::estate::Estate;
use crate::judge;
use crate::judge::Wrong;
use crate::moves;
use crate::spine::Spine;
use crate::state::{Budget, Daemon, Flight, INCIDENTS, Leader, State, Store};
use drd::lease::{Row, Term, Terms, Watch};
use drd_state_machine::time::Span;
use stateright::{Model, Property};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Which rule is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// None: what is shipped.
    Shipped,
    /// Lines are not conditional on the lease, and nobody looks at it before sending.
    NoFencing,
    /// Nobody looks at the lease before sending.
    NoCheckBeforeSend,
    /// Requests without an answer do not close the way back.
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
    /// An act took effect and nobody was told.
    AnswerLost,
    /// A request landed after its daemon had stopped waiting.
    LateRequest,
    /// The roles were moved back by an operator's word.
    FailedBack,
    /// An operator's word was refused by the quarantine.
    QuarantineClosed,
}

impl Met {
    /// Every one, with the words for it.
    pub const ALL: [(Met, &'static str); 7] = [
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
    ];
}

/// The protocol, with so much that may go wrong.
pub struct Protocol {
    /// Which rule is missing.
    pub variant: Variant,
    /// What may go wrong.
    pub budget: Budget,
    /// The decisions.
    pub spine: Spine,
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
pub enum Action {
    /// A follower takes the lease. `late`: the answer comes later.
    Take { who: usize, late: bool },
    /// An elected daemon reads the ledger and begins.
    Begin { who: usize },
    /// A leader notices that its lease is over.
    StepDown { who: usize },
    /// A leader looks at the world and decides. `doubt`: what becomes of its line is not told.
    Decide { who: usize, doubt: Doubt },
    /// A leader takes note that an attempt's deadline passed.
    TimeOut { who: usize },
    /// A leader carries out the command at this place of its list.
    Perform { who: usize, at: usize },
    /// An operator's word reaches a leader.
    Order { who: usize },
    /// A leader renews, and the answer comes later.
    RenewLate { who: usize },
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
    /// A lease's length passes; this daemon renewed meanwhile.
    Lapse { renews: Option<usize> },
    /// A quarantine's length passes; this daemon renewed meanwhile.
    Age { renews: Option<usize> },
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
/// Longer than `takeover_after(15 s)` and than a command's deadline of 15 s.
pub const LAPSE: Span = Span::secs(16);
/// Longer than the quarantine of 15 min: AWS refuses what was signed before.
pub const AGE: Span = Span::secs(16 * 60);

impl Protocol {
    /// A model with this rule missing.
    pub fn new(variant: Variant, budget: Budget) -> Protocol {
        Protocol {
            variant,
            budget,
            spine: Spine::new(variant == Variant::NoQuarantine),
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
        let row = Row::taken(None, NAMES[0], self.terms.lease);
        let leader = Leader {
            term: Term {
                row: row.clone(),
                sent_at: Span::ZERO,
            },
            record: self.spine.first,
            pending: Vec::new(),
            silent: Vec::new(),
        };
        let mut watch = Watch::default();
        let _ = watch.look(Some(&row), NAMES[1], Span::ZERO);
        State {
            now: Span::ZERO,
            store: Store {
                line_epoch: row.epoch,
                row: Some(row),
                record: self.spine.first,
            },
            daemons: [Daemon::Leader(leader), Daemon::Follower(watch)],
            wire: Vec::new(),
            estate: Estate::dark(),
            left: self.budget,
            effects: [0; INCIDENTS],
            wrong: Wrong::default(),
        }
    }

    fn daemon_actions(&self, s: &State, who: usize, actions: &mut Vec<Action>) {
        match &s.daemons[who] {
            Daemon::Down => actions.push(Action::Restart { who }),
            Daemon::Follower(_) if daemon::may_take(self, s, who) => {
                actions.push(Action::Take { who, late: false });
                if s.left.late > 0 {
                    actions.push(Action::Take { who, late: true });
                }
            }
            Daemon::Follower(_) => {}
            Daemon::Elected(_) => actions.push(Action::Begin { who }),
            Daemon::Leader(leader) => self.leader_actions(s, who, leader, actions),
        }
        if s.left.crashes > 0 && s.daemons[who] != Daemon::Down {
            actions.push(Action::Crash { who });
        }
    }

    fn leader_actions(&self, s: &State, who: usize, leader: &Leader, actions: &mut Vec<Action>) {
        if !leader.term.holds(s.now) {
            actions.push(Action::StepDown { who });
        }
        actions.extend((0..leader.pending.len()).map(|at| Action::Perform { who, at }));
        if s.left.late > 0 {
            actions.push(Action::RenewLate { who });
        }
        if s.left.releases > 0 && leader.pending.is_empty() && !s.waits(who) {
            actions.push(Action::Release { who });
        }
        if !leader.silent.is_empty() {
            // Ends of attempts come before everything else that the control loop takes.
            actions.push(Action::TimeOut { who });
            return;
        }
        let doubt = |doubt| Action::Decide { who, doubt };
        actions.push(doubt(Doubt::None));
        if s.left.losses > 0 {
            actions.extend([doubt(Doubt::Deaf), doubt(Doubt::Late)]);
        }
        if s.left.orders > 0 && daemon::may_be_ordered(self, s, who) {
            actions.push(Action::Order { who });
        }
    }

    fn wire_actions(&self, s: &State, actions: &mut Vec<Action>) {
        for (at, flight) in s.wire.iter().enumerate() {
            if at > 0 && s.wire[at - 1] == *flight {
                continue;
            }
            let mut fate = |fate| actions.push(Action::Arrive { at, fate });
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
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.start()]
    }

    fn actions(&self, s: &State, actions: &mut Vec<Action>) {
        for who in 0..NAMES.len() {
            self.daemon_actions(s, who, actions);
        }
        self.wire_actions(s, actions);
        if s.estate.underway.is_some() {
            actions.push(Action::Complete);
        }
        if s.estate.may_rejoin(s.now) {
            actions.push(Action::Rejoin);
        }
        // Attempts that wait would pass their deadline: each costs a loss.
        let waiting = moves::waiting(s);
        // One who renews is well, and does what there is to do before it waits.
        let holder = moves::holder(s).filter(|who| daemon::is_idle(self, s, *who));
        if waiting <= usize::from(s.left.losses) {
            if s.left.lapses > 0 {
                actions.push(Action::Lapse { renews: None });
                actions.extend(holder.map(|_| Action::Lapse { renews: holder }));
            }
            if s.left.ages > 0 {
                actions.push(Action::Age { renews: None });
                actions.extend(holder.map(|_| Action::Age { renews: holder }));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
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
        self.spine.brief(state.store.record).incident_id < INCIDENTS as u64
    }
}
