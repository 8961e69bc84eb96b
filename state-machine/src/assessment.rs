//! Assesses the evidence: which diagnosis it supports (DESIGN section 4), and with which figures.
//!
//! Deliberately absent: what to do about it. `gates` and `machine` decide that.

use crate::diagnosis::Diagnosis;
use crate::event::{RoleChange, Side, Vantage, Verdict};
use crate::evidence::Reading;
use crate::policy::{LOOK_FRESH, OWN_FRESH, SILENCE, Setup};
use crate::record::Facts;
use crate::time::{Span, Time};

/// All evidence assessed at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Assessment {
    /// What is seen.
    pub diagnosis: Diagnosis,
    /// The verdicts of the endpoint vantages: witness, route53, probe.
    pub votes: [Verdict; 3],
    /// Fault domains that report the endpoint down.
    pub down: u8,
    /// Fault domains that report it well.
    pub up: u8,
    /// Whether replication got past the moment that a quorum was bad: the veto.
    pub replicating: bool,
    /// The control plane of the active region; unhealthy only after [`SILENCE`].
    pub control_plane: Verdict,
    /// Whether our own references answered recently enough to trust drd's own view.
    pub observer: Verdict,
    /// The highest lag before the outage (or before now, when there is none).
    pub lag: Option<Span>,
}

const ENDPOINT: [Vantage; 3] = [Vantage::Witness, Vantage::Route53, Vantage::Probe];

/// Assesses the evidence. Also keeps the episode's two clocks in it.
pub fn assess(facts: &mut Facts, setup: &Setup, now: Time) -> Assessment {
    let votes = votes(facts, setup, now);
    let observer = observer(facts, now);
    let down = count(&votes, Verdict::Unhealthy);
    let up = count(&votes, Verdict::Healthy);
    keep_episode(facts, setup, now, down);
    let onset = facts.evidence.onset();
    let first_bad = facts.evidence.first_bad_at.unwrap_or(now);
    let mut picture = Assessment {
        diagnosis: Diagnosis::Unclear,
        votes,
        down,
        up,
        replicating: onset.is_some_and(|t| facts.evidence.replication_passed(t)),
        control_plane: control_plane(facts, setup, now),
        observer,
        lag: facts
            .evidence
            .worst_lag(first_bad, onset.unwrap_or(now), &setup.policy),
    };
    picture.diagnosis = name(facts, setup, now, &picture);
    picture
}

fn count(votes: &[Verdict; 3], verdict: Verdict) -> u8 {
    votes.iter().map(|v| u8::from(*v == verdict)).sum()
}

/// The votes about the active side's endpoint. The probe counts only while our references answer.
fn votes(facts: &Facts, setup: &Setup, now: Time) -> [Verdict; 3] {
    let observer_ok = observer(facts, now) == Verdict::Healthy;
    ENDPOINT.map(|vantage| {
        if vantage == Vantage::Probe && !observer_ok {
            Verdict::Unknown
        } else {
            facts
                .evidence
                .vote(vantage, facts.active, now, &setup.policy)
        }
    })
}

fn observer(facts: &Facts, now: Time) -> Verdict {
    let seen = facts.evidence.references;
    if now - seen.at > LOOK_FRESH {
        Verdict::Unknown
    } else {
        seen.is
    }
}

fn control_plane(facts: &Facts, setup: &Setup, now: Time) -> Verdict {
    let side = facts.active;
    let verdict = facts
        .evidence
        .vote(Vantage::ControlPlane, side, now, &setup.policy);
    let held = facts
        .evidence
        .readings
        .iter()
        .filter(|r| r.vantage == Vantage::ControlPlane && r.side == side)
        .all(|r| now - r.since >= SILENCE);
    match verdict {
        Verdict::Unhealthy if !held => Verdict::Unknown,
        Verdict::Healthy | Verdict::Unhealthy | Verdict::Unknown => verdict,
    }
}

/// A healthy report ends what it contradicts; an unknown one neither counts nor resets.
fn keep_episode(facts: &mut Facts, setup: &Setup, now: Time, down: u8) {
    let observer_ok = observer(facts, now) == Verdict::Healthy;
    let bad_since = endpoint_readings(facts)
        .filter(|r| r.current_verdict(now, &setup.policy) == Verdict::Unhealthy)
        // What the probe met while drd was cut off is no evidence about the endpoint.
        .filter(|r| r.vantage != Vantage::Probe || observer_ok)
        .map(|r| match r.vantage == Vantage::Probe {
            true => r.since.max(facts.evidence.observer_ok_since),
            false => r.since,
        })
        .min();
    let episode = facts.evidence.first_bad_at;
    // A flapping sensor does not contradict a quorum of others; without one its healthy report
    // counts as any other: an outage that came and went has not lasted.
    let verdict_of = if down >= setup.policy.quorum {
        Reading::current_verdict
    } else {
        Reading::last_verdict
    };
    let contradicted = episode.is_some_and(|since| {
        endpoint_readings(facts)
            .any(|r| verdict_of(r, now, &setup.policy) == Verdict::Healthy && r.observed_at > since)
    });
    let over = |old: Time| contradicted || now - old > setup.policy.event_max_age;
    let evidence = &mut facts.evidence;
    evidence.first_bad_at = match (episode, bad_since) {
        (None, new) => new,
        (Some(old), Some(new)) => Some(old.min(new)),
        (Some(old), None) => Some(old).filter(|old| !over(*old)),
    };
    evidence.corroborated_at = match evidence.corroborated_at {
        _ if contradicted || evidence.first_bad_at.is_none() => None,
        None if down >= setup.policy.quorum => Some(now),
        kept => kept,
    };
}

fn endpoint_readings(facts: &Facts) -> impl Iterator<Item = &Reading> {
    facts
        .evidence
        .readings
        .iter()
        .filter(|r| r.side == facts.active && r.vantage.sees_endpoint())
}

fn name(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Diagnosis {
    if seen.observer == Verdict::Unhealthy {
        return Diagnosis::ObserverIsolated;
    }
    if seen.down >= setup.policy.quorum {
        return match facts.evidence.corroborated_at {
            Some(_) => down(facts, setup, now, seen),
            None => Diagnosis::Gray,
        };
    }
    if seen.down > 0 {
        return Diagnosis::Gray;
    }
    if seen.up == 0 {
        return Diagnosis::Unclear;
    }
    up(facts, setup, now, seen)
}

/// The endpoint is down from a quorum: what inside explains it?
fn down(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Diagnosis {
    match (seen.control_plane, seen.replicating) {
        (Verdict::Unhealthy, false) => Diagnosis::RegionDark,
        (Verdict::Unhealthy, true) => Diagnosis::Gray,
        (Verdict::Unknown, _) => Diagnosis::Unclear,
        (Verdict::Healthy, _) => region_answers(facts, setup, now, seen),
    }
}

fn region_answers(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Diagnosis {
    let view = facts
        .evidence
        .side_now(facts.active, now)
        .unwrap_or_default();
    if !seen.replicating && database_is_down(facts, setup, now, view.database_available) {
        return Diagnosis::DatabaseDown;
    }
    if view.database_available != Some(true) && !seen.replicating {
        return Diagnosis::Unclear;
    }
    match view.healthy_targets {
        Some(healthy) if healthy >= setup.serving.floor() => Diagnosis::EdgeDown,
        Some(_) | None => Diagnosis::ApplicationDown,
    }
}

fn database_is_down(facts: &Facts, setup: &Setup, now: Time, available: Option<bool>) -> bool {
    let inside = facts
        .evidence
        .vote(Vantage::Inside, facts.active, now, &setup.policy);
    // Silence counts only while drd could receive: not while it was cut off, not before it started.
    let listened = facts
        .evidence
        .quorum_for(now)
        .map(|quorum| Span(quorum.0.min((now - facts.started_at).0)));
    let silent = listened.is_some_and(|span| span >= setup.policy.lag_fresh);
    available == Some(false) || inside == Verdict::Unhealthy || silent
}

/// The endpoint is well: is anything else wrong?
fn up(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Diagnosis {
    let view = facts
        .evidence
        .side_now(facts.active, now)
        .unwrap_or_default();
    if seen.control_plane == Verdict::Unhealthy || view.database_available == Some(false) {
        return Diagnosis::Gray;
    }
    if facts.readiness.red().next().is_some() {
        return Diagnosis::StandbyUnfit;
    }
    // A daemon that has just started has not had the time to see a sample.
    let listening = now - facts.started_at > setup.policy.lag_fresh;
    match seen.lag {
        Some(lag) if lag + setup.policy.lag_period > setup.policy.rpo => {
            Diagnosis::ReplicationStalled
        }
        None if listening => Diagnosis::ReplicationStalled,
        Some(_) | None => Diagnosis::Healthy,
    }
}

/// Whether a role change that drd did not start runs, towards a side that it did not choose.
pub fn foreign_role_change(facts: &Facts, now: Time, to: Side) -> bool {
    facts
        .evidence
        .global_now(now)
        .is_some_and(|g| match g.role_change {
            RoleChange::Idle => false,
            RoleChange::Underway(side) => side != to,
        })
}

impl Assessment {
    /// The evidence as a sentence, with figures.
    pub fn summary(&self, facts: &Facts, setup: &Setup, now: Time) -> String {
        let mut text = format!(
            "{} of {} fault domains say the {} endpoint is down",
            self.down,
            ENDPOINT.len(),
            facts.active
        );
        if let Some(held) = facts.evidence.quorum_for(now) {
            text.push_str(&format!(", a quorum of {} for {held}", setup.policy.quorum));
        }
        text.push_str(match self.control_plane {
            Verdict::Healthy => "; its control plane answers",
            Verdict::Unhealthy => "; its control plane is silent",
            Verdict::Unknown => "; its control plane is unknown",
        });
        text.push_str(if self.replicating {
            "; replication advances"
        } else {
            ""
        });
        text
    }

    /// Whether our own references answered after the quorum came about.
    pub fn observer_proven(&self, facts: &Facts) -> bool {
        let seen = facts.evidence.references;
        self.observer == Verdict::Healthy
            && facts
                .evidence
                .corroborated_at
                .is_none_or(|since| seen.at >= since - OWN_FRESH)
    }
}
