//! State is the fold of the ledger.
//!
//! Deliberately absent: checking that the lines are whole (`chain`).

use super::entry::Entry;
use drd_state_machine::{Record, Setup, step};
use std::sync::Arc;

/// Folds entries to the record that the next daemon starts from; `None` when nothing was decided
/// or noted yet.
pub fn fold<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Option<Record> {
    let mut setup: Option<&Arc<Setup>> = None;
    let mut record: Option<Record> = None;
    for entry in entries {
        match entry {
            Entry::Opened {
                setup: opened,
                now,
                record: kept,
                ..
            } => {
                if let Some(kept) = kept {
                    record = Some(kept.as_ref().clone());
                }
                record.get_or_insert_with(|| Record::new(opened, *now));
                setup = Some(opened);
            }
            Entry::Noted { now, event } => {
                if let (Some(record), Some(setup)) = (&mut record, setup) {
                    let _ = step(record, setup, *now, event);
                }
            }
            Entry::Decided {
                now, event, before, ..
            } => {
                if let Some(setup) = setup {
                    let mut again = before.as_ref().clone();
                    let _ = step(&mut again, setup, *now, event);
                    record = Some(again);
                }
            }
        }
    }
    record
}
