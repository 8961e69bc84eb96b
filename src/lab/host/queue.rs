//! Hosts and the queue: long polls that wait for messages, deliveries, deletions, with the judge's
//! own count of each.
//!
//! Deliberately absent: the queue's rules (`message_queue`), who sends (`sensors`), what a message
//! means (`crate::intake`).

use crate::engine::port::{Answer, Input, Message, Receipt};
use crate::intake::{Parsed, parse};
use crate::lab::install::Install;
use crate::lab::message_queue::{LONG_POLL, VISIBLE_AFTER};
use crate::lab::sensors::SentMessage;
use crate::lab::simulation::{Happening, Receiver, Simulation};
use crate::lab::timing::CALL_TIMEOUT;
use drd_state_machine::event::{Side, Verdict};
use drd_state_machine::reading::Noted;
use drd_state_machine::time::{Span, Time};
use std::sync::Arc;

impl Simulation<'_> {
    /// A receive begins: it waits for a message, as long polling does.
    pub(super) fn wait_for_messages(&mut self, who: Install, term: u64) {
        let Some(process) = self.process(who) else {
            return;
        };
        let incarnation = process.incarnation;
        let throttled = self.world.faults.throttle_rate("sqs");
        let throttled = throttled > 0.0 && self.look_chance.happens(throttled);
        if !self.reaches_queue(who) || throttled {
            let answer = Answer::Received(None);
            self.give_in(who, CALL_TIMEOUT, Input::Answered { term, answer });
            return;
        }
        let until = self.world.now + LONG_POLL;
        self.queue.receivers.push(Receiver {
            incarnation,
            term,
            until,
        });
        self.after(LONG_POLL, Happening::PollEnds(incarnation));
        self.hand_out();
    }

    fn reaches_queue(&self, who: Install) -> bool {
        self.world
            .faults
            .reads(who, Side::Standby, "sqs", "ReceiveMessage")
    }

    /// Long polls that found nothing end.
    pub(in crate::lab) fn polls_end(&mut self, incarnation: u64) {
        let now = self.world.now;
        let over = |r: &Receiver| r.incarnation == incarnation && r.until <= now;
        let ended: Vec<Receiver> = self.queue.receivers.extract_if(.., |r| over(r)).collect();
        let Some(who) = self.which(incarnation) else {
            return;
        };
        for Receiver { term, .. } in ended {
            let answer = Answer::Received(Some(Vec::new()));
            self.give_in(who, Span::ZERO, Input::Answered { term, answer });
        }
    }

    /// Hosts that wait for messages are given some.
    pub(in crate::lab) fn hand_out(&mut self) {
        while self.queue.messages.has_visible() {
            let next = self.queue.receivers.iter().position(|receiver| {
                self.which(receiver.incarnation)
                    .is_some_and(|who| self.reaches_queue(who))
            });
            let Some(place) = next else { return };
            let Receiver {
                incarnation, term, ..
            } = self.queue.receivers.remove(place);
            let messages = self.take_batch();
            if let Some(who) = self.which(incarnation) {
                self.asked(who).received = self.world.now;
                let answer = Answer::Received(Some(messages));
                self.give_in(who, Span::ZERO, Input::Answered { term, answer });
            }
        }
    }

    fn take_batch(&mut self) -> Vec<Message> {
        let batch = self.queue.messages.take_batch(self.world.now);
        batch.iter().for_each(|_| self.judge.handed_out());
        self.after(VISIBLE_AFTER, Happening::Redeliver);
        batch
    }

    /// What was received and not deleted becomes visible again, or goes to the dead letters.
    pub(in crate::lab) fn redeliver(&mut self) {
        let overdue = self.queue.messages.return_overdue(self.world.now);
        self.dead_letters += overdue.dead;
        (0..overdue.dead).for_each(|_| self.judge.settled());
        self.judge.returned(overdue.returned);
        self.hand_out();
    }

    /// What AWS's clock shows, as far as it knows.
    pub(super) fn dated(&self, who: Install) -> Time {
        let record = self
            .process(who)
            .and_then(|process| process.engine.record());
        let error = record.map_or(Span::ZERO, |record| record.facts.clock_error);
        self.local(who) + error
    }

    /// Messages reach a daemon: what their sensors reported, for the judge's own book.
    pub(super) fn judge_received(&mut self, who: Install, messages: &[Message]) {
        let dated = self.dated(who);
        for message in messages {
            let received = self.queue.messages.delivered(&message.receipt);
            let Some(report) = received.and_then(|message| message.reports.as_ref()) else {
                continue;
            };
            let sensors = &self.setup.sensors;
            let spec = sensors.iter().find(|s| s.name == report.sensor);
            let parsed = parse(&message.body, &self.known, dated);
            if let (Some(spec), Parsed::Signal(_)) = (spec, parsed) {
                self.judge
                    .received(report.looked, &spec.name, spec, report.verdict);
            }
        }
    }

    /// The machine took a message in: what it made of it is durable, or needs no line.
    pub(super) fn taken(&mut self, id: &Arc<str>, noted: Noted) {
        if id.is_empty() {
            return;
        }
        let now = self.world.now;
        let received = self.queue.messages.in_flight();
        let reports = received.filter_map(|message| message.reports.as_ref());
        let report = reports.filter(|report| report.id == *id).last().cloned();
        if let Some(report) = report {
            let healthy = report.verdict == Verdict::Healthy;
            let newest = self
                .queue
                .durable
                .entry((report.sensor, healthy))
                .or_insert(report.looked);
            *newest = (*newest).max(report.looked);
        }
        let accepted = matches!(noted, Noted::Changed | Noted::Refreshed);
        self.judge.took(now, id, accepted);
        self.queue.taken.push((id.clone(), noted));
    }

    /// Messages are deleted: what they reported must be durable by now.
    pub(super) fn delete(&mut self, receipts: &[Receipt]) {
        let now = self.world.now;
        let taken = std::mem::take(&mut self.queue.taken);
        for receipt in receipts {
            let Some(message) = self.queue.messages.delete(receipt) else {
                continue;
            };
            let Some(report) = &message.reports else {
                self.judge.settled();
                continue;
            };
            let noted = taken.iter().find(|(id, _)| *id == report.id);
            let noted = match noted {
                Some((_, noted)) => Some(*noted),
                None => self.needs_no_line(&message).then_some(Noted::Late),
            };
            let entries = &self.store.entries;
            self.judge.deleted(now, &report.id, noted, entries);
        }
    }

    /// A reading that a newer one of the same sensor supersedes, or that no daemon would take in.
    fn needs_no_line(&self, message: &SentMessage) -> bool {
        let Some(report) = &message.reports else {
            return true;
        };
        let healthy = report.verdict == Verdict::Healthy;
        let newest = self.queue.durable.get(&(report.sensor.clone(), healthy));
        let superseded = newest.is_some_and(|at| *at >= report.looked);
        let dated = Install::BOTH.map(|who| self.dated(who));
        let signal = |at| matches!(parse(&message.body, &self.known, at), Parsed::Signal(_));
        superseded || !dated.into_iter().all(signal)
    }
}
