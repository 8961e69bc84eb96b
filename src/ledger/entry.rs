//! What one line of the ledger holds.
//!
//! Deliberately absent: how it is written (`chain`).

use drd_state_machine::event::Event;
use drd_state_machine::time::Time;
use drd_state_machine::{Decision, Record, Setup};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One thing that was made durable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Entry {
    /// A daemon runs from here with this setup, on this record: a reader from here on needs nothing
    /// that was written before.
    Opened {
        /// When, by the daemon's clock.
        now: Time,
        /// drd's version.
        version: String,
        /// Everything fixed that its decisions depend on.
        setup: Arc<Setup>,
        /// The fold of everything before; absent in lines of older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<Arc<Record>>,
    },
    /// An event was taken in without any consequence yet.
    Noted {
        /// When.
        now: Time,
        /// The event.
        event: Event,
    },
    /// A decision, with everything that is needed to make it again.
    Decided {
        /// When.
        now: Time,
        /// The event that led to it.
        event: Event,
        /// What was decided.
        decision: Decision,
        /// The record before the event.
        before: Arc<Record>,
    },
}

impl Entry {
    /// When it was made, by the daemon's clock.
    pub fn now(&self) -> Time {
        match self {
            Entry::Opened { now, .. } | Entry::Noted { now, .. } | Entry::Decided { now, .. } => {
                *now
            }
        }
    }
}
