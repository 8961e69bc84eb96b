//! Decide, make durable, count: in two steps. `propose` decides and gives the lines that must be
//! durable first; `commit` releases what was decided, `withdraw` leaves the machine as it was.
//!
//! Several events may be proposed before one append: their lines become durable together.
//! Deliberately absent: I/O, clocks, and performing. What is not committed is not released.

use crate::ledger::Entry;
use crate::metrics::Metrics;
use drd_state_machine::event::{Completion, Event, Verdict};
use drd_state_machine::evidence::Evidence;
use drd_state_machine::host_clock::HostClock;
use drd_state_machine::reading::Noted;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Decision, Record, Setup, step};
use std::sync::Arc;

/// After so many lines the whole record is written once more, so that a start need not read
/// everything that ever happened: 500 lines are about 1 MiB, one page of a query.
const KEEP_EVERY: usize = 500;
/// While an episode runs an unchanged reading is worth a line at most this often: after a crash
/// the next daemon finds readings that are this fresh, and a fast pace does not flood the disk.
const UNCHANGED_EVERY: Span = Span::secs(1);

/// Whose event it was, and so what follows once it is durable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum EventOrigin {
    /// drd's own reading, or time.
    Own,
    /// A term's first event.
    Start,
    /// Messages of the queue, to be deleted; the newest one's id.
    Queue {
        /// Their handles: several where one superseded others.
        receipts: Vec<super::port::Receipt>,
        /// The id that the ledger knows; empty where the event has none.
        id: Arc<str>,
    },
    /// An operator's, to be answered.
    Operator {
        /// The order.
        id: u64,
    },
}

/// One event and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct EventLetter {
    pub(super) event: Event,
    pub(super) origin: EventOrigin,
}

/// A decision whose lines may still be on their way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Proposed {
    pub(super) decision: Decision,
    pub(super) origin: EventOrigin,
    /// The end of an attempt, kept in case the ledger refuses: it is not reported again.
    completion: Option<Completion>,
    before: Arc<Record>,
    now: Time,
    /// When it was decided, since boot.
    pub(super) at: Span,
}

/// What a term remembers, and what of it is not durable yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Conductor {
    record: Record,
    proposed: Vec<Proposed>,
    lines_since_kept: usize,
    /// When each source last had a line although nothing changed.
    unchanged_at: Vec<(Arc<str>, Time)>,
}

/// The line with which a term begins, and by which a ledger that refused is tried again.
pub(super) fn opening(setup: &Arc<Setup>, record: &Record, now: Time) -> Entry {
    Entry::Opened {
        now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        setup: setup.clone(),
        record: Some(Arc::new(record.clone())),
    }
}

impl Conductor {
    /// On what the ledger folds to, or from nothing. Its opening line is still to be written.
    pub(super) fn on(
        record: Option<Record>,
        setup: &Setup,
        host: Option<HostClock>,
        now: Time,
    ) -> Conductor {
        let mut record = record.unwrap_or_else(|| Record::new(setup, now));
        record.continue_on(host);
        Conductor {
            record,
            proposed: Vec::new(),
            lines_since_kept: 0,
            unchanged_at: Vec::new(),
        }
    }

    /// The record that is durable.
    pub(super) fn record(&self) -> &Record {
        self.proposed
            .first()
            .map_or(&self.record, |first| &first.before)
    }

    /// Whether anything waits for its lines.
    pub(super) fn waits(&self) -> bool {
        !self.proposed.is_empty()
    }

    /// Whose events wait for their lines, oldest first.
    pub(super) fn origins(&self) -> impl Iterator<Item = &EventOrigin> {
        self.proposed.iter().map(|one| &one.origin)
    }

    /// Whether the newest proposal has commands: they should not wait for more to join it.
    pub(super) fn wants_to_act(&self) -> bool {
        let newest = self.proposed.last();
        newest.is_some_and(|proposed| !proposed.decision.commands.is_empty())
    }

    /// Decides on one event; adds the lines that must be durable before it counts.
    pub(super) fn propose(
        &mut self,
        setup: &Arc<Setup>,
        (at, now): (Span, Time),
        letter: EventLetter,
        lines: &mut Vec<Entry>,
    ) {
        let before = Arc::new(self.record.clone());
        let EventLetter { event, origin } = letter;
        let decision = step(&mut self.record, setup, now, &event);
        let completion = if let Event::Finished(done) = &event {
            Some(done.clone())
        } else {
            None
        };
        if let Some(line) = self.line(now, event, &before, &decision) {
            if self.lines_since_kept + lines.len() >= KEEP_EVERY {
                lines.push(opening(setup, &before, now));
                self.lines_since_kept = 0;
            }
            lines.push(line);
        }
        self.proposed.push(Proposed {
            decision,
            origin,
            completion,
            before,
            now,
            at,
        });
    }

    fn line(
        &mut self,
        now: Time,
        event: Event,
        before: &Arc<Record>,
        decision: &Decision,
    ) -> Option<Entry> {
        if decision.matters {
            let (decision, before) = (decision.clone(), before.clone());
            return Some(Entry::Decided {
                now,
                event,
                decision,
                before,
            });
        }
        let changed = self.is_change(&event, before, decision);
        let unchanged = !changed && self.is_worth_repeating(now, &event);
        (changed || unchanged).then_some(Entry::Noted { now, event })
    }

    /// While an episode runs, so that what a next daemon reads is as fresh as what this one has.
    fn is_worth_repeating(&mut self, now: Time, event: &Event) -> bool {
        let episode = self.record.facts.evidence.first_bad_at.is_some();
        let Some(source) = source(event).filter(|_| episode) else {
            return false;
        };
        let known = self.unchanged_at.iter_mut().find(|(s, _)| *s == source);
        match known {
            Some((_, at)) if now >= *at && now - *at < UNCHANGED_EVERY => false,
            Some((_, at)) => {
                *at = now;
                true
            }
            None => {
                self.unchanged_at.push((source, now));
                true
            }
        }
    }

    /// Whether an event without consequence is worth a line at any time: what was pushed is kept
    /// before its message is deleted, our own readings when they differ from what is remembered.
    fn is_change(&self, event: &Event, before: &Record, decision: &Decision) -> bool {
        let accepted = matches!(decision.noted, Noted::Changed | Noted::Refreshed);
        // Whatever kind of event showed it, the fold must know it.
        let (was, is) = (&before.facts.evidence, &self.record.facts.evidence);
        if was.unpushed_at != is.unpushed_at {
            return true;
        }
        match event {
            Event::Signalled(signal) if !signal.id.is_empty() => accepted,
            Event::Signalled(_) | Event::Sampled(_) | Event::LagRead(_) => {
                decision.noted == Noted::Changed
            }
            Event::Observed(_) => seen(&before.facts.evidence) != seen(&self.record.facts.evidence),
            Event::Checked { .. } => {
                before.facts.readiness.checks != self.record.facts.readiness.checks
            }
            // While something is suspected it shows that a sample would have come.
            Event::HeartbeatReturned { .. } => {
                before.facts.clock_error != self.record.facts.clock_error
                    || self.record.facts.evidence.first_bad_at.is_some()
            }
            Event::Finished(_) | Event::Ordered { .. } | Event::Started => true,
            Event::Tick => false,
        }
    }

    /// The lines are durable: what was decided counts, in order. Gives what follows from it.
    pub(super) fn commit(
        &mut self,
        lines: usize,
        metrics: &Metrics,
        setup: &Setup,
    ) -> Vec<Proposed> {
        self.lines_since_kept += lines;
        let proposed = std::mem::take(&mut self.proposed);
        for (place, one) in proposed.iter().enumerate() {
            let after = proposed
                .get(place + 1)
                .map_or(&self.record, |next| &next.before);
            metrics.decided(&one.before, after, &one.decision, one.now, setup);
        }
        proposed
    }

    /// The ledger refused: the machine is as it was. Gives what waited: messages are to be left in
    /// the queue, orders to be answered, ends of attempts to be taken in again.
    pub(super) fn withdraw(&mut self) -> Vec<Proposed> {
        let proposed = std::mem::take(&mut self.proposed);
        if let Some(first) = proposed.first() {
            self.record = first.before.as_ref().clone();
        }
        proposed
    }
}

impl Proposed {
    /// The end of an attempt that it was about, to be taken in again.
    pub(super) fn into_completion(self) -> Option<Completion> {
        self.completion
    }
}

/// What of a look is remembered, without its moment.
fn seen(evidence: &Evidence) -> impl PartialEq {
    (
        evidence.references.is,
        evidence.global.map(|part| part.is),
        evidence.sides.map(|side| side.map(|part| part.is)),
        evidence.dns.map(|part| part.is),
    )
}

/// Whose reading it is, where it is one of drd's own, which comes again by itself: a sensor's, or
/// a look at one of the sides.
fn source(event: &Event) -> Option<Arc<str>> {
    match event {
        Event::Signalled(signal) => signal.id.is_empty().then(|| signal.sensor.clone()),
        Event::Observed(seen) => {
            let look = if seen.references == Verdict::Unknown {
                "the active side"
            } else {
                "around"
            };
            Some(Arc::from(look))
        }
        Event::Sampled(_)
        | Event::LagRead(_)
        | Event::Checked { .. }
        | Event::HeartbeatReturned { .. }
        | Event::Finished(_)
        | Event::Ordered { .. }
        | Event::Started
        | Event::Tick => None,
    }
}
