//! Until when this daemon may change the estate, by the clock that counts time since boot.
//!
//! Deliberately absent: who leads (`crate::engine::lease`), and where the gate is checked: each client
//! that can change something checks it after its request is signed.

use drd_state_machine::time::Span;
use std::sync::atomic::{AtomicI64, Ordering};

/// Open exactly as long as the lease is in force.
#[derive(Debug)]
pub struct LeaseGate {
    until_ms: AtomicI64,
    role_change_until_ms: AtomicI64,
    boot: fn() -> Span,
}

impl LeaseGate {
    /// Closed until it is opened. `boot` is the clock: time since boot.
    pub fn closed(boot: fn() -> Span) -> LeaseGate {
        LeaseGate {
            until_ms: AtomicI64::new(i64::MIN),
            role_change_until_ms: AtomicI64::new(i64::MIN),
            boot,
        }
    }

    /// Opens it until that moment since boot.
    pub fn open_until(&self, until: Span) {
        self.until_ms.store(until.0, Ordering::SeqCst);
    }

    /// Closes it.
    pub fn close(&self) {
        self.open_until(Span(i64::MIN));
    }

    /// A role change was decided: its request may leave until that moment since boot, and not longer. There is
    /// one of them at a time.
    pub fn role_changes_until(&self, until: Span) {
        self.role_change_until_ms.store(until.0, Ordering::SeqCst);
    }

    /// Whether a mutating request may leave now.
    pub fn is_open(&self) -> bool {
        (self.boot)().0 < self.until_ms.load(Ordering::SeqCst)
    }

    /// Whether a role change was decided so recently that its request may leave now, if any may.
    pub fn takes_role_changes(&self) -> bool {
        (self.boot)().0 < self.role_change_until_ms.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_until_a_moment_and_not_longer() {
        let gate = LeaseGate::closed(|| Span::secs(10));
        assert!(!gate.is_open());
        gate.open_until(Span::secs(10));
        assert!(!gate.is_open(), "the moment itself is too late");
        gate.open_until(Span::millis(10_001));
        assert!(gate.is_open());
        gate.close();
        assert!(!gate.is_open());
    }

    #[test]
    fn a_role_change_leaves_until_its_own_moment() {
        let gate = LeaseGate::closed(|| Span::secs(10));
        gate.open_until(Span::secs(20));
        assert!(!gate.takes_role_changes(), "none was decided");
        gate.role_changes_until(Span::secs(10));
        assert!(!gate.takes_role_changes(), "the moment itself is too late");
        gate.role_changes_until(Span::millis(10_001));
        assert!(gate.takes_role_changes());
    }
}
