//! Heartbeats on their way through the event path: each has a number that only this process knows, and
//! counts once, when it comes back. Whoever else may put events on the bus can neither prove the path nor
//! set drd's clock (DESIGN section 4, Time and trust).
//!
//! Deliberately absent: when one is due (`polling`), and what its return means (the machine).

use drd_state_machine::time::{Span, Time};
use std::collections::VecDeque;
use std::sync::Arc;

/// How many are awaited: at one every 15 s that is the age at which a message is too old to count.
const AWAITED_MAX: usize = 20;
/// A standard queue may hand out what came later first: by less than this.
const OVERTAKEN: Span = Span::secs(12);

/// A heartbeat that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Back {
    /// When it left.
    pub(super) left_at: Time,
    /// One that left well before is still away.
    pub(super) earlier_lost: bool,
}

/// Those that were sent and have not come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Heartbeats {
    awaited: VecDeque<(Arc<str>, Time)>,
}

impl Heartbeats {
    /// One leaves now, by drd's clock: its number. `secret` is this process's own.
    pub(super) fn leave(&mut self, secret: &str, now: Time) -> Arc<str> {
        // No other term of this process sends the same: its clock only goes on.
        let nonce: Arc<str> = Arc::from(format!("{secret}-{}", now.0));
        self.awaited.push_back((nonce.clone(), now));
        if self.awaited.len() > AWAITED_MAX {
            self.awaited.pop_front();
        }
        nonce
    }

    /// One came back. `None` where it is none of these, or came back before.
    pub(super) fn back(&mut self, nonce: &str) -> Option<Back> {
        let is_it = |(known, _): &(Arc<str>, Time)| **known == *nonce;
        let place = self.awaited.iter().position(is_it)?;
        let (_, left_at) = self.awaited.remove(place)?;
        let well_before = |(_, at): &(Arc<str>, Time)| left_at - *at >= OVERTAKEN;
        Some(Back {
            left_at,
            earlier_lost: self.awaited.iter().any(well_before),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{AWAITED_MAX, Back, Heartbeats};
    use drd_state_machine::time::Time;

    fn came(left_at: i64, earlier_lost: bool) -> Option<Back> {
        Some(Back {
            left_at: Time(left_at),
            earlier_lost,
        })
    }

    #[test]
    fn a_heartbeat_counts_once_and_by_when_it_left() {
        let mut beats = Heartbeats::default();
        let first = beats.leave("s", Time(1));
        let second = beats.leave("s", Time(2));
        assert_ne!(first, second);
        assert_eq!(beats.back(&second), came(2, false), "hardly overtaken");
        assert_eq!(beats.back(&second), None, "it came back before");
        assert_eq!(beats.back(&first), came(1, false));
    }

    #[test]
    fn one_that_left_well_before_and_is_still_away_shows_that_the_path_loses_messages() {
        let mut beats = Heartbeats::default();
        beats.leave("s", Time(0));
        let second = beats.leave("s", Time(15_000));
        assert_eq!(beats.back(&second), came(15_000, true));
    }

    #[test]
    fn one_that_this_process_did_not_send_never_counts() {
        let mut beats = Heartbeats::default();
        let sent = beats.leave("s", Time(1));
        assert_eq!(beats.back(&sent.replace('s', "t")), None);
        assert_eq!(beats.back(""), None);
    }

    #[test]
    fn what_has_been_away_for_too_long_is_not_awaited_any_more() {
        let mut beats = Heartbeats::default();
        let first = beats.leave("s", Time(-1));
        for n in 0..AWAITED_MAX {
            beats.leave("s", Time(i64::try_from(n).expect("small")));
        }
        assert_eq!(beats.back(&first), None);
    }
}
