//! Assesses the evidence: which diagnosis it supports (DESIGN section 4), and with which figures.
//!
//! Deliberately absent: what to do about it. `gates` and `machine` decide that.

use crate::diagnosis::Diagnosis;
use crate::episode;
use crate::event::{RoleChange, Side, Vantage, Verdict};
use crate::lag::Contradiction;
use crate::misdirected::misdirection;
use crate::policy::{HEARTBEAT_PERIOD, OWN_FRESH, SILENCE, Setup};
use crate::reading::Reading;
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
    /// Which of the same three can report at all: a sensor of theirs is fresh, whatever it reports, and also
    /// while it is muted.
    pub live: [bool; 3],
    /// Whether replication got past the moment that a quorum was bad: the veto.
    pub replicating: bool,
    /// The control plane of the active region; unhealthy only after [`SILENCE`].
    pub control_plane: Verdict,
    /// Whether our own references answered recently enough to trust drd's own view.
    pub observer: Verdict,
    /// The most that a failover would lose; `None`: no sample is known, or the sources contradict each other.
    pub loss: Option<Span>,
    /// Two sources of lag samples that contradict each other.
    pub contradiction: Option<Contradiction>,
}

/// The vantages that see the endpoint, in the order of [`Assessment::votes`] and [`Assessment::live`].
pub const ENDPOINT: [Vantage; 3] = [Vantage::Witness, Vantage::Route53, Vantage::Probe];

/// Assesses the evidence. Also keeps the episode's two clocks in it.
pub fn assess(facts: &mut Facts, setup: &Setup, now: Time) -> Assessment {
    let votes = votes(facts, setup, now);
    let observer = observer(facts, now);
    let down = count(&votes, Verdict::Unhealthy);
    let up = count(&votes, Verdict::Healthy);
    let observer_ok = observer == Verdict::Healthy;
    episode::keep(facts, &setup.policy, now, down, observer);
    facts.evidence.path_is_proven = path_is_proven(facts, setup, now);
    let onset = facts.evidence.onset();
    let mut picture = Assessment {
        diagnosis: Diagnosis::Unclear,
        votes,
        down,
        up,
        live: live(facts, setup, now, observer_ok),
        replicating: onset
            .is_some_and(|onset| facts.evidence.is_proven_alive(onset, now, &setup.policy)),
        control_plane: control_plane(facts, setup, now),
        observer,
        loss: facts.evidence.loss(now, &setup.policy, facts.started_at),
        contradiction: facts.evidence.lag.contradiction(),
    };
    picture.diagnosis = name(facts, setup, now, &picture);
    keep_lossless(facts, now, picture.diagnosis);
    picture
}

/// A reading that failed neither counts nor resets: only another explanation does, or none at all.
fn keep_lossless(facts: &mut Facts, now: Time, diagnosis: Diagnosis) {
    let since = &mut facts.evidence.lossless_since;
    match diagnosis {
        Diagnosis::ApplicationDown | Diagnosis::EdgeDown => *since = since.or(Some(now)),
        Diagnosis::RegionDark | Diagnosis::DatabaseDown | Diagnosis::Healthy => *since = None,
        Diagnosis::Gray
        | Diagnosis::ReplicationStalled
        | Diagnosis::ObserverIsolated
        | Diagnosis::StandbyUnfit
        | Diagnosis::Misdirected
        | Diagnosis::Unclear => {}
    }
}

/// A heartbeat that was sent when the next sample was due has come back: the path would have carried
/// that sample.
fn path_is_proven(facts: &Facts, setup: &Setup, now: Time) -> bool {
    let position = facts.evidence.lag.furthest();
    let due = position.map_or(now, |position| position + setup.policy.lag_period);
    let back = facts.heartbeat_at;
    back.is_some_and(|at| at - facts.heartbeat_took >= due)
}

fn count(votes: &[Verdict; 3], verdict: Verdict) -> u8 {
    votes.iter().map(|v| u8::from(*v == verdict)).sum()
}

/// Sensors of the endpoint that keep changing, and count for neither.
fn muted<'f>(facts: &'f Facts, setup: &'f Setup, now: Time) -> impl Iterator<Item = &'f str> {
    let readings = facts.evidence.readings.iter();
    let muted = move |r: &&Reading| {
        r.side == facts.active && r.vantage.sees_endpoint() && r.is_muted(now, &setup.policy)
    };
    readings.filter(muted).map(|r| &*r.sensor)
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

/// A domain is live when one of its sensors is fresh (rule 1). The probe's is ours: it is live while our
/// references answer.
fn live(facts: &Facts, setup: &Setup, now: Time, observer_ok: bool) -> [bool; 3] {
    ENDPOINT.map(|vantage| {
        let readings = facts.evidence.readings.iter();
        readings
            .filter(|r| r.vantage == vantage && r.side == facts.active)
            .any(|r| r.last_verdict(now, &setup.policy) != Verdict::Unknown)
            && (vantage != Vantage::Probe || observer_ok)
    })
}

fn observer(facts: &Facts, now: Time) -> Verdict {
    let seen = facts.evidence.references.recent(now);
    seen.unwrap_or(Verdict::Unknown)
}

fn control_plane(facts: &Facts, setup: &Setup, now: Time) -> Verdict {
    let side = facts.active;
    let verdict = facts
        .evidence
        .vote(Vantage::ControlPlane, side, now, &setup.policy);
    let readings = facts.evidence.readings.iter();
    let bad_since = readings
        .filter(|r| r.vantage == Vantage::ControlPlane && r.side == side)
        .map(|r| r.since)
        .max();
    let held = bad_since.is_none_or(|since| now - since >= SILENCE);
    // A region that has answered another question since then, a moment ago, is not silent.
    let answered = facts.evidence.sides[side.index()].is_some_and(|seen| {
        bad_since.is_some_and(|since| seen.at > since) && now - seen.at <= OWN_FRESH
    });
    match verdict {
        Verdict::Unhealthy if answered => Verdict::Healthy,
        Verdict::Unhealthy if !held => Verdict::Unknown,
        Verdict::Healthy | Verdict::Unhealthy | Verdict::Unknown => verdict,
    }
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
    // "Not available" ends `application_down` at once, whatever proof of life is known.
    if view.database_available == Some(false)
        || view.database_available.is_none() && !seen.replicating
    {
        return Diagnosis::Unclear;
    }
    match view.healthy_targets {
        Some(healthy) if healthy >= setup.serving.floor() => Diagnosis::EdgeDown,
        Some(_) | None => Diagnosis::ApplicationDown,
    }
}

/// Silence is not death (rule 10): the control plane's report counts; `inside` alone, against an
/// available writer, needs an event path that is proven; silence counts where nobody reports anything.
fn database_is_down(facts: &Facts, setup: &Setup, now: Time, available: Option<bool>) -> bool {
    let evidence = &facts.evidence;
    let Some(onset) = evidence.onset() else {
        return false;
    };
    let inside = evidence.vote(Vantage::Inside, facts.active, now, &setup.policy);
    let path_works = facts
        .heartbeat_at
        .is_some_and(|at| at > onset + HEARTBEAT_PERIOD);
    let silent = path_works
        && now - onset.max(facts.started_at) >= setup.policy.lag_fresh
        && evidence
            .lag
            .furthest()
            .is_none_or(|position| position <= onset);
    match (available, inside) {
        (Some(false), _) | (None, Verdict::Unhealthy) => true,
        (Some(true), Verdict::Unhealthy) => path_works,
        (None, Verdict::Unknown) => silent,
        (None | Some(true), Verdict::Healthy) | (Some(true), Verdict::Unknown) => false,
    }
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
    if misdirection(facts, now).is_some() {
        return Diagnosis::Misdirected;
    }
    if facts.readiness.red().next().is_some() {
        return Diagnosis::StandbyUnfit;
    }
    // One of them is wrong, and nobody knows which.
    if seen.contradiction.is_some() {
        return Diagnosis::Gray;
    }
    // A daemon that has just started has not had the time to see a sample.
    let listening = now - facts.started_at > setup.policy.lag_fresh;
    match facts
        .evidence
        .loss_by_next_sample(now, &setup.policy, facts.started_at)
    {
        Some(loss) if loss > setup.policy.rpo => Diagnosis::ReplicationStalled,
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
        for muted in muted(facts, setup, now) {
            text.push_str(&format!("; {muted} keeps changing and is muted"));
        }
        if let Some(found) = self.contradiction {
            text.push_str(&format!("; {found}"));
        }
        text
    }

    /// What is missing when fewer domains are live than `quorum`: no outage could be confirmed then.
    pub fn too_few_live(&self, quorum: u8) -> Option<String> {
        let live = self.live.iter().filter(|live| **live).count();
        (live < usize::from(quorum)).then(|| {
            let domains = ENDPOINT.iter().zip(self.live);
            let silent: Vec<&str> = domains
                .filter(|(_, live)| !live)
                .map(|(vantage, _)| vantage.name())
                .collect();
            format!(
                "{live} of {} fault domains are live, and the quorum is {quorum}: nothing fresh from {}",
                ENDPOINT.len(),
                silent.join(", ")
            )
        })
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
