//! The states before anything irreversible: watching, suspecting, fencing. Here is decided
//! whether to begin; an abort is free up to the last line of `fencing`.
//!
//! Deliberately absent: what counts as an outage (`assessment`), and what must hold (`gates`).

use super::completion;
use super::context::{Context, Next, drd_may_act};
use super::earned::{close, has_earned, held_for, hold_down};
use super::guard::guard;
use super::paging::{page_once, page_repeated, page_when_due};
use crate::blocker::Blocker;
use crate::command::{Command, Kind, Severity};
use crate::diagnosis::Diagnosis;
use crate::event::{Event, Outcome, Verdict, Word};
use crate::gates;
use crate::late_requests;
use crate::messages;
use crate::policy::{Autonomy, DECISION_FRESH, LOST, PRESCALE_KEPT, SETTLE, UNPROVEN_PAGED};
use crate::record::{Facts, FenceOutcome, Incident, Operation, Prescale, Trigger};
use crate::state::{Hold, Progress, State, Step, Stopped};
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

/// Puts a raised MinSize back once the suspicion is over, but never on the side that writes: a role
/// change that people made by hand meanwhile has put the users there.
fn scale_back(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) {
    if page_denied(Kind::ScaleBack, facts, event, ctx) || was_scaled_back(facts, event) {
        facts.prescaled = None;
    }
    let (incident_id, paused) = (facts.incident_id, facts.paused);
    let writer = facts.evidence.global_now(ctx.now).and_then(|g| g.writer);
    if facts.prescaled.is_some_and(|p| writer == Some(p.side)) {
        facts.prescaled = None;
    }
    let Some(prescaled) = &mut facts.prescaled else {
        return;
    };
    let kept = ctx.now - facts.entered_at < PRESCALE_KEPT;
    if paused || kept || writer.is_none() || !prescaled.back.is_due(ctx.now, LOST) {
        return;
    }
    prescaled.back.ask(ctx.now);
    let (side, min) = (prescaled.side, prescaled.min_before);
    ctx.commands.push(Command::ScaleBack {
        incident_id,
        side,
        min,
    });
    ctx.because.get_or_insert_with(|| {
        format!("the suspicion is over: MinSize of {side} goes back to {min}")
    });
}

/// What got no answer, or was refused because a scaling activity runs, is tried again.
fn was_scaled_back(facts: &Facts, event: &Event) -> bool {
    event.finished().is_some_and(|done| {
        done.kind == Kind::ScaleBack
            && facts.is_current(done)
            && matches!(done.outcome, Outcome::Done | Outcome::AlreadySo)
    })
}

/// The preparation holds nothing up, but only people can mend what was denied.
fn page_denied(kind: Kind, facts: &Facts, event: &Event, ctx: &mut Context<'_>) -> bool {
    let done = event
        .finished()
        .filter(|done| done.kind == kind && facts.is_current(done));
    let (Some(done), Some(prescaled)) = (done, &facts.prescaled) else {
        return false;
    };
    let Outcome::Denied { why } = &done.outcome else {
        return false;
    };
    let text = messages::capacity_denied(facts, kind, prescaled.side, why);
    ctx.page(facts, Severity::Warning, text);
    true
}

pub(super) fn suspecting(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) -> Next {
    if let Some(next) = ordered(facts, event, ctx) {
        return next;
    }
    let Some(held) = held_for(facts, ctx) else {
        return ctx.go(State::Watching, messages::cleared(facts, ctx.seen));
    };
    page_denied(Kind::Prescale, facts, event, ctx);
    page_repeated(facts, ctx);
    let diagnosis = ctx.seen.diagnosis;
    if !diagnosis.has_ladder() {
        page_when_due(facts, ctx);
        return Handled;
    }
    let due = held >= hold_down(facts, ctx);
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
            page_once(facts, ctx, messages::advice);
        }
        return Handled;
    }
    let may_wait = bad_for < ctx.setup.policy.budget.detect || ctx.now - facts.started_at < SETTLE;
    let waits = |b: &Blocker| {
        matches!(
            b,
            Blocker::LossUnknown | Blocker::ObserverUnproven | Blocker::ReadinessUnknown
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
        from: facts.active,
        to: facts.active.other(),
        first_bad_at,
        onset_at: facts.evidence.lived_until(first_bad_at),
        decided_at: ctx.now,
        loss: ctx.seen.loss,
        committed: false,
        fence: FenceOutcome::Unknown,
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
    let because = messages::decided(facts, ctx.setup, ctx.now, ctx.seen);
    ctx.go(State::Fencing, because)
}

/// Capacity is what may prove the other side: it is raised although that gate is closed.
fn prescale_unless_closed(closed: &[Blocker], facts: &mut Facts, ctx: &mut Context<'_>) {
    let unproven = |b: &Blocker| matches!(b, Blocker::SideUnproven { .. });
    if closed.iter().all(unproven) {
        prescale(facts, ctx);
    }
}

/// Raises the other side's MinSize once a suspicion. What was found before the first raise is
/// what a cleared suspicion goes back to.
fn prescale(facts: &mut Facts, ctx: &mut Context<'_>) {
    let (side, incident_id) = (facts.active.other(), facts.incident_id);
    let min = ctx.setup.serving.desired;
    let Some(found) = facts
        .evidence
        .side_now(side, ctx.now)
        .and_then(|v| v.min_size)
    else {
        return;
    };
    let earlier = facts.prescaled.filter(|p| p.side == side);
    if found >= min || earlier.is_some_and(|p| p.incident_id == incident_id) {
        return;
    }
    let min_before = earlier.map_or(found, |p| p.min_before);
    facts.prescaled = Some(Prescale {
        incident_id,
        side,
        min_before,
        back: Step::default(),
    });
    ctx.commands.push(Command::Prescale {
        incident_id,
        side,
        min,
    });
    ctx.because.get_or_insert_with(|| {
        format!(
            "{}: MinSize of {side} is raised to {min} meanwhile",
            ctx.seen.diagnosis
        )
    });
}

pub(super) fn fencing(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) -> Next {
    if let Event::Ordered {
        word: Word::Abandon,
    } = event
    {
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
    let old = ctx.now - incident.decided_at > DECISION_FRESH;
    let expired = old && !has_earned(facts, ctx);
    let automatic = incident.trigger == Trigger::Automatic;
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
    let Event::Ordered { word } = event else {
        return None;
    };
    let operation = match word {
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
