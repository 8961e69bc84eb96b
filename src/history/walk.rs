//! Every line of a ledger with what the daemon that wrote it had remembered after it.
//!
//! A line is written for every change, not for every look, so a fold over lines without a decision has readings that are
//! older than the daemon's were. Only a decision's line has the whole record, as it was: between two of them nothing that
//! is reported here changed. Deliberately absent: what is of interest in a line (`runs`, `episodes`, `spells`).

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
    /// The record after the newest line that has one.
    pub after: &'e Record,
    /// A daemon begins with it, or goes on after it could not write; other opening lines only keep the record.
    pub begins: bool,
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
    for (place, entry) in entries.iter().enumerate() {
        if let Entry::Opened { setup: opened, .. } = entry {
            setup = Some(opened);
        }
        let Some(setup) = setup else { continue };
        let after = remembered(record.take(), setup, entry);
        visit(&FoldedLine {
            number: place as u64 + 1,
            entry,
            setup,
            after: &after,
            begins: begins(entry, entries.get(place + 1)),
        });
        record = Some(after);
    }
}

/// The record is kept at the moment of the line that follows; a daemon starts, or tries again, at its own.
fn begins(entry: &Entry, next: Option<&Entry>) -> bool {
    let Entry::Opened { now, .. } = entry else {
        return false;
    };
    let keeps = |next: &Entry| next.now() == *now && !starts(next);
    !next.is_some_and(keeps)
}

fn starts(entry: &Entry) -> bool {
    match entry {
        Entry::Opened { .. } => false,
        Entry::Noted { event, .. } | Entry::Decided { event, .. } => *event == Event::Started,
    }
}

fn remembered(record: Option<Record>, setup: &Setup, entry: &Entry) -> Record {
    match entry {
        Entry::Opened {
            now, record: kept, ..
        } => {
            let kept = kept.as_deref().cloned().or(record);
            kept.unwrap_or_else(|| Record::new(setup, *now))
        }
        Entry::Noted { now, .. } => record.unwrap_or_else(|| Record::new(setup, *now)),
        Entry::Decided {
            now, event, before, ..
        } => {
            let mut record = before.as_ref().clone();
            let _ = step(&mut record, setup, *now, event);
            record
        }
    }
}
