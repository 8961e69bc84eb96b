//! Every line of a ledger with the record that the state machine has after it.
//!
//! Deliberately absent: what is of interest in one (`runs`, `episodes`, `spells`).

use crate::ledger::Entry;
use drd_state_machine::event::Event;
use drd_state_machine::time::Time;
use drd_state_machine::{Decision, Record, Setup, step};
use std::sync::Arc;

/// One line, and what was known after it.
pub struct FoldedLine<'e> {
    /// Its number, counted from 1.
    pub number: u64,
    /// What it holds.
    pub entry: &'e Entry,
    /// What decisions depended on.
    pub setup: &'e Arc<Setup>,
    /// The record after it.
    pub after: &'e Record,
}

impl FoldedLine<'_> {
    /// When it was written.
    pub fn now(&self) -> Time {
        self.entry.now()
    }

    /// The event that it holds; a line that opens has none.
    pub fn event(&self) -> Option<&Event> {
        match self.entry {
            Entry::Opened { .. } => None,
            Entry::Noted { event, .. } | Entry::Decided { event, .. } => Some(event),
        }
    }

    /// The decision that it holds, with the record that it was made on.
    pub fn decided(&self) -> Option<(&Decision, &Record)> {
        match self.entry {
            Entry::Opened { .. } | Entry::Noted { .. } => None,
            Entry::Decided {
                decision, before, ..
            } => Some((decision, before)),
        }
    }

    /// Whether it was written on another clock than a host's: a kernel names its boots by 36 hexadecimal digits and
    /// hyphens, the lab by the names of its daemons, a demonstration with a prefix.
    pub fn is_simulated(&self) -> bool {
        let host = self.after.facts.host.as_ref();
        host.is_some_and(|host| {
            let hexadecimal = |c: char| c.is_ascii_hexdigit() || c == '-';
            host.boot_id.len() != 36 || !host.boot_id.chars().all(hexadecimal)
        })
    }
}

/// Visits every line after the first that opens a ledger, oldest first.
pub fn walk(entries: &[Entry], visit: &mut dyn FnMut(&FoldedLine<'_>)) {
    let mut setup: Option<&Arc<Setup>> = None;
    let mut record: Option<Record> = None;
    for (number, entry) in (1..).zip(entries) {
        if let Entry::Opened { setup: opened, .. } = entry {
            setup = Some(opened);
        }
        let Some(setup) = setup else { continue };
        let after = folded(record.take(), setup, entry);
        visit(&FoldedLine {
            number,
            entry,
            setup,
            after: &after,
        });
        record = Some(after);
    }
}

/// The record after one more line: as `ledger::fold` has it, and the machine is asked as it was then.
fn folded(record: Option<Record>, setup: &Setup, entry: &Entry) -> Record {
    let (now, event, mut record) = match entry {
        Entry::Opened {
            now, record: kept, ..
        } => {
            let kept = kept.as_deref().cloned().or(record);
            return kept.unwrap_or_else(|| Record::new(setup, *now));
        }
        Entry::Noted { now, event } => {
            let record = record.unwrap_or_else(|| Record::new(setup, *now));
            (now, event, record)
        }
        Entry::Decided {
            now, event, before, ..
        } => (now, event, before.as_ref().clone()),
    };
    let _ = step(&mut record, setup, *now, event);
    record
}
