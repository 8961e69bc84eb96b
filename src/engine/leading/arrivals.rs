//! What arrives in a term: readings, messages, orders, ends of attempts, each on its way to the
//! machine.
//!
//! Deliberately absent: what is asked for, and what becomes durable (`leading`).

use super::{Appending, Leading, reply};
use crate::engine::conductor::{EventLetter, EventOrigin};
use crate::engine::environment::Environment;
use crate::engine::incoming::{Incoming, incoming};
use crate::engine::port::{Action, Message, Notice, Order, OrderReply};
use drd_state_machine::event::{Check, Completion, Event, LagSample, Signal, Vantage, Verdict};
use drd_state_machine::time::{Span, Time};
use std::sync::Arc;

impl Leading {
    /// A reading of drd's own, or time.
    pub(in crate::engine) fn own(&mut self, event: Event) {
        if matches!(self.appending, Appending::Refused(_)) {
            return;
        }
        let origin = EventOrigin::Own;
        self.inbox.push(EventLetter { event, origin });
    }

    /// The lag was read; `None`: it could not be. Gives the samples that are new.
    pub(in crate::engine) fn lag_read(
        &mut self,
        samples: Option<Vec<LagSample>>,
    ) -> Vec<LagSample> {
        if matches!(self.appending, Appending::Refused(_)) {
            self.polling.forget_lag();
            return Vec::new();
        }
        let new = self.polling.lag_read(samples.unwrap_or_default());
        for sample in &new {
            self.own(Event::LagRead(*sample));
        }
        new
    }

    /// The readiness checks ended. The ledger's own check is here: a daemon that can write this down
    /// has a ledger that works.
    pub(in crate::engine) fn checked(&mut self, mut checks: Vec<Check>) {
        self.polling.checked();
        checks.push(Check {
            name: Arc::from("ledger"),
            verdict: Verdict::Healthy,
            detail: Arc::from("the newest append"),
            gates: true,
        });
        self.own(Event::Checked { checks });
    }

    /// An attempt ended.
    pub(in crate::engine) fn finished(&mut self, done: Completion) {
        self.performing = self.performing.saturating_sub(1);
        self.urgent(done);
    }

    pub(super) fn urgent(&mut self, done: Completion) {
        self.inbox.push_urgent(EventLetter {
            event: Event::Finished(done),
            origin: EventOrigin::Own,
        });
    }

    /// An operator's command.
    pub(in crate::engine) fn ordered(&mut self, order: &Order, out: &mut Vec<Action>) {
        let refused = if !self.live || self.stopping {
            Some(OrderReply::NotLeading)
        } else if matches!(self.appending, Appending::Refused(_)) {
            Some(OrderReply::LedgerRefused)
        } else if !self.inbox.takes_orders() {
            Some(OrderReply::Busy)
        } else {
            None
        };
        let origin = EventOrigin::Operator { id: order.id };
        match refused {
            Some(why) => reply(out, &origin, why),
            None => self.inbox.push(EventLetter {
                event: Event::Ordered {
                    word: order.word,
                    lasts: order.lasts,
                    by: Some(Arc::new(order.by.clone())),
                },
                origin,
            }),
        }
    }

    /// A sensor was read. What the witness stored is dated by AWS's clock, every other reading by this host's.
    pub(in crate::engine) fn sensed(&mut self, vantage: Vantage, mut signal: Signal) {
        if vantage == Vantage::Witness {
            let ahead = self.conductor.record().facts.clock_error;
            signal.observed_at = signal.observed_at - ahead;
            signal.good_at = signal.good_at.map(|at| at - ahead);
        }
        self.own(Event::Signalled(signal));
    }

    /// A receive ended.
    pub(in crate::engine) fn received(
        &mut self,
        env: &Environment,
        messages: Option<Vec<Message>>,
        (now, local): (Span, Time),
        out: &mut Vec<Action>,
    ) {
        let count = messages.as_ref().map(Vec::len);
        self.polling.received(count, now);
        let early = !self.knows_the_clock();
        self.read_messages(
            env,
            messages.into_iter().flatten(),
            early,
            (now, local),
            out,
        );
    }

    /// Whether a heartbeat has come back to this daemon: how wrong the host's clock is is known from then on.
    fn knows_the_clock(&self) -> bool {
        let facts = &self.conductor.record().facts;
        facts.heartbeat_at.is_some_and(|at| at >= facts.started_at)
    }

    /// What looked old before the clock was known is read again once it is, or has waited long enough.
    pub(super) fn take_early(
        &mut self,
        env: &Environment,
        moment: (Span, Time),
        out: &mut Vec<Action>,
    ) {
        if let Some(messages) = self.early.take(moment.0, self.knows_the_clock()) {
            self.read_messages(env, messages, false, moment, out);
        }
    }

    fn read_messages(
        &mut self,
        env: &Environment,
        messages: impl IntoIterator<Item = Message>,
        early: bool,
        (now, local): (Span, Time),
        out: &mut Vec<Action>,
    ) {
        let mut settled = Vec::new();
        // Ages are judged by AWS's clock, as far as it is known: a host that is minutes ahead discards nothing.
        let dated = local + self.conductor.record().facts.clock_error;
        for message in messages {
            let Some(message) = self.early.kept(env, message, dated, early, now) else {
                continue;
            };
            match incoming(env, &mut self.polling, message, dated) {
                Incoming::Letter(letter) => self.inbox.push(letter),
                Incoming::Settled(receipt, notice) => {
                    settled.push(receipt);
                    out.extend(notice.map(Action::Notice));
                }
                Incoming::Hint(receipt, hint) => {
                    self.polling.look_soon(now);
                    settled.push(receipt);
                    out.push(Action::Notice(Notice::Hinted(hint)));
                }
                Incoming::Left(notice) => out.extend(notice.map(Action::Notice)),
            }
        }
        if !settled.is_empty() {
            out.push(Action::Delete(settled));
        }
    }
}
