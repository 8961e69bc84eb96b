//! The capacity of the side that waits, raised on suspicion so that a move finds it there, and put back
//! once the suspicion is over.
//!
//! Deliberately absent: the capacity that a recovery waits for (`promotion`).

use super::context::Context;
use crate::blocker::Blocker;
use crate::command::{Command, Kind, Severity};
use crate::event::{Event, Outcome};
use crate::messages;
use crate::policy::{LOST, PRESCALE_KEPT};
use crate::record::Facts;
use crate::state::{Prescale, Step};
use crate::time::Span;

/// The gates are judged by a readiness that was asked for after the suspicion began, or for so long: a call
/// has a deadline of 10 s. A deployment that takes the writer away is to be known of before anything is changed.
const READINESS_WITHIN: Span = Span::secs(12);

/// Capacity is what may prove the other side: it is raised although that gate is closed.
pub(super) fn prescale_unless_closed(closed: &[Blocker], facts: &mut Facts, ctx: &mut Context<'_>) {
    let unproven = |b: &Blocker| matches!(b, Blocker::SideUnproven { .. });
    let checked = facts.readiness.checked_at >= facts.entered_at;
    let waited = ctx.now - facts.entered_at >= READINESS_WITHIN;
    if closed.iter().all(unproven) && (checked || waited) {
        prescale(facts, ctx);
    }
}

/// Raises the other side's MinSize, again while an attempt had no effect: it may have died with its
/// daemon. What was found before the first raise is what a cleared suspicion goes back to.
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
    let mut raise = earlier
        .filter(|p| p.incident_id == incident_id)
        .map_or(Step::default(), |p| p.raise);
    if found >= min || !raise.is_due(ctx.now, LOST) {
        return;
    }
    raise.ask(ctx.now);
    facts.prescaled = Some(Prescale {
        incident_id,
        side,
        min_before: earlier.map_or(found, |p| p.min_before),
        raise,
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

/// How raising it ended. What got no answer, or was refused because a scaling activity runs, is tried
/// again; what was denied only people can mend.
pub(super) fn raised(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) {
    let denied = page_denied(Kind::Prescale, facts, event, ctx);
    let done = has_ended(Kind::Prescale, facts, event);
    if let Some(prescaled) = &mut facts.prescaled
        && (denied || done)
    {
        prescaled.raise.accepted = true;
    }
}

/// Puts a raised MinSize back once the suspicion is over, but never on the side that writes: a role
/// change that people made by hand meanwhile has put the users there.
pub(super) fn scale_back(facts: &mut Facts, event: &Event, ctx: &mut Context<'_>) {
    if page_denied(Kind::ScaleBack, facts, event, ctx) || has_ended(Kind::ScaleBack, facts, event) {
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

/// Whether that needs no further attempt: what got no answer, or was refused because a scaling activity
/// runs, does.
fn has_ended(kind: Kind, facts: &Facts, event: &Event) -> bool {
    event.finished().is_some_and(|done| {
        done.kind == kind
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
