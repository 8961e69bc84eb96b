//! The shipped conductor, asked once for each question: a record, a moment and news give the
//! same decision, the same lines and the same commands every time, so the answer is kept.
//!
//! Records are told apart by number, which makes a state of the model small. Deliberately absent:
//! rules. What is decided, what is written and what a ledger folds to is drd's own code.

use crate::estate::{Estate, How};
use crate::senses;
use drd::conductor::Conductor;
use drd::lab::at_once;
use drd::ledger::{Entry, Ledger, MemoryLedger, fold};
use drd::metrics::Metrics;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Event, Outcome, Side, Word};
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Record, Setup};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

/// A record's number.
pub type Id = u32;

/// What a daemon is told, without the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum News {
    /// It begins a term.
    Started,
    /// It looks.
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
    Back,
}

/// What came of it.
#[derive(Debug)]
pub struct Told {
    /// The record that the daemon goes on with.
    pub after: Id,
    /// What the ledger folds to afterwards; `None` when nothing was written.
    pub durable: Option<Id>,
    /// What to do.
    pub commands: Vec<Command>,
}

/// An incident as the judge sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub incident_id: u64,
    /// The side that served.
    pub from: Side,
    /// The side that will.
    pub to: Side,
    /// The first role change may have been sent.
    pub committed: bool,
    /// Not ended.
    pub open: bool,
}

/// A record as the judge sees it.
#[derive(Clone, Copy, Debug)]
pub struct Brief {
    /// The state's name.
    pub state: &'static str,
    /// The newest incident or suspicion.
    pub incident_id: u64,
    /// Who serves.
    pub active: Side,
    /// The newest incident.
    pub run: Option<Run>,
}

impl Brief {
    fn of(record: &Record) -> Brief {
        Brief {
            state: record.state.name(),
            incident_id: record.facts.incident_id,
            active: record.facts.active,
            run: record.facts.incident.as_ref().map(|i| Run {
                incident_id: i.incident_id,
                from: i.from,
                to: i.to,
                committed: i.committed,
                open: i.ended_at.is_none(),
            }),
        }
    }

    /// Whether the machine stands where it may stay until somebody says something.
    pub fn is_declared(&self) -> bool {
        ["watching", "suspecting", "exposed", "held"].contains(&self.state)
    }
}

type Question = (Id, Span, News);

#[derive(Default)]
struct Known {
    numbers: HashMap<(u64, u64), Id>,
    records: Vec<(Arc<Record>, Brief)>,
}

/// Asks the conductor, and remembers.
pub struct Spine {
    setup: Setup,
    forgetful: bool,
    metrics: Arc<Metrics>,
    dawn: Time,
    /// The record before the decision.
    pub first: Id,
    known: RwLock<Known>,
    told: RwLock<HashMap<Question, Arc<Told>>>,
}

impl Spine {
    /// Up to the moment before the decision. A `forgetful` one does not keep which requests got no
    /// answer: then no quarantine ever closes the way back.
    pub fn new(forgetful: bool) -> Spine {
        let setup = senses::setup();
        let (record, dawn) = senses::before_the_decision(&setup);
        let metrics = Arc::new(Metrics::for_lab(&setup).expect("metrics of a fresh registry"));
        let mut spine = Spine {
            setup,
            forgetful,
            metrics,
            dawn,
            first: 0,
            known: RwLock::default(),
            told: RwLock::default(),
        };
        spine.first = spine.number(record);
        spine
    }

    /// How many records and decisions were met.
    pub fn met(&self) -> (usize, usize) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let told = self.told.read().unwrap_or_else(PoisonError::into_inner);
        (known.records.len(), told.len())
    }

    /// A record, in brief.
    pub fn brief(&self, id: Id) -> Brief {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .records[id as usize]
            .1
    }

    /// A record.
    pub fn record(&self, id: Id) -> Arc<Record> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .records[id as usize]
            .0
            .clone()
    }

    fn number(&self, record: Record) -> Id {
        let text = serde_json::to_string(&record).expect("a record is JSON");
        let key = (hash(&text, 0), hash(&text, 1));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.numbers.get(&key) {
            return *id;
        }
        let id = Id::try_from(known.records.len()).expect("fewer records than states");
        let brief = Brief::of(&record);
        known.numbers.insert(key, id);
        known.records.push((Arc::new(record), brief));
        id
    }

    /// What the shipped conductor makes of it.
    pub fn conduct(&self, before: Id, now: Span, news: News) -> Arc<Told> {
        let question = (before, now, news);
        let told = self.told.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = told.get(&question) {
            return known.clone();
        }
        drop(told);
        let answer = Arc::new(self.ask(&self.record(before), now, news));
        let mut told = self.told.write().unwrap_or_else(PoisonError::into_inner);
        told.entry(question).or_insert(answer).clone()
    }

    fn ask(&self, before: &Record, now: Span, news: News) -> Told {
        let now = self.dawn + now;
        let mut before = before.clone();
        if self.forgetful {
            before.facts.unanswered = None;
        }
        let read = [Entry::Opened {
            now,
            version: String::new(),
            setup: self.setup.clone(),
            record: Some(Box::new(before)),
        }];
        let ledger = Ledger::Memory(MemoryLedger::default());
        let opened = Conductor::open(self.setup.clone(), ledger, &read, self.metrics.clone(), now);
        let mut conductor = at_once(opened)
            .expect("memory never waits")
            .expect("a ledger that works");
        let mut commands = Vec::new();
        for event in events(news, now) {
            let decision = at_once(conductor.conduct(now, event))
                .expect("memory never waits")
                .expect("a ledger that works");
            commands.extend(decision.commands);
        }
        let after = self.number(conductor.record().clone());
        Told {
            after,
            durable: self.durable(conductor.into_ledger(), news),
            commands,
        }
    }

    /// A term's first line is its opening; in the middle of one only what came after counts.
    fn durable(&self, ledger: Ledger, news: News) -> Option<Id> {
        let Ledger::Memory(memory) = ledger else {
            return None;
        };
        let table = memory.table();
        let wrote = table.entries.len() > 1 || news == News::Started;
        wrote.then(|| self.number(fold(&table.entries).expect("an opened ledger")))
    }
}

/// Two hashes of 64 bits: among a million records the chance of one collision is 1e-27.
fn hash(text: &str, salt: u8) -> u64 {
    let mut hasher = DefaultHasher::new();
    (salt, text).hash(&mut hasher);
    hasher.finish()
}

fn events(news: News, now: Time) -> Vec<Event> {
    match news {
        News::Started => vec![Event::Started],
        News::Looked(estate) => senses::events(&estate, now),
        News::Ended {
            kind,
            incident_id,
            attempt,
            how,
        } => vec![Event::Finished(Completion {
            kind,
            incident_id,
            attempt,
            outcome: outcome(how),
        })],
        News::Back => vec![Event::Ordered {
            word: Word::Switchover,
        }],
    }
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
