//! From a durable decision to the wire: signed, then the gate checked, then sent.
//!
//! Deliberately absent: what the simulated AWS does with a request (`cloud`), and the lines that
//! make a decision durable (`lines`).

use crate::engine::port::{Answer, Input};
use crate::engine::unsent::not_sent;
use crate::lab::EPOCH;
use crate::lab::api;
use crate::lab::cloud;
use crate::lab::command_text::in_words;
use crate::lab::coverage::Milestone;
use crate::lab::install::Install;
use crate::lab::judge::Sender;
use crate::lab::simulation::{DeliveredPage, Happening, Parcel, Signed, Simulation};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Event, Outcome};
use drd_state_machine::step;
use drd_state_machine::time::Span;

/// An answer that comes twice comes again after the attempt has long been settled: the longest
/// gap between two attempts is 10 s.
const AGAIN_FROM: Span = Span::secs(11);
const AGAIN_TO: Span = Span::secs(240);
/// AWS refuses a request whose signature is older than this.
const SIGNATURE_MAX: Span = Span::secs(300);
/// What a page takes to leave.
const PAGE_LEAVES: Span = Span::millis(20);

impl Simulation<'_> {
    /// A command leaves the engine: it is signed, and then the gate is looked at. `leaves_now`:
    /// whatever happens next, it is on the wire.
    pub(super) fn perform(
        &mut self,
        who: Install,
        term: u64,
        (command, until): (Command, Span),
        leaves_now: bool,
    ) {
        self.say("command", in_words(&command));
        let Some(process) = self.hosts[who.index()].process.as_ref() else {
            return;
        };
        let generation = process.generation(term);
        let signed = Signed {
            incarnation: process.incarnation,
            term,
            sender: Sender {
                token: process.engine.fencing_token(),
                generation,
            },
            command,
            until,
        };
        let entries = &self.store.entries;
        self.judge
            .dispatched(self.world.now, entries, &signed.command);
        let takes = self.chance.span(Span::millis(5), Span::millis(50));
        if leaves_now && self.boot(who) < until {
            self.transmit(who, signed, takes);
        } else {
            if signed.command.kind().mutates()
                && let Some(process) = self.process_mut(who)
            {
                process.unsent += 1;
            }
            self.after(takes, Happening::Send(signed));
        }
    }

    /// A request is signed. Frozen now, the daemon goes on with the next line when it thaws: the
    /// look at the gate.
    pub(in crate::lab) fn leave(&mut self, signed: Signed) {
        let Some(who) = self.which(signed.incarnation) else {
            return;
        };
        let (now, boot) = (self.world.now, self.boot(who));
        let Some(process) = self.process_mut(who) else {
            return;
        };
        if process.is_frozen(now) {
            let wait = process.frozen_until - now;
            self.after(wait, Happening::Send(signed));
            return;
        }
        if process.engine.term() != Some(signed.term) {
            return;
        }
        if signed.command.kind().mutates() {
            process.unsent = process.unsent.saturating_sub(1);
            if boot >= process.gate_until {
                self.reached.note(Milestone::StaleLeaderFenced);
                let called = self.called(who);
                self.say(
                    "daemon",
                    format!("{called}: a call that was signed is not sent, the lease is over"),
                );
                let why = "not sent: the lease is over".to_owned();
                let waits = Some((signed.incarnation, signed.term));
                let outcome = Outcome::Unknown { why };
                self.ends(waits, &signed.command, outcome, Span::ZERO);
                return;
            }
        }
        if boot >= signed.until {
            self.reached.note(Milestone::DecisionTooOld);
            let called = self.called(who);
            let done = not_sent(&signed.command);
            self.say(
                "daemon",
                format!(
                    "{called}: a {} is not sent, its decision is too old",
                    done.kind
                ),
            );
            let waits = Some((signed.incarnation, signed.term));
            self.ends(waits, &signed.command, done.outcome, Span::ZERO);
            return;
        }
        self.transmit(who, signed, Span::ZERO);
    }

    /// On the wire: from here it arrives, whatever becomes of the daemon.
    fn transmit(&mut self, who: Install, signed: Signed, wait: Span) {
        let Signed {
            incarnation,
            term,
            sender,
            command,
            until: _,
        } = signed;
        self.judge.acts(&self.world, &self.setup.policy, &command);
        if command.kind().mutates() {
            self.sent.insert(command.kind());
            self.judge
                .sends(self.world.now, sender, &self.store, &command);
        }
        let (service, _) = api::api(&command);
        let added = self.world.faults.latency(service);
        let there = if added > Span::ZERO {
            self.chance.span(Span::ZERO, added)
        } else {
            Span::ZERO
        };
        let answered = added < cloud::DEADLINE;
        let waits = Some((incarnation, term));
        if !answered {
            let why = format!("no answer within {}", cloud::DEADLINE);
            let outcome = Outcome::Unknown { why };
            self.ends(waits, &command, outcome, wait + cloud::DEADLINE);
        }
        if there > SIGNATURE_MAX {
            return;
        }
        let parcel = Parcel {
            who,
            waits: waits.filter(|_| answered),
            command,
            back: added - there,
        };
        if (wait + there) > Span::ZERO {
            self.after(wait + there, Happening::Act(parcel));
        } else {
            self.act(parcel);
        }
    }

    /// A page: it changes nothing, and no ledger line is asked for.
    pub(super) fn page(
        &mut self,
        who: Install,
        command: Command,
        attempt: u32,
        decided: &[Command],
    ) {
        if attempt == 1 {
            self.note_page(who, &command, decided);
        }
        let Some(process) = self.process(who) else {
            return;
        };
        let parcel = Parcel {
            who,
            waits: Some((process.incarnation, 0)),
            command,
            back: Span::ZERO,
        };
        self.after(PAGE_LEAVES, Happening::Act(parcel));
    }

    fn note_delivered(&mut self, command: &Command) {
        if let Command::Page { severity, text, .. } = command {
            self.pages.push(DeliveredPage {
                t: self.world.now - EPOCH,
                severity: *severity,
                text: text.clone(),
            });
        }
    }

    fn note_page(&mut self, who: Install, command: &Command, decided: &[Command]) {
        if let Command::Page { severity, text, .. } = command {
            self.say("page", format!("{}: {text}", severity.name()));
        }
        if !decided.contains(command) {
            self.ever_held |= self
                .process(who)
                .is_some_and(|p| p.engine.is_held_by_ledger());
            self.reached.note(Milestone::HeldByLedger);
        }
    }

    /// The end of an attempt, on its way to the host that waits for it.
    fn ends(
        &mut self,
        waits: Option<(u64, u64)>,
        command: &Command,
        outcome: Outcome,
        after: Span,
    ) {
        let Some((incarnation, term)) = waits.filter(|_| command.kind() != Kind::Page) else {
            return;
        };
        let done = Completion {
            kind: command.kind(),
            incident_id: command.incident_id(),
            attempt: command.attempt(),
            outcome,
        };
        let (service, _) = api::api(command);
        if self.world.faults.latency(service) > Span::ZERO {
            // What is slow is also what comes twice: long after, when it means nothing any more.
            let again = self.store_chance.span(AGAIN_FROM, AGAIN_TO);
            let happening = Happening::Again(incarnation, term, done.clone());
            self.after(after + again, happening);
        }
        let answer = Answer::Finished(done);
        let input = Input::Answered { term, answer };
        self.after(after, Happening::Input(incarnation, input));
    }

    /// What the judge notes when an answer reaches its daemon.
    pub(super) fn before_input(&mut self, who: Install, input: &Input) {
        if let Input::Answered {
            answer: Answer::Received(Some(messages)),
            ..
        } = input
        {
            self.judge_received(who, messages);
        }
        if let Input::Answered {
            term,
            answer: Answer::Finished(done),
        } = input
            && let Some(process) = self.process(who)
        {
            let generation = process.generation(*term);
            self.judge.answered(self.world.now, generation, done);
        }
    }

    /// The end of an attempt that was reported before comes once more: the machine must be as
    /// after a tick.
    pub(in crate::lab) fn report_again(&mut self, incarnation: u64, term: u64, done: Completion) {
        let Some(who) = self.which(incarnation) else {
            return;
        };
        let (now, local) = (self.world.now, self.local(who));
        let alone = !self.shared;
        let Some(process) = self.process(who).filter(|p| !p.is_frozen(now)) else {
            return;
        };
        // A ledger that refuses lets nothing count, so that the first end may not have counted either.
        let writes = !self.world.faults.fsync_hangs && !process.engine.is_held_by_ledger();
        // What an older term asked for is dropped before the machine meets it.
        let writes = writes && process.engine.term() == Some(term);
        let after = |event: &Event| {
            let record = process.engine.record().filter(|_| alone && writes);
            let mut record = record?.clone();
            let _ = step(&mut record, &self.setup, local, event);
            // That a fence ended is a note, and no effect.
            if let Some(incident) = &mut record.facts.incident {
                incident.fence_ended = 0;
            }
            Some((record.state, record.facts.incident))
        };
        // Beside a tick, which time alone brings.
        let same = after(&Event::Finished(done.clone())) == after(&Event::Tick);
        self.judge.reported_again(now, &done, same);
        let answer = Answer::Finished(done);
        self.give(who, Input::Answered { term, answer });
    }

    /// A request arrives. It takes effect even when the daemon that sent it is dead by now.
    pub(in crate::lab) fn act(&mut self, parcel: Parcel) {
        let Parcel {
            who,
            waits,
            command,
            back,
        } = parcel;
        let act = cloud::act(&mut self.world, &mut self.chance, who, &command);
        self.mutations += u32::from(act.changed);
        if act.lost {
            self.reached.note(Milestone::AnswerLostAfterEffect);
        }
        let lives = waits.is_some_and(|(incarnation, term)| {
            let who = self.which(incarnation).and_then(|who| self.process(who));
            who.is_some_and(|p| p.engine.term() == Some(term))
        });
        if act.changed && !lives {
            self.reached.note(Milestone::LandedAfterItsSender);
        }
        if let Some(told) = act.told {
            self.say("world", told);
        }
        self.world.settle();
        if let (Kind::Page, Some((incarnation, _))) = (command.kind(), waits) {
            let taken = matches!(act.outcome, Outcome::Done);
            if taken {
                self.note_delivered(&command);
            }
            let input = Input::Paged { command, taken };
            self.after(act.after, Happening::Input(incarnation, input));
            return;
        }
        self.ends(waits, &command, act.outcome, act.after + back);
    }
}
