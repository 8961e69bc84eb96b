//! The clock of a ledger's lines: it goes on, but where a daemon starts on one that was set.
//!
//! Deliberately absent: whether it is right. Nobody knows that from a ledger.

use drd_state_machine::host_clock::HostClock;
use drd_state_machine::time::{Span, Time};

/// A clock that was set by less counts as not set: the machine's own bound, and the last digits of two
/// readings.
const SET_MIN: Span = Span::secs(2);

/// The newest line's time, and the host whose clock it is of.
#[derive(Debug, Default)]
pub(super) struct ReadClock {
    now: Option<Time>,
    host: Option<HostClock>,
}

impl ReadClock {
    /// By how much a further line is before the newest one, if by more than clocks differ.
    pub(super) fn goes_back(&mut self, now: Time) -> Option<Span> {
        let before = self.now.replace(now)?;
        (now < before - SET_MIN).then(|| before - now)
    }

    /// A daemon starts on a record of this host. Gives by how much it is before the newest line without
    /// the clock having been set, and whether moments before it are of another clock.
    pub(super) fn opens(&mut self, now: Time, host: Option<&HostClock>) -> (Option<Span>, bool) {
        let before = std::mem::replace(&mut self.host, host.cloned());
        let other = match (&before, host) {
            (Some(before), Some(host)) => {
                let set = host.booted_at - before.booted_at;
                before.boot_id != host.boot_id || set.0.saturating_abs() >= SET_MIN.0
            }
            // One of them is unknown: a ledger of a daemon that cannot read it.
            (None, Some(_)) | (Some(_), None) => true,
            (None, None) => false,
        };
        (self.goes_back(now).filter(|_| !other), other)
    }
}
