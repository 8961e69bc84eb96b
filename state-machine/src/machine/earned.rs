//! Whether what is seen now has lasted its own hold-down, for a first request and for a further one.
//!
//! Deliberately absent: what is done then (`detection`, `promotion`, `recovery`).

use super::context::{Context, drd_may_act};
use crate::assessment::Assessment;
use crate::blocker::Blocker;
use crate::gates::{self, hold_down};
use crate::record::{Facts, Operation};
use crate::time::{Span, Time};

/// For how long what is seen has lasted, as far as it counts for its ladder.
pub(crate) fn held_for(facts: &Facts, now: Time, seen: &Assessment) -> Option<Span> {
    let lossy = !seen.diagnosis.lossless_first();
    let held = facts.evidence.held_for(now, lossy)?;
    if lossy {
        return Some(held);
    }
    // A database that is well again leaves an application that may be: what moves users for it has a
    // hold-down of its own.
    let since = facts.evidence.lossless_since.unwrap_or(now);
    Some(held.min(now - since))
}

/// Whether that is as long as its hold-down.
pub(super) fn has_earned(facts: &Facts, ctx: &Context<'_>) -> bool {
    let held = held_for(facts, ctx.now, ctx.seen);
    held.is_some_and(|held| held >= hold_down(facts, ctx.setup, ctx.now, ctx.seen))
}

/// Whether a role change may be asked for again: quorum, hold-down and gates hold now (rule 13).
pub(super) fn may_ask_again(facts: &Facts, ctx: &Context<'_>) -> bool {
    let Some(incident) = &facts.incident else {
        return false;
    };
    if incident.is_ordered(ctx.now, &ctx.setup.policy) {
        return true;
    }
    let same_ladder =
        ctx.seen.diagnosis.lossless_first() == (incident.operation == Operation::Switchover);
    let mut closed = gates::closed(facts, ctx.setup, ctx.now, ctx.seen);
    closed.retain(|b| !matches!(b, Blocker::ForeignRoleChange));
    drd_may_act(facts, ctx) && has_earned(facts, ctx) && same_ladder && closed.is_empty()
}

/// The incident ends without having moved anything.
pub(super) fn close(facts: &mut Facts, now: Time) {
    if let Some(incident) = &mut facts.incident {
        incident.ended_at = Some(now);
    }
}
