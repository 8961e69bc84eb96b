//! Requests to the store of a lease, and what becomes of them on the way there and back: slow,
//! lost, late, refused. The store does what a request says when it arrives, whoever still waits.
//!
//! Deliberately absent: what the sender makes of the answer (`term`).

use super::Duty;
use crate::lab::chance::Chance;
use crate::lab::daemon::Place;
use crate::lab::reached::Milestone;
use crate::lab::rehearsal::{Happening, Rehearsal};
use crate::lease::{Row, Term, Terms};
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;

/// A request to the store.
#[derive(Clone, Debug)]
pub(in crate::lab) enum Call {
    Look,
    Take { found: Option<Row>, next: Row },
    Read(Term),
    Renew { found: Row, next: Row },
    GiveUp { found: Row, next: Row },
}

/// What came of it, as far as the daemon can know.
#[derive(Clone, Debug)]
pub(in crate::lab) enum Answer {
    Row(Option<Row>),
    Done,
    Refused(Option<Row>),
    Silence,
}

/// A request on its way, or its answer.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Letter {
    pub(in crate::lab) incarnation: u64,
    pub(super) number: u64,
    pub(super) call: Call,
    /// By the sender's boot clock: a lease is counted from here.
    pub(super) sent_at: Span,
    /// How long the answer takes; `None` when it gets lost.
    back: Option<Span>,
}

impl Call {
    const fn operation(&self) -> &'static str {
        match self {
            Call::Look => "GetItem",
            Call::Read(_) => "Query",
            Call::Take { .. } | Call::Renew { .. } | Call::GiveUp { .. } => "PutItem",
        }
    }
}

/// How a request fares.
struct Fate {
    /// When it arrives; `None` for never.
    there: Option<Span>,
    /// How long its answer takes from there; `None` for never.
    back: Option<Span>,
    /// When the daemon gives it up.
    gives_up: Span,
}

impl Rehearsal<'_> {
    /// Sends a request to the store.
    pub(super) fn ask(&mut self, who: Place, call: Call) {
        let sent_at = self.boot(who);
        let fate = self.fate(who, call.operation());
        let Some(process) = self.process_mut(who) else {
            return;
        };
        process.asked += 1;
        let letter = Letter {
            incarnation: process.incarnation,
            number: process.asked,
            call,
            sent_at,
            back: fate.back,
        };
        let in_time = |there: Span| fate.back.is_some_and(|back| there + back <= fate.gives_up);
        if !fate.there.is_some_and(in_time) {
            let given_up = Duty::Answered(Box::new(letter.clone()), Answer::Silence);
            self.duty_in(who, fate.gives_up, given_up);
        }
        if let Some(there) = fate.there {
            let back = fate.back.filter(|_| in_time(there));
            self.after(there, Happening::Letter(Letter { back, ..letter }));
        }
    }

    fn fate(&mut self, who: Place, operation: &'static str) -> Fate {
        let patience = Terms::default().attempt();
        let (there, back) = self.travel("dynamodb");
        let faults = &mut self.world.faults;
        let answers = faults.answers(who, Side::Standby, "dynamodb") && !faults.ledger_down;
        let throttled = faults.throttle_rate("dynamodb");
        let never = |gives_up| Fate {
            there: None,
            back: None,
            gives_up,
        };
        if !answers {
            return never(patience);
        }
        let refused = throttled > 0.0 && self.store_chance.happens(throttled);
        if refused || faults.take_error("dynamodb", operation).is_some() {
            return never(Span::millis(300));
        }
        let lost = faults.loses_reply(operation);
        Fate {
            there: Some(there),
            back: (!lost).then_some(back),
            gives_up: patience,
        }
    }

    /// The way there and the way back of a call: some milliseconds, and what a fault adds.
    pub(in crate::lab) fn travel(&mut self, service: &str) -> (Span, Span) {
        let added = self.world.faults.latency(service);
        let there = self.store_chance.span(Span::ZERO, added);
        let quick = |chance: &mut Chance| chance.span(Span::millis(2), Span::millis(10));
        let (a, b) = (quick(&mut self.store_chance), quick(&mut self.store_chance));
        (a + there, b + (added - there))
    }

    /// A request arrives: the store does what it says if its condition holds at this moment. It
    /// does so whether or not the sender lives.
    pub(in crate::lab) fn letter(&mut self, letter: Letter) {
        let answer = {
            let mut store = self.store();
            match &letter.call {
                Call::Look => Answer::Row(store.lease.clone()),
                Call::Read(_) => Answer::Done,
                Call::Take { found, next } => written(store.write_lease(found.as_ref(), next)),
                Call::Renew { found, next } | Call::GiveUp { found, next } => {
                    written(store.write_lease(Some(found), next))
                }
            }
        };
        let granted = matches!((&letter.call, &answer), (Call::Take { .. }, Answer::Done));
        if granted && letter.back.is_none() {
            self.reached.note(Milestone::LeaseGrantedTooLate);
        }
        if let Some(back) = letter.back {
            let incarnation = letter.incarnation;
            self.after(
                back,
                Happening::Duty(incarnation, Duty::Answered(Box::new(letter), answer)),
            );
        }
    }
}

fn written(result: Result<(), Option<Row>>) -> Answer {
    match result {
        Ok(()) => Answer::Done,
        Err(row) => Answer::Refused(row),
    }
}
