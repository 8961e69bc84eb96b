//! Outages that come and go: none lasts a hold-down, and users are without service half of the time all
//! the same (DESIGN section 4, rule 21).
//!
//! Deliberately absent: acting on it. It is paged.

use crate::policy::{OWN_FRESH, REPEATED_WINDOW};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// When drd's own probe of the active side was bad, newest last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadSpells {
    spells: Vec<(Time, Time)>,
    newest: Option<(Time, bool)>,
    /// When it was paged.
    pub(crate) paged_at: Option<Time>,
}

impl BadSpells {
    /// A reading of the probe: the one before it counts until then.
    pub(crate) fn take(&mut self, at: Time, bad: bool) {
        let before = self
            .newest
            .filter(|(before, was_bad)| *was_bad && at - *before <= OWN_FRESH);
        if let Some((before, _)) = before.filter(|(before, _)| *before < at) {
            match self.spells.last_mut() {
                Some((_, until)) if *until == before => *until = at,
                Some(_) | None => self.spells.push((before, at)),
            }
        }
        self.newest = Some((at, bad));
        self.spells
            .retain(|(_, until)| at - *until < REPEATED_WINDOW);
    }

    /// For how long it was bad within the window.
    pub fn within(&self, now: Time) -> Span {
        let from = now - REPEATED_WINDOW;
        let length = |(begun, until): &(Time, Time)| Span((*until - (*begun).max(from)).0.max(0));
        let lengths = self.spells.iter().map(length);
        lengths.fold(Span::ZERO, |sum, one| sum + one)
    }

    /// The roles were swapped: what was seen of the other side says nothing about this one.
    pub(crate) fn forget(&mut self) {
        *self = BadSpells::default();
    }

    pub(crate) fn shift(&mut self, by: Span) {
        for (from, until) in &mut self.spells {
            *from = *from + by;
            *until = *until + by;
        }
        self.newest = self.newest.map(|(at, bad)| (at + by, bad));
        self.paged_at = self.paged_at.map(|at| at + by);
    }
}
