//! The two installs of a rehearsal: one, or two that share a ledger.
//!
//! Deliberately absent: what they do (`host`).

/// Which of the two installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Install {
    /// The one that is there from the start.
    First,
    /// The one that comes with `second_daemon`.
    Second,
}

impl Install {
    /// Both.
    pub const BOTH: [Install; 2] = [Install::First, Install::Second];

    /// Where it is in a pair.
    pub const fn index(self) -> usize {
        match self {
            Install::First => 0,
            Install::Second => 1,
        }
    }

    /// The other one.
    pub const fn other(self) -> Install {
        match self {
            Install::First => Install::Second,
            Install::Second => Install::First,
        }
    }

    /// Its name: the owner in the lease's row.
    pub const fn name(self) -> &'static str {
        match self {
            Install::First => "first",
            Install::Second => "second",
        }
    }
}
