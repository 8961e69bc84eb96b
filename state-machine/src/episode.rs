//! Since when the endpoint has been bad, and since when a quorum of fault domains agrees (DESIGN
//! section 4, rules 3 to 5): by when the sensors looked, never by when their readings arrived.
//!
//! Deliberately absent: what explains it (`assessment`), and how long is long enough (`policy`).

use crate::event::{Vantage, Verdict};
use crate::policy::{FLAP_WINDOW, OWN_FRESH, Policy};
use crate::reading::{ALARM_FRESH, Reading};
use crate::record::Facts;
use crate::time::Time;
use crate::unreplicated::Endpoint;

/// Sensors of the endpoint of the side that serves.
fn endpoint_readings(facts: &Facts) -> impl Iterator<Item = &Reading> {
    let readings = facts.evidence.readings.iter();
    readings.filter(|r| r.side == facts.active && r.vantage.sees_endpoint())
}

/// The newest moment at which a sensor that counts saw the endpoint well. drd's own probe always
/// counts; another one that keeps changing only after it has reported the same for a hold-down.
fn newest_good(facts: &Facts, policy: &Policy, now: Time) -> Time {
    let good = |reading: &Reading| {
        let flaps = now - reading.flips[2] < FLAP_WINDOW;
        let healthy = reading.last_verdict(now, policy) == Verdict::Healthy;
        let settled = healthy && now - reading.since >= policy.hold_down;
        let counts = reading.vantage == Vantage::Probe || !flaps || settled;
        counts.then_some(reading.good_at)
    };
    let all = endpoint_readings(facts).filter_map(good);
    all.max().unwrap_or_default()
}

/// When each sensor's bad run began, oldest first. What the probe met while drd was cut off is no
/// evidence about the endpoint.
fn bad_runs(facts: &Facts, policy: &Policy, now: Time, observer_ok: bool) -> Vec<Time> {
    let mut runs: Vec<(&str, Time)> = Vec::new();
    for reading in endpoint_readings(facts) {
        let probe = reading.vantage == Vantage::Probe;
        let vote = facts
            .evidence
            .vote(reading.vantage, facts.active, now, policy);
        let bad = reading.current_verdict(now, policy) == Verdict::Unhealthy;
        if !bad || vote == Verdict::Healthy || (probe && !observer_ok) {
            continue;
        }
        // A side that did not serve was no outage, however bad it was.
        let since = reading.since.max(facts.evidence.active_since);
        let since = if probe {
            since.max(facts.evidence.observer_ok_since)
        } else {
            since
        };
        let domain = reading.vantage.domain().name();
        match runs.iter_mut().find(|(known, _)| *known == domain) {
            Some((_, first)) => *first = since.min(*first),
            None => runs.push((domain, since)),
        }
    }
    let mut begun: Vec<Time> = runs.into_iter().map(|(_, since)| since).collect();
    begun.sort_unstable();
    begun
}

/// Fault domains whose newest word is not that the endpoint is well, however old it is: a quorum that is
/// interrupted by silence goes on with the next report, one that a sensor took back is over.
fn domains_not_good(facts: &Facts) -> usize {
    let mut domains: Vec<&str> = endpoint_readings(facts)
        .filter(|r| match r.verdict {
            Verdict::Unhealthy => true,
            Verdict::Healthy => false,
            // It was in the quorum, or never: what it never saw bad it cannot hold up.
            Verdict::Unknown => r.bad_at > r.good_at,
        })
        .map(|r| r.vantage.domain().name())
        .collect();
    domains.sort_unstable();
    domains.dedup();
    domains.len()
}

/// Whether a quorum that does not agree now is over: too few domains are left in it, or silence has interrupted
/// it for longer than the slowest report counts.
fn is_over(facts: &Facts, quorum: usize, now: Time) -> bool {
    let silent = facts
        .evidence
        .agreed_at
        .is_none_or(|at| now - at > ALARM_FRESH);
    silent || domains_not_good(facts) < quorum
}

/// Brings both moments, and what they mean for the loss, up to now. `down`: fault domains that
/// report the endpoint down.
pub(crate) fn keep(facts: &mut Facts, policy: &Policy, now: Time, down: u8, observer: Verdict) {
    let runs = bad_runs(facts, policy, now, observer == Verdict::Healthy);
    let good = newest_good(facts, policy, now);
    let quorum = usize::from(policy.quorum.max(1));
    let agreed = runs.get(quorum - 1).copied();
    let agreed = agreed.filter(|_| down >= policy.quorum);
    if agreed.is_some() {
        facts.evidence.agreed_at = Some(now);
    } else if facts.evidence.corroborated_at.is_some() && is_over(facts, quorum, now) {
        facts.evidence.corroborated_at = None;
    }
    let evidence = &mut facts.evidence;
    let endpoint = match (evidence.first_bad_at, evidence.corroborated_at) {
        // Time in which nobody reports it bad any more is not known to be dark.
        (_, Some(_)) if runs.is_empty() => Endpoint::Served,
        (_, Some(_)) => Endpoint::Dark,
        (Some(_), None) => Endpoint::Doubted,
        (None, None) => Endpoint::Served,
    };
    evidence.unreplicated.count(now, endpoint);
    let known = evidence.first_bad_at;
    let known = known.filter(|known| observer != Verdict::Unhealthy || rests_on(&runs, *known));
    evidence.first_bad_at = first_bad(known, &runs, good, policy, now);
    let before = evidence.corroborated_at;
    evidence.corroborated_at = corroborated(before, agreed, good, now);
    match (evidence.first_bad_at, evidence.corroborated_at) {
        (None, _) => {
            evidence.corroborated_at = None;
            evidence.unreplicated.was_served();
        }
        (Some(bad), Some(_)) if before.is_none() => evidence.unreplicated.was_dark(bad, now),
        (Some(_), _) => {}
    }
}

/// Whether one of these runs began by then. drd is cut off: what its own probe met is no evidence, and what rests
/// on it alone goes.
fn rests_on(runs: &[Time], known: Time) -> bool {
    runs.first().is_some_and(|begun| *begun <= known)
}

/// The first bad reading after the newest good one.
fn first_bad(
    known: Option<Time>,
    runs: &[Time],
    good: Time,
    policy: &Policy,
    now: Time,
) -> Option<Time> {
    match (known, runs.first()) {
        (known, Some(bad)) => {
            let new = (*bad).max(good);
            let still = known.filter(|known| *known >= good);
            Some(still.map_or(new, |known| known.min(new)))
        }
        (Some(known), None) if good > known || now - known > policy.event_max_age => None,
        (known, None) => known,
    }
}

/// A good reading newer than the run that made the quorum suspends it while it is fresh, and starts
/// it anew afterwards.
fn corroborated(known: Option<Time>, agreed: Option<Time>, good: Time, now: Time) -> Option<Time> {
    match (known, agreed) {
        (_, Some(agreed)) if good > agreed && now - good <= OWN_FRESH => None,
        (Some(known), Some(agreed)) if known >= good => Some(known.min(agreed.max(good))),
        (_, Some(agreed)) => Some(agreed.max(good)),
        (Some(known), None) if good > known => None,
        (known, None) => known,
    }
}
