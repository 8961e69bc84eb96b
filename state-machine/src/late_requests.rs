//! Which requests may still be on their way, and until when they forbid the way back.
//!
//! RDS, Auto Scaling and S3 know no fencing token: a promotion that was sent before its daemon
//! died, or that got no answer, may land minutes later. Landing after an opposite role change
//! it would take the new side down. Deliberately absent: leases. The machine does not know them;
//! a daemon that starts is all that it sees of a new one.

use crate::blocker::Blocker;
use crate::command::Kind;
use crate::event::{Completion, Event, Outcome, Side};
use crate::policy::{MAY_LAND, QUARANTINE};
use crate::record::{Facts, FenceOutcome, Incident, Unanswered};
use crate::state::{Progress, State, Step};
use crate::time::{Span, Time};

/// A daemon starts, and what the one before had sent is unknown. No clock can be trusted from
/// one daemon to the next, so what was not over by the newest moment in the ledger begins anew.
pub(crate) fn started(facts: &mut Facts, newest: Time, now: Time) {
    let incident = facts.incident.as_ref().filter(|i| i.committed);
    let sent = incident.map(|i| Unanswered {
        to: i.to,
        until: i.ended_at.unwrap_or(newest),
    });
    for unanswered in [facts.unanswered, sent].into_iter().flatten() {
        if newest - unanswered.until < QUARANTINE {
            remember(facts, unanswered.to, now);
        }
    }
    let left = facts.cool_down_until - newest;
    if left > Span::ZERO {
        facts.cool_down_until = now + left;
    }
}

/// Takes the end of an attempt: one that got no answer may still be on its way.
pub(crate) fn note(state: &State, facts: &mut Facts, now: Time, event: &Event) {
    let Some(incident) = facts.incident.as_ref().filter(|i| i.committed) else {
        return;
    };
    let unknown = |done: &Completion| matches!(done.outcome, Outcome::Unknown { .. });
    let unanswered = event.finished().is_some_and(|done| {
        done.incident_id == incident.incident_id
            && unknown(done)
            && was_awaited(state, incident, done)
    });
    if unanswered {
        remember(facts, incident.to, now);
    }
}

/// Whether the end of this attempt was still awaited, of a command that would hurt the side that
/// it moves away from, should it land late. A state that is past the command awaits nothing, but
/// the request may be on its way all the same.
fn was_awaited(state: &State, incident: &Incident, done: &Completion) -> bool {
    let roles = state.progress().map(|p| &p.database);
    let latch = state.latch();
    let awaited = |step: &Step| step.waits_for(done.attempt);
    match done.kind {
        Kind::Promote | Kind::Switchover => roles.is_none_or(awaited),
        Kind::Redirect => roles.is_none() && latch.is_none_or(awaited),
        Kind::Fence => done.attempt > incident.fence_ended,
        Kind::Prescale | Kind::ScaleBack | Kind::Scale | Kind::ProveWrite | Kind::Page => false,
    }
}

/// Records role-change requests towards `to` whose outcome is unknown, the last one sent by
/// `until`.
pub(crate) fn remember(facts: &mut Facts, to: Side, until: Time) {
    if facts.unanswered.is_none_or(|known| known.until <= until) {
        facts.unanswered = Some(Unanswered { to, until });
    }
}

/// The roles were seen to move, and no end of the newest request was received. None may ever come:
/// an attempt that ends while the ledger refuses every line is forgotten with it.
pub(crate) fn joined(progress: &Progress, facts: &mut Facts, now: Time) {
    let Some(to) = facts.incident.as_ref().map(|i| i.to) else {
        return;
    };
    let (database, known) = (progress.database, facts.unanswered);
    let noted = known.is_some_and(|u| u.to == to && u.until >= database.asked_at);
    if !database.accepted && !noted {
        remember(facts, to, now);
    }
}

/// The recovery ends, and the fence was asked for, perhaps more than once, but never confirmed.
pub(crate) fn finished(facts: &mut Facts, now: Time) {
    let open = |i: &&Incident| matches!(i.fence, FenceOutcome::Asked | FenceOutcome::Unfenced);
    if let Some(to) = facts.incident.as_ref().filter(open).map(|i| i.to) {
        remember(facts, to, now);
    }
}

/// Whether a request to move the roles away from the side that serves may still land.
pub(crate) fn may_land(facts: &Facts, now: Time) -> bool {
    let away = |u: Unanswered| u.to != facts.active && now - u.until < MAY_LAND;
    facts.unanswered.is_some_and(away)
}

/// The gate of every role change, whether drd or an operator asks for it.
pub fn closed(facts: &Facts, now: Time) -> Option<Blocker> {
    let unanswered = facts.unanswered?;
    let left = QUARANTINE - (now - unanswered.until);
    let opposite = unanswered.to == facts.active;
    (opposite && left > Span::ZERO).then_some(Blocker::Quarantine { left })
}
