//! The two sides of an estate, and the one region that belongs to neither.
//!
//! Deliberately absent: which side is active; that changes, and AWS is asked.

use serde::{Deserialize, Serialize};

/// Where Route 53's alarms and everything global must live.
pub const GLOBAL_REGION: &str = "us-east-1";

/// A side of the estate: a place, whatever it does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Where the estate serves when all is well.
    Primary,
    /// Where it serves after a failover.
    Standby,
}

impl Role {
    /// Both sides.
    pub const BOTH: [Role; 2] = [Role::Primary, Role::Standby];

    /// The word in names and parameters.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Primary => "primary",
            Role::Standby => "standby",
        }
    }

    /// The other side.
    pub const fn peer(self) -> Role {
        match self {
            Role::Primary => Role::Standby,
            Role::Standby => Role::Primary,
        }
    }
}
