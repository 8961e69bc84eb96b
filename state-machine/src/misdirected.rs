//! Whether users are where the writer is, by what others did: the roles, the latch, the record and the
//! size of the group may all be changed behind drd's back (DESIGN section 4, rules 22 and 23).
//!
//! Deliberately absent: putting anything back (`machine::guard`).

use crate::event::{RoleChange, Side};
use crate::policy::Setup;
use crate::record::Facts;
use crate::time::Time;
use std::fmt;

/// What is not as drd left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misdirection {
    /// A role change that drd did not start runs.
    RoleChange(Side),
    /// Another side than the active one writes.
    Writer(Side),
    /// The latch that drd threw is gone.
    LatchGone,
    /// The latch sends users to a side that does not write, and drd did not set it so.
    LatchForeign(Side),
    /// Resolvers give the other side, and no store of the latch can be read.
    LatchUnreadable(Side),
    /// Resolvers give the other side although the latch does not.
    Record(Side),
}

impl fmt::Display for Misdirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misdirection::RoleChange(to) => {
                write!(f, "a role change to {to} runs that drd did not start")
            }
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
            Misdirection::LatchUnreadable(side) => write!(
                f,
                "resolvers give {side}, which is not the writer, and no store of the latch can be read"
            ),
            Misdirection::Record(side) => write!(
                f,
                "resolvers give {side}, which the latch does not ask for: was the record edited?"
            ),
        }
    }
}

/// What is not as it should be by what was seen recently; `None` where nothing is known, and for the
/// roles that an open incident of drd's own moves.
pub fn misdirection(facts: &Facts, now: Time) -> Option<Misdirection> {
    let Some(global) = facts.evidence.global_now(now) else {
        // The region that would be asked is dark: after its own role change drd knows who writes.
        return users(facts, now).filter(|_| is_own_latch(facts));
    };
    if let RoleChange::Underway(to) = global.role_change {
        return (!drd_moves(facts, to)).then_some(Misdirection::RoleChange(to));
    }
    let writer = global.writer.filter(|_| global.writers == 1)?;
    if writer != facts.active {
        return (!drd_moves(facts, writer)).then_some(Misdirection::Writer(writer));
    }
    users(facts, now)
}

/// Whether drd itself may have asked for the role change to this side, in an incident that is open: the latch
/// and the users follow the writer then, and nobody else has to be looked for.
fn drd_moves(facts: &Facts, to: Side) -> bool {
    let open = facts.incident.as_ref().filter(|i| i.ended_at.is_none());
    open.is_some_and(|incident| incident.committed && incident.to == to)
}

/// The same while an incident acts that has not moved the traffic yet: the latch is nobody's but drd's to
/// throw, and then only to the writer.
pub(crate) fn misdirection_meanwhile(facts: &Facts, now: Time) -> Option<Misdirection> {
    let incident = facts.incident.as_ref()?;
    let latch = facts.evidence.latch_now(now)?;
    let global = facts.evidence.global_now(now)?;
    let writer = global.writer.filter(|_| global.writers == 1)?;
    let foreign = incident.redirected_at.is_none() && latch != incident.from && latch != writer;
    foreign.then_some(Misdirection::LatchForeign(latch))
}

/// What keeps users from the active side, by the latch and by what resolvers answer.
fn users(facts: &Facts, now: Time) -> Option<Misdirection> {
    let latch = facts.evidence.latch_now(now);
    match (latch.filter(|latch| *latch != facts.active), facts.active) {
        (Some(_), Side::Standby) => return Some(Misdirection::LatchGone),
        (Some(latch), Side::Primary) => return Some(Misdirection::LatchForeign(latch)),
        (None, _) => {}
    }
    let dns = facts.evidence.dns_now(now);
    let dns = dns.filter(|side| *side != facts.active)?;
    Some(if was_read_since(facts) {
        Misdirection::Record(dns)
    } else {
        Misdirection::LatchUnreadable(dns)
    })
}

/// Whether the latch was read when resolvers gave their newest answer: what it was before that may be why
/// the answer changed.
fn was_read_since(facts: &Facts) -> bool {
    let at = facts.evidence.latch.map(|latch| latch.at);
    at >= facts.evidence.dns.map(|dns| dns.at)
}

/// Whether drd's own latch is in force, as far as it knows: a run that was abandoned before it threw the
/// latch has none.
pub(crate) fn is_own_latch(facts: &Facts) -> bool {
    let incident = facts.incident.as_ref();
    let thrown = incident.is_some_and(|i| i.to == Side::Standby && i.redirected_at.is_some());
    thrown && facts.active == Side::Standby
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
