//! What an engine is given once: its setup, its trust, its pace, its name.
//!
//! Deliberately absent: everything that changes.

use super::lease::Terms;
use super::pace::Pace;
use crate::intake::Known;
use crate::metrics::Metrics;
use drd_state_machine::Setup;
use std::sync::Arc;

/// What does not change while a process lives.
#[derive(Debug)]
pub struct Environment {
    /// What the machine decides under.
    pub setup: Arc<Setup>,
    /// What messages may be about.
    pub known: Arc<Known>,
    /// How often things are done.
    pub pace: Pace,
    /// How the lease is kept; `None` for a daemon that is alone on its ledger.
    pub terms: Option<Terms>,
    /// The name under which this process leads: no other living one has it.
    pub name: String,
    /// Random, and known to this process alone: its heartbeats carry it.
    pub secret: Arc<str>,
    /// Names the boot of its host; `None` where that is not known.
    pub boot_id: Option<Arc<str>>,
    /// Counted into.
    pub metrics: Arc<Metrics>,
}
