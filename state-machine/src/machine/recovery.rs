//! The states of a recovery and the one after it: roles change, traffic moves, the last proof.
//! Forward only; what cannot go on becomes `held`.
//!
//! Deliberately absent: the steps of a promotion (`promotion`).

use super::completion;
use super::context::{Context, Next, drd_may_act};
use super::detection::expire;
use super::earned::{close, has_earned};
use super::guard::guard;
use super::paging::{forget_paged, page_again, page_blindness_once, page_repeated, page_when_due};
use super::promotion::{self, may_return};
use crate::blocker::Blocker;
use crate::command::{Command, Severity};
use crate::event::{Event, Side, Word};
use crate::evidence::Dated;
use crate::gates;
use crate::late_requests;
use crate::messages;
use crate::policy::{LOST, REFUSALS_PAGED, RESTORE_GAP};
use crate::record::{Facts, Operation, Readiness, Trigger};
use crate::state::{Hold, Progress, State, Step, Stopped};
use statig::Outcome::{Handled, Super};

pub(super) fn promoting(
    progress: &mut Progress,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Context<'_>,
) -> Next {
    if let Some(next) = recant(progress, facts, event, ctx) {
        return next;
    }
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
    if let Some(next) = turn_lossy(progress, facts, ctx) {
        return next;
    }
    if let Some(next) = recant(progress, facts, event, ctx) {
        return next;
    }
    let late = facts
        .incident
        .as_ref()
        .is_some_and(|i| ctx.now - i.decided_at >= ctx.setup.policy.budget.promote);
    let overdue = late && !progress.database.is_done();
    match promotion::advance(progress, facts, event, ctx, !overdue) {
        promotion::Advance::Joined => join(progress, facts, ctx),
        promotion::Advance::Stopped(hold) => ctx.hold(facts, hold, Stopped::Promoting(*progress)),
        promotion::Advance::Stay if overdue && !progress.database.is_done() => {
            ctx.hold(facts, Hold::OutOfTime, Stopped::Promoting(*progress))
        }
        promotion::Advance::Stay => Super,
    }
}

/// Before the point of no return an incident whose outage is over ends by itself, and an operator's order that
/// nothing came of is given up, unless a request that nobody answered may still land (rule 13).
pub(super) fn recant(
    progress: &Progress,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Context<'_>,
) -> Option<Next> {
    let looked = matches!(event, Event::Observed(_));
    let database = &progress.database;
    if !looked || database.attempt == 0 || !may_return(progress, facts, ctx.now) {
        return None;
    }
    if database.is_under_way() && !database.is_lost(ctx.now, LOST) {
        return None;
    }
    let incident = facts.incident.as_ref()?;
    if incident.is_ordered(ctx.now, &ctx.setup.policy) || late_requests::may_land(facts, ctx.now) {
        return None;
    }
    if incident.trigger == Trigger::Operator {
        return Some(expire(facts, ctx));
    }
    let well = ctx.seen.up >= ctx.setup.policy.quorum;
    if facts.evidence.corroborated_at.is_some() || !well {
        return None;
    }
    close(facts, ctx.now);
    let text = messages::recanted(ctx.seen);
    ctx.page(facts, Severity::Warning, text.clone());
    Some(ctx.go(State::Watching, text))
}

/// The next rung of the ladder (rule 16): the lossless move has not come about, and what is seen now
/// has earned a failover by its own onset, hold-down and gates. A switchover that failed proves no
/// death, and an operator's order of one is none against a failover.
pub(super) fn turn_lossy(
    progress: &Progress,
    facts: &mut Facts,
    ctx: &mut Context<'_>,
) -> Option<Next> {
    let lossless = facts
        .incident
        .as_ref()
        .is_some_and(|i| i.operation == Operation::Switchover);
    let seen = ctx.seen.diagnosis;
    if !lossless || seen.lossless_first() || !may_return(progress, facts, ctx.now) {
        return None;
    }
    let closed = gates::closed_to_loss(facts, ctx.setup, ctx.now, ctx.seen);
    if !drd_may_act(facts, ctx) || !has_earned(facts, ctx) || !closed.is_empty() {
        return None;
    }
    if let Some(incident) = &mut facts.incident {
        incident.operation = Operation::Failover;
        incident.trigger = Trigger::Automatic;
        incident.ordered_at = None;
        incident.diagnosis = seen;
        incident.loss = ctx.seen.loss;
    }
    let progress = Progress {
        database: Step::default(),
        ..*progress
    };
    Some(ctx.go(
        State::Promoting(progress),
        format!("the switchover did not come about, and {seen} has lasted its own hold-down: failover instead"),
    ))
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

/// Throws the latch, each time under a number of its own.
pub(super) fn redirect(latch: &mut Step, facts: &Facts, ctx: &mut Context<'_>) {
    let Some(incident) = &facts.incident else {
        return;
    };
    latch.ask(ctx.now);
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
    throw_back(latch, facts, ctx);
    redirect_again(latch, facts, ctx);
    Super
}

/// Somebody took the latch back before traffic had moved: it is thrown again, as every missing step of a run,
/// and people know.
pub(super) fn throw_back(latch: &mut Step, facts: &mut Facts, ctx: &mut Context<'_>) {
    let Some(to) = facts.incident.as_ref().map(|i| i.to) else {
        return;
    };
    let since = latch.asked_at + RESTORE_GAP;
    let gone = |seen: &Dated<Side>| seen.at >= since && seen.is != to;
    if latch.accepted && facts.evidence.latch.as_ref().is_some_and(gone) {
        latch.again(ctx.now);
        ctx.page(facts, Severity::Warning, messages::thrown_back(facts, to));
    }
}

/// Throws the latch once more, where an attempt is due.
pub(super) fn redirect_again(latch: &mut Step, facts: &mut Facts, ctx: &mut Context<'_>) {
    if !latch.is_due(ctx.now, LOST) {
        return;
    }
    let lost = latch.is_lost(ctx.now, LOST);
    if let Some(incident) = facts.incident.as_ref().filter(|_| lost) {
        late_requests::remember(facts, incident.to, ctx.now);
    }
    redirect(latch, facts, ctx);
    if latch.attempt == REFUSALS_PAGED + 1 {
        let text = messages::latch_stuck(facts, latch.attempt);
        ctx.page(facts, Severity::Critical, text);
    }
    ctx.because = Some(format!(
        "the latch is thrown again, attempt {}",
        latch.attempt
    ));
}

pub(super) fn verifying(facts: &mut Facts, ctx: &mut Context<'_>) -> Next {
    if !completion::verified(facts, ctx.setup, ctx.now) {
        return Super;
    }
    completion::finish(facts, ctx.setup, ctx.now);
    let text = messages::finished(facts, ctx.setup, ctx.now);
    ctx.page(facts, Severity::Info, text.clone());
    ctx.go(State::Exposed, text)
}

pub(super) fn exposed(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) -> Next {
    if matches!(event.word(), Some(Word::Failover | Word::Switchover)) {
        let text = messages::refused(&Blocker::NoStandby);
        ctx.page(facts, Severity::Warning, text.clone());
        ctx.because = Some(text);
        return Handled;
    }
    if completion::standby_is_back(facts, ctx.setup, ctx.now) {
        facts.readiness = Readiness::default();
        return ctx.go(State::Watching, messages::protected_again(facts));
    }
    page_blindness_once(facts, ctx);
    guard(facts, ctx);
    page_repeated(facts, ctx);
    if facts.evidence.corroborated_at.is_some() {
        page_again(facts, ctx, messages::second_refused);
    } else if !facts.diagnosis.is.comes_with_exposure() {
        page_when_due(facts, ctx);
    } else {
        forget_paged(facts, ctx);
    }
    Handled
}
