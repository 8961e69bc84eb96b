//! Records and engines in brief: what the model and its judge ask about them.
//!
//! Deliberately absent: the records and engines (`engines`).

use drd_state_machine::Record;
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;

/// An incident as the judge sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub incident_id: u64,
    /// The side that served.
    pub from: Side,
    /// The side that will.
    pub to: Side,
    /// The first role change may have been sent.
    pub committed: bool,
    /// Not ended.
    pub open: bool,
}

/// A record as the judge sees it.
#[derive(Clone, Copy, Debug)]
pub struct Brief {
    /// The state's name.
    pub state: &'static str,
    /// The newest incident or suspicion.
    pub incident_id: u64,
    /// Who serves.
    pub active: Side,
    /// The newest incident.
    pub run: Option<Run>,
}

impl Brief {
    /// Of this record.
    pub fn of(record: &Record) -> Brief {
        Brief {
            state: record.state.name(),
            incident_id: record.facts.incident_id,
            active: record.facts.active,
            run: record.facts.incident.as_ref().map(|i| Run {
                incident_id: i.incident_id,
                from: i.from,
                to: i.to,
                committed: i.committed,
                open: i.ended_at.is_none(),
            }),
        }
    }

    /// Whether the machine may remain in this state until an operator acts.
    pub fn is_declared(&self) -> bool {
        ["watching", "suspecting", "exposed", "held"].contains(&self.state)
    }
}

/// What the model asks about an engine, taken once.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Which daemon's it is.
    pub who: usize,
    /// The record that is durable; `None` for one that does not lead.
    pub brief: Option<Brief>,
    /// The term under way.
    pub term: Option<u64>,
    /// It leads, on a ledger that took its first line.
    pub leads: bool,
    /// Its lease's token.
    pub token: Option<u64>,
    /// Attempts whose end it waits for.
    pub performing: u32,
    /// When it wants to be given the time, as the model counts it.
    pub wakes_at: Option<Span>,
}
