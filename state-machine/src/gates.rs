//! What must hold before each irreversible edge, evaluated again at that edge.
//!
//! Deliberately absent: leadership. The conductor's ledger proves that each append is the
//! leader's; a daemon without the lease never gets as far as a decision.

use crate::assessment::{Assessment, foreign_role_change};
use crate::blocker::Blocker;
use crate::diagnosis::Diagnosis;
use crate::event::{RoleChange, Verdict};
use crate::late_requests;
use crate::misdirected::{Misdirection, misdirection};
use crate::policy::{Autonomy, HEARTBEAT_SILENT, RESTORES_WINDOW, Setup, WAY_BACK};
use crate::proven_side::proven;
use crate::record::{Facts, Operation, Trigger};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// Gates of the machine's own situation, whatever is seen: what `armed` depends on.
pub fn standing(facts: &Facts, now: Time) -> Vec<Blocker> {
    let mut closed = Vec::new();
    if facts.paused {
        closed.push(Blocker::Paused);
    }
    if now < facts.cool_down_until {
        closed.push(Blocker::CoolDown {
            left: facts.cool_down_until - now,
        });
    }
    closed.extend(late_requests::closed(facts, now));
    if facts.readiness.checks.is_empty()
        || now - facts.readiness.checked_at > crate::policy::READY_FRESH
    {
        closed.push(Blocker::ReadinessUnknown);
    }
    closed.extend(facts.readiness.red().map(|c| Blocker::Unfit {
        check: c.name.to_string(),
        detail: c.detail.to_string(),
    }));
    if replica_is_gone(facts, now) {
        closed.push(Blocker::NoStandby);
    }
    let found = misdirection(facts, now);
    // A role change of somebody else has a gate of its own, which knows its direction.
    let found = found.filter(|found| !matches!(found, Misdirection::RoleChange(_)));
    if let Some(found) = found {
        let what = found.to_string();
        closed.push(Blocker::Misdirected { what });
    }
    if facts.guard.hands_off
        && facts
            .guard
            .restored
            .last()
            .is_some_and(|at| now - *at < RESTORES_WINDOW)
    {
        closed.push(Blocker::HandsOff);
    }
    closed
}

/// The replica is not connected. Judged only while nothing is suspected: what a dying region
/// does to `SynchronizationStatus` is not documented, and readiness keeps the answer from before.
fn replica_is_gone(facts: &Facts, now: Time) -> bool {
    facts.evidence.first_bad_at.is_none()
        && facts
            .evidence
            .global_now(now)
            .is_none_or(|g| g.role_change == RoleChange::Idle && !g.replica_connected)
}

/// The RPO gate.
pub fn rpo(seen: &Assessment, setup: &Setup) -> Option<Blocker> {
    let rpo = setup.policy.rpo;
    match seen.loss {
        None => Some(match seen.contradiction {
            Some(found) => Blocker::LagContradicted {
                what: found.to_string(),
            },
            None => Blocker::LossUnknown,
        }),
        Some(loss) if loss > rpo => Some(Blocker::LossOver { loss, rpo }),
        Some(_) => None,
    }
}

/// The hold-down of what is seen; a lossy move waits for a sample that would disprove it (rule 9).
pub fn hold_down(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Span {
    let wait = setup.policy.hold_down(seen.diagnosis);
    if seen.diagnosis.lossless_first() {
        return wait;
    }
    wait.max(facts.evidence.sample_is_due_after(now, &setup.policy))
}

/// Every closed gate of an automatic act on this picture.
pub fn closed(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Vec<Blocker> {
    if seen.diagnosis.lossless_first() {
        closed_to_lossless(facts, setup, now, seen)
    } else {
        closed_to_loss(facts, setup, now, seen)
    }
}

/// Every closed gate of an automatic move that loses nothing: it moves users, and so needs a side
/// that is known to serve them.
fn closed_to_lossless(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Vec<Blocker> {
    let mut closed = closed_to_any(facts, setup, now, seen);
    if let Err(missing) = proven(facts, setup, now) {
        closed.push(Blocker::SideUnproven { missing });
    }
    if was_left(facts, now) {
        closed.push(Blocker::LeftBefore);
    }
    closed
}

/// Whether the newest incident was an automatic lossless move away from the side that waits.
fn was_left(facts: &Facts, now: Time) -> bool {
    facts.incident.as_ref().is_some_and(|incident| {
        incident.operation == Operation::Switchover
            && incident.trigger == Trigger::Automatic
            && incident.to == facts.active
            && incident.ended_at.is_some_and(|at| now - at < WAY_BACK)
    })
}

/// Every closed gate of a failover that may lose the newest writes.
pub fn closed_to_loss(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Vec<Blocker> {
    let mut closed = closed_to_any(facts, setup, now, seen);
    closed.extend(rpo(seen, setup));
    closed
}

fn closed_to_any(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Vec<Blocker> {
    let mut closed = standing(facts, now);
    if !seen.observer_proven(facts) {
        closed.push(Blocker::ObserverUnproven);
    }
    if seen.diagnosis == Diagnosis::RegionDark {
        closed.extend(shares_region(facts, setup));
    }
    if foreign_role_change(facts, now, facts.active.other()) {
        closed.push(Blocker::ForeignRoleChange);
    }
    closed
}

/// The gate of `region_dark` alone: a daemon cannot report the end of the region that it runs in.
pub fn shares_region(facts: &Facts, setup: &Setup) -> Option<Blocker> {
    (setup.home == Some(facts.active)).then_some(Blocker::SharesRegion)
}

/// For how long no heartbeat came back, when that is too long: messages may not arrive either.
pub fn event_path_silent(facts: &Facts, now: Time) -> Option<Span> {
    let heard = facts.heartbeat_at.unwrap_or(facts.started_at);
    let silent = now - heard.max(facts.started_at);
    (silent > HEARTBEAT_SILENT).then_some(silent)
}

/// Only AWS's own metric brings lag samples, so a lossy move waits for it longer than the objective has: the
/// sentence about that (rule 9). A daemon that just started has not had the time to receive those of drd's own monitor.
fn outlasts_rto(facts: &Facts, setup: &Setup, now: Time) -> Option<String> {
    let policy = &setup.policy;
    let listens = now - facts.started_at <= policy.lag_fresh;
    let source = facts.evidence.fastest_live(policy).filter(|_| !listens)?;
    let lasts = policy.outlasts_rto(source)?;
    Some(format!(
        "{} alone brings lag samples: a failover waits {}, and an outage lasts up to {lasts}, more than the RTO of {}",
        source.words(),
        policy.lossy_wait(source),
        policy.rto
    ))
}

/// What disarms, whatever the state and the diagnosis. Each text is made as it is asked for: whoever needs
/// to know only whether there is any takes the first.
pub fn disarming(
    facts: &Facts,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> impl Iterator<Item = String> {
    let blockers = standing(facts, now).into_iter().chain(rpo(seen, setup));
    let blockers = blockers.map(|blocker| blocker.to_string());
    let silent = event_path_silent(facts, now)
        .map(|silent| format!("no heartbeat came back through the queue for {silent}"));
    let alone = seen.observer != Verdict::Healthy;
    let alone = alone.then(|| "drd's own references do not answer".to_owned());
    let few = seen.too_few_live(setup.policy.quorum);
    let acts = setup.policy.autonomy.values().any(|a| *a == Autonomy::Act);
    let idle = (!acts).then(|| "no diagnosis has autonomy act: people act on all".to_owned());
    let slow = outlasts_rto(facts, setup, now);
    let own = silent.into_iter().chain(few).chain(alone);
    blockers.chain(own).chain(idle).chain(slow)
}

/// A diagnosis that has a ladder and on which drd would not act, armed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The diagnosis.
    pub diagnosis: Diagnosis,
    /// Why, and who acts then.
    pub because: String,
}

/// What drd would not act on: its autonomy, and the region that it runs in.
pub fn limits(facts: &Facts, setup: &Setup) -> Vec<Limit> {
    let ladders = Diagnosis::ALL.into_iter().filter(|of| of.has_ladder());
    let because = |of: Diagnosis| {
        let autonomy = setup.policy.autonomy(of);
        if autonomy < Autonomy::Act {
            return Some(format!(
                "its autonomy is {}, so people act on it",
                autonomy.name()
            ));
        }
        let shared = shares_region(facts, setup).filter(|_| of == Diagnosis::RegionDark);
        shared.map(|_| {
            format!(
                "this daemon runs in the region of {}, which serves, and goes dark with it, so people act on it (RUNBOOK)",
                facts.active
            )
        })
    };
    ladders
        .filter_map(|diagnosis| because(diagnosis).map(|because| Limit { diagnosis, because }))
        .collect()
}

/// Why drd would not fail over now; empty when it is armed.
pub fn not_armed(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Vec<String> {
    let mut why: Vec<String> = disarming(facts, setup, now, seen).collect();
    if seen.diagnosis.has_ladder() && setup.policy.autonomy(seen.diagnosis) < Autonomy::Act {
        why.push(format!("autonomy for {} is not act", seen.diagnosis));
    }
    why
}

/// One line of `status --why`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reason {
    /// The rule.
    pub code: &'static str,
    /// Whether it is met.
    pub met: Verdict,
    /// The figures.
    pub text: String,
}

/// Each rule of the decision with its inputs: why, and why not.
pub fn explain(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> Vec<Reason> {
    let policy = &setup.policy;
    let yes_no = |met: bool| {
        if met {
            Verdict::Healthy
        } else {
            Verdict::Unhealthy
        }
    };
    let held = facts.evidence.quorum_for(now);
    let wait = hold_down(facts, setup, now, seen);
    let few = seen.too_few_live(policy.quorum);
    let mut lines = vec![
        Reason {
            code: "quorum",
            met: yes_no(seen.down >= policy.quorum),
            text: seen.summary(facts, setup, now),
        },
        Reason {
            code: "live_domains",
            met: yes_no(few.is_none()),
            text: few.unwrap_or_else(|| "enough fault domains report".to_owned()),
        },
        Reason {
            code: "hold_down",
            met: yes_no(held.is_some_and(|h| h >= wait)),
            text: format!("held for {} of {wait}", held.unwrap_or(Span::ZERO)),
        },
        Reason {
            code: "diagnosis",
            met: yes_no(seen.diagnosis.has_ladder()),
            text: format!("{} since {}", seen.diagnosis, now - facts.diagnosis.since),
        },
        Reason {
            code: "rpo",
            met: yes_no(rpo(seen, setup).is_none()),
            text: match seen.loss {
                Some(loss) => format!("at most {loss} would be lost, of {}", policy.rpo),
                None => match seen.contradiction {
                    Some(found) => format!("what would be lost is unknown: {found}"),
                    None => "what would be lost is unknown".to_owned(),
                },
            },
        },
        Reason {
            code: "observer",
            met: seen.observer,
            text: "drd's own references".to_owned(),
        },
    ];
    let home = shares_region(facts, setup);
    lines.extend(
        standing(facts, now)
            .into_iter()
            .chain(home)
            .map(|b| Reason {
                code: "gate",
                met: Verdict::Unhealthy,
                text: b.to_string(),
            }),
    );
    lines
}
