//! From a durable decision to the wire: signed, then the lease checked, then sent; and how the
//! ledger's lines fare on their way.
//!
//! Deliberately absent: what the pretend AWS does with a request (`acts`).

use super::super::acts;
use super::super::daemon::Place;
use super::super::judge::Sender;
use super::super::reached::Milestone;
use super::super::rehearsal::{Happening, Parcel, Rehearsal, Turn};
use super::spoken;
use crate::lab::daemon::Office;
use crate::lease::Terms;
use crate::ledger::Way;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, Event, Outcome, Side};
use drd_state_machine::time::Span;

/// How often the daemon tries a line before it gives up (`ledger::TableLedger`).
const TRIES: u32 = 4;
/// An answer that comes twice comes again after the attempt has long been settled: the longest
/// gap between two attempts is 10 s.
const AGAIN_FROM: Span = Span::secs(11);
const AGAIN_TO: Span = Span::secs(240);
/// AWS refuses a request whose signature is older than this.
const SIGNATURE_MAX: Span = Span::secs(300);

/// How the next line of the ledger fares.
#[derive(Clone, Copy, Default)]
pub(super) struct Fare {
    pub(super) way: Way,
    /// How long its answer takes: commands leave after it.
    pub(super) delay: Span,
    /// When a late one arrives.
    arrives: Span,
}

impl Rehearsal<'_> {
    /// A file does not go through a network; what its disk does is in the table's `down`.
    pub(super) fn fare(&mut self, who: Place) -> Fare {
        if !self.shared || self.world.faults.store_is_well(who) {
            return Fare::default();
        }
        let (there, back) = self.travel("dynamodb");
        let faults = &self.world.faults;
        let rate = faults.throttle_rate("dynamodb");
        let error = faults.error_left("dynamodb", "TransactWriteItems");
        let denied = error.is_some_and(|(code, _)| code.contains("AccessDenied"));
        let failing = error.is_some_and(|(_, left)| left >= TRIES);
        let reachable = faults.answers(who, Side::Standby, "dynamodb");
        let deaf = faults.loses_reply("TransactWriteItems");
        let throttled = (0..TRIES).all(|_| self.store_chance.happens(rate));
        let way = if denied {
            Way::Refused
        } else if !reachable || throttled || failing {
            Way::Cut
        } else if there + back > Terms::default().attempt() {
            Way::Late
        } else if deaf {
            Way::Deaf
        } else {
            Way::Open
        };
        Fare {
            way,
            delay: there + back,
            arrives: there,
        }
    }

    /// After a line that was due. A late one is on its way; errors that were due are spent.
    pub(super) fn fared(&mut self, fare: &Fare, refused: bool) {
        if !refused {
            return;
        }
        match fare.way {
            Way::Late => self.after(fare.arrives, Happening::LineArrives),
            Way::Deaf => self.reached.note(Milestone::LineAnswerLost),
            Way::Cut => {
                for _ in 0..TRIES {
                    let faults = &mut self.world.faults;
                    let _ = faults.take_error("dynamodb", "TransactWriteItems");
                }
            }
            Way::Open | Way::Refused => {}
        }
    }

    /// `leaves_now`: whatever happens next, these are on the wire.
    pub(super) fn carry_out(
        &mut self,
        who: Place,
        commands: &[Command],
        delay: Span,
        leaves_now: bool,
    ) {
        for command in commands {
            self.say_command(command);
            let Some(life) = self.life(who) else { return };
            let (record, generation) = (life.conductor.record().clone(), life.generation);
            let store = self.store.clone();
            let store = crate::lab::locked(&store);
            self.judge
                .acts(&self.world, &record, &store.entries, command);
            drop(store);
            let signed = self.chance.span(Span::millis(5), Span::millis(50));
            if leaves_now {
                self.send_command(who, generation, command, signed);
            } else {
                if let Some(life) = self.life_mut(who) {
                    life.unsent += u32::from(command.kind().mutates());
                }
                let what = Happening::Send(generation, command.clone());
                self.after(signed + delay, what);
            }
        }
    }

    fn say_command(&mut self, command: &Command) {
        if let Command::Page { severity, text, .. } = command {
            self.say("page", format!("{}: {text}", severity.name()));
        } else {
            self.say("command", spoken::spoken(command));
        }
    }

    /// A page of a daemon that does not lead: no ledger holds it, and nothing else may be done.
    pub(in crate::lab) fn page_by_itself(&mut self, who: Place, page: Command) {
        self.say_command(&page);
        self.judge.paged(self.world.now);
        let parcel = Parcel {
            who,
            generation: 0,
            command: page,
            back: None,
        };
        self.after(Span::millis(20), Happening::Act(parcel));
    }

    /// A request is signed. Frozen now, the daemon goes on with the next line when it thaws: the
    /// look at the lease.
    pub(in crate::lab) fn leave(&mut self, generation: u64, command: Command) {
        let Some(who) = self.whose(generation) else {
            return;
        };
        let Some(process) = self.process(who) else {
            return;
        };
        if process.is_frozen(self.world.now) {
            let wait = process.frozen_until - self.world.now;
            self.after(wait, Happening::Send(generation, command));
            return;
        }
        if command.kind().mutates() {
            if !self.holds(who) {
                self.end_term(who, "its lease is over", Span::ZERO);
                return;
            }
            if let Some(life) = self.life_mut(who) {
                life.unsent = life.unsent.saturating_sub(1);
            }
        }
        self.send_command(who, generation, &command, Span::ZERO);
    }

    fn sender(&self, who: Place, generation: u64) -> Sender {
        let epoch = match self.process(who).map(|p| &p.office) {
            Some(Office::Leader(term)) => Some(term.row.epoch),
            Some(Office::Alone | Office::Follower) | None => None,
        };
        Sender { epoch, generation }
    }

    /// On the wire: from here it arrives, whatever becomes of the daemon.
    fn send_command(&mut self, who: Place, generation: u64, command: &Command, wait: Span) {
        if command.kind().mutates() {
            let sender = self.sender(who, generation);
            let store = self.store.clone();
            let store = crate::lab::locked(&store);
            self.judge.sends(self.world.now, sender, &store, command);
        }
        if command.kind() != Kind::Page
            && let Some(life) = self.life_mut(who)
        {
            life.under_way += 1;
        }
        let (service, _) = acts::api(command);
        let added = self.world.faults.latency(service);
        let there = if added > Span::ZERO {
            self.chance.span(Span::ZERO, added)
        } else {
            Span::ZERO
        };
        let answered = added < acts::DEADLINE;
        if !answered {
            let why = format!("no answer within {}", acts::DEADLINE);
            let outcome = Outcome::Unknown { why };
            self.ends(generation, command, outcome, wait + acts::DEADLINE);
        }
        let parcel = Parcel {
            who,
            generation,
            command: command.clone(),
            back: answered.then_some(added - there),
        };
        if there > SIGNATURE_MAX {
            return;
        }
        if (wait + there) > Span::ZERO {
            self.after(wait + there, Happening::Act(parcel));
        } else {
            self.act(parcel);
        }
    }

    fn ends(&mut self, generation: u64, command: &Command, outcome: Outcome, after: Span) {
        if command.kind() == Kind::Page {
            return;
        }
        let done = Completion {
            kind: command.kind(),
            incident_id: command.incident_id(),
            attempt: command.attempt(),
            outcome,
        };
        let (service, _) = acts::api(command);
        if self.world.faults.latency(service) > Span::ZERO {
            // What is slow is also what comes twice: long after, when it says nothing any more.
            let again = self.store_chance.span(AGAIN_FROM, AGAIN_TO);
            let turn = Turn::Again(done.clone());
            self.after(after + again, Happening::Daemon(generation, turn));
        }
        let turn = Turn::Tell(Event::Finished(done));
        self.after(after, Happening::Daemon(generation, turn));
    }

    /// A request arrives. It takes effect even when the daemon that sent it is dead by now.
    pub(in crate::lab) fn act(&mut self, parcel: Parcel) {
        let Parcel {
            who,
            generation,
            command,
            back,
        } = parcel;
        let act = acts::act(&mut self.world, &mut self.chance, who, &command);
        self.mutations += u32::from(act.changed);
        if act.lost {
            self.reached.note(Milestone::AnswerLostAfterEffect);
        }
        if act.changed && self.whose(generation).is_none() {
            self.reached.note(Milestone::LandedAfterItsSender);
        }
        if let Some(told) = act.told {
            self.say("world", told);
        }
        self.world.settle();
        if let Some(back) = back {
            self.ends(generation, &command, act.outcome, act.after + back);
        }
    }
}
