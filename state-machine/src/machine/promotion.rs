//! The part of a recovery after its decision: the database, the proof of a write and the
//! capacity advance side by side.
//!
//! Observation is the truth here; completions only decide whether to wait or to try again.
//! Deliberately absent: choosing whether to begin. `machine` and `gates` did that.

use super::context::Context;
use super::earned::may_ask_again;
use super::fencing::{fence, fence_again, unfence};
use crate::command::{Command, Kind, Severity};
use crate::event::{Completion, Event, Outcome, RoleChange};
use crate::late_requests;
use crate::messages;
use crate::policy::{
    DROPPED, LOST, ORDER_FRESH, REFUSALS_PAGED, RETRY, RETRY_REFUSED, Setup, retry_gap,
};
use crate::record::{Facts, Incident, Operation};
use crate::state::{Hold, Progress, Step};
use crate::time::Time;

/// How far the three have come.
pub(super) enum Advance {
    /// Not there yet.
    Stay,
    /// Traffic may move.
    Joined,
    /// Cannot go on.
    Stopped(Hold),
}

/// Before the point of no return: no role change was accepted that may still come about, none is
/// seen, and the writer has not moved.
pub(super) fn may_return(p: &Progress, facts: &Facts, now: Time) -> bool {
    let Some(incident) = &facts.incident else {
        return false;
    };
    if p.database.is_done() || p.database.accepted {
        return false;
    }
    let global = facts.evidence.global_now(now);
    global.is_some_and(|g| g.role_change == RoleChange::Idle && g.writer == Some(incident.from))
}

/// Takes the event's news, then asks for what is due.
pub(super) fn advance(
    p: &mut Progress,
    facts: &mut Facts,
    event: &Event,
    ctx: &mut Context<'_>,
    change_roles: bool,
) -> Advance {
    let Some(incident) = facts.incident.clone() else {
        return Advance::Stay;
    };
    page_denied_capacity(p, &incident, facts, event, ctx);
    let accepted_before = p.database.accepted;
    if let Some(hold) = note_completion(p, &incident, facts, event, ctx.now) {
        return Advance::Stopped(hold);
    }
    if p.database.accepted && !accepted_before {
        fence(p, &incident, facts, ctx);
    }
    note_observation(p, &incident, facts, ctx);
    fence_again(p, facts, ctx);
    if p.database.is_lost(ctx.now, LOST) {
        late_requests::remember(facts, incident.to, ctx.now);
    }
    if change_roles && (p.database.attempt == 0 || may_ask_again(facts, ctx)) {
        ask_role(p, &incident, ctx);
    }
    ask_capacity(p, &incident, ctx);
    ask_proof(p, &incident, ctx);
    remember(p, facts);
    if p.is_joined() {
        Advance::Joined
    } else {
        Advance::Stay
    }
}

/// The completion that this event is, unless it is of an older incident: that changes nothing.
pub(super) fn current<'e>(facts: &Facts, event: &'e Event) -> Option<&'e Completion> {
    event.finished().filter(|done| facts.is_current(done))
}

fn note_completion(
    p: &mut Progress,
    incident: &Incident,
    facts: &Facts,
    event: &Event,
    now: Time,
) -> Option<Hold> {
    let done = current(facts, event)?;
    match done.kind {
        // A switchover's late answer is no evidence about the failover that took its place.
        Kind::Promote | Kind::Switchover if done.kind != role_kind(incident) => None,
        Kind::Promote | Kind::Switchover => note_role(&mut p.database, done, now),
        Kind::Scale => {
            note_asked(&mut p.capacity, done, now);
            None
        }
        Kind::ProveWrite => {
            note_proof(p, done, now);
            None
        }
        Kind::Prescale | Kind::ScaleBack | Kind::Fence | Kind::Redirect | Kind::Page => None,
    }
}

fn page_denied_capacity(
    p: &Progress,
    incident: &Incident,
    facts: &Facts,
    event: &Event,
    ctx: &mut Context<'_>,
) {
    let newest =
        |done: &&Completion| done.kind == Kind::Scale && p.capacity.waits_for(done.attempt);
    let Some(done) = current(facts, event).filter(newest) else {
        return;
    };
    if let Outcome::Denied { why } = &done.outcome {
        let text = messages::capacity_denied(facts, Kind::Scale, incident.to, why);
        ctx.page(facts, Severity::Warning, text);
    }
}

fn note_proof(p: &mut Progress, done: &Completion, now: Time) {
    if !p.writable.waits_for(done.attempt) {
        return;
    }
    let proven = matches!(done.outcome, Outcome::Done | Outcome::AlreadySo);
    // A proof counts only for a side that is the writer.
    if proven && p.database.is_done() {
        p.writable.done(now);
    } else {
        p.writable.again(now + RETRY);
    }
}

/// What the end of an attempt to change roles means. Refusals and denials are asked through; people
/// are asked as well at the fourth refusal and at each denial.
fn note_role(step: &mut Step, done: &Completion, now: Time) -> Option<Hold> {
    if !note_asked(step, done, now) {
        return None;
    }
    if let Outcome::Refused { why } = &done.outcome
        && step.refusals == REFUSALS_PAGED
    {
        return Some(Hold::PromotionRefused(why.clone()));
    }
    denial(step, &done.outcome)
}

/// A step that is denied is asked for again, and people are asked as well.
pub(super) fn denial(step: &Step, outcome: &Outcome) -> Option<Hold> {
    match outcome {
        Outcome::Denied { why } if !step.is_done() => Some(Hold::Denied(why.clone())),
        Outcome::Done
        | Outcome::AlreadySo
        | Outcome::Unknown { .. }
        | Outcome::Refused { .. }
        | Outcome::Denied { .. } => None,
    }
}

/// What an attempt's end means for its step; `true`: it was news. A stale one, and one that was
/// received before, change nothing.
pub(super) fn note_asked(step: &mut Step, done: &Completion, now: Time) -> bool {
    if !step.waits_for(done.attempt) {
        return false;
    }
    match &done.outcome {
        Outcome::Done | Outcome::AlreadySo => step.accepted = true,
        Outcome::Unknown { .. } | Outcome::Refused { .. } | Outcome::Denied { .. }
            if step.is_done() => {}
        Outcome::Unknown { .. } => step.again(now + retry_gap(step.attempt)),
        Outcome::Refused { .. } => {
            let gap = retry_gap(step.refusals + 1).max(RETRY_REFUSED);
            step.refused(now + gap);
        }
        Outcome::Denied { .. } => step.again(now + retry_gap(step.attempt).max(RETRY_REFUSED)),
    }
    true
}

fn note_observation(
    p: &mut Progress,
    incident: &Incident,
    facts: &mut Facts,
    ctx: &mut Context<'_>,
) {
    let to = incident.to;
    let Some(view) = facts.evidence.sides[to.index()].filter(|s| s.at >= incident.decided_at)
    else {
        return;
    };
    let global = facts
        .evidence
        .global
        .filter(|s| s.at >= incident.decided_at);
    if let Some(global) = global {
        let moved = global.is.writer == Some(to)
            && global.is.writers == 1
            && global.is.role_change == RoleChange::Idle;
        if moved && view.is.database_available == Some(true) {
            p.database.done(ctx.now);
        }
        let dropped = p.database.accepted
            && global.is.role_change == RoleChange::Idle
            && global.is.writer == Some(incident.from)
            && global.at - p.database.asked_at > DROPPED;
        if dropped && !p.database.is_done() {
            p.database.refused(ctx.now);
            unfence(facts, ctx);
        }
    }
    note_capacity(p, incident, view.is.serving(), facts, ctx);
}

/// Full size, or the floor once the slice is used up: the next cheaper edge.
fn note_capacity(
    p: &mut Progress,
    incident: &Incident,
    serving: Option<u32>,
    facts: &Facts,
    ctx: &mut Context<'_>,
) {
    if p.capacity.is_done() {
        return;
    }
    let Some(serving) = serving else { return };
    let wanted = ctx.setup.serving;
    let slice_used = ctx.now - incident.decided_at >= ctx.setup.policy.budget.promote;
    if serving >= wanted.desired {
        p.capacity.done(ctx.now);
    } else if slice_used && serving >= wanted.floor() {
        p.capacity.done(ctx.now);
        let text = messages::reduced(facts, serving, wanted.desired);
        ctx.page(facts, Severity::Warning, text);
    } else if slice_used && serving >= 1 && p.writable.is_done() {
        // The old side cannot write any more: whatever serves here is better.
        p.capacity.done(ctx.now);
        let text = messages::reduced(facts, serving, wanted.desired);
        ctx.page(facts, Severity::Critical, text);
    }
}

fn role_kind(incident: &Incident) -> Kind {
    match incident.operation {
        Operation::Failover => Kind::Promote,
        Operation::Switchover => Kind::Switchover,
    }
}

fn role_command(p: &Progress, incident: &Incident) -> Command {
    let (incident_id, attempt, to) = (incident.incident_id, p.database.attempt, incident.to);
    match incident.operation {
        Operation::Failover => Command::Promote {
            incident_id,
            attempt,
            to,
        },
        Operation::Switchover => Command::Switchover {
            incident_id,
            attempt,
            to,
        },
    }
}

/// Asks for the role change, where an attempt is due.
fn ask_role(p: &mut Progress, incident: &Incident, ctx: &mut Context<'_>) {
    if !p.database.is_due(ctx.now, LOST) {
        return;
    }
    p.database.ask(ctx.now);
    let command = role_command(p, incident);
    ctx.because.get_or_insert_with(|| {
        format!(
            "{} of {}, attempt {}",
            command.kind(),
            incident.to,
            p.database.attempt
        )
    });
    ctx.commands.push(command);
}

fn scale_command(p: &Progress, incident: &Incident, setup: &Setup) -> Command {
    Command::Scale {
        incident_id: incident.incident_id,
        attempt: p.capacity.attempt,
        side: incident.to,
        min: setup.serving.min,
        desired: setup.serving.desired,
    }
}

fn ask_capacity(p: &mut Progress, incident: &Incident, ctx: &mut Context<'_>) {
    if !p.capacity.is_due(ctx.now, LOST) {
        return;
    }
    p.capacity.ask(ctx.now);
    let desired = ctx.setup.serving.desired;
    ctx.because
        .get_or_insert_with(|| format!("{} is scaled to {desired}", incident.to));
    ctx.commands.push(scale_command(p, incident, ctx.setup));
}

fn proof_command(p: &Progress, incident: &Incident) -> Command {
    Command::ProveWrite {
        incident_id: incident.incident_id,
        attempt: p.writable.attempt,
        side: incident.to,
    }
}

fn ask_proof(p: &mut Progress, incident: &Incident, ctx: &mut Context<'_>) {
    if !p.database.is_done() || !p.writable.is_due(ctx.now, LOST) {
        return;
    }
    p.writable.ask(ctx.now);
    ctx.because
        .get_or_insert_with(|| format!("{} is the writer: a write must be proven", incident.to));
    ctx.commands.push(proof_command(p, incident));
}

fn remember(p: &Progress, facts: &mut Facts) {
    if let Some(incident) = &mut facts.incident {
        incident.promoted_at = p.database.done_at;
        incident.proven_at = p.writable.done_at;
        incident.scaled_at = p.capacity.done_at;
    }
}

/// On entry, and again after a crash: the commands of every step that is not done, under new numbers.
/// Each looks before it acts, so asking twice has the effect of one. A role change that waits for its retry
/// is left to [`advance`].
pub(super) fn issue_again(p: &mut Progress, facts: &Facts, ctx: &mut Context<'_>) {
    let Some(incident) = &facts.incident else {
        return;
    };
    if !p.database.is_done() && p.database.retry_at.is_none() {
        reask(&mut p.database, ctx.now);
        ctx.commands.push(role_command(p, incident));
    }
    if !p.capacity.is_done() {
        reask(&mut p.capacity, ctx.now);
        ctx.commands.push(scale_command(p, incident, ctx.setup));
    }
    issue_proof_again(p, facts, ctx);
}

/// A ledger is no order (rule 14): a role change that was asked for before a restart is asked for again by
/// [`advance`], when what is seen then allows it. An operator's word stays one for as long as before a role change
/// was asked for.
pub(super) fn roles_are_no_order(p: &mut Progress, facts: &mut Facts, now: Time) {
    let Some(incident) = &mut facts.incident else {
        return;
    };
    incident.ordered_at = incident.ordered_at.filter(|at| now - *at <= ORDER_FRESH);
    if incident.ordered_at.is_none() {
        p.database = p.database.no_order(now);
    }
}

pub(super) fn issue_proof_again(p: &mut Progress, facts: &Facts, ctx: &mut Context<'_>) {
    let Some(incident) = &facts.incident else {
        return;
    };
    if p.database.is_done() && !p.writable.is_done() {
        reask(&mut p.writable, ctx.now);
        ctx.commands.push(proof_command(p, incident));
    }
}

/// Under a number of its own: the end of one that is under way must not pass for this one's.
fn reask(step: &mut Step, now: Time) {
    *step = Step {
        attempt: step.attempt + 1,
        asked_at: now,
        ..Step::default()
    };
}
