//! Which pages were sent in this episode, so that each is sent once.
//!
//! Deliberately absent: the texts (`messages`).

use super::context::Context;
use crate::assessment::Assessment;
use crate::command::Severity;
use crate::diagnosis::Diagnosis;
use crate::event::Verdict;
use crate::gates;
use crate::messages;
use crate::policy::{
    CLOCK_ERROR_PAGED, CONTRADICTION_PAGED, FEW_DOMAINS_PAGED, PAGE_AFTER, PAGE_AGAIN,
    REPEATED_WINDOW, Setup,
};
use crate::record::{Facts, Paged};
use crate::state::State;
use crate::time::{Span, Time};

/// How long a diagnosis without a rung must last before it is paged; `None`: never.
fn page_after(diagnosis: Diagnosis) -> Option<Span> {
    match diagnosis {
        // Users that are astray are paged whatever else is seen (`guard`).
        Diagnosis::Healthy | Diagnosis::Misdirected => None,
        // Blindness for as long as a pushed verdict stays valid: all sensors are silent.
        Diagnosis::Unclear => Some(Span::secs(300)),
        // One sensor that disagrees for a minute is no longer a late message.
        Diagnosis::Gray => Some(Span::secs(60)),
        Diagnosis::RegionDark
        | Diagnosis::DatabaseDown
        | Diagnosis::ApplicationDown
        | Diagnosis::EdgeDown
        | Diagnosis::ReplicationStalled
        | Diagnosis::ObserverIsolated
        | Diagnosis::StandbyUnfit => Some(PAGE_AFTER),
    }
}

/// Whether what lasts is paged again, or for the first time.
pub(super) fn may_page_again(paged_at: Option<Time>, now: Time) -> bool {
    paged_at.is_none_or(|at| now - at >= PAGE_AGAIN)
}

/// Pages once what keeps drd from seeing an outage: messages that may not arrive, domains that are silent.
pub(super) fn page_blindness_once(facts: &mut Facts, ctx: &mut Context<'_>) {
    page_event_path_once(facts, ctx);
    page_few_domains_once(facts, ctx);
}

/// Once a spell, and at most every 5 min. Where drd's own references fail, that is paged instead.
fn page_few_domains_once(facts: &mut Facts, ctx: &mut Context<'_>) {
    let missing = ctx.seen.too_few_live(ctx.setup.policy.quorum);
    let Some(missing) = missing.filter(|_| ctx.seen.observer == Verdict::Healthy) else {
        facts.few_domains.since = None;
        return;
    };
    let spell = &mut facts.few_domains;
    let lasted = spell.lasts(ctx.now, facts.started_at);
    let paged = spell.paged_at.is_some() && spell.paged_at >= spell.since;
    if lasted < FEW_DOMAINS_PAGED || paged || !may_page_again(spell.paged_at, ctx.now) {
        return;
    }
    facts.few_domains.paged_at = Some(ctx.now);
    let text = messages::few_domains(&missing, lasted);
    ctx.page(facts, Severity::Warning, text);
}

/// Domains report the endpoint down, another one or drd's own probe reports it well, and that lasts: no quorum
/// comes about, and users may be down all the same. Critical, every 5 min.
pub(super) fn page_contradiction(facts: &mut Facts, ctx: &mut Context<'_>) {
    let dark = ctx.seen.down + u8::from(ctx.seen.control_plane == Verdict::Unhealthy);
    let gray = ctx.seen.diagnosis == Diagnosis::Gray;
    if !gray || dark < ctx.setup.policy.quorum {
        facts.contradicted.since = None;
        return;
    }
    let spell = &mut facts.contradicted;
    let lasted = spell.lasts(ctx.now, facts.started_at);
    if lasted < CONTRADICTION_PAGED || !may_page_again(spell.paged_at, ctx.now) {
        return;
    }
    facts.contradicted.paged_at = Some(ctx.now);
    let text = messages::contradicted(facts, ctx.setup, ctx.now, ctx.seen, lasted);
    ctx.page(facts, Severity::Critical, text);
}

fn page_event_path_once(facts: &mut Facts, ctx: &mut Context<'_>) {
    if let Some(silent) = gates::event_path_silent(facts, ctx.now)
        && !facts.event_path_paged
    {
        facts.event_path_paged = true;
        ctx.page(facts, Severity::Warning, messages::event_path(silent));
    }
}

/// A hold is paged every 5 min while it lasts: whoever took the first page may have gone.
pub(super) fn page_held_again(state: &State, facts: &mut Facts, ctx: &mut Context<'_>) {
    let State::Held { hold, stage } = state else {
        return;
    };
    let entered = facts.entered_at;
    let paged = facts
        .guard
        .held_paged_at
        .map_or(entered, |at| at.max(entered));
    if ctx.now - paged < PAGE_AGAIN {
        return;
    }
    facts.guard.held_paged_at = Some(ctx.now);
    let text = messages::still_held(facts, (hold, stage), ctx.setup, ctx.now, ctx.seen);
    ctx.page(facts, Severity::Critical, text);
}

/// Pages once that this host's clock is wrong. Ages are corrected by what AWS stamped, and clocks that
/// drift go on drifting.
pub(super) fn page_clock_once(facts: &mut Facts, ctx: &mut Context<'_>) {
    let error = facts.clock_error;
    let wrong = error.0.saturating_abs() >= CLOCK_ERROR_PAGED.0;
    if wrong && !facts.clock_paged {
        ctx.page(facts, Severity::Warning, messages::clock(error));
    }
    facts.clock_paged = wrong;
}

/// Users are without service half of the time, and no outage lasts a hold-down: paged every 5 min.
pub(super) fn page_repeated(facts: &mut Facts, ctx: &mut Context<'_>) {
    let spells = &mut facts.evidence.bad_spells;
    let bad = spells.within(ctx.now);
    if bad < Span(REPEATED_WINDOW.0 / 2) || !may_page_again(spells.paged_at, ctx.now) {
        return;
    }
    spells.paged_at = Some(ctx.now);
    let text = messages::repeated(facts, ctx.setup, ctx.now, ctx.seen, bad);
    ctx.page(facts, Severity::Critical, text);
}

/// Pages a diagnosis without a rung, once an episode and only after it lasted.
pub(super) fn page_when_due(facts: &mut Facts, ctx: &mut Context<'_>) {
    page_blindness_once(facts, ctx);
    page_contradiction(facts, ctx);
    forget_paged(facts, ctx);
    let Some(wait) = page_after(facts.diagnosis.is) else {
        return;
    };
    // A quorum that nothing explains is paged when an explained one would have been acted on,
    // also while the names for it change.
    let unexplained = facts
        .evidence
        .quorum_for(ctx.now)
        .is_some_and(|held| held >= ctx.setup.policy.budget.detect);
    if unexplained || ctx.now - facts.diagnosis.since >= wait {
        page_once(facts, ctx, messages::protection_reduced);
    }
}

/// The next episode is paged again, but what comes and goes at most every 5 min: that of an outage
/// once no sensor reports down, any other once all is well.
pub(super) fn forget_paged(facts: &mut Facts, ctx: &Context<'_>) {
    let well = ctx.seen.up >= ctx.setup.policy.quorum;
    let healthy = facts.diagnosis.is == Diagnosis::Healthy;
    let served = facts.evidence.first_bad_at.is_none() && well;
    for paged in &mut facts.paged {
        paged.over |= healthy || (served && paged.is.has_ladder());
    }
    facts
        .paged
        .retain(|paged| !paged.over || ctx.now - paged.at < PAGE_AGAIN);
}

/// Every 5 min while it is seen: nobody but people ends it.
pub(super) fn page_again(
    facts: &mut Facts,
    ctx: &mut Context<'_>,
    text: fn(&Facts, &Setup, Time, &Assessment) -> (Severity, String),
) {
    let (diagnosis, now) = (ctx.seen.diagnosis, ctx.now);
    facts
        .paged
        .retain(|paged| paged.is != diagnosis || now - paged.at < PAGE_AGAIN);
    page_once(facts, ctx, text);
}

pub(super) fn page_once(
    facts: &mut Facts,
    ctx: &mut Context<'_>,
    text: fn(&Facts, &Setup, Time, &Assessment) -> (Severity, String),
) {
    let diagnosis = ctx.seen.diagnosis;
    if facts.paged.iter().any(|paged| paged.is == diagnosis) {
        return;
    }
    facts.paged.push(Paged {
        is: diagnosis,
        at: ctx.now,
        over: false,
    });
    let (severity, text) = text(facts, ctx.setup, ctx.now, ctx.seen);
    if severity == Severity::Critical {
        // Repeated outages need no page of their own beside this one.
        facts.evidence.bad_spells.paged_at = Some(ctx.now);
    }
    ctx.page(facts, severity, text);
}
