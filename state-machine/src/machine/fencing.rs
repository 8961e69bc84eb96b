//! The fence of the old side: its application goes to nothing, best effort, so that no client of it
//! writes there after the writer has moved (DESIGN section 4, rule 15).
//!
//! Deliberately absent: waiting for it. Nothing depends on how it ends.

use super::context::Context;
use crate::command::Command;
use crate::policy::FENCE_AGAIN;
use crate::record::{Facts, FenceOutcome, Incident, Operation};
use crate::state::Progress;

/// The old side is fenced beside the promotion, once it was accepted: before that an incident
/// that ends without a promotion would leave the old side without its application.
pub(super) fn fence(
    p: &mut Progress,
    incident: &Incident,
    facts: &mut Facts,
    ctx: &mut Context<'_>,
) {
    if incident.operation == Operation::Switchover || incident.fence == FenceOutcome::Fenced {
        return;
    }
    p.fenced_at = ctx.now;
    let (incident_id, side) = (incident.incident_id, incident.from);
    let attempt = incident.fence_attempts + 1;
    ctx.commands.push(Command::Fence {
        incident_id,
        attempt,
        side,
    });
    if let Some(open) = &mut facts.incident {
        open.fence_attempts = attempt;
        if open.fence == FenceOutcome::Unknown {
            open.fence = FenceOutcome::Asked;
        }
    }
    ctx.because.get_or_insert_with(|| {
        format!("the promotion was accepted: {side} is fenced beside it, best effort")
    });
}

/// A fence that is not confirmed is asked for again while the role change may still come about.
pub(super) fn fence_again(p: &mut Progress, facts: &mut Facts, ctx: &mut Context<'_>) {
    let Some(incident) = facts.incident.clone() else {
        return;
    };
    let open = matches!(incident.fence, FenceOutcome::Asked | FenceOutcome::Unfenced);
    if open && p.database.accepted && ctx.now - p.fenced_at >= FENCE_AGAIN {
        fence(p, &incident, facts, ctx);
    }
}

/// The role change came to nothing: the old side still serves, and gets its capacity back first.
pub(super) fn unfence(facts: &mut Facts, ctx: &mut Context<'_>) {
    let Some(open) = &mut facts.incident else {
        return;
    };
    if open.fence == FenceOutcome::Unknown {
        return;
    }
    open.fence = FenceOutcome::Unknown;
    open.unfenced_attempts = open.fence_attempts;
    let (incident_id, side, min) = (open.incident_id, open.from, ctx.setup.serving.desired);
    ctx.commands.push(Command::Prescale {
        incident_id,
        side,
        min,
    });
    ctx.because.get_or_insert_with(|| {
        format!("the role change came to nothing: {side} gets its capacity back")
    });
}
