//! What an engine shows of itself: to `daemon`, which reports it, and to `lab`, which judges it.
//!
//! Deliberately absent: anything that changes it.

use super::Engine;
use super::leading::Leading;
use super::lease::Row;
use drd_state_machine::Record;
use drd_state_machine::time::Span;

impl Engine {
    /// What a term remembers and is durable; `None` for a daemon that does not lead.
    pub fn record(&self) -> Option<&Record> {
        self.state.leading.as_ref().map(Leading::record)
    }

    /// Whether this daemon leads, on a ledger that took its first line.
    pub fn leads(&self) -> bool {
        self.state.leading.as_ref().is_some_and(Leading::is_live)
    }

    /// Whether it may act by its lease, as far as it can know.
    pub fn holds(&self, now: Span) -> bool {
        self.state.leading.is_some() && self.state.leadership.holds(now)
    }

    /// The number of the ledger's newest line; 0 for a daemon that does not lead.
    pub fn sequence(&self) -> u64 {
        self.state.leading.as_ref().map_or(0, Leading::sequence)
    }

    /// Whether the ledger refuses: nothing acts.
    pub fn is_held_by_ledger(&self) -> bool {
        self.state.outage.stands()
    }

    /// The number of the term under way; actions carry it, and answers to older ones change nothing.
    pub fn term(&self) -> Option<u64> {
        self.state.leading.as_ref().map(|leading| leading.term)
    }

    /// The token of the lease that this daemon has.
    pub fn fencing_token(&self) -> Option<u64> {
        self.state
            .leadership
            .term()
            .map(|term| term.row.fencing_token)
    }

    /// The lease's row, as far as this daemon knows it.
    pub fn lease_row(&self) -> Option<&Row> {
        self.state.leadership.row()
    }

    /// Attempts whose end is awaited.
    pub fn performing(&self) -> u32 {
        self.state.leading.as_ref().map_or(0, Leading::performing)
    }
}
