//! One turn of the shipped engine: inputs go in, its lines are answered at once, and what is left
//! for the world comes out.
//!
//! Deliberately absent: memory of turns (`engines`), and what becomes of commands and calls
//! (`host`).

use drd::engine::Engine;
use drd::engine::lease::Row;
use drd::engine::port::{
    Action, Answer, AppendFault, Ask, Gate, Input, Notice, StoreAnswer, StoreCall,
};
use drd::ledger::{Entry, fold};
use drd_state_machine::command::Command;
use drd_state_machine::time::Span;
use drd_state_machine::{Record, Setup};
use std::collections::VecDeque;
use std::sync::Arc;

/// How lines fare in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineFate {
    /// They become durable, and the daemon is answered.
    Durable,
    /// The table refuses all: their lease is not the newest.
    Refused,
    /// The first lines with a decision get no answer; earlier ones become durable.
    InDoubt,
}

/// What came of a turn.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The engine after it.
    pub engine: Engine,
    /// What the ledger folds to, if a line became durable.
    pub durable: Option<Record>,
    /// What it would fold to with the lines in doubt.
    pub in_doubt: Option<Record>,
    /// A line was refused.
    pub refused: bool,
    /// Attempts that were asked for, in order.
    pub commands: Vec<Command>,
    /// The newest order about the gate.
    pub gate: Option<Gate>,
    /// The newest call that was not answered.
    pub call: Option<(u64, StoreCall)>,
    /// The row, if a write of it was answered.
    pub row: Option<Row>,
    /// The process has stopped.
    pub stopped: bool,
    setup: Arc<Setup>,
    lines: LineFate,
    takes_writes: bool,
}

impl Turn {
    /// A turn that has not begun.
    pub fn on(engine: Engine, setup: Arc<Setup>, lines: LineFate) -> Turn {
        Turn {
            engine,
            setup,
            durable: None,
            in_doubt: None,
            refused: false,
            commands: Vec::new(),
            gate: None,
            call: None,
            row: None,
            stopped: false,
            lines,
            takes_writes: false,
        }
    }

    /// Whether writes of the lease are taken by the table and answered from here on; they are left
    /// to the caller otherwise.
    pub fn take_writes(&mut self, take: bool) {
        self.takes_writes = take;
    }

    /// Gives it inputs at one moment, and the answers that follow at once.
    pub fn give(&mut self, now: Span, inputs: impl IntoIterator<Item = Input>) {
        let mut inputs: VecDeque<Input> = inputs.into_iter().collect();
        while let Some(input) = inputs.pop_front() {
            for action in self.engine.handle(now, input) {
                inputs.extend(self.carry_out(action));
            }
        }
    }

    fn carry_out(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Ask { term, ask } => self.asked(term, ask),
            Action::Store { call, ask } => self.called(call, ask),
            Action::Gate(gate) => {
                if gate == Gate::Closed {
                    // With its term the engine forgets the call that it waited for.
                    self.call = None;
                }
                self.gate = Some(gate);
                None
            }
            Action::Stopped => {
                self.stopped = true;
                None
            }
            Action::Notice(Notice::LedgerRefused(AppendFault::Deposed(_))) => {
                self.refused = true;
                None
            }
            Action::Page { command, .. } => Some(Input::Paged {
                command,
                taken: true,
            }),
            // Nothing here depends on receipts and replies.
            Action::Delete(_) | Action::Reply { .. } | Action::Notice(_) => None,
        }
    }

    fn asked(&mut self, term: u64, ask: Ask) -> Option<Input> {
        match ask {
            Ask::Append(lines) => {
                let answer = Answer::Appended(self.append(&lines));
                Some(Input::Answered { term, answer })
            }
            Ask::Perform { command, .. } => {
                self.commands.push(command);
                None
            }
            // What is seen is given when the model makes a daemon look, and not before.
            Ask::Look { .. }
            | Ask::Sense { .. }
            | Ask::ReadLag { .. }
            | Ask::CheckReadiness { .. }
            | Ask::SendHeartbeat { .. }
            | Ask::Receive => None,
        }
    }

    fn called(&mut self, call: u64, ask: StoreCall) -> Option<Input> {
        match ask {
            StoreCall::WriteLease { next, .. } if self.takes_writes => {
                self.row = Some(next);
                let answer = StoreAnswer::Written;
                Some(Input::Stored { call, answer })
            }
            StoreCall::ReadLease | StoreCall::ReadLedger | StoreCall::WriteLease { .. } => {
                self.call = Some((call, ask));
                None
            }
        }
    }

    fn append(&mut self, lines: &[Entry]) -> Result<(), AppendFault> {
        let decides = lines
            .iter()
            .any(|line| matches!(line, Entry::Decided { .. }));
        match self.lines {
            LineFate::Refused => Err(AppendFault::Deposed(String::new())),
            LineFate::InDoubt if decides => {
                self.in_doubt = self.folded(lines);
                Err(AppendFault::InDoubt(String::new()))
            }
            LineFate::Durable | LineFate::InDoubt => {
                self.durable = self.folded(lines);
                Ok(())
            }
        }
    }

    /// What the ledger folds to with these lines: by the shipped fold, on what is durable.
    fn folded(&self, lines: &[Entry]) -> Option<Record> {
        let opened = Entry::Opened {
            now: self.engine.local(Span::ZERO),
            version: String::new(),
            setup: self.setup.clone(),
            record: self.engine.record().cloned().map(Arc::new),
        };
        fold(std::iter::once(&opened).chain(lines))
    }
}
