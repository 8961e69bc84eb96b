//! The two sides of the estate.
//!
//! Deliberately absent: roles. Which side serves is in the record, and changes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A place, fixed by configuration. Roles move between sides; sides do not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Where the estate serves when all is well.
    Primary,
    /// Where it serves after a failover.
    Standby,
}

impl Side {
    /// Both sides, in the order in which people list them.
    pub const BOTH: [Side; 2] = [Side::Primary, Side::Standby];

    /// The other side.
    pub const fn other(self) -> Side {
        match self {
            Side::Primary => Side::Standby,
            Side::Standby => Side::Primary,
        }
    }

    /// The name used in configuration, metrics and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Primary => "primary",
            Side::Standby => "standby",
        }
    }

    /// Its place in a pair of sides.
    pub const fn index(self) -> usize {
        match self {
            Side::Primary => 0,
            Side::Standby => 1,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
