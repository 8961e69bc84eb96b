//! After a role change the result is guarded: drd's own latch and the size of the side that serves are
//! put back, a role change by hand is adopted once all agree (DESIGN section 4, rules 22 and 23).
//!
//! A war is not fought: the fourth change within ten minutes is paged, and drd keeps its hands off.
//! Where users are astray and drd does not put them back, people are paged. Deliberately absent: what is not
//! as it should be (`misdirected`).

use super::context::Context;
use super::paging::may_page_again;
use crate::command::{Command, Severity};
use crate::event::Side;
use crate::late_requests;
use crate::messages;
use crate::misdirected::{
    Misdirection, is_own_latch, misdirection, misdirection_meanwhile, shrunk,
};
use crate::policy::{
    ADOPT_AFTER, PAGE_AFTER, QUARANTINE, RESTORE_GAP, RESTORES_MAX, RESTORES_WINDOW,
};
use crate::record::Facts;
use crate::state::{State, Stopped};
use crate::time::Time;

/// Attempts here have numbers of their own: those of an incident's steps start at 1.
const FIRST_ATTEMPT: u32 = 1_001;

/// To be called where no incident is open.
pub(super) fn guard(facts: &mut Facts, ctx: &mut Context<'_>) {
    let found = misdirection(facts, ctx.now);
    adopts(facts, ctx);
    note_size(facts, ctx);
    if facts.paused || facts.evidence.corroborated_at.is_some() {
        return;
    }
    if found == Some(Misdirection::LatchGone) && is_own_latch(facts) && may_restore(facts, ctx) {
        let (incident_id, attempt, to) = (facts.incident_id, next_attempt(facts), facts.active);
        ctx.commands.push(Command::Redirect {
            incident_id,
            attempt,
            to,
        });
        // Where it is now, the next look shows.
        facts.evidence.latch = None;
        let text = format!("the latch that drd threw to {to} was removed: it is put back");
        ctx.page(facts, Severity::Warning, text.clone());
        note(facts, ctx, &text);
    } else if let Some(min) = shrunk(facts, ctx.setup, ctx.now) {
        raise(min, facts, ctx);
    }
}

/// A size that was seen once is what a lower one is compared with.
fn note_size(facts: &mut Facts, ctx: &Context<'_>) {
    let seen = facts.evidence.side_now(facts.active, ctx.now);
    let full = ctx.setup.serving.min;
    facts.guard.raised |= seen.is_some_and(|seen| seen.min_size >= Some(full));
}

/// Raises the group of the side that serves: somebody lowered it, or it was never raised. The second is no war
/// with anybody: it is asked for until it is so, as every missing step.
fn raise(min: u32, facts: &mut Facts, ctx: &mut Context<'_>) {
    let lowered = facts.guard.raised;
    let asked_at = facts.guard.raised_again_at;
    let may = if lowered {
        may_restore(facts, ctx)
    } else {
        asked_at.is_none_or(|at| ctx.now - at >= RESTORE_GAP)
    };
    if !may {
        return;
    }
    let serving = ctx.setup.serving;
    ctx.commands.push(Command::Scale {
        incident_id: facts.incident_id,
        attempt: next_attempt(facts),
        side: facts.active,
        min: serving.min,
        desired: serving.desired,
    });
    let text = messages::raised_again(facts.active, (min, serving.min), lowered);
    if lowered {
        ctx.page(facts, Severity::Warning, text.clone());
        note(facts, ctx, &text);
        return;
    }
    facts.guard.attempts += 1;
    facts.guard.raised_again_at = Some(ctx.now);
    if may_page_again(facts.guard.raised_paged_at, ctx.now) {
        facts.guard.raised_paged_at = Some(ctx.now);
        ctx.page(facts, Severity::Warning, text.clone());
    }
    ctx.because.get_or_insert(text);
}

fn next_attempt(facts: &Facts) -> u32 {
    facts.guard.attempts + FIRST_ATTEMPT
}

fn note(facts: &mut Facts, ctx: &mut Context<'_>, because: &str) {
    facts.guard.attempts += 1;
    facts.guard.restored.push(ctx.now);
    ctx.because.get_or_insert_with(|| because.to_owned());
}

/// Three times in ten minutes, with gaps; the fourth time people are paged instead.
fn may_restore(facts: &mut Facts, ctx: &mut Context<'_>) -> bool {
    let now = ctx.now;
    let guard = &mut facts.guard;
    guard.restored.retain(|at| now - *at < RESTORES_WINDOW);
    if guard
        .restored
        .last()
        .is_some_and(|at| now - *at < RESTORE_GAP)
    {
        return false;
    }
    if guard.restored.len() < RESTORES_MAX {
        guard.hands_off = false;
        return true;
    }
    if !std::mem::replace(&mut guard.hands_off, true) {
        let text = messages::hands_off(facts);
        ctx.page(facts, Severity::Critical, text);
    }
    false
}

/// The roles are what the world has, once everything agrees for a minute and nothing of drd's may land.
/// The page, where they were adopted now. To be called where drd has asked for no role change.
pub(super) fn adopts(facts: &mut Facts, ctx: &mut Context<'_>) -> Option<String> {
    let found = misdirection(facts, ctx.now);
    let Some(writer) = adoptable(facts, found, ctx.now) else {
        facts.guard.agreed_since = None;
        return None;
    };
    let since = *facts.guard.agreed_since.get_or_insert(ctx.now);
    if ctx.now - since < ADOPT_AFTER {
        return None;
    }
    facts.guard.agreed_since = None;
    facts.active = writer;
    facts.guard.raised = false;
    facts.incident = None;
    facts.prescaled = None;
    facts.cool_down_until = ctx.now + ctx.setup.policy.cool_down;
    // Whoever moved it may have asked more than once.
    late_requests::remember(facts, writer, ctx.now);
    facts.evidence.roles_swapped(ctx.now);
    let text = messages::adopted(writer);
    ctx.page(facts, Severity::Critical, text.clone());
    Some(text)
}

/// Pages that users are not where drd would have them, in whatever state: once it lasts, and every 5 min
/// while it does.
pub(super) fn page_astray(state: &State, facts: &mut Facts, ctx: &mut Context<'_>) {
    let Some(what) = astray(state, facts, ctx) else {
        facts.guard.astray_since = None;
        return;
    };
    let since = *facts.guard.astray_since.get_or_insert(ctx.now);
    let again = may_page_again(facts.guard.astray_paged_at, ctx.now);
    if ctx.now - since < PAGE_AFTER || !again {
        return;
    }
    facts.guard.astray_paged_at = Some(ctx.now);
    // Repeated outages need no page of their own beside this one.
    facts.evidence.bad_spells.paged_at = Some(ctx.now);
    let text = messages::astray(&what, ctx.now - since);
    ctx.page(facts, Severity::Critical, text);
}

fn astray(state: &State, facts: &Facts, ctx: &Context<'_>) -> Option<String> {
    match state {
        State::Watching
        | State::Suspecting
        | State::Exposed
        | State::Held {
            stage: Stopped::Before,
            ..
        } => misdirection(facts, ctx.now)
            .map(|found| messages::misdirected(facts, found, ctx.now))
            .or_else(|| left_small(facts, ctx)),
        State::Promoting(_)
        | State::Switching(_)
        | State::Held {
            stage: Stopped::Promoting(_),
            ..
        } => misdirection_meanwhile(facts, ctx.now).map(|found| found.to_string()),
        // What is moved now is asked for again, and paged when it is late.
        State::Fencing | State::Redirecting { .. } | State::Verifying | State::Held { .. } => None,
    }
}

/// The side that serves was made smaller, and drd does not raise it again.
fn left_small(facts: &Facts, ctx: &Context<'_>) -> Option<String> {
    let min = shrunk(facts, ctx.setup, ctx.now)?;
    let why = if facts.paused {
        "drd is paused"
    } else if facts.evidence.corroborated_at.is_some() {
        "an outage is suspected"
    } else if facts.guard.hands_off {
        "it was changed too often"
    } else {
        return None;
    };
    Some(messages::left_small(facts.active, min, why))
}

fn adoptable(facts: &Facts, found: Option<Misdirection>, now: Time) -> Option<Side> {
    let Some(Misdirection::Writer(writer)) = found else {
        return None;
    };
    let global = facts.evidence.global_now(now)?;
    let latch = facts.evidence.latch_now(now)?;
    let own = facts.unanswered.is_some_and(|u| now - u.until < QUARANTINE);
    (global.replica_connected && latch == writer && !own).then_some(writer)
}
