//! Who may act, when two daemons share a ledger: one lease in one row, taken and renewed by
//! conditional writes. This is the arithmetic; the daemon and the lab both run it.
//!
//! After the DynamoDB lock client: no absolute time is ever stored, and a lease is taken over only
//! after its row did not change for a whole lease on the taker's own clock. Deliberately absent:
//! stores, clocks, waiting. Moments are times since this host's boot, which go on in suspend.

use drd_state_machine::time::Span;
use serde::{Deserialize, Serialize};

/// How far a clock's rate may be off: 500 ppm is the most that the kernel slews (adjtimex(2)).
const RATE_ERROR_PPM: i64 = 500;
/// Both clocks count whole milliseconds; each may be one short.
const TICKS: Span = Span::millis(2);
/// The longest attempt against the store: DynamoDB answers within 20 ms as a rule, and a call
/// that takes 2 s is better made again.
const ATTEMPT_MAX: Span = Span::secs(2);

/// How a lease is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// For how long a renewal holds, counted from its send.
    pub lease: Span,
    /// How often it is renewed.
    pub renew: Span,
}

impl Default for Terms {
    /// 15 s: three renewals may fail before the lease ends, and 15 s of the RTO is what a dead
    /// leader costs.
    fn default() -> Terms {
        Terms {
            lease: Span::secs(15),
            renew: Span::secs(5),
        }
    }
}

impl Terms {
    /// How long one call to the store may take: less than half of `renew`, so that a renewal that
    /// fails can be made again before the next is due.
    pub fn attempt(&self) -> Span {
        ATTEMPT_MAX.min(Span(self.renew.0 * 2 / 5))
    }

    /// What is wrong with these figures, if anything.
    pub fn problem(&self) -> Option<String> {
        let (lease, renew) = (self.lease, self.renew);
        if renew < Span::secs(1) {
            return Some(format!(
                "renew {renew} < 1s: the store would be asked all the time"
            ));
        }
        (lease < renew.times(3)).then(|| {
            format!("lease {lease} < 3 x renew {renew}: two lost renewals would end the lease")
        })
    }
}

/// How much longer than `lease` a taker waits: both clocks may be wrong, in opposite directions.
/// The leader's may be slow while it counts its lease, the taker's fast while it counts the same.
pub fn clock_error(lease: Span) -> Span {
    // Rounded up: a margin that is too short is the one mistake that must not be made.
    Span((lease.0 * 2 * RATE_ERROR_PPM).div_euclid(1_000_000) + 1) + TICKS
}

/// How long a row must not change before its lease may be taken over.
pub fn takeover_after(lease: Span) -> Span {
    lease + clock_error(lease)
}

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Row {
    /// Who holds it, or held it last.
    pub owner: String,
    /// Grows by one with every new holder, and whenever a holder starts anew.
    pub fencing_token: u64,
    /// Grows with every write: a version that does not grow is a holder that does not renew.
    pub version: u64,
    /// For how long the holder holds it, in milliseconds.
    pub lease_ms: i64,
    /// The holder gave it up by itself.
    pub released: bool,
}

impl Row {
    /// The row after `owner` took the lease from what was `found`.
    pub fn taken(found: Option<&Row>, owner: &str, lease: Span) -> Row {
        Row {
            owner: owner.to_owned(),
            fencing_token: found.map_or(0, |row| row.fencing_token) + 1,
            version: found.map_or(0, |row| row.version) + 1,
            lease_ms: lease.0,
            released: false,
        }
    }

    /// The row after its holder renewed.
    pub fn renewed(&self) -> Row {
        Row {
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// The row after its holder gave it up.
    pub fn given_up(&self) -> Row {
        Row {
            released: true,
            ..self.renewed()
        }
    }
}

/// What one who does not lead makes of the row it just read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is held; it could be taken after this long, should its row not change.
    Wait(Span),
    /// It may be taken, by a write that is conditional on the row as it was read.
    Take,
}

/// What one who does not lead has seen of the row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Watch {
    seen: Option<(u64, u64, Span)>,
}

impl Watch {
    /// Judges the row. `now` is the moment after its answer arrived: the version is at least as
    /// old as that. `me` names this process alone, so its own lease is of a term that is over.
    pub fn look(&mut self, found: Option<&Row>, me: &str, now: Span) -> Claim {
        let Some(row) = found else {
            return Claim::Take;
        };
        if row.released || row.owner == me {
            return Claim::Take;
        }
        let since = match self.seen {
            Some((fencing_token, version, since))
                if (fencing_token, version) == (row.fencing_token, row.version) =>
            {
                since
            }
            Some(_) | None => now,
        };
        self.seen = Some((row.fencing_token, row.version, since));
        let wait = takeover_after(Span::millis(row.lease_ms));
        let stood = now - since;
        if stood >= wait {
            Claim::Take
        } else {
            Claim::Wait(wait - stood)
        }
    }
}

/// A term of leadership: what the holder itself may rely on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// The row as this holder last wrote it.
    pub row: Row,
    /// When that write was sent: the lease is counted from here, not from the answer, since
    /// nobody knows how long the answer was on its way.
    pub sent_at: Span,
}

impl Term {
    /// Until when it holds.
    pub fn until(&self) -> Span {
        self.sent_at + Span::millis(self.row.lease_ms)
    }

    /// Whether it holds.
    pub fn holds(&self, now: Span) -> bool {
        now < self.until()
    }

    /// A renewal was written. An older answer changes nothing.
    pub fn renewed(&mut self, row: Row, sent_at: Span) {
        if row.version > self.row.version && row.fencing_token == self.row.fencing_token {
            self.row = row;
            self.sent_at = sent_at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row::taken(None, "a", Span::secs(15))
    }

    #[test]
    fn an_answer_that_comes_twice_gives_no_more_time() {
        let (row, sent_at) = (row(), Span::secs(100));
        let next = row.renewed();
        let mut term = Term { row, sent_at };
        term.renewed(next.clone(), Span::secs(105));
        term.renewed(next, Span::secs(109));
        assert_eq!(term.sent_at, Span::secs(105));
    }

    #[test]
    fn a_free_a_released_and_an_own_lease_are_taken_at_once() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(None, "b", Span::ZERO), Claim::Take);
        assert_eq!(
            watch.look(Some(&row().given_up()), "b", Span::ZERO),
            Claim::Take
        );
        assert_eq!(watch.look(Some(&row()), "a", Span::ZERO), Claim::Take);
    }

    #[test]
    fn another_s_lease_is_taken_only_after_it_stood_still_for_longer_than_it_lasts() {
        let mut watch = Watch::default();
        let wait = takeover_after(Span::secs(15));
        assert!(wait > Span::secs(15));
        assert_eq!(
            watch.look(Some(&row()), "b", Span::secs(100)),
            Claim::Wait(wait)
        );
        let almost = Span::secs(100) + wait - Span::millis(1);
        assert_eq!(
            watch.look(Some(&row()), "b", almost),
            Claim::Wait(Span::millis(1))
        );
        assert_eq!(
            watch.look(Some(&row()), "b", Span::secs(100) + wait),
            Claim::Take
        );
    }

    #[test]
    fn every_renewal_starts_the_wait_again() {
        let mut watch = Watch::default();
        let wait = takeover_after(Span::secs(15));
        let _ = watch.look(Some(&row()), "b", Span::ZERO);
        let later = Span::secs(15);
        assert_eq!(
            watch.look(Some(&row().renewed()), "b", later),
            Claim::Wait(wait)
        );
    }

    #[test]
    fn the_margin_covers_both_clocks_being_wrong_in_opposite_directions() {
        for lease in [Span::secs(3), Span::secs(15), Span::secs(3600)] {
            // A leader whose clock is 500 ppm slow relies on it for `lease` of its own time;
            // a taker that is 500 ppm fast counts more in the same true time.
            let true_ms = lease.0 as f64 / (1.0 - 500e-6);
            let taker_ms = true_ms * (1.0 + 500e-6);
            assert!(takeover_after(lease).0 as f64 >= taker_ms, "{lease}");
        }
    }

    #[test]
    fn a_term_is_counted_from_the_send_and_an_old_answer_does_not_set_it_back() {
        let mut term = Term {
            row: row(),
            sent_at: Span::secs(10),
        };
        assert!(term.holds(Span::secs(25) - Span::millis(1)) && !term.holds(Span::secs(25)));
        term.renewed(row().renewed().renewed(), Span::secs(20));
        term.renewed(row().renewed(), Span::secs(30));
        assert_eq!(term.sent_at, Span::secs(20));
    }

    #[test]
    fn figures_that_could_not_work_are_named() {
        let terms = |lease, renew| Terms {
            lease: Span::secs(lease),
            renew: Span::secs(renew),
        };
        assert_eq!(Terms::default().problem(), None);
        assert!(
            terms(14, 5)
                .problem()
                .is_some_and(|p| p.contains("3 x renew"))
        );
        assert_eq!(terms(3, 1).problem(), None);
        let often = Terms {
            renew: Span::millis(999),
            ..terms(15, 1)
        };
        assert!(often.problem().is_some_and(|p| p.contains("all the time")));
        assert!(Terms::default().renew > Terms::default().attempt().times(2));
        assert!(terms(6, 2).renew > terms(6, 2).attempt().times(2));
    }
}
