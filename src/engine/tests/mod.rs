//! The engine by itself: inputs in, actions out. Each file is about one part of the outside.
//!
//! Deliberately absent: a world that answers by itself; the rehearsals have one.

mod ends;
mod leases;
mod lines;
mod pages;
mod polls;
mod queue;
mod shown;
mod stopping;
mod store;

use super::lease::Terms;
use super::port::{Action, Answer, AppendFault, Ask, Input, Notice, Order, StoreAnswer, StoreCall};
use super::{Engine, Environment, Pace};
use crate::clock::Clock;
use crate::intake::Known;
use crate::ledger::Entry;
use crate::metrics::Metrics;
use crate::metrics::dashboard::any_setup;
use drd_state_machine::command::Command;
use drd_state_machine::event::{Completion, OrderedBy, Outcome, Word};
use drd_state_machine::time::{Span, Time};
use std::sync::Arc;

/// Where each test starts: any moment does.
const DAWN: Time = Time(1_767_225_600_000);

/// An engine, its own time, and what it asked for and was not answered.
struct Bench {
    engine: Engine,
    now: Span,
    /// Everything of the newest turn.
    newest: Vec<Action>,
    appends: Vec<(u64, Vec<Entry>)>,
    calls: Vec<(u64, StoreCall)>,
    /// When each page was sent.
    pages: Vec<Span>,
    replies: Vec<u64>,
    has_stopped: bool,
    /// Pages that were sent and not answered: none, but where `holds_pages`.
    paged: Vec<Command>,
    holds_pages: bool,
}

impl Bench {
    /// One of several under these terms, or alone; it has had its first turn.
    fn new(terms: Option<Terms>) -> Bench {
        let setup = any_setup();
        let metrics = Metrics::for_lab(&setup).expect("metrics of a fresh registry");
        let env = Environment {
            known: Arc::new(
                Known::new("000000000000", setup.policy.event_max_age).region("eu-central-2"),
            ),
            setup: Arc::new(setup),
            pace: Pace::default(),
            terms,
            name: "one".to_owned(),
            secret: Arc::from("secret"),
            boot_id: None,
            metrics: Arc::new(metrics),
        };
        let now = Span::secs(100);
        let mut bench = Bench {
            engine: Engine::new(Arc::new(env), Clock::at(DAWN, now), now),
            now,
            newest: Vec::new(),
            appends: Vec::new(),
            calls: Vec::new(),
            pages: Vec::new(),
            replies: Vec::new(),
            has_stopped: false,
            paged: Vec::new(),
            holds_pages: false,
        };
        bench.give(Input::Timer);
        bench
    }

    /// Alone, on an empty ledger that takes everything so far.
    fn alone() -> Bench {
        let mut bench = Bench::new(None);
        bench.reads_the_ledger();
        bench.takes_lines();
        bench
    }

    fn give(&mut self, input: Input) {
        self.turn(input);
        if self.holds_pages {
            return;
        }
        let mut newest = std::mem::take(&mut self.newest);
        for command in std::mem::take(&mut self.paged) {
            let taken = true;
            self.turn(Input::Paged { command, taken });
            newest.append(&mut self.newest);
        }
        self.newest = newest;
    }

    fn turn(&mut self, input: Input) {
        self.newest = self.engine.handle(self.now, input);
        for action in &self.newest {
            match action {
                Action::Ask {
                    term,
                    ask: Ask::Append(lines),
                } => self.appends.push((*term, lines.clone())),
                Action::Store { call, ask } => self.calls.push((*call, ask.clone())),
                Action::Page { command, .. } => {
                    self.pages.push(self.now);
                    self.paged.push(command.clone());
                }
                Action::Reply { order, .. } => self.replies.push(*order),
                Action::Ask { .. } | Action::Delete(_) | Action::Gate(_) | Action::Notice(_) => {}
                Action::Stopped => self.has_stopped = true,
            }
        }
    }

    /// So long passes, with a turn whenever the engine wants one.
    fn wait(&mut self, span: Span) {
        let until = self.now + span;
        let mut idle_turns = 0;
        while let Some(at) = self.engine.next_wakeup().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.give(Input::Timer);
            let again = self.engine.next_wakeup() <= Some(self.now);
            let idle = again && self.newest.is_empty();
            idle_turns = if idle { idle_turns + 1 } else { 0 };
            assert!(idle_turns < 2, "a hot loop");
        }
        self.now = until;
    }

    fn answer(&mut self, answer: Answer) {
        let term = self.engine.term().expect("a term");
        self.give(Input::Answered { term, answer });
    }

    fn order(&mut self, id: u64, word: Word) {
        self.give(Input::Ordered(Order {
            id,
            word,
            lasts: None,
            by: OrderedBy::new(&id.to_string(), "operator", "a test"),
        }));
    }

    /// The store answers the oldest call.
    fn store(&mut self, answer: StoreAnswer) {
        let (call, _) = self.calls.remove(0);
        self.give(Input::Stored { call, answer });
    }

    fn reads_the_ledger(&mut self) {
        let ledger = StoreAnswer::Ledger {
            record: None,
            sequence: 0,
        };
        assert!(matches!(self.calls[..], [(_, StoreCall::ReadLedger)]));
        self.store(ledger);
    }

    /// The ledger takes every line, until none is on its way.
    fn takes_lines(&mut self) {
        while !self.appends.is_empty() {
            self.append_ends(Ok(()));
        }
    }

    /// The ledger does not take the oldest append.
    fn fails_lines(&mut self, fault: AppendFault) {
        self.append_ends(Err(fault));
    }

    /// The oldest append ends.
    fn append_ends(&mut self, how: Result<(), AppendFault>) {
        let (term, _) = self.appends.remove(0);
        let answer = Answer::Appended(how);
        self.give(Input::Answered { term, answer });
    }

    /// The attempts that an ordered failover begins, none of which has ended.
    fn begins_a_failover(&mut self) -> Vec<Command> {
        self.order(1, Word::Failover);
        self.takes_lines();
        assert_eq!(self.engine.performing(), 0);
        // The slice of the last look is used up first.
        let mut under_way = Vec::new();
        while under_way.is_empty() {
            self.wait(Span::secs(1));
            while !self.appends.is_empty() {
                self.append_ends(Ok(()));
                under_way.extend(self.newest.iter().filter_map(performed));
            }
        }
        under_way
    }

    /// An attempt of this command has ended well.
    fn ends(&mut self, command: &Command) {
        self.answer(Answer::Finished(Completion {
            kind: command.kind(),
            incident_id: command.incident_id(),
            attempt: command.attempt(),
            outcome: Outcome::Done,
        }));
    }

    /// How many receives the newest turn asked for.
    fn receives(&self) -> usize {
        let receive = |a: &&Action| {
            matches!(
                a,
                Action::Ask {
                    ask: Ask::Receive,
                    ..
                }
            )
        };
        self.newest.iter().filter(receive).count()
    }
}

fn performed(action: &Action) -> Option<Command> {
    if let Action::Ask {
        ask: Ask::Perform { command, .. },
        ..
    } = action
    {
        Some(command.clone())
    } else {
        None
    }
}

fn refused() -> AppendFault {
    AppendFault::Refused("disk full".to_owned())
}

fn in_doubt() -> AppendFault {
    AppendFault::InDoubt("no answer within 2 s".to_owned())
}
