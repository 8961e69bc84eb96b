//! The states of a recovery and the one after it: roles change, traffic moves, the last proof.
//! Forward only; what cannot go on becomes `held`.
//!
//! Deliberately absent: the steps of a promotion (`promotion`).

use super::completion;
use super::context::{Context, Next, drd_may_act};
use super::paging::{forget_paged, page_event_path_once, page_once, page_when_due};
use super::promotion;
use crate::command::{Command, Severity};
use crate::event::{Event, RoleChange};
use crate::gates;
use crate::late_requests;
use crate::messages;
use crate::policy::LOST;
use crate::record::{Facts, Operation, Trigger};
use crate::state::{Hold, Progress, State, Step, Stopped};
use statig::Outcome::{Handled, Super};

pub(super) fn promoting(
    progress: &mut Progress,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Context<'_>,
) -> Next {
    match promotion::advance(progress, facts, event, ctx, true) {
        promotion::Advance::Stay => Super,
        promotion::Advance::Joined => join(progress, facts, ctx),
        promotion::Advance::Stopped(hold) => ctx.hold(facts, hold, Stopped::Promoting(*progress)),
    }
}

pub(super) fn switching(
    progress: &mut Progress,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Context<'_>,
) -> Next {
    let late = facts
        .incident
        .as_ref()
        .is_some_and(|i| ctx.now - i.decided_at >= ctx.setup.policy.budget.promote);
    let overdue = late && !progress.database.is_done();
    // Not another switchover beside the failover that takes its place.
    match promotion::advance(progress, facts, event, ctx, !overdue) {
        promotion::Advance::Joined => join(progress, facts, ctx),
        promotion::Advance::Stopped(hold) => lossy_instead(progress, facts, ctx, hold),
        promotion::Advance::Stay if overdue && !progress.database.is_done() => {
            lossy_instead(progress, facts, ctx, Hold::OutOfTime)
        }
        promotion::Advance::Stay => Super,
    }
}

/// The next rung of the ladder: the lossless move failed. The lossy one is another irreversible
/// edge: the outage must still last, and every gate be open, the one for loss among them.
fn lossy_instead(
    progress: &mut Progress,
    facts: &mut Facts,
    ctx: &mut Context<'_>,
    hold: Hold,
) -> Next {
    let underway = facts
        .evidence
        .global_now(ctx.now)
        .is_none_or(|g| g.role_change != RoleChange::Idle);
    let automatic = facts
        .incident
        .as_ref()
        .is_some_and(|i| i.trigger == Trigger::Automatic);
    let stage = Stopped::Promoting(*progress);
    if underway || !automatic || !drd_may_act(facts, ctx) {
        return ctx.hold(facts, hold, stage);
    }
    let closed = gates::closed_to_loss(facts, ctx.setup, ctx.now, ctx.seen);
    if !closed.is_empty() {
        return ctx.hold(facts, Hold::Blocked(closed), stage);
    }
    if let Some(incident) = &mut facts.incident {
        incident.operation = Operation::Failover;
    }
    let progress = Progress {
        database: Step::default(),
        ..*progress
    };
    ctx.go(
        State::Promoting(progress),
        "the switchover did not come about: failover instead",
    )
}

pub(super) fn join(progress: &Progress, facts: &mut Facts, ctx: &mut Context<'_>) -> Next {
    late_requests::joined(progress, facts, ctx.now);
    ctx.go(
        State::Redirecting {
            latch: Step::default(),
        },
        messages::joined(facts, ctx.now),
    )
}

pub(super) fn redirect(latch: &mut Step, facts: &Facts, ctx: &mut Context<'_>) {
    let Some(incident) = &facts.incident else {
        return;
    };
    if latch.attempt == 0 {
        latch.ask(ctx.now);
    }
    let (incident_id, attempt, to) = (facts.incident_id, latch.attempt, incident.to);
    ctx.commands.push(Command::Redirect {
        incident_id,
        attempt,
        to,
    });
}

pub(super) fn redirecting(
    latch: &mut Step,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Context<'_>,
) -> Next {
    if let Some(hold) = completion::note_latch(latch, facts, event, ctx.now) {
        return ctx.hold(facts, hold, Stopped::Redirecting { latch: *latch });
    }
    if latch.accepted && completion::resolvers_moved(facts, ctx.now) {
        let text = messages::redirected(facts, ctx.now);
        return ctx.go(State::Verifying, text);
    }
    if latch.is_due(ctx.now, LOST) {
        if let Some(incident) = facts
            .incident
            .as_ref()
            .filter(|_| latch.is_lost(ctx.now, LOST))
        {
            late_requests::remember(facts, incident.to, ctx.now);
        }
        latch.ask(ctx.now);
        redirect(latch, facts, ctx);
        ctx.because = Some(format!(
            "the latch is thrown again, attempt {}",
            latch.attempt
        ));
    }
    Super
}

pub(super) fn verifying(facts: &mut Facts, ctx: &mut Context<'_>) -> Next {
    if !completion::verified(facts, ctx.setup, ctx.now) {
        return Super;
    }
    completion::finish(facts, ctx.setup, ctx.now);
    let text = messages::finished(facts, ctx.now);
    ctx.page(facts, Severity::Info, text.clone());
    ctx.go(State::Exposed, text)
}

pub(super) fn exposed(facts: &mut Facts, ctx: &mut Context<'_>) -> Next {
    if completion::standby_is_back(facts, ctx.setup, ctx.now) {
        return ctx.go(State::Watching, messages::protected_again(facts));
    }
    page_event_path_once(facts, ctx);
    if facts.evidence.corroborated_at.is_some() {
        page_once(facts, ctx, messages::second_refused);
    } else if !facts.diagnosis.is.comes_with_exposure() {
        page_when_due(facts, ctx);
    } else {
        forget_paged(facts, ctx);
    }
    Handled
}
