//! Whether this daemon may act: alone by configuration, or by a lease that it watches, takes,
//! renews and gives up through calls that may be slow, lost or refused.
//!
//! The arithmetic is `lease`'s. Deliberately absent: what a leader does with its term, and any
//! clock: moments are times since this host's boot, which go on in suspend.

use super::lease::{Claim, Row, Term, Terms, Watch};
use super::open_call::OpenCall;
use super::port::{StoreAnswer, StoreCall};
use drd_state_machine::time::Span;

/// After a call that failed: three such pauses and attempts of 2 s fit into a lease of 15 s.
pub(super) const AGAIN: Span = Span::secs(1);

/// Who may act.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Alone by configuration: no lease, it always may.
    Alone,
    /// Waits for its turn.
    Follower(Watch),
    /// Has the lease, and reads the ledger.
    Elected(Term),
    /// May act while its term holds.
    Leader(Term),
}

/// What is done next about the lease, or before a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Duty {
    /// Read the row; a daemon that is alone reads the ledger.
    Look,
    Renew,
    GiveUp,
}

/// What came of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing that others have to know.
    None,
    /// The ledger was read: the term begins.
    Begins {
        /// What the ledger folds to.
        record: Option<Box<drd_state_machine::Record>>,
        /// The number of its newest line.
        sequence: u64,
    },
    /// The lease was renewed, or one of its own renewals adopted.
    Renewed {
        /// Adopted: its answer had been lost.
        adopted: bool,
    },
    /// The term is over.
    Over(&'static str),
    /// The lease came too late.
    TooLate,
    /// The lease is given up.
    GivenUp,
}

/// The lease's own state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Leadership {
    pub(super) role: Role,
    terms: Terms,
    due: Option<(Span, Duty)>,
    /// The newest call and when it left; answers to older ones change nothing.
    calls: u64,
    asked: Option<OpenCall>,
    /// The row as it was last seen.
    seen: Option<Row>,
    /// Since when the store has not let this daemon work.
    stuck_since: Option<Span>,
    /// Since when no line of this daemon's is known to be durable. Neither a renewal nor a reading
    /// shows that lines are taken: only a line does, or another daemon's lease.
    lines_in_doubt_since: Option<Span>,
}

impl Leadership {
    /// Alone (`None`), or one of several that keep a lease under these terms.
    pub(super) fn new(terms: Option<Terms>, now: Span) -> Leadership {
        Leadership {
            role: match terms {
                Some(_) => Role::Follower(Watch::default()),
                None => Role::Alone,
            },
            terms: terms.unwrap_or_default(),
            due: Some((now, Duty::Look)),
            calls: 0,
            asked: None,
            seen: None,
            stuck_since: None,
            lines_in_doubt_since: None,
        }
    }

    /// Whether this daemon may act, as far as it can know.
    pub(super) fn holds(&self, now: Span) -> bool {
        match &self.role {
            Role::Alone => true,
            Role::Leader(term) => term.holds(now),
            Role::Follower(_) | Role::Elected(_) => false,
        }
    }

    /// The term whose lease this daemon has.
    pub(super) fn term(&self) -> Option<&Term> {
        match &self.role {
            Role::Leader(term) | Role::Elected(term) => Some(term),
            Role::Alone | Role::Follower(_) => None,
        }
    }

    /// The lease's row, as far as this daemon knows it.
    pub(super) fn row(&self) -> Option<&Row> {
        self.term().map(|term| &term.row).or(self.seen.as_ref())
    }

    /// Whether the lease ended without another reason.
    pub(super) fn ran_out(&self, now: Span) -> bool {
        matches!(&self.role, Role::Leader(term) if !term.holds(now))
    }

    /// The term is over: the lease, or the ledger, is looked at again after `pause`.
    pub(super) fn begin_anew(&mut self, now: Span, pause: Span) {
        if !matches!(self.role, Role::Alone) {
            self.role = Role::Follower(Watch::default());
        }
        self.asked = None;
        self.due = Some((now + pause, Duty::Look));
    }

    /// The lease is given up next; nothing else is asked any more.
    pub(super) fn give_up(&mut self, now: Span) {
        self.asked = None;
        self.due = self.term().is_some().then_some((now, Duty::GiveUp));
    }

    /// Whether there is a lease to be given up, or the answer to that is awaited.
    pub(super) fn is_giving_up(&self) -> bool {
        self.due.is_some() || self.asked.is_some()
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Option<Span> {
        let end = match &self.role {
            Role::Leader(term) => Some(term.until()),
            Role::Alone | Role::Follower(_) | Role::Elected(_) => None,
        };
        let due = self.due.map(|(at, _)| at);
        let hangs = self.asked.as_ref().map(|asked| asked.checked_at);
        [due, end, hangs].into_iter().flatten().min()
    }

    /// The call that is due.
    pub(super) fn due(&mut self, now: Span) -> Option<(u64, StoreCall)> {
        let (at, duty) = self.due?;
        if at > now {
            return None;
        }
        self.due = None;
        let call = match (duty, &self.role) {
            (Duty::Look, Role::Alone) => StoreCall::ReadLedger,
            (Duty::Look, Role::Follower(_)) => StoreCall::ReadLease,
            (Duty::Renew, Role::Leader(term)) => StoreCall::WriteLease {
                found: Some(term.row.clone()),
                next: term.row.renewed(),
            },
            (Duty::GiveUp, Role::Leader(term) | Role::Elected(term)) => StoreCall::WriteLease {
                found: Some(term.row.clone()),
                next: term.row.given_up(),
            },
            (Duty::Look, Role::Elected(_) | Role::Leader(_)) | (Duty::Renew | Duty::GiveUp, _) => {
                return None;
            }
        };
        Some(self.ask(now, call))
    }

    fn ask(&mut self, now: Span, call: StoreCall) -> (u64, StoreCall) {
        self.calls += 1;
        self.asked = Some(OpenCall::sent(self.calls, call.clone(), now));
        (self.calls, call)
    }

    /// Whether a call hangs.
    pub(super) fn hangs(&mut self, now: Span) -> bool {
        let Some(asked) = &mut self.asked else {
            return false;
        };
        let hangs = asked.hangs(now);
        if hangs {
            self.stuck_since.get_or_insert(asked.sent_at);
        }
        hangs
    }

    /// An answer arrived. A further call may follow at once.
    pub(super) fn answered(
        &mut self,
        now: Span,
        me: &str,
        call: u64,
        answer: StoreAnswer,
    ) -> (Turn, Option<(u64, StoreCall)>) {
        let Some(answered) = self.asked.take_if(|asked| asked.number == call) else {
            return (Turn::None, None);
        };
        let (sent_at, asked) = (answered.sent_at, answered.call);
        self.note_store(now, &asked, &answer);
        match (asked, answer) {
            (StoreCall::ReadLease, StoreAnswer::Lease(row)) => {
                (Turn::None, self.judge(now, me, row))
            }
            (StoreCall::ReadLedger, StoreAnswer::Ledger { record, sequence }) => {
                (self.read(now, record, sequence), None)
            }
            (StoreCall::WriteLease { next, .. }, answer) => {
                self.written(now, me, next, sent_at, answer)
            }
            (StoreCall::ReadLease | StoreCall::ReadLedger, _) => {
                if matches!(self.role, Role::Elected(_)) {
                    self.role = Role::Follower(Watch::default());
                }
                self.due = Some((now + AGAIN, Duty::Look));
                (Turn::None, None)
            }
        }
    }

    fn judge(&mut self, now: Span, me: &str, row: Option<Row>) -> Option<(u64, StoreCall)> {
        let Role::Follower(watch) = &mut self.role else {
            return None;
        };
        match watch.look(row.as_ref(), me, now) {
            Claim::Take => {
                let next = Row::taken(row.as_ref(), me, self.terms.lease);
                Some(self.ask(now, StoreCall::WriteLease { found: row, next }))
            }
            Claim::Wait(wait) => {
                self.due = Some((now + wait.min(self.terms.renew), Duty::Look));
                None
            }
        }
    }

    fn written(
        &mut self,
        now: Span,
        me: &str,
        next: Row,
        sent_at: Span,
        answer: StoreAnswer,
    ) -> (Turn, Option<(u64, StoreCall)>) {
        if next.released {
            return (Turn::GivenUp, None);
        }
        match (&mut self.role, answer) {
            (Role::Follower(_), StoreAnswer::Written) => self.elected(now, next, sent_at),
            (Role::Follower(_) | Role::Elected(_), _) => {
                self.due = Some((now + AGAIN, Duty::Look));
                (Turn::None, None)
            }
            (Role::Leader(term), StoreAnswer::Written) => {
                term.renewed(next, sent_at);
                let due = sent_at + self.terms.renew;
                self.due = Some((due.max(now), Duty::Renew));
                (Turn::Renewed { adopted: false }, None)
            }
            (Role::Leader(term), StoreAnswer::Refused(row)) => {
                let mine = |r: &Row| r.owner == me && r.fencing_token == term.row.fencing_token;
                let Some(mine) = row.filter(mine) else {
                    return (Turn::Over("another daemon leads"), None);
                };
                // Counted from before: when that renewal was sent is not known any more.
                let sent_at = term.sent_at;
                term.renewed(mine, sent_at);
                self.due = Some((now, Duty::Renew));
                (Turn::Renewed { adopted: true }, None)
            }
            (Role::Leader(_), _) => {
                self.due = Some((now + AGAIN, Duty::Renew));
                (Turn::None, None)
            }
            (Role::Alone, _) => (Turn::None, None),
        }
    }

    /// A lease that was just taken: everything that is durable is read under it.
    fn elected(&mut self, now: Span, row: Row, sent_at: Span) -> (Turn, Option<(u64, StoreCall)>) {
        let term = Term { row, sent_at };
        if !term.holds(now) {
            // The answer came when the lease was over: nothing may be begun on it.
            self.due = Some((now, Duty::Look));
            return (Turn::TooLate, None);
        }
        self.role = Role::Elected(term);
        (Turn::None, Some(self.ask(now, StoreCall::ReadLedger)))
    }

    fn read(
        &mut self,
        now: Span,
        record: Option<Box<drd_state_machine::Record>>,
        sequence: u64,
    ) -> Turn {
        match &self.role {
            Role::Alone => {}
            Role::Elected(term) if term.holds(now) => {
                let term = term.clone();
                self.due = Some(((term.sent_at + self.terms.renew).max(now), Duty::Renew));
                self.role = Role::Leader(term);
            }
            Role::Elected(_) => {
                self.begin_anew(now, Span::ZERO);
                return Turn::TooLate;
            }
            Role::Follower(_) | Role::Leader(_) => return Turn::None,
        }
        Turn::Begins { record, sequence }
    }

    /// Whether the store lets this daemon work: a renewal is taken, another daemon's renewal is
    /// seen, or the ledger of a daemon alone is read. A single call that is answered shows nothing.
    fn note_store(&mut self, now: Span, asked: &StoreCall, answer: &StoreAnswer) {
        let works = match (asked, answer) {
            (StoreCall::WriteLease { .. }, StoreAnswer::Written) => {
                matches!(self.role, Role::Leader(_))
            }
            (StoreCall::ReadLease, StoreAnswer::Lease(Some(row))) => {
                let before = self.seen.replace(row.clone());
                before.is_some_and(|before| {
                    before.fencing_token == row.fencing_token && before.version < row.version
                })
            }
            (StoreCall::ReadLedger, StoreAnswer::Ledger { .. }) => matches!(self.role, Role::Alone),
            _ => false,
        };
        if works {
            self.stuck_since = None;
            if matches!(self.role, Role::Follower(_)) {
                self.lines_in_doubt_since = None;
            }
        } else if matches!(answer, StoreAnswer::Unanswered(_)) {
            self.stuck_since.get_or_insert(now);
        }
    }

    /// Nobody knows whether the newest lines are durable.
    pub(super) fn lines_in_doubt(&mut self, now: Span) {
        self.lines_in_doubt_since.get_or_insert(now);
    }

    /// A line is durable.
    pub(super) fn line_taken(&mut self) {
        self.lines_in_doubt_since = None;
    }

    /// Whether the store has let nobody work for so long that people must know: a whole lease,
    /// until which a leader's would still be in force; for a daemon that is alone at once.
    pub(super) fn is_stuck(&self, now: Span) -> bool {
        let patience = match self.role {
            Role::Alone => Span::ZERO,
            Role::Follower(_) | Role::Elected(_) | Role::Leader(_) => self.terms.lease,
        };
        let since = [self.stuck_since, self.lines_in_doubt_since];
        let first = since.into_iter().flatten().min();
        first.is_some_and(|since| now - since >= patience)
    }

    /// Whether it is known to work.
    pub(super) fn is_well(&self) -> bool {
        self.stuck_since.is_none() && self.lines_in_doubt_since.is_none()
    }
}
