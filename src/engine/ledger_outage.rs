//! A store that refuses: since when, and when a page about it was last sent. Shared by the daemon
//! that leads and the one that waits to.
//!
//! Deliberately absent: the store. The page does not pass through it, since it is what is broken.

use drd_state_machine::command::{Command, Severity};
use drd_state_machine::time::{Span, Time};

/// A ledger that refuses is paged again after this long: a page that was not acknowledged must
/// not be the last one, and more than twelve an hour are not read.
const PAGE_EVERY: Span = Span::secs(300);
/// A refusal within this long of the one before it belongs to the same outage: a disk that takes
/// every other line in time would otherwise page every few seconds.
const APART: Span = Span::secs(60);

/// Whether the store refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LedgerOutage {
    since: Option<Time>,
    /// When it refused the newest time, also before it worked again.
    refused_at: Option<Time>,
    paged_at: Option<Time>,
}

impl LedgerOutage {
    /// It refused. Gives the page that is due, if one is.
    pub fn refused(&mut self, now: Time, incident_id: u64, error: &str) -> Option<Command> {
        let since = *self.since.get_or_insert(now);
        let before = self.refused_at.replace(now);
        if before.is_some_and(|before| now - before >= APART) {
            self.paged_at = None;
        }
        if self.paged_at.is_some_and(|at| now - at < PAGE_EVERY) {
            return None;
        }
        self.paged_at = Some(now);
        let text = format!(
            "the ledger refuses since {}: {error}. drd is held: it decides nothing and does nothing until the ledger works again, and then goes on by itself. Mend the store (its disk, or its table and the way to it); drd status shows when it is back",
            now - since
        );
        Some(Command::Page {
            incident_id,
            severity: Severity::Critical,
            text,
        })
    }

    /// It took something.
    pub fn works(&mut self) {
        self.since = None;
    }

    /// Whether it refused the newest time.
    pub fn stands(&self) -> bool {
        self.since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time(0) + Span::secs(seconds)
    }

    #[test]
    fn people_are_told_at_once_and_again_while_it_lasts() {
        let mut outage = LedgerOutage::default();
        assert!(!outage.stands());
        assert!(outage.refused(at(0), 1, "disk full").is_some());
        assert!(outage.refused(at(1), 1, "disk full").is_none());
        assert!(outage.refused(at(300), 1, "disk full").is_some());
        assert!(outage.stands());
    }

    #[test]
    fn a_store_that_works_again_is_no_outage_and_the_next_one_is_told_at_once() {
        let mut outage = LedgerOutage::default();
        let _ = outage.refused(at(0), 1, "disk full");
        outage.works();
        assert!(!outage.stands());
        assert!(outage.refused(at(60), 1, "disk full").is_some());
    }

    #[test]
    fn a_store_that_takes_every_other_line_pages_no_more_often_than_one_that_takes_none() {
        let mut outage = LedgerOutage::default();
        let pages = (0..600).step_by(4).filter(|second| {
            let page = outage.refused(at(*second), 1, "too slow").is_some();
            outage.works();
            page
        });
        assert_eq!(pages.count(), 2);
    }
}
