//! Sentences for people: what happened, with figures, what state things are in, what to do next.
//!
//! Deliberately absent: deciding. The same strings appear in logs, ledger, pages and reports.

mod decisions;
mod foreign;
mod hold;

pub(crate) use decisions::{begun, decided, order_expired};
pub(crate) use foreign::{
    adopted, astray, clock, hands_off, left_small, misdirected, raised_again,
};
pub use hold::{exits, progress};
pub(crate) use hold::{given_up, held, still_held};

use crate::assessment::Assessment;
use crate::blocker::{self, Blocker};
use crate::command::{Kind, Severity};
use crate::diagnosis::Diagnosis;
use crate::event::Side;
use crate::gates;
use crate::policy::{REPEATED_WINDOW, Setup};
use crate::record::Facts;
use crate::time::{Span, Time};

pub(crate) fn cleared(facts: &Facts, seen: &Assessment) -> String {
    let (up, down, active) = (seen.up, seen.down, facts.active);
    if down > up {
        return format!(
            "the suspicion has ended, no quorum lasts: {down} fault domains still say the {active} endpoint is down, {up} say it is well, and a good or a silent one came in between"
        );
    }
    format!(
        "the suspicion cleared: {up} fault domains say the {active} endpoint is well, {down} say it is down"
    )
}

pub(crate) fn late(facts: &Facts, setup: &Setup, now: Time) -> String {
    let incident = facts.incident.as_ref();
    format!(
        "run {} goes on after a restart of drd, {} after the outage began: the objective of {} is used up",
        facts.incident_id,
        now - incident.map_or(now, |i| i.onset_at),
        incident.map_or(setup.policy.rto, |i| i.objective(&setup.policy))
    )
}

pub(crate) fn goes_on(facts: &Facts) -> String {
    format!(
        "run {} goes on by itself: what held it has opened, and the outage lasts",
        facts.incident_id
    )
}

pub(crate) fn pause_over() -> String {
    "the pause is over: drd acts by itself again".to_owned()
}

pub(crate) fn refused(blocker: &Blocker) -> String {
    format!("the order is refused and nothing was begun: {blocker}; give it again then")
}

pub(crate) fn begins_late(facts: &Facts, objective: Span, since: Span) -> String {
    format!(
        "run {} begins {since} after the outage began: the objective of {objective} is used up already. drd goes on without it",
        facts.incident_id
    )
}

pub(crate) fn recanted(seen: &Assessment) -> String {
    format!(
        "the last look says {}: nothing irreversible was done",
        seen.diagnosis
    )
}

pub(crate) fn joined(facts: &Facts, now: Time) -> String {
    let Some(i) = &facts.incident else {
        return String::new();
    };
    let took = |at: Option<Time>| at.map_or(Span::ZERO, |t| t - i.decided_at);
    format!(
        "{} is the writer after {}, a write was proven after {}, capacity stood after {}; {} since the first bad sample",
        i.to,
        took(i.promoted_at),
        took(i.proven_at),
        took(i.scaled_at),
        now - i.first_bad_at
    )
}

pub(crate) fn thrown_back(facts: &Facts, to: Side) -> String {
    format!(
        "run {}: the latch that drd threw to {to} was removed before traffic had moved: it is thrown again. Who removes it?",
        facts.incident_id
    )
}

pub(crate) fn latch_stuck(facts: &Facts, attempt: u32) -> String {
    let Some(i) = &facts.incident else {
        return String::new();
    };
    format!(
        "run {}: {} is the writer, and the latch could not be thrown in {} attempts: users are still sent to {}, which cannot write. drd asks on; look at the latch's store",
        i.incident_id,
        i.to,
        attempt - 1,
        i.from
    )
}

pub(crate) fn redirected(facts: &Facts, now: Time) -> String {
    let Some(i) = &facts.incident else {
        return String::new();
    };
    format!(
        "every answering resolver gives {} {} after the decision",
        i.to,
        now - i.decided_at
    )
}

pub(crate) fn finished(facts: &Facts, setup: &Setup, now: Time) -> String {
    let Some(i) = &facts.incident else {
        return String::new();
    };
    let home = if setup.home == Some(i.to) {
        format!(
            ". This daemon runs in the region of {}: it is not armed for region_dark of it",
            i.to
        )
    } else {
        String::new()
    };
    format!(
        "run {}: {} serves, {} after the first bad sample and {} after the decision. There is no standby until {} follows again; a second failover is refused until then{home}",
        i.incident_id,
        i.to,
        now - i.first_bad_at,
        now - i.decided_at,
        i.from
    )
}

pub(crate) fn protected_again(facts: &Facts) -> String {
    format!(
        "{} follows {} again: there is a standby",
        facts.active.other(),
        facts.active
    )
}

pub(crate) fn started(facts: &Facts) -> String {
    format!(
        "run {}: a daemon starts in the middle of it; what is not done is asked again",
        facts.incident_id
    )
}

pub(crate) fn no_way_back(facts: &Facts) -> String {
    format!(
        "run {}: a promotion was sent, there is no way back; drd goes forward",
        facts.incident_id
    )
}

pub(crate) fn reduced(facts: &Facts, serving: u32, desired: u32) -> String {
    format!(
        "run {}: the capacity slice is used up; {serving} of {desired} instances are enough for traffic to move as soon as the rest is done. Raise the capacity by hand",
        facts.incident_id
    )
}

pub(crate) fn capacity_denied(facts: &Facts, kind: Kind, side: Side, why: &str) -> String {
    let then = if kind == Kind::ScaleBack {
        "its MinSize stays raised: put it back by hand"
    } else {
        "raise its capacity by hand, or traffic waits for the instances it has"
    };
    format!(
        "run {}: {kind} of {side} was denied: {why}. Nothing else was changed; {then}",
        facts.incident_id
    )
}

pub(crate) fn paused(
    facts: &Facts,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> (Severity, String) {
    let text = format!(
        "drd is paused and did nothing. It would have acted: {}. Let it act: drd resume. Or act by hand: drd failover, drd switchover",
        decided(facts, setup, now, seen)
    );
    (Severity::Critical, text)
}

pub(crate) fn advice(
    facts: &Facts,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> (Severity, String) {
    let rung = if seen.diagnosis.lossless_first() {
        "a switchover"
    } else {
        "a failover"
    };
    let text = format!(
        "advice: {rung} to {}. {}. Nothing was done: autonomy for {} is advise",
        facts.active.other(),
        decided(facts, setup, now, seen),
        seen.diagnosis
    );
    (Severity::Critical, text)
}

/// The page of a lossless move that is left to people.
pub(crate) fn left_to_people(
    facts: &Facts,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> (Severity, String) {
    let text = format!(
        "{}. Nothing was done: {}. Users stay on {} until that opens (drd goes on by itself then, but never back within a day of a switchover) or somebody acts: drd switchover",
        seen.summary(facts, setup, now),
        blocker::joined(&gates::closed(facts, setup, now, seen)),
        facts.active,
    );
    (Severity::Critical, format!("{}: {text}", seen.diagnosis))
}

/// The page of reports that contradict each other while something is dark.
pub(crate) fn contradicted(
    facts: &Facts,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
    lasted: Span,
) -> String {
    format!(
        "reports contradict each other for {lasted}: {}; {} say it is well. No role was changed, and drd changes none while they do. Look at the endpoint yourself; where users are down: drd switchover or drd failover",
        seen.summary(facts, setup, now),
        seen.up
    )
}

pub(crate) fn second_refused(
    facts: &Facts,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> (Severity, String) {
    let text = format!(
        "{}. A second failover is refused: {} does not follow yet. Act by hand",
        decided(facts, setup, now, seen),
        facts.active.other()
    );
    (Severity::Critical, text)
}

pub(crate) fn repeated(
    facts: &Facts,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
    bad: Span,
) -> String {
    format!(
        "drd's own probe of {} was bad for {bad} of the last {REPEATED_WINDOW}, and no role was changed. Now: {}, {}",
        facts.active,
        seen.diagnosis,
        seen.summary(facts, setup, now)
    )
}

pub(crate) fn protection_reduced(
    facts: &Facts,
    setup: &Setup,
    now: Time,
    seen: &Assessment,
) -> (Severity, String) {
    let for_long = now - facts.diagnosis.since;
    let what = match seen.diagnosis {
        Diagnosis::ObserverIsolated => {
            "drd's own references do not answer: it sees nothing and does nothing".to_owned()
        }
        Diagnosis::ReplicationStalled => {
            match facts
                .evidence
                .loss_by_next_sample(now, &setup.policy, facts.started_at)
            {
                Some(loss) => format!(
                    "a failover would lose up to {loss}, more than the RPO of {}",
                    setup.policy.rpo
                ),
                None => format!("no replication lag sample for {}", setup.policy.lag_fresh),
            }
        }
        Diagnosis::StandbyUnfit => {
            let red: Vec<String> = facts
                .readiness
                .red()
                .map(|c| format!("{} ({})", c.name, c.detail))
                .collect();
            format!("the standby is not fit: {}", red.join(", "))
        }
        Diagnosis::Unclear if seen.down > 0 => format!(
            "{}; drd cannot tell what is down and does nothing",
            seen.summary(facts, setup, now)
        ),
        Diagnosis::Unclear => {
            "the sensors are silent: drd cannot tell whether the active side is well".to_owned()
        }
        Diagnosis::Gray
        | Diagnosis::Misdirected
        | Diagnosis::RegionDark
        | Diagnosis::DatabaseDown
        | Diagnosis::ApplicationDown
        | Diagnosis::EdgeDown
        | Diagnosis::Healthy => seen.summary(facts, setup, now),
    };
    let severity = if seen.diagnosis == Diagnosis::Gray {
        Severity::Warning
    } else {
        Severity::Critical
    };
    (
        severity,
        format!(
            "{} for {for_long}: {what}. No role was changed",
            seen.diagnosis
        ),
    )
}

pub(crate) fn event_path(silent: Span) -> String {
    format!(
        "no heartbeat came back through EventBridge and SQS for {silent}: alarms may not arrive. drd still observes and probes. Check the rule, the queue and its policy"
    )
}

/// The page of too few live domains.
pub(crate) fn few_domains(missing: &str, lasted: Span) -> String {
    format!(
        "not armed for {lasted}: {missing}. No outage can be confirmed. No role was changed; look at the sensors named, drd arms itself once they report"
    )
}
