//! A lease's life in a rehearsal: the shipped arithmetic of `crate::lease`, on each daemon's own
//! boot clock, through requests that may be slow, lost, late or refused.
//!
//! Deliberately absent: what a leader does with its term (`life`).

mod letters;

pub(in crate::lab) use letters::Letter;
use letters::{Answer, Call};

use super::daemon::{Office, Place};
use super::reached::Milestone;
use super::rehearsal::{Happening, Rehearsal};
use crate::lease::{Claim, Row, Term, Terms, takeover_after};
use drd_state_machine::time::Span;

/// How soon a call to the store that failed is made again.
pub(super) const AGAIN: Span = Span::secs(1);
/// A graceful stop waits for outcomes this long, as the daemon's does.
const STOP_MAX: Span = Span::secs(20);

/// What a process of a pair does next.
#[derive(Clone, Debug)]
pub(in crate::lab) enum Duty {
    Look,
    Renew,
    /// The lease ends, unless it was renewed.
    Over,
    Stop,
    Answered(Box<Letter>, Answer),
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
            Duty::Answered(letter, answer) => self.answered(who, *letter, answer),
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
