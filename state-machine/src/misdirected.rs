//! Whether users are where the writer is, by what others did: the roles, the latch, the record and the
//! size of the group may all be changed behind drd's back (DESIGN section 4, rules 22 and 23).
//!
//! Deliberately absent: putting anything back (`machine::guard`).

use crate::event::{RoleChange, Side};
use crate::policy::{LOOK_FRESH, Setup};
use crate::record::Facts;
use crate::time::Time;
use std::fmt;

/// What is not as drd left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misdirection {
    /// Another side than the active one writes.
    Writer(Side),
    /// The latch that drd threw is gone.
    LatchGone,
    /// The latch sends users to a side that does not write, and drd did not set it so.
    LatchForeign(Side),
    /// Resolvers give the other side although the latch does not.
    Record(Side),
}

impl fmt::Display for Misdirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misdirection::Writer(side) => write!(
                f,
                "{side} is the writer, and drd did not move it; once the latch sends users there as well for a minute, drd goes by it"
            ),
            Misdirection::LatchGone => f.write_str("the latch that drd threw is gone"),
            Misdirection::LatchForeign(side) => {
                write!(
                    f,
                    "somebody set the latch to {side}, which is not the writer"
                )
            }
            Misdirection::Record(side) => write!(
                f,
                "resolvers give {side}, which the latch does not ask for: was the record edited?"
            ),
        }
    }
}

/// What is not as it should be by what was seen recently; `None` while a role change runs, and where
/// nothing is known.
pub fn misdirection(facts: &Facts, now: Time) -> Option<Misdirection> {
    let global = facts.evidence.global_now(now)?;
    if global.role_change != RoleChange::Idle || global.writers != 1 {
        return None;
    }
    let writer = global.writer?;
    if writer != facts.active {
        return Some(Misdirection::Writer(writer));
    }
    if let Some(latch) = latch_now(facts, now) {
        if latch != facts.active {
            return Some(match facts.active {
                Side::Standby => Misdirection::LatchGone,
                Side::Primary => Misdirection::LatchForeign(latch),
            });
        }
        let dns = facts
            .evidence
            .dns
            .filter(|seen| now - seen.at <= LOOK_FRESH);
        return dns
            .filter(|seen| seen.is != latch)
            .map(|seen| Misdirection::Record(seen.is));
    }
    None
}

/// The latch, if it was read recently.
pub(crate) fn latch_now(facts: &Facts, now: Time) -> Option<Side> {
    let seen = facts
        .evidence
        .latch
        .filter(|seen| now - seen.at <= LOOK_FRESH);
    seen.map(|seen| seen.is)
}

/// The MinSize of the side that serves, where somebody lowered it after drd had raised it.
pub(crate) fn shrunk(facts: &Facts, setup: &Setup, now: Time) -> Option<u32> {
    let moved = facts
        .incident
        .as_ref()
        .is_some_and(|incident| incident.to == facts.active && incident.ended_at.is_some());
    let min = facts.evidence.side_now(facts.active, now)?.min_size?;
    (moved && min < setup.serving.min).then_some(min)
}
