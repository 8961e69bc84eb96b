//! The states before anything irreversible: watching, suspecting, fencing. Here is decided
//! whether to begin; an abort is free up to the last line of `fencing`.
//!
//! Deliberately absent: what counts as an outage (`assessment`), and what must hold (`gates`).

use super::completion;
use super::context::{Context, Next, drd_may_act};
use super::earned::{close, has_earned, held_for};
use super::guard::{adopts, guard};
use super::paging::{page_once, page_repeated, page_when_due};
use super::prescaling::{prescale_unless_closed, raised, scale_back};
use crate::blocker::Blocker;
use crate::command::Severity;
use crate::diagnosis::Diagnosis;
use crate::event::{Event, Verdict, Word};
use crate::gates;
use crate::late_requests;
use crate::messages;
use crate::policy::{Autonomy, DECISION_FRESH, ORDER_FRESH, SETTLE, UNPROVEN_PAGED};
use crate::record::{Facts, FenceOutcome, Incident, Operation, Trigger};
use crate::state::{Hold, Progress, State, Stopped};
use crate::time::Time;
use statig::Outcome::Handled;

pub(super) fn watching(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) -> Next {
    if let Some(next) = ordered(facts, event, ctx) {
        return next;
    }
    if facts.evidence.corroborated_at.is_some() {
        facts.incident_id += 1;
        return ctx.go(
            State::Suspecting,
            ctx.seen.summary(facts, ctx.setup, ctx.now),
        );
    }
    scale_back(facts, event, ctx);
    guard(facts, ctx);
    page_repeated(facts, ctx);
    page_when_due(facts, ctx);
    Handled
}

pub(super) fn suspecting(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) -> Next {
    if let Some(next) = ordered(facts, event, ctx) {
        return next;
    }
    if let Some(text) = adopts(facts, ctx) {
        return ctx.go(State::Watching, text);
    }
    if held_for(facts, ctx.now, ctx.seen).is_none() {
        return ctx.go(State::Watching, messages::cleared(facts, ctx.seen));
    }
    raised(facts, event, ctx);
    page_repeated(facts, ctx);
    let diagnosis = ctx.seen.diagnosis;
    if !diagnosis.has_ladder() {
        page_when_due(facts, ctx);
        return Handled;
    }
    let due = has_earned(facts, ctx);
    match ctx.setup.policy.autonomy(diagnosis) {
        Autonomy::Observe => Handled,
        Autonomy::Advise => {
            if due {
                page_once(facts, ctx, messages::advice);
            }
            Handled
        }
        Autonomy::Act => decide(facts, due, ctx),
    }
}

/// At the first edge: act, wait for an answer that may still come, or hold.
fn decide(facts: &mut Facts, due: bool, ctx: &mut Context<'_>) -> Next {
    let closed = gates::closed(facts, ctx.setup, ctx.now, ctx.seen);
    prescale_unless_closed(&closed, facts, ctx);
    if !due {
        return Handled;
    }
    if closed.is_empty() {
        return start(facts, Trigger::Automatic, None, ctx);
    }
    if closed.contains(&Blocker::Paused) {
        page_once(facts, ctx, messages::paused);
        return Handled;
    }
    let bad_for = ctx.now - facts.evidence.first_bad_at.unwrap_or(ctx.now);
    let for_people = |b: &Blocker| matches!(b, Blocker::SideUnproven { .. } | Blocker::LeftBefore);
    if closed.iter().all(for_people) {
        if bad_for >= UNPROVEN_PAGED {
            page_once(facts, ctx, messages::left_to_people);
        }
        return Handled;
    }
    let may_wait = bad_for < ctx.setup.policy.budget.detect || ctx.now - facts.started_at < SETTLE;
    let waits = |b: &Blocker| {
        matches!(
            b,
            Blocker::LossUnknown
                | Blocker::LagContradicted { .. }
                | Blocker::ObserverUnproven
                | Blocker::ReadinessUnknown
        )
    };
    if may_wait && closed.iter().all(waits) {
        return Handled;
    }
    ctx.hold(facts, Hold::Blocked(closed), Stopped::Before)
}

/// A hold before anything irreversible looks at its gates on every event (rule 19).
pub(super) fn goes_on(facts: &mut Facts, ctx: &mut Context<'_>) -> Option<Next> {
    if !has_earned(facts, ctx) || !drd_may_act(facts, ctx) {
        return None;
    }
    let closed = gates::closed(facts, ctx.setup, ctx.now, ctx.seen);
    if !closed.is_empty() {
        prescale_unless_closed(&closed, facts, ctx);
        return None;
    }
    facts.incident_id += 1;
    let text = messages::goes_on(facts);
    ctx.page(facts, Severity::Warning, text);
    Some(start(facts, Trigger::Automatic, None, ctx))
}

/// Opens the incident. Its first command acts only from the next state on.
fn start(
    facts: &mut Facts,
    trigger: Trigger,
    operation: Option<Operation>,
    ctx: &mut Context<'_>,
) -> Next {
    let diagnosis = ctx.seen.diagnosis;
    let first_bad_at = facts.evidence.first_bad_at.unwrap_or(ctx.now);
    let ladder = if diagnosis.lossless_first() {
        Operation::Switchover
    } else {
        Operation::Failover
    };
    let mut incident = Incident {
        incident_id: facts.incident_id,
        diagnosis,
        operation: operation.unwrap_or(ladder),
        trigger,
        ordered_at: (trigger == Trigger::Operator).then_some(ctx.now),
        from: facts.active,
        to: facts.active.other(),
        first_bad_at,
        onset_at: onset(facts, first_bad_at, diagnosis, trigger),
        decided_at: ctx.now,
        loss: ctx.seen.loss,
        committed: false,
        fence: FenceOutcome::Unknown,
        fence_attempts: 0,
        fence_ended: 0,
        unfenced_attempts: 0,
        promoted_at: None,
        scaled_at: None,
        proven_at: None,
        redirected_at: None,
        ended_at: None,
        late: false,
    };
    let (objective, since) = (
        incident.objective(&ctx.setup.policy),
        ctx.now - incident.onset_at,
    );
    incident.late = since >= objective;
    if incident.late {
        let text = messages::begins_late(facts, objective, since);
        ctx.page(facts, Severity::Warning, text);
    }
    facts.incident = Some(incident);
    let because = messages::begun(facts, ctx.setup, ctx.now, ctx.seen);
    ctx.go(State::Fencing, because)
}

/// The database may live on where something else is down: a proof of its life begins the objective anew only
/// for what names the database dead (rule 8). Whoever orders it knows since when users wait.
fn onset(facts: &Facts, first_bad_at: Time, diagnosis: Diagnosis, trigger: Trigger) -> Time {
    if diagnosis.lossless_first() || trigger == Trigger::Operator {
        return first_bad_at;
    }
    facts.evidence.lived_until(first_bad_at)
}

pub(super) fn fencing(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) -> Next {
    if event.word() == Some(Word::Abandon) {
        return completion::give_up(facts, ctx);
    }
    let Some(incident) = facts.incident.clone() else {
        return ctx.go(State::Watching, "no incident is open");
    };
    let looked = matches!(event, Event::Observed(o) if o.global.is_some() && o.references == Verdict::Healthy);
    // A daemon that just started on this state gets the whole slice again.
    let waited = ctx.now - facts.entered_at.max(facts.started_at) >= ctx.setup.policy.budget.fence;
    let unclear =
        ctx.seen.diagnosis == Diagnosis::Unclear && incident.trigger == Trigger::Automatic;
    if !waited && (!looked || unclear) {
        return Handled;
    }
    let age = ctx.now - incident.decided_at;
    let automatic = incident.trigger == Trigger::Automatic;
    if !automatic && age > ORDER_FRESH {
        return expire(facts, ctx);
    }
    let expired = age > DECISION_FRESH && !has_earned(facts, ctx);
    if automatic && (expired || !still_so(facts, &incident, ctx)) {
        close(facts, ctx.now);
        return ctx.go(State::Suspecting, messages::recanted(ctx.seen));
    }
    let closed = match incident.trigger {
        Trigger::Automatic => gates::closed(facts, ctx.setup, ctx.now, ctx.seen),
        // The one gate that no order of an operator opens.
        Trigger::Operator => late_requests::closed(facts, ctx.now).into_iter().collect(),
    };
    if !closed.is_empty() {
        close(facts, ctx.now);
        return ctx.hold(facts, Hold::Blocked(closed), Stopped::Before);
    }
    if let Some(open) = &mut facts.incident {
        open.committed = true;
    }
    let look = if looked {
        "a last look found it unchanged"
    } else {
        "the last look got no answer"
    };
    match incident.operation {
        Operation::Failover => ctx.go(State::Promoting(Progress::default()), look),
        Operation::Switchover => ctx.go(State::Switching(Progress::default()), look),
    }
}

/// Gives an operator's order up that nothing came of: whoever gave it has acted otherwise by now.
pub(super) fn expire(facts: &mut Facts, ctx: &mut Context<'_>) -> Next {
    close(facts, ctx.now);
    let text = messages::order_expired(facts, ctx.now);
    ctx.page(facts, Severity::Warning, text.clone());
    ctx.go(State::Watching, text)
}

/// Whether what was decided still holds at the edge. A diagnosis that took the place of the
/// decided one must have earned its own hold-down.
fn still_so(facts: &Facts, incident: &Incident, ctx: &Context<'_>) -> bool {
    let seen = ctx.seen.diagnosis;
    let same_ladder = seen.lossless_first() == incident.diagnosis.lossless_first();
    let earned = has_earned(facts, ctx);
    drd_may_act(facts, ctx) && same_ladder && (seen == incident.diagnosis || earned)
}

/// What operators may ask for while nothing irreversible has begun.
pub(super) fn ordered(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) -> Option<Next> {
    let operation = match event.word()? {
        Word::Failover => Operation::Failover,
        Word::Switchover => Operation::Switchover,
        Word::Pause | Word::Resume | Word::Abandon => return None,
    };
    if let Some(blocker) = late_requests::closed(facts, ctx.now) {
        ctx.page(facts, Severity::Warning, messages::refused(&blocker));
        return Some(Handled);
    }
    facts.incident_id += 1;
    Some(start(facts, Trigger::Operator, Some(operation), ctx))
}
