//! A lease's life in a rehearsal: the shipped arithmetic of `crate::lease`, on each daemon's own
//! boot clock, through requests that may be slow, lost, late or refused.
//!
//! Deliberately absent: what a leader does with its term (`life`).

use super::daemon::{Office, Place};
use super::reached::Milestone;
use super::rehearsal::{Happening, Rehearsal};
use crate::lease::{Claim, Row, Term, Terms, takeover_after};
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;

/// How soon a call to the store that failed is made again.
pub(super) const AGAIN: Span = Span::secs(1);
/// A graceful stop waits for outcomes this long, as the daemon's does.
const STOP_MAX: Span = Span::secs(20);

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
    number: u64,
    call: Call,
    /// By the sender's boot clock: a lease is counted from here.
    sent_at: Span,
    /// How long the answer takes; `None` when it gets lost.
    back: Option<Span>,
}

/// What a process of a pair does next.
#[derive(Clone, Debug)]
pub(in crate::lab) enum Duty {
    Look,
    Renew,
    /// The lease ends, unless it was renewed.
    Over,
    Stop,
    Answered(Letter, Answer),
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
    pub(super) fn duty_in(&mut self, who: Place, after: Span, duty: Duty) {
        if let Some(process) = self.process(who) {
            let incarnation = process.incarnation;
            self.after(after, Happening::Duty(incarnation, duty));
        }
    }

    pub(super) fn duty(&mut self, incarnation: u64, duty: Duty) {
        let Some(who) = self.which(incarnation) else {
            return;
        };
        let Some(process) = self.process(who) else {
            return;
        };
        if process.is_frozen(self.world.now) {
            let wait = process.frozen_until - self.world.now;
            self.after(wait, Happening::Duty(incarnation, duty));
            return;
        }
        if let Office::Leader(_) = &process.office
            && !self.holds(who)
        {
            self.end_term(who, "its lease is over", Span::ZERO);
        }
        match duty {
            Duty::Look => self.look_at_row(who),
            Duty::Renew => self.renew(who),
            Duty::Over => self.mind_the_end(who),
            Duty::Stop => self.wind_down(who),
            Duty::Answered(letter, answer) => self.answered(who, letter, answer),
        }
    }

    fn look_at_row(&mut self, who: Place) {
        let follows = self
            .process(who)
            .is_some_and(|p| matches!(p.office, Office::Follower) && p.stopping_since.is_none());
        if follows {
            self.ask(who, Call::Look);
        }
    }

    fn mind_the_end(&mut self, who: Place) {
        if let Some(Office::Leader(term)) = self.process(who).map(|p| &p.office) {
            let left = term.until() - self.boot(who);
            self.duty_in(who, left, Duty::Over);
        }
    }

    fn renew(&mut self, who: Place) {
        if let Some(Office::Leader(term)) = self.process(who).map(|p| &p.office) {
            let (found, next) = (term.row.clone(), term.row.renewed());
            self.ask(who, Call::Renew { found, next });
        }
    }

    /// Sends a request to the store.
    fn ask(&mut self, who: Place, call: Call) {
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
            let given_up = Duty::Answered(letter.clone(), Answer::Silence);
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
    pub(super) fn travel(&mut self, service: &str) -> (Span, Span) {
        let added = self.world.faults.latency(service);
        let there = self.store_chance.span(Span::ZERO, added);
        let quick =
            |chance: &mut super::chance::Chance| chance.span(Span::millis(2), Span::millis(10));
        let (a, b) = (quick(&mut self.store_chance), quick(&mut self.store_chance));
        (a + there, b + (added - there))
    }

    /// A request arrives: the store does what it says if its condition holds at this moment. It
    /// does so whether or not the sender lives.
    pub(super) fn letter(&mut self, letter: Letter) {
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
        if let Some(back) = letter.back {
            let incarnation = letter.incarnation;
            self.after(
                back,
                Happening::Duty(incarnation, Duty::Answered(letter, answer)),
            );
        }
    }

    fn answered(&mut self, who: Place, letter: Letter, answer: Answer) {
        let newest = self.process(who).is_some_and(|p| p.asked == letter.number);
        if !newest {
            return;
        }
        self.note_store(who, &letter.call, &answer);
        let Letter { call, sent_at, .. } = letter;
        match (call, answer) {
            (Call::GiveUp { .. }, _) => self.gone(who),
            (Call::Look, Answer::Row(row)) => self.judge_row(who, row),
            (Call::Take { next, .. }, Answer::Done) => {
                let term = Term { row: next, sent_at };
                self.read(who, term);
            }
            (Call::Read(term), Answer::Done) if term.holds(self.boot(who)) => {
                self.begin_term(who, term);
            }
            (Call::Read(term), Answer::Silence) if term.holds(self.boot(who)) => {
                self.duty_in(who, AGAIN, Duty::Look);
            }
            (Call::Renew { next, .. }, Answer::Done) => self.renewed(who, next, sent_at),
            (Call::Renew { .. }, Answer::Refused(row)) => self.renewal_refused(who, row),
            (Call::Renew { .. }, _) => self.duty_in(who, AGAIN, Duty::Renew),
            (Call::Look | Call::Take { .. } | Call::Read(_), _) => {
                self.duty_in(who, AGAIN, Duty::Look);
            }
        }
    }

    /// A lease that was just taken: everything that is durable is read under it.
    fn read(&mut self, who: Place, term: Term) {
        if term.holds(self.boot(who)) {
            self.ask(who, Call::Read(term));
        } else {
            // The answer came when the lease was over: nothing may be begun on it.
            self.reached.note(Milestone::LeaseGrantedTooLate);
            self.duty_in(who, Span::ZERO, Duty::Look);
        }
    }

    fn judge_row(&mut self, who: Place, row: Option<Row>) {
        let boot = self.boot(who);
        let Some(process) = self.process_mut(who) else {
            return;
        };
        match process.watch.look(row.as_ref(), who.name(), boot) {
            Claim::Take => {
                let next = Row::taken(row.as_ref(), who.name(), Terms::default().lease);
                self.ask(who, Call::Take { found: row, next });
            }
            Claim::Wait(wait) => {
                let next = wait.min(Terms::default().renew);
                self.duty_in(who, next, Duty::Look);
            }
        }
    }

    fn renewed(&mut self, who: Place, row: Row, sent_at: Span) {
        let boot = self.boot(who);
        if let Some(Office::Leader(term)) = self.process_mut(who).map(|p| &mut p.office) {
            term.renewed(row, sent_at);
            let next = sent_at + Terms::default().renew - boot;
            self.duty_in(who, next.max(Span::ZERO), Duty::Renew);
        }
    }

    /// The row is not as this leader wrote it: an earlier renewal of its own whose answer was
    /// lost, or another leader.
    fn renewal_refused(&mut self, who: Place, row: Option<Row>) {
        let Some(Office::Leader(term)) = self.process_mut(who).map(|p| &mut p.office) else {
            return;
        };
        match row.filter(|r| r.owner == who.name() && r.epoch == term.row.epoch) {
            Some(mine) => {
                // Counted from before: when that renewal was sent is not known any more.
                let sent_at = term.sent_at;
                term.renewed(mine, sent_at);
                self.reached.note(Milestone::LostRenewalAdopted);
                self.duty_in(who, Span::ZERO, Duty::Renew);
            }
            None => self.end_term(who, "another daemon leads", Span::ZERO),
        }
    }

    /// The term is over: the conductor goes, and everything that was to be done under it.
    /// It asks for the lease again after `pause`.
    pub(super) fn end_term(&mut self, who: Place, why: &str, pause: Span) {
        let Some(process) = self.process_mut(who) else {
            return;
        };
        process.office = Office::Follower;
        process.watch = crate::lease::Watch::default();
        process.asked += 1;
        let unsent = process.life.take().map_or(0, |life| life.unsent);
        let called = self.called(who);
        let fenced = match unsent {
            0 => String::new(),
            1 => "; a call that was signed is not sent".to_owned(),
            calls => format!("; {calls} calls that were signed are not sent"),
        };
        if unsent > 0 {
            self.reached.note(Milestone::StaleLeaderFenced);
        }
        self.say("daemon", format!("{called} leads no more: {why}{fenced}"));
        self.duty_in(who, pause, Duty::Look);
    }

    /// A store that lets nobody work for a whole lease is told to people: until then nothing was
    /// missed by it, a leader's lease would still stand. It works when a renewal is taken, or when
    /// another daemon's is seen; that a single call is answered proves nothing.
    fn note_store(&mut self, who: Place, call: &Call, answer: &Answer) {
        let Some(process) = self.process_mut(who) else {
            return;
        };
        let works = match (call, answer) {
            (Call::Renew { .. }, Answer::Done) => true,
            (Call::Look, Answer::Row(Some(row))) => {
                let before = process.seen.replace((row.epoch, row.version));
                before.is_some_and(|(epoch, version)| epoch == row.epoch && version < row.version)
            }
            _ => false,
        };
        if works {
            process.stuck_since = None;
            process.trouble.works();
        } else if matches!(answer, Answer::Silence) || process.stuck_since.is_some() {
            self.stuck(who);
        }
    }

    /// The store did not let this daemon work.
    pub(super) fn stuck(&mut self, who: Place) {
        let (now, local) = (self.world.now, self.local(who));
        let Some(process) = self.process_mut(who) else {
            return;
        };
        let since = *process.stuck_since.get_or_insert(now);
        if now - since < Terms::default().lease {
            return;
        }
        let page = local.and_then(|local| process.trouble.refused(local, 0, "no answer"));
        self.ever_held = true;
        self.reached.note(Milestone::HeldByLedger);
        if let Some(page) = page {
            self.page_by_itself(who, page);
        }
    }

    /// Asked to stop: what is under way ends first, then the lease is given up.
    pub(super) fn stop(&mut self, who: Place) {
        let now = self.world.now;
        let called = self.called(who);
        let Some(process) = self.process_mut(who) else {
            return;
        };
        process.stopping_since = Some(now);
        self.say("daemon", format!("{called} is asked to stop"));
        self.duty_in(who, Span::ZERO, Duty::Stop);
    }

    fn wind_down(&mut self, who: Place) {
        let now = self.world.now;
        let Some(process) = self.process(who) else {
            return;
        };
        let waited = process
            .stopping_since
            .map_or(Span::ZERO, |since| now - since);
        let under_way = process.life.as_ref().is_some_and(|life| life.under_way > 0);
        if under_way && waited < STOP_MAX {
            self.duty_in(who, AGAIN, Duty::Stop);
            return;
        }
        let Office::Leader(term) = &process.office else {
            self.gone(who);
            return;
        };
        let (found, next) = (term.row.clone(), term.row.given_up());
        if let Some(process) = self.process_mut(who) {
            process.office = Office::Follower;
            process.life = None;
        }
        self.reached.note(Milestone::HandedOver);
        self.ask(who, Call::GiveUp { found, next });
    }

    fn gone(&mut self, who: Place) {
        let called = self.called(who);
        self.daemons[who.index()].process = None;
        self.say("daemon", format!("{called} has stopped"));
    }

    /// After how long without a leader somebody who could lead must: the lease and its margin, a
    /// poll, and three calls that are each given up once.
    pub(super) fn takeover_bound() -> Span {
        let terms = Terms::default();
        takeover_after(terms.lease) + terms.renew + (terms.attempt() + AGAIN).times(3)
    }
}

fn written(result: Result<(), Option<Row>>) -> Answer {
    match result {
        Ok(()) => Answer::Done,
        Err(row) => Answer::Refused(row),
    }
}
