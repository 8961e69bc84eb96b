//! Lines on their way to the ledger: to a file at once, to a table there and back, and what of
//! them becomes durable when the daemon dies, the store refuses or an answer is lost.
//!
//! Deliberately absent: the store's own conditions (`store`), and the lease's calls
//! (`store_calls`).

use crate::engine::port::{Answer, AppendFault, Input};
use crate::lab::coverage::Milestone;
use crate::lab::crash_point::DeathPhase;
use crate::lab::install::Install;
use crate::lab::simulation::{Happening, Simulation};
use crate::lab::store::Lines;
use crate::ledger::{DISK_ANSWERS, Entry};
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;
use std::collections::VecDeque;

/// How often the daemon tries a line before it gives up (`daemon::table_store`).
const TRIES: u32 = 4;

impl Simulation<'_> {
    /// Lines are to become durable. A file answers at once; a table after the way there and back.
    pub(super) fn append(
        &mut self,
        who: Install,
        term: u64,
        entries: Vec<Entry>,
        inputs: &mut VecDeque<Input>,
    ) {
        self.judge_decisions(&entries);
        let token = self.process(who).and_then(|p| p.engine.fencing_token());
        let lines = Lines {
            number: self.store.next_number(),
            token,
            entries,
        };
        let (after, result) = if self.shared {
            self.append_to_table(who, lines)
        } else {
            self.append_to_file(lines)
        };
        if self.trap_strikes(who) {
            return;
        }
        let answer = Answer::Appended(result);
        let input = Input::Answered { term, answer };
        if after > Span::ZERO {
            self.give_in(who, after, input);
        } else {
            inputs.push_back(input);
        }
    }

    /// The disk answers again: what waited for it becomes durable, and then what waits to read it is answered.
    pub(in crate::lab) fn disk_answers(&mut self) {
        while self.store.is_late() {
            let _ = self.store.arrive();
        }
        for (incarnation, call) in std::mem::take(&mut self.reads_waiting) {
            let answer = self.read_ledger();
            let input = Input::Stored { call, answer };
            self.after(Span::ZERO, Happening::Input(incarnation, input));
        }
    }

    /// A role change is judged when it is decided: its line may arrive late, and the next daemon
    /// then acts on it.
    fn judge_decisions(&mut self, entries: &[Entry]) {
        for entry in entries {
            if let Entry::Decided {
                event, decision, ..
            } = entry
            {
                self.judge
                    .decides(&self.world, event, decision, &self.setup);
            }
        }
    }

    /// `true`: the daemon died of it.
    fn trap_strikes(&mut self, who: Install) -> bool {
        match self.sprung() {
            Some(DeathPhase::Before | DeathPhase::After) => {
                self.crash(who, self.absence());
                true
            }
            Some(phase) => {
                if let Some(process) = self.process_mut(who) {
                    process.fate = Some(phase);
                }
                false
            }
            None => false,
        }
    }

    /// How long it takes, and how it ends. A disk that hangs keeps the lines: they may become durable yet.
    fn append_to_file(&mut self, lines: Lines) -> (Span, Result<(), AppendFault>) {
        let refused = |why: &str| (Span::ZERO, Err(AppendFault::Refused(why.to_owned())));
        if self.store.down {
            return refused("the disk is full");
        }
        if self.store.replaced.is_some() {
            return refused("the file is not the one that was opened");
        }
        if self.world.faults.fsync_hangs {
            self.store.delay(lines);
            let why = format!("no answer of the disk within {DISK_ANSWERS}");
            return (DISK_ANSWERS, Err(AppendFault::InDoubt(why)));
        }
        (Span::ZERO, self.put(lines))
    }

    /// What the trap leaves of the lines becomes durable.
    fn put(&mut self, mut lines: Lines) -> Result<(), AppendFault> {
        if let Some((_, kept)) = self.store.spring(lines.entries.len()) {
            lines.entries.truncate(kept);
        }
        self.store.put(lines)
    }

    fn append_to_table(&mut self, who: Install, lines: Lines) -> (Span, Result<(), AppendFault>) {
        let patience = self.terms().attempt();
        let (there, back) = self.travel("dynamodb");
        let silence = || Err(AppendFault::InDoubt("no answer in time".to_owned()));
        if self.world.faults.store_is_well(who) {
            let put = self.put(lines);
            self.note_refused(&put);
            return (there + back, put);
        }
        let faults = &self.world.faults;
        let rate = faults.throttle_rate("dynamodb");
        let error = faults.error_left("dynamodb", "TransactWriteItems");
        let denied = error.is_some_and(|(code, _)| code.contains("AccessDenied"));
        let failing = error.is_some_and(|(_, left)| left >= TRIES);
        let reachable = faults.answers(who, Side::Standby, "dynamodb") && !faults.ledger_down;
        let deaf = faults.loses_reply("TransactWriteItems");
        let throttled = (0..TRIES).all(|_| self.store_chance.happens(rate));
        if denied {
            let why = "AccessDeniedException".to_owned();
            return (there + back, Err(AppendFault::Refused(why)));
        }
        if !reachable || throttled || failing {
            for _ in 0..TRIES {
                let faults = &mut self.world.faults;
                let _ = faults.take_error("dynamodb", "TransactWriteItems");
            }
            return (patience, silence());
        }
        if there + back > patience {
            self.store.delay(lines);
            self.after(there, Happening::LinesArrive);
            return (patience, silence());
        }
        let put = self.put(lines);
        self.note_refused(&put);
        if put.is_ok() && deaf {
            self.reached.note(Milestone::LineAnswerLost);
            return (patience, silence());
        }
        (there + back, put)
    }

    fn note_refused(&mut self, put: &Result<(), AppendFault>) {
        if matches!(put, Err(AppendFault::Deposed(_))) {
            self.reached.note(Milestone::StaleLeaderRefused);
        }
    }
}
