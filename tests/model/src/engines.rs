//! Shipped engines, each with a number, which makes a state of the model small. The same engine
//! takes the same turn every time, so each is taken once and kept.
//!
//! Deliberately absent: rules. What is decided, written and asked for is drd's own code.

use crate::brief::{Brief, Standing};
use crate::estate::{Estate, How};
use crate::model::{NAMES, RENEW_EVERY};
use crate::senses;
use crate::turn::{LineFate, Turn};
use drd::engine::lease::Row;
use drd::engine::port::{Answer, Gate, Input, Order, StoreAnswer, StoreCall};
use drd::engine::{Engine, Environment};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, OrderedBy, Outcome, Word};
use drd_state_machine::time::Span;
use drd_state_machine::{Record, Setup};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

/// A record's number: a hash, so that each run has the same numbers. Among a million of them the
/// chance of one collision is 3e-8.
pub type RecordId = u64;
/// An engine's number, of the same kind.
pub type EngineId = u64;

/// What a daemon receives, without the words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum News {
    /// Time passed.
    Timer,
    /// The lease's row was read.
    LeaseRead {
        /// By which call.
        call: u64,
        /// As it is.
        row: Option<Row>,
    },
    /// The lease's row was written.
    LeaseWritten {
        /// By which call.
        call: u64,
    },
    /// The lease's row was not as it was found.
    LeaseRefused {
        /// By which call.
        call: u64,
        /// As it is.
        row: Option<Row>,
    },
    /// A call got no answer.
    Unanswered {
        /// Which.
        call: u64,
    },
    /// The ledger was read.
    LedgerRead {
        /// By which call.
        call: u64,
        /// What it folds to.
        record: RecordId,
    },
    /// Everything that is polled was seen.
    Looked(Estate),
    /// An attempt ended.
    Ended {
        /// Of what.
        kind: Kind,
        /// Of which incident.
        incident_id: u64,
        /// Which one.
        attempt: u32,
        /// How.
        how: How,
    },
    /// An operator asks for the other side, without loss.
    OrderedBack,
    /// The process is asked to stop.
    StopRequested,
    /// So long passed; every renewal of the lease was taken.
    Renewed {
        /// Until now.
        span: Span,
        /// The newest renewal is not answered yet.
        late: bool,
    },
}

/// What came of it, by number.
#[derive(Debug)]
pub struct Reaction {
    /// The engine that the daemon goes on with.
    pub after: EngineId,
    /// What the ledger folds to, if a line became durable.
    pub durable: Option<RecordId>,
    /// What it would fold to with the lines in doubt.
    pub in_doubt: Option<RecordId>,
    /// A line was refused.
    pub refused: bool,
    /// What to do.
    pub commands: Vec<Command>,
    /// The newest order about the gate.
    pub gate: Option<Gate>,
    /// The newest call that was not answered.
    pub call: Option<(u64, StoreCall)>,
    /// The row, if renewals of it were answered.
    pub row: Option<Row>,
    /// The process has stopped.
    pub stopped: bool,
}

type Question = (EngineId, Span, News, LineFate);

/// Takes turns, and remembers them.
pub struct Engines {
    environments: [Arc<Environment>; 2],
    setup: Arc<Setup>,
    /// The engines' time since boot at the model's start.
    dawn: Span,
    /// The first leader, just before it decides.
    pub first: EngineId,
    /// The record before the decision.
    pub first_record: RecordId,
    /// The lease's row at that moment.
    pub first_row: Row,
    /// When that row was sent.
    pub first_sent_at: Span,
    records: RwLock<HashMap<RecordId, (Arc<Record>, Brief)>>,
    engines: RwLock<HashMap<EngineId, (Arc<Engine>, Standing)>>,
    reactions: RwLock<HashMap<Question, Arc<Reaction>>>,
}

impl Engines {
    /// Up to the moment before the decision.
    pub fn new() -> Engines {
        let environments = NAMES.map(|name| Arc::new(senses::environment(name)));
        let (leader, dawn) = senses::before_the_decision(&environments[0]);
        let mut engines = Engines {
            setup: environments[0].setup.clone(),
            environments,
            dawn,
            first: 0,
            first_record: 0,
            first_sent_at: Span::ZERO - senses::RENEWED_BEFORE,
            first_row: leader.lease_row().cloned().expect("a leader has a lease"),
            records: RwLock::default(),
            engines: RwLock::default(),
            reactions: RwLock::default(),
        };
        engines.first_record = engines.number_record(leader.record().expect("it leads"));
        engines.first = engines.number(0, leader);
        engines
    }

    /// How many engines and turns were met.
    pub fn met(&self) -> (usize, usize) {
        let engines = self.engines.read().unwrap_or_else(PoisonError::into_inner);
        let reactions = self.reactions.read();
        let reactions = reactions.unwrap_or_else(PoisonError::into_inner);
        (engines.len(), reactions.len())
    }

    /// A record, in brief.
    pub fn brief(&self, id: RecordId) -> Brief {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        records[&id].1
    }

    /// An engine, in brief.
    pub fn standing(&self, id: EngineId) -> Standing {
        let engines = self.engines.read().unwrap_or_else(PoisonError::into_inner);
        engines[&id].1
    }

    /// A process that has just started.
    pub fn started(&self, who: usize, now: Span) -> EngineId {
        let now = self.dawn + now;
        let env = self.environments[who].clone();
        self.number(who, Engine::new(env, senses::clock(), now))
    }

    /// A moment of the engines as the model counts it.
    pub fn model_time(&self, boot: Span) -> Span {
        boot - self.dawn
    }

    fn number_record(&self, record: &Record) -> RecordId {
        let id = hash(record);
        let mut records = self.records.write().unwrap_or_else(PoisonError::into_inner);
        records
            .entry(id)
            .or_insert_with(|| (Arc::new(record.clone()), Brief::of(record)));
        id
    }

    fn number(&self, who: usize, engine: Engine) -> EngineId {
        // Two daemons in the same state differ in their names.
        let id = hash(&(who, engine.state()));
        let standing = Standing {
            who,
            brief: engine.record().map(Brief::of),
            term: engine.term(),
            leads: engine.leads(),
            token: engine.fencing_token(),
            performing: engine.performing(),
            wakes_at: engine.next_wakeup().map(|at| self.model_time(at)),
        };
        let mut engines = self.engines.write().unwrap_or_else(PoisonError::into_inner);
        engines.entry(id).or_insert((Arc::new(engine), standing));
        id
    }

    /// What the shipped engine makes of it.
    pub fn react(&self, before: EngineId, now: Span, news: News, lines: LineFate) -> Arc<Reaction> {
        let question = (before, now, news, lines);
        let reactions = self.reactions.read();
        let reactions = reactions.unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = reactions.get(&question) {
            return known.clone();
        }
        drop(reactions);
        let reaction = Arc::new(self.take_turn(before, now, &question.2, lines));
        let reactions = self.reactions.write();
        let mut reactions = reactions.unwrap_or_else(PoisonError::into_inner);
        reactions.entry(question).or_insert(reaction).clone()
    }

    fn take_turn(&self, before: EngineId, now: Span, news: &News, lines: LineFate) -> Reaction {
        let engines = self.engines.read().unwrap_or_else(PoisonError::into_inner);
        let (engine, standing) = engines[&before].clone();
        drop(engines);
        let (engine, now) = (engine.as_ref().clone(), self.dawn + now);
        let inputs = self.inputs(&engine, now, news);
        let mut turn = Turn::on(engine, self.setup.clone(), lines);
        match news {
            News::Renewed { span, late } => renew(&mut turn, now, *span, *late),
            News::Timer
            | News::LeaseRead { .. }
            | News::LeaseWritten { .. }
            | News::LeaseRefused { .. }
            | News::Unanswered { .. }
            | News::LedgerRead { .. }
            | News::Looked(_)
            | News::Ended { .. }
            | News::OrderedBack
            | News::StopRequested => turn.give(now, inputs),
        }
        self.reaction(standing.who, turn)
    }

    fn reaction(&self, who: usize, turn: Turn) -> Reaction {
        Reaction {
            after: self.number(who, turn.engine),
            durable: turn.durable.map(|record| self.number_record(&record)),
            in_doubt: turn.in_doubt.map(|record| self.number_record(&record)),
            refused: turn.refused,
            commands: turn.commands,
            gate: turn.gate,
            call: turn.call,
            row: turn.row,
            stopped: turn.stopped,
        }
    }

    fn inputs(&self, engine: &Engine, now: Span, news: &News) -> Vec<Input> {
        let answered = |answer| Input::Answered {
            term: engine.term().unwrap_or_default(),
            answer,
        };
        let stored = |call: &u64, answer| {
            vec![Input::Stored {
                call: *call,
                answer,
            }]
        };
        match news {
            News::Timer | News::Renewed { .. } => vec![Input::Timer],
            News::LeaseRead { call, row } => stored(call, StoreAnswer::Lease(row.clone())),
            News::LeaseWritten { call } => stored(call, StoreAnswer::Written),
            News::LeaseRefused { call, row } => stored(call, StoreAnswer::Refused(row.clone())),
            News::Unanswered { call } => stored(call, StoreAnswer::Unanswered(String::new())),
            News::LedgerRead { call, record } => stored(call, self.ledger(*record)),
            News::Looked(estate) => {
                let answers = senses::answers(estate, engine.local(now));
                answers.into_iter().map(answered).collect()
            }
            News::Ended {
                kind,
                incident_id,
                attempt,
                how,
            } => vec![answered(Answer::Finished(Completion {
                kind: *kind,
                incident_id: *incident_id,
                attempt: *attempt,
                outcome: outcome(*how),
            }))],
            News::OrderedBack => vec![Input::Ordered(Order {
                id: 0,
                word: Word::Switchover,
                lasts: None,
                by: OrderedBy::new("", "", ""),
            })],
            News::StopRequested => vec![Input::StopRequested],
        }
    }

    fn ledger(&self, record: RecordId) -> StoreAnswer {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        let record = records[&record].0.as_ref().clone();
        StoreAnswer::Ledger {
            record: Some(Box::new(record)),
            // Lines are not counted here: what they fold to has a number of their own.
            sequence: 0,
        }
    }
}

/// A leader that is well while time passes renews so often that its lease never ends, the last
/// time now.
fn renew(turn: &mut Turn, now: Span, span: Span, late: bool) {
    let renewals = (span.0 - 1) / RENEW_EVERY.0;
    turn.take_writes(true);
    for left in (1..=renewals).rev() {
        turn.give(now - RENEW_EVERY.times(left), [Input::Timer]);
    }
    turn.take_writes(!late);
    turn.give(now, [Input::Timer]);
}

fn hash(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

fn outcome(how: How) -> Outcome {
    let why = String::new();
    match how {
        How::Done => Outcome::Done,
        How::AlreadySo => Outcome::AlreadySo,
        How::Unknown => Outcome::Unknown { why },
        How::Refused => Outcome::Refused { why },
    }
}
