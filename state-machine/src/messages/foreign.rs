//! How is reported what others did: roles, latch, record and sizes that were changed behind drd's back, and
//! clocks that differ.
//!
//! Deliberately absent: noticing it (`misdirected`), deciding about it (`machine::guard`).

use crate::event::Side;
use crate::misdirected::Misdirection;
use crate::policy::{QUARANTINE, RESTORES_WINDOW};
use crate::record::Facts;
use crate::time::{Span, Time};

pub(crate) fn hands_off(facts: &Facts) -> String {
    format!(
        "what drd puts back on {} was changed {} times in {RESTORES_WINDOW}: drd keeps its hands off and is not armed. Find out who changes the latch or the group",
        facts.active,
        facts.guard.restored.len()
    )
}

pub(crate) fn adopted(writer: Side) -> String {
    format!(
        "somebody else moved the roles: {writer} is the writer, the latch sends users there, and drd goes by it from here. A role change is refused for {QUARANTINE}, while theirs may still land"
    )
}

pub(crate) fn astray(what: &str, for_long: Span) -> String {
    format!("misdirected for {for_long}: {what}. No role was changed")
}

pub(crate) fn misdirected(facts: &Facts, found: Misdirection, now: Time) -> String {
    let writer = match found {
        Misdirection::Writer(side) => facts.evidence.side_now(side, now),
        Misdirection::RoleChange(_)
        | Misdirection::LatchGone
        | Misdirection::LatchForeign(_)
        | Misdirection::LatchUnreadable(_)
        | Misdirection::Record(_) => None,
    };
    let dead = writer.is_some_and(|seen| seen.database_available == Some(false));
    let dead = if dead {
        ". Its database is not available, and drd does not act on it: move the roles by hand"
    } else {
        ""
    };
    format!("{found}{dead}. drd is not armed until writer, latch and record agree")
}

pub(crate) fn raised_again(side: Side, (min, wanted): (u32, u32), lowered: bool) -> String {
    if lowered {
        return format!(
            "MinSize of {side}, which serves, was lowered to {min}: it is raised to {wanted} again"
        );
    }
    format!(
        "MinSize of {side}, which serves, is {min} and not {wanted}: raising it had no effect so far, and is asked for again. Raise the capacity by hand"
    )
}

pub(crate) fn left_small(side: Side, min: u32, why: &str) -> String {
    format!(
        "MinSize of {side}, which serves, was lowered to {min}, and drd does not raise it: {why}"
    )
}

pub(crate) fn clock(error: Span) -> String {
    let way = if error > Span::ZERO {
        "behind"
    } else {
        "ahead"
    };
    let by = Span(error.0.saturating_abs());
    format!(
        "the clock of drd's host is {by} {way}: what others dated is corrected by it. Set the clock (is chrony running?)"
    )
}
