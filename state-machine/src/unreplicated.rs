//! For how long users may have written what no known position of the replica covers: the most that
//! a failover would lose (DESIGN section 4, rule 11).
//!
//! Deliberately absent: whether that is too much (`gates`).

use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// Time that counts as served, up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreplicated {
    /// Since the newest known position, less what a quorum reported dark.
    served: Span,
    /// Since the first bad reading: a quorum may still report that it was dark.
    undecided: Span,
    /// What a quorum reported dark.
    dark: Span,
    /// The first bad reading that it goes back to. Where a good one came since, and no newer position, the
    /// endpoint may have answered wrongly and served all the time: it counts as served at the next quorum.
    dark_from: Time,
    /// Up to when both are counted.
    counted_at: Time,
}

/// What the endpoint was, as far as the sensors report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// Nothing bad is known.
    Served,
    /// One sensor reports it bad.
    Doubted,
    /// A quorum reports it dark.
    Dark,
}

impl Unreplicated {
    /// What a replica at this position lacks when users wrote until `end`.
    pub fn between(position: Time, end: Time) -> Unreplicated {
        Unreplicated {
            served: Span((end - position).0.max(0)),
            undecided: Span::ZERO,
            dark: Span::ZERO,
            dark_from: Time::default(),
            counted_at: end,
        }
    }

    /// So much time has passed.
    pub(crate) fn count(&mut self, now: Time, endpoint: Endpoint) {
        if self.counted_at >= now {
            return;
        }
        let passed = now - self.counted_at;
        match endpoint {
            Endpoint::Served => self.served = self.served + passed,
            Endpoint::Doubted => self.undecided = self.undecided + passed,
            Endpoint::Dark => self.dark = self.dark + passed,
        }
        self.counted_at = now;
    }

    /// A sample shows a newer position: no more than the time since can be missing. What is undecided
    /// is the newest part of it.
    pub(crate) fn advanced(&mut self, position: Time, first: bool, now: Time) {
        let since = Span((now - position).0.max(0));
        self.undecided = self.undecided.min(since);
        self.dark = self.dark.min(since - self.undecided);
        let before = since - self.undecided - self.dark;
        self.served = if first {
            before
        } else {
            self.served.min(before)
        };
        self.counted_at = now;
    }

    /// A quorum came about: from the first bad reading on it was dark already.
    pub(crate) fn was_dark(&mut self, first_bad: Time, now: Time) {
        if first_bad > self.dark_from {
            self.served = self.served + std::mem::take(&mut self.dark);
            self.dark_from = first_bad;
        }
        let undecided = std::mem::take(&mut self.undecided);
        let served = Span((undecided - (now - first_bad)).0.max(0));
        self.served = self.served + served;
        self.dark = self.dark + (undecided - served);
    }

    /// No quorum came about: it was served all the time.
    pub(crate) fn was_served(&mut self) {
        self.served = self.served + std::mem::take(&mut self.undecided);
    }

    /// The time that counts as served.
    pub(crate) fn served(&self) -> Span {
        self.served
    }

    /// Moves every remembered moment by `by`: the clock was set back.
    pub(crate) fn shift(&mut self, by: Span) {
        self.counted_at = self.counted_at + by;
        self.dark_from = self.dark_from + by;
    }
}
