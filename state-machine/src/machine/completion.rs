//! The end of a recovery: the latch, the last proof, the swap of the roles, and the way back to
//! having a standby.
//!
//! Deliberately absent: asking for any of it. `machine` does that.

use super::context::{Context, Next};
use super::promotion::{current, denial, note_asked};
use crate::command::{Kind, Severity};
use crate::event::{Event, RoleChange, Side, Vantage, Verdict};
use crate::late_requests;
use crate::messages;
use crate::policy::Setup;
use crate::record::Facts;
use crate::state::{Hold, State, Step};
use crate::time::Time;

/// Takes the latch's completion.
pub(super) fn note_latch(
    latch: &mut Step,
    facts: &Facts,
    event: &Event,
    now: Time,
) -> Option<Hold> {
    let done = current(facts, event).filter(|done| done.kind == Kind::Redirect)?;
    let news = note_asked(latch, done, now);
    denial(latch, &done.outcome).filter(|_| news)
}

/// Every answering resolver gave the new side's address since this state was entered.
pub(super) fn resolvers_moved(facts: &mut Facts, now: Time) -> bool {
    let entered = facts.entered_at;
    let Some(incident) = &mut facts.incident else {
        return false;
    };
    let moved = facts
        .evidence
        .dns
        .is_some_and(|seen| seen.is == incident.to && seen.at >= entered);
    if moved {
        incident.redirected_at = Some(now);
    }
    moved
}

/// The new side's endpoint was seen healthy after the traffic moved, and it is the one writer.
pub(super) fn verified(facts: &Facts, setup: &Setup, now: Time) -> bool {
    let Some(incident) = &facts.incident else {
        return false;
    };
    let after = |at: Time| at >= incident.redirected_at.unwrap_or(now);
    let endpoint = facts.evidence.readings.iter().any(|r| {
        r.side == incident.to
            && matches!(
                r.vantage,
                Vantage::Probe | Vantage::Witness | Vantage::Route53
            )
            && r.current_verdict(now, &setup.policy) == Verdict::Healthy
            && after(r.observed_at)
    });
    let writer = facts.evidence.global.is_some_and(|seen| {
        seen.is.writer == Some(incident.to) && seen.is.writers == 1 && after(seen.at)
    });
    endpoint && writer
}

/// The roles are swapped: from here everything looks the other way round.
pub(super) fn finish(facts: &mut Facts, setup: &Setup, now: Time) {
    late_requests::finished(facts, now);
    let Some(incident) = &mut facts.incident else {
        return;
    };
    incident.ended_at = Some(now);
    facts.active = incident.to;
    facts.cool_down_until = now + setup.policy.cool_down;
    facts.prescaled = None;
    facts.paged.clear();
    facts.guard.raised = false;
    facts.evidence.roles_swapped(now);
}

/// The old side follows again: connected, available, and its lag is known.
pub(super) fn standby_is_back(facts: &Facts, setup: &Setup, now: Time) -> bool {
    let old: Side = facts.active.other();
    let database = facts
        .evidence
        .side_now(old, now)
        .is_some_and(|v| v.database_available == Some(true));
    let roles = facts.evidence.global_now(now).is_some_and(|g| {
        g.role_change == RoleChange::Idle && g.replica_connected && g.writer == Some(facts.active)
    });
    let lag = facts
        .evidence
        .newest_lag()
        .is_some_and(|s| now - s.taken_at <= setup.policy.lag_fresh);
    database && roles && lag
}

/// An operator gives the incident up as it is: the truth decides which side is active.
pub(super) fn abandon(facts: &mut Facts, ctx: &mut Context<'_>) -> Next {
    let moved = facts
        .incident
        .as_ref()
        .is_some_and(|i| i.ended_at.is_none() && i.promoted_at.is_some());
    if moved {
        finish(facts, ctx.setup, ctx.now);
        return ctx.go(
            State::Exposed,
            "abandoned by an operator after the writer had moved",
        );
    }
    give_up(facts, ctx)
}

/// An operator wants no role change: nothing begins again by itself while the outage lasts.
pub(super) fn give_up(facts: &mut Facts, ctx: &mut Context<'_>) -> Next {
    let open = facts.incident.as_mut().filter(|i| i.ended_at.is_none());
    if let Some(open) = open {
        open.ended_at = Some(ctx.now);
    }
    let outage_stands = facts.evidence.corroborated_at.is_some();
    let text = messages::given_up(facts, outage_stands);
    if outage_stands {
        facts.pause(ctx.now);
        ctx.page(facts, Severity::Warning, text.clone());
    }
    ctx.go(State::Watching, text)
}
