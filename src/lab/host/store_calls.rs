//! Calls to the store of a lease and a ledger, and what becomes of them on the way there and back:
//! slow, lost, late, refused. The store does what a call asks for when it arrives, whether or not
//! its sender still waits.
//!
//! Deliberately absent: what the sender makes of the answer (`engine::leadership`).

use crate::engine::lease::{Row, Terms};
use crate::engine::port::{Input, StoreAnswer, StoreCall};
use crate::lab::coverage::Milestone;
use crate::lab::install::Install;
use crate::lab::rng::Chance;
use crate::lab::simulation::{Happening, Simulation, StoreLetter};
use crate::ledger::{Entry, fold};
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;
use std::collections::VecDeque;

/// How a call fares.
struct Fate {
    /// When it arrives; `None` for never.
    there: Option<Span>,
    /// How long its answer takes from there; `None` for never.
    back: Option<Span>,
    /// When the daemon gives it up.
    gives_up: Span,
}

const fn operation(call: &StoreCall) -> &'static str {
    match call {
        StoreCall::ReadLease => "GetItem",
        StoreCall::ReadLedger => "Query",
        StoreCall::WriteLease { .. } => "PutItem",
    }
}

impl Simulation<'_> {
    pub(super) fn terms(&self) -> Terms {
        Terms::default()
    }

    /// Sends a call to the store. A daemon that is alone reads its own file at once.
    pub(super) fn ask_store(
        &mut self,
        who: Install,
        call: u64,
        ask: StoreCall,
        inputs: &mut VecDeque<Input>,
    ) {
        if !self.shared {
            if self.world.faults.fsync_hangs {
                self.reads_waiting
                    .extend(self.process(who).map(|p| (p.incarnation, call)));
                return;
            }
            let answer = self.do_call(&ask);
            inputs.push_back(Input::Stored { call, answer });
            return;
        }
        let fate = self.fate(who, operation(&ask));
        let Some(process) = self.process(who) else {
            return;
        };
        let letter = StoreLetter {
            incarnation: process.incarnation,
            call,
            ask,
            back: fate.back,
        };
        let in_time = |there: Span| fate.back.is_some_and(|back| there + back <= fate.gives_up);
        if !fate.there.is_some_and(in_time) {
            let answer = StoreAnswer::Unanswered("no answer".to_owned());
            self.give_in(who, fate.gives_up, Input::Stored { call, answer });
        }
        if let Some(there) = fate.there {
            let back = fate.back.filter(|_| in_time(there));
            self.after(there, Happening::Letter(StoreLetter { back, ..letter }));
        }
    }

    fn fate(&mut self, who: Install, operation: &'static str) -> Fate {
        let patience = self.terms().attempt();
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

    /// A call arrives: the store does what it asks for if its condition holds at this moment.
    pub(in crate::lab) fn letter(&mut self, letter: StoreLetter) {
        let answer = self.do_call(&letter.ask);
        let takes = matches!(&letter.ask, StoreCall::WriteLease { found, next }
            if found.as_ref().is_none_or(|row| row.fencing_token != next.fencing_token));
        let granted = takes && matches!(answer, StoreAnswer::Written);
        if granted && letter.back.is_none() {
            self.reached.note(Milestone::LeaseGrantedTooLate);
        }
        if let Some(back) = letter.back {
            let call = letter.call;
            let input = Input::Stored { call, answer };
            self.after(back, Happening::Input(letter.incarnation, input));
        }
    }

    pub(super) fn read_ledger(&self) -> StoreAnswer {
        let entries = &self.store.entries;
        StoreAnswer::Ledger {
            record: fold(&through_json(from_here(entries, self.shared))).map(Box::new),
            sequence: entries.len() as u64,
        }
    }

    fn do_call(&mut self, ask: &StoreCall) -> StoreAnswer {
        match ask {
            StoreCall::ReadLease => StoreAnswer::Lease(self.store.lease.clone()),
            StoreCall::ReadLedger => self.read_ledger(),
            StoreCall::WriteLease { found, next } => {
                written(self.store.write_lease(found.as_ref(), next))
            }
        }
    }
}

fn written(result: Result<(), Option<Row>>) -> StoreAnswer {
    match result {
        Ok(()) => StoreAnswer::Written,
        Err(row) => StoreAnswer::Refused(row),
    }
}

/// What a start reads: a file wholly, a table back to the newest line that holds the record.
fn from_here(entries: &[Entry], table: bool) -> &[Entry] {
    let holds = |entry: &Entry| match entry {
        Entry::Opened { record, .. } => record.is_some(),
        Entry::Noted { .. } | Entry::Decided { .. } => false,
    };
    let newest = entries.iter().rposition(holds).filter(|_| table);
    entries.get(newest.unwrap_or(0)..).unwrap_or_default()
}

/// A real daemon reads JSON: so does this one.
fn through_json(entries: &[Entry]) -> Vec<Entry> {
    entries
        .iter()
        .filter_map(|entry| serde_json::to_string(entry).ok())
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect()
}
