//! The daemon without I/O: inputs in, actions out, and the moment at which it wants to run again.
//!
//! `daemon` wraps it in tokio, `lab` in virtual time, `tests/model` in every order of events: all
//! three run these lines. One turn: an input is taken in, what is due is asked for, and what waits
//! goes through the machine until a line has to become durable first.
//! Deliberately absent: tokio, AWS, clocks, randomness, logging. Moments are times since boot.

mod conductor;
mod environment;
mod heartbeats;
mod inbox;
mod incoming;
mod leadership;
mod leading;
pub mod lease;
mod ledger_outage;
mod open_call;
mod pace;
mod pager;
mod poll;
mod polling;
pub mod port;
mod shown;
#[cfg(test)]
mod tests;
pub mod unsent;

pub use environment::Environment;
pub use ledger_outage::LedgerOutage;
pub use pace::Pace;

use crate::clock::Clock;
use drd_state_machine::Record;
use drd_state_machine::event::Event;
use drd_state_machine::time::{Span, Time};
use leadership::{AGAIN, Leadership, Turn};
use leading::Leading;
use pager::Pager;
use port::{Action, Answer, AppendFault, Gate, Input, Notice, Order, OrderReply, StoreAnswer};
use std::sync::Arc;

/// A stop waits for ends of attempts at most this long: a command's deadline of 15 s and its line.
const STOP_MAX: Span = Span::secs(20);

/// Why people are paged when no call to the store gives a better reason.
const NO_ANSWER: &str = "the ledger's store does not answer";

/// The daemon.
#[derive(Clone, Debug)]
pub struct Engine {
    env: Arc<Environment>,
    state: EngineState,
}

/// Everything that changes, for comparing two engines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EngineState {
    clock: Clock,
    leadership: Leadership,
    leading: Option<Leading>,
    terms_begun: u64,
    outage: LedgerOutage,
    pager: Pager,
    stopping_since: Option<Span>,
    stopped: bool,
}

impl Engine {
    /// A process that has just started; it acts once it was given a first input.
    pub fn new(env: Arc<Environment>, clock: Clock, now: Span) -> Engine {
        let leadership = Leadership::new(env.terms, now);
        Engine {
            env,
            state: EngineState {
                clock,
                leadership,
                leading: None,
                terms_begun: 0,
                outage: LedgerOutage::default(),
                pager: Pager::default(),
                stopping_since: None,
                stopped: false,
            },
        }
    }

    /// Everything that changes.
    pub fn state(&self) -> &EngineState {
        &self.state
    }

    /// Takes one input; gives what is to be done, in this order.
    pub fn handle(&mut self, now: Span, input: Input) -> Vec<Action> {
        let mut out = Vec::new();
        if self.state.stopped {
            return out;
        }
        if self.state.leadership.ran_out(now) {
            self.end_term(now, "its lease is over", Span::ZERO, &mut out);
        }
        match input {
            Input::Timer => {}
            Input::Answered { term, answer } => self.answered(now, term, answer, &mut out),
            Input::Stored { call, answer } => self.stored(now, call, answer, &mut out),
            Input::Ordered(order) => self.ordered(&order, &mut out),
            Input::Paged { command, taken } => self.state.pager.answered(now, &command, taken),
            Input::StopRequested => self.stop(now, &mut out),
        }
        self.run_due(now, &mut out);
        self.page_again(now, &mut out);
        out
    }

    /// When it wants to be given the time again, if nothing comes before; `None` once it stopped.
    pub fn next_wakeup(&self) -> Option<Span> {
        if self.state.stopped {
            return None;
        }
        let leading = self.state.leading.as_ref().and_then(Leading::next);
        let stop = self.state.stopping_since.map(|since| since + STOP_MAX);
        let pages = self.state.pager.next();
        let moments = [self.state.leadership.next(), leading, pages, stop];
        moments.into_iter().flatten().min()
    }

    /// What drd's clock shows at this moment since boot.
    pub fn local(&self, now: Span) -> Time {
        self.state.clock.now(now)
    }

    fn run_due(&mut self, now: Span, out: &mut Vec<Action>) {
        let local = self.local(now);
        if let Some((call, ask)) = self.state.leadership.due(now) {
            out.push(Action::Store { call, ask });
        }
        if self.state.leadership.hangs(now) {
            self.note_stuck(now, NO_ANSWER, out);
        }
        if let Some(leading) = &mut self.state.leading {
            leading.run_due(&self.env, now, local, out);
            leading.pump(&self.env, now, local, out);
        }
        self.wind_down(now, out);
    }

    /// Pages of this turn are under way; those that were not taken leave again.
    fn page_again(&mut self, now: Span, out: &mut Vec<Action>) {
        let again = self.state.pager.due(now);
        for action in &*out {
            if let Action::Page { command, .. } = action {
                self.state.pager.sent(now, command);
            }
        }
        let again = again.into_iter();
        out.extend(again.map(|(command, attempt)| Action::Page { command, attempt }));
    }

    fn answered(&mut self, now: Span, term: u64, answer: Answer, out: &mut Vec<Action>) {
        let local = self.local(now);
        let Some(leading) = self.state.leading.as_mut().filter(|l| l.term == term) else {
            return;
        };
        match answer {
            Answer::Appended(Ok(())) => self.appended(now, out),
            Answer::Appended(Err(fault)) => self.not_appended(now, fault, out),
            Answer::Finished(done) => leading.finished(done),
            Answer::Looked { parts, seen } => {
                leading.polling.looked(parts);
                leading.own(Event::Observed(seen));
            }
            Answer::Sensed {
                vantage,
                side,
                signals,
            } => {
                leading.polling.sensed(vantage, side);
                for signal in signals {
                    leading.sensed(vantage, signal);
                }
            }
            Answer::LagRead(samples) => {
                for sample in leading.lag_read(samples) {
                    self.env.metrics.lag_sampled(&sample);
                }
            }
            Answer::Checked(checks) => leading.checked(checks),
            Answer::HeartbeatSent => leading.polling.beat(),
            Answer::Received(messages) => {
                leading.received(&self.env, messages, (now, local), out);
            }
        }
    }

    fn appended(&mut self, now: Span, out: &mut Vec<Action>) {
        let Some(leading) = &mut self.state.leading else {
            return;
        };
        self.state.leadership.line_taken();
        self.state.outage.works();
        if leading.appended(&self.env, now, out) {
            self.env.metrics.leading(true);
            let fencing_token = self.state.leadership.term().map(|t| t.row.fencing_token);
            out.push(Action::Notice(Notice::Leads { fencing_token }));
        }
    }

    /// A refusal leaves the machine as it was. Where nobody knows what is durable the term ends:
    /// what this daemon remembers may differ from its ledger, and only reading it settles that.
    fn not_appended(&mut self, now: Span, fault: AppendFault, out: &mut Vec<Action>) {
        self.env.metrics.ledger_refused();
        out.push(Action::Notice(Notice::LedgerRefused(fault.clone())));
        match fault {
            AppendFault::Refused(why) => {
                if let Some(leading) = &mut self.state.leading {
                    leading.refused(now, out);
                }
                self.ledger_is_out(now, &why, out);
            }
            AppendFault::InDoubt(why) => {
                self.end_term(now, &why, AGAIN, out);
                self.state.leadership.lines_in_doubt(now);
                self.note_stuck(now, &why, out);
            }
            AppendFault::Deposed(why) => self.end_term(now, &why, AGAIN, out),
        }
    }

    /// Nothing acts until the ledger works again; people are paged around it.
    fn ledger_is_out(&mut self, now: Span, why: &str, out: &mut Vec<Action>) {
        self.env.metrics.held_by_ledger();
        let incident_id = self.record().map_or(0, |record| record.facts.incident_id);
        let page = self
            .state
            .outage
            .refused(self.state.clock.now(now), incident_id, why);
        out.extend(page.map(Action::page));
    }

    fn note_stuck(&mut self, now: Span, why: &str, out: &mut Vec<Action>) {
        if self.state.leadership.is_stuck(now) {
            self.ledger_is_out(now, why, out);
        } else if self.state.leadership.is_well() && self.state.leading.is_none() {
            self.state.outage.works();
        }
    }

    fn stored(&mut self, now: Span, call: u64, answer: StoreAnswer, out: &mut Vec<Action>) {
        let why = match &answer {
            StoreAnswer::Unanswered(why) => {
                out.push(Action::Notice(Notice::StoreUnanswered(why.clone())));
                why.clone()
            }
            StoreAnswer::Lease(_)
            | StoreAnswer::Written
            | StoreAnswer::Refused(_)
            | StoreAnswer::Ledger { .. } => NO_ANSWER.to_owned(),
        };
        let name = &self.env.name;
        let (turn, next) = self.state.leadership.answered(now, name, call, answer);
        if let Some((call, ask)) = next {
            out.push(Action::Store { call, ask });
        }
        self.note_stuck(now, &why, out);
        match turn {
            Turn::None => {}
            Turn::Begins { record, sequence } => {
                self.begin_term(now, record.map(|r| *r), sequence, out);
            }
            Turn::Renewed { adopted } => {
                self.open_gate(out);
                if adopted {
                    out.push(Action::Notice(Notice::RenewalAdopted));
                }
            }
            Turn::Over(why) => self.end_term(now, why, Span::ZERO, out),
            Turn::TooLate => out.push(Action::Notice(Notice::LeaseTooLate)),
            Turn::GivenUp => out.push(Action::Notice(Notice::LeaseGivenUp)),
        }
    }

    fn open_gate(&self, out: &mut Vec<Action>) {
        let until = match self.state.leadership.term() {
            Some(term) => term.until(),
            None => Span(i64::MAX),
        };
        out.push(Action::Gate(Gate::OpenUntil(until)));
    }

    fn begin_term(
        &mut self,
        now: Span,
        record: Option<Record>,
        sequence: u64,
        out: &mut Vec<Action>,
    ) {
        if self.state.stopping_since.is_some() {
            return;
        }
        self.state.terms_begun += 1;
        self.open_gate(out);
        let moment = (now, self.local(now));
        let term = self.state.terms_begun;
        self.state.leading = Some(Leading::begin(
            &self.env, term, record, sequence, moment, out,
        ));
    }

    /// The term is over: everything that was to be done under it goes.
    fn end_term(&mut self, now: Span, why: &str, pause: Span, out: &mut Vec<Action>) {
        self.state.leadership.begin_anew(now, pause);
        if self.state.stopping_since.is_some() {
            // Whoever is to stop takes no lease again: the other daemon would have to wait it out.
            self.state.leadership.give_up(now);
        }
        out.push(Action::Gate(Gate::Closed));
        let Some(mut leading) = self.state.leading.take() else {
            return;
        };
        self.env.metrics.leading(false);
        leading.answer_waiting(out);
        out.push(Action::Notice(Notice::LeadsNoMore {
            why: why.to_owned(),
            performing: leading.performing(),
        }));
    }

    fn ordered(&mut self, order: &Order, out: &mut Vec<Action>) {
        match &mut self.state.leading {
            Some(leading) => leading.ordered(order, out),
            None => out.push(Action::Reply {
                order: order.id,
                reply: OrderReply::NotLeading,
            }),
        }
    }

    fn stop(&mut self, now: Span, out: &mut Vec<Action>) {
        self.state.stopping_since.get_or_insert(now);
        match &mut self.state.leading {
            Some(leading) => leading.stop(out),
            None => self.state.leadership.give_up(now),
        }
    }

    /// Asked to stop: what is under way ends first, then the lease is given up.
    fn wind_down(&mut self, now: Span, out: &mut Vec<Action>) {
        let Some(since) = self.state.stopping_since else {
            return;
        };
        let waited = now - since >= STOP_MAX;
        if let Some(leading) = self.state.leading.take_if(|l| waited || !l.is_busy()) {
            drop(leading);
            self.env.metrics.leading(false);
            out.push(Action::Gate(Gate::Closed));
            self.state.leadership.give_up(now);
            if let Some((call, ask)) = self.state.leadership.due(now) {
                out.push(Action::Store { call, ask });
            }
        }
        let busy = self.state.leadership.is_giving_up() || self.state.pager.is_busy();
        if self.state.leading.is_none() && (waited || !busy) {
            self.state.stopped = true;
            out.push(Action::Stopped);
        }
    }
}
