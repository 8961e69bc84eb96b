//! Makes every decision of a ledger again: bit for bit, or with another policy.
//!
//! Deliberately absent: anything that acts. A replay is arithmetic on what was written down.

use super::entry::Entry;
use drd_state_machine::event::Event;
use drd_state_machine::policy::Policy;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Decision, Record, Setup, step};
use std::sync::Arc;

/// One decision that was made again.
#[derive(Debug)]
pub struct Replayed {
    /// When.
    pub now: Time,
    /// The decision in the ledger.
    pub written: Decision,
    /// The machine's decision now; equal unless the machine changed.
    pub again: Decision,
}

impl Replayed {
    /// Whether it came out the same, bit for bit.
    pub fn is_same(&self) -> bool {
        self.written == self.again
    }
}

/// Makes every decision again from the record it was made on.
pub fn replay(entries: &[Entry]) -> Vec<Replayed> {
    let mut setup: Option<&Arc<Setup>> = None;
    let mut replayed = Vec::new();
    for entry in entries {
        match entry {
            Entry::Opened { setup: opened, .. } => setup = Some(opened),
            Entry::Noted { .. } => {}
            Entry::Decided {
                now,
                event,
                decision,
                before,
            } => {
                let Some(setup) = setup else { continue };
                let mut record = before.as_ref().clone();
                let again = step(&mut record, setup, *now, event);
                replayed.push(Replayed {
                    now: *now,
                    written: decision.clone(),
                    again,
                });
            }
        }
    }
    replayed
}

/// Ticks between events, as the daemon makes them while it acts.
const TICK: Span = Span::secs(1);
/// A gap longer than this is a daemon that did not run: no ticks there.
const GAP_MAX: Span = Span::secs(3600);

/// What another policy would have decided on the same events: its transitions, in order.
pub fn what_if(entries: &[Entry], policy: &Policy) -> Vec<(Time, Decision)> {
    let mut run: Option<(Setup, Record)> = None;
    let mut decided = Vec::new();
    for entry in entries {
        match entry {
            Entry::Opened {
                now, setup, record, ..
            } => {
                let setup = Setup {
                    policy: policy.clone(),
                    ..setup.as_ref().clone()
                };
                let record = run
                    .take()
                    .map(|(_, r)| r)
                    // The head of a longer ledger: it starts from what was kept.
                    .or_else(|| record.as_deref().cloned())
                    .unwrap_or_else(|| Record::new(&setup, *now));
                run = Some((setup, record));
            }
            Entry::Noted { now, event } | Entry::Decided { now, event, .. } => {
                let Some((setup, record)) = &mut run else {
                    continue;
                };
                let mut at = record.facts.now + TICK;
                while at < *now && *now - record.facts.now < GAP_MAX {
                    keep(&mut decided, at, step(record, setup, at, &Event::Tick));
                    at = at + TICK;
                }
                keep(&mut decided, *now, step(record, setup, *now, event));
            }
        }
    }
    decided
}

fn keep(decided: &mut Vec<(Time, Decision)>, now: Time, decision: Decision) {
    if decision.is_transition() {
        decided.push((now, decision));
    }
}
