//! One term of a daemon that leads: what it polls, what waits for the machine, what waits for the
//! ledger, what was asked for and is not answered.
//!
//! Deliberately absent: whether it may lead (`leadership`), and what comes before and after a term.

mod arrivals;
mod early;

use self::early::EarlyMessages;
use super::conductor::{Conductor, EventLetter, EventOrigin, opening};
use super::environment::Environment;
use super::inbox::Inbox;
use super::polling::Polling;
use super::port::{Action, Ask, Notice, OrderReply};
use super::unsent::ROLE_CHANGE_LEAVES;
use crate::ledger::Entry;
use drd_state_machine::Record;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::Event;
use drd_state_machine::host_clock::HostClock;
use drd_state_machine::time::{Span, Time};

/// Events whose lines become durable together: a disk syncs 64 lines as fast as one, and a
/// thousand of them would be one long transaction.
const BATCH_MAX: usize = 64;
/// Until a ledger that refused is tried again.
const TRY_AGAIN: Span = Span::secs(1);

/// What the append under way holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Appending {
    /// Nothing is under way.
    Nothing,
    /// The line with which a term begins, or by which the ledger is tried again.
    Opening,
    /// So many lines of what was proposed.
    Proposed(usize),
    /// The ledger refused; it is tried again at this moment.
    Refused(Span),
}

/// One term.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Leading {
    pub(super) term: u64,
    conductor: Conductor,
    inbox: Inbox,
    early: EarlyMessages,
    pub(super) polling: Polling,
    appending: Appending,
    /// The opening line is durable.
    live: bool,
    stopping: bool,
    /// Attempts whose end is awaited.
    performing: u32,
    sequence: u64,
}

impl Leading {
    /// On what the ledger holds. Its first line is on its way.
    pub(super) fn begin(
        env: &Environment,
        term: u64,
        record: Option<Record>,
        sequence: u64,
        (now, local): (Span, Time),
        out: &mut Vec<Action>,
    ) -> Leading {
        let host = env.boot_id.clone().map(|boot_id| HostClock {
            boot_id,
            booted_at: local - now,
        });
        let conductor = Conductor::on(record, &env.setup, host, local);
        let polling = Polling::new(conductor.record(), now, &env.pace);
        let mut leading = Leading {
            term,
            conductor,
            inbox: Inbox::default(),
            early: EarlyMessages::default(),
            polling,
            appending: Appending::Nothing,
            live: false,
            stopping: false,
            performing: 0,
            sequence,
        };
        leading.open(env, local, out);
        leading
    }

    /// The record that is durable.
    pub(super) fn record(&self) -> &Record {
        self.conductor.record()
    }

    /// The number of the ledger's newest line.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Whether its first line is durable.
    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    /// Attempts whose end is awaited.
    pub(super) fn performing(&self) -> u32 {
        self.performing
    }

    /// Whether something waits for the ledger or for the end of an attempt.
    pub(super) fn is_busy(&self) -> bool {
        self.performing > 0 || matches!(self.appending, Appending::Opening | Appending::Proposed(_))
    }

    fn ask(&self, out: &mut Vec<Action>, ask: Ask) {
        let term = self.term;
        out.push(Action::Ask { term, ask });
    }

    fn open(&mut self, env: &Environment, local: Time, out: &mut Vec<Action>) {
        self.appending = Appending::Opening;
        let line = opening(&env.setup, self.conductor.record(), local);
        self.ask(out, Ask::Append(vec![line]));
    }

    /// From here on only ends of attempts are taken in.
    pub(super) fn stop(&mut self, out: &mut Vec<Action>) {
        self.stopping = true;
        self.answer_waiting(out);
    }

    /// Orders that wait are answered: this daemon will not take them.
    pub(super) fn answer_waiting(&mut self, out: &mut Vec<Action>) {
        let mut inbox = std::mem::take(&mut self.inbox);
        let waiting = std::iter::from_fn(|| inbox.pop()).map(|letter| letter.origin);
        for origin in waiting {
            reply(out, &origin, OrderReply::NotLeading);
        }
        for origin in self.conductor.origins() {
            reply(out, origin, OrderReply::InDoubt);
        }
    }

    /// Whether messages may be received: what a ledger that refuses makes drd forget is hidden in
    /// the queue for a minute, and one that is tried again has not taken anything yet.
    fn may_receive(&self) -> bool {
        let works = match self.appending {
            Appending::Nothing | Appending::Proposed(_) => true,
            Appending::Opening | Appending::Refused(_) => false,
        };
        works && self.inbox.has_room()
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Option<Span> {
        let retry = match self.appending {
            Appending::Refused(at) => Some(at),
            Appending::Nothing | Appending::Opening | Appending::Proposed(_) => None,
        };
        let polls = (self.live && !self.stopping).then(|| self.polling.next(self.may_receive()));
        let early = self.early.until().filter(|_| self.live && !self.stopping);
        [retry, polls, early].into_iter().flatten().min()
    }

    /// What is due by now.
    pub(super) fn run_due(
        &mut self,
        env: &Environment,
        now: Span,
        local: Time,
        out: &mut Vec<Action>,
    ) {
        if let Appending::Refused(at) = self.appending
            && at <= now
        {
            self.open(env, local, out);
        }
        if !self.live || self.stopping {
            return;
        }
        self.take_early(env, (now, local), out);
        for ask in self.polling.due(now, local, &env.pace, &env.secret) {
            self.ask(out, ask);
        }
        if self.polling.ticks(now, &env.pace) {
            self.own(Event::Tick);
        }
        if self.may_receive() {
            for _ in 0..self.polling.receives(now) {
                self.ask(out, Ask::Receive);
            }
        }
    }

    /// Proposes what waits, until something has to become durable first.
    pub(super) fn pump(
        &mut self,
        env: &Environment,
        now: Span,
        local: Time,
        out: &mut Vec<Action>,
    ) {
        while self.live && self.appending == Appending::Nothing {
            let lines = self.propose(env, now, local);
            if !self.conductor.waits() {
                return;
            }
            if lines.is_empty() {
                self.commit(env, 0, now, out);
            } else {
                self.appending = Appending::Proposed(lines.len());
                self.ask(out, Ask::Append(lines));
            }
        }
    }

    fn propose(&mut self, env: &Environment, now: Span, local: Time) -> Vec<Entry> {
        let mut lines = Vec::new();
        for _ in 0..BATCH_MAX {
            let Some(letter) = self.inbox.pop() else {
                break;
            };
            self.conductor
                .propose(&env.setup, (now, local), letter, &mut lines);
            if self.conductor.wants_to_act() {
                break;
            }
        }
        lines
    }

    /// Lines are durable. `true`: the term has just become live.
    pub(super) fn appended(&mut self, env: &Environment, now: Span, out: &mut Vec<Action>) -> bool {
        let appended = std::mem::replace(&mut self.appending, Appending::Nothing);
        match appended {
            Appending::Nothing | Appending::Refused(_) => false,
            Appending::Opening => {
                self.sequence += 1;
                let begins = !std::mem::replace(&mut self.live, true);
                if begins {
                    self.inbox.push_urgent(EventLetter {
                        event: Event::Started,
                        origin: EventOrigin::Start,
                    });
                }
                begins
            }
            Appending::Proposed(lines) => {
                self.sequence += lines as u64;
                for _ in 0..lines {
                    env.metrics.ledger_appended();
                }
                self.commit(env, lines, now, out);
                false
            }
        }
    }

    /// The ledger refused: nothing of what waited counts, and it is tried again soon.
    pub(super) fn refused(&mut self, now: Span, out: &mut Vec<Action>) {
        self.appending = Appending::Refused(now + TRY_AGAIN);
        self.polling.forget_lag();
        for letter in self.inbox.forget_readings() {
            reply(out, &letter.origin, OrderReply::LedgerRefused);
        }
        for proposed in self.conductor.withdraw() {
            reply(out, &proposed.origin, OrderReply::LedgerRefused);
            if let Some(done) = proposed.into_completion() {
                self.urgent(done);
            }
        }
    }

    fn commit(&mut self, env: &Environment, lines: usize, now: Span, out: &mut Vec<Action>) {
        let mut receipts = Vec::new();
        for proposed in self.conductor.commit(lines, &env.metrics, &env.setup) {
            let (decision, origin) = (proposed.decision, proposed.origin);
            let commands = decision.commands.clone();
            let taken = OrderReply::Taken {
                because: decision.because.to_string(),
            };
            reply(out, &origin, taken);
            if let EventOrigin::Queue { receipts: done, id } = origin {
                receipts.extend(done);
                let noted = decision.noted;
                out.push(Action::Notice(Notice::Taken { id, noted }));
            }
            out.push(Action::Notice(Notice::Decided { decision }));
            for command in commands {
                self.dispatch(command, proposed.at, out);
            }
        }
        if !receipts.is_empty() {
            out.push(Action::Delete(receipts));
        }
        self.polling.follow(self.conductor.record(), now, &env.pace);
    }

    /// Carries out one command beside the loop. One of an older incident is stale.
    fn dispatch(&mut self, command: Command, decided_at: Span, out: &mut Vec<Action>) {
        let current = command.incident_id() == self.record().facts.incident_id;
        if command.kind().mutates() && !current {
            out.push(Action::Notice(Notice::Stale(command)));
            return;
        }
        if command.kind() == Kind::Page {
            out.push(Action::page(command));
            return;
        }
        let until = if command.kind().irreversible() {
            decided_at + ROLE_CHANGE_LEAVES
        } else {
            Span(i64::MAX)
        };
        self.performing += 1;
        self.ask(out, Ask::Perform { command, until });
    }
}

fn reply(out: &mut Vec<Action>, origin: &EventOrigin, reply: OrderReply) {
    if let EventOrigin::Operator { id } = origin {
        out.push(Action::Reply { order: *id, reply });
    }
}
