//! Situations that sensors, samples and polls report.
//!
//! Deliberately absent: the ends of attempts and operators (`answered`).

use super::situation::{Situation, look, tick, when};
use crate::scene::{Scene, check};
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Event, LagSample, LagSource, RoleChange, Signal, Vantage, Verdict};
use drd_state_machine::lag::LagBook;
use drd_state_machine::policy::Autonomy;
use drd_state_machine::record::Operation;
use drd_state_machine::state::{Prescale, Step};
use drd_state_machine::time::{Span, Time};
use std::sync::Arc;

/// Long enough for every hold-down of the default policy.
const HELD_DOWN: Span = Span::secs(95);
/// Less than every hold-down of the default policy.
const FRESH: Span = Span::secs(5);
/// Lasting long enough to be paged.
const MINUTE: Span = Span::secs(60);

pub const OBSERVED: &[Situation] = &[
    when("all is well", Scene::all_is_well, tick),
    when("all is well, a look", Scene::all_is_well, look),
    when("all is well, pre-scaled", prescaled, tick),
    when("one domain says down", one_domain, tick),
    when("a quorum says down, fresh", |s| s.region_dark(FRESH), tick),
    when(
        "region dark for 43 s",
        |s| s.region_dark(Span::secs(43)),
        tick,
    ),
    when("region dark, held down", |s| s.region_dark(HELD_DOWN), tick),
    when("region dark, a look", |s| s.region_dark(HELD_DOWN), look),
    when(
        "region dark, fence slice used up",
        |s| {
            s.region_dark(HELD_DOWN);
            s.record.facts.entered_at = s.now - Span::secs(10);
        },
        tick,
    ),
    when(
        "region dark, two of three turned unknown",
        |s| {
            s.region_dark(HELD_DOWN);
            s.reports(Vantage::Witness, Verdict::Unknown, FRESH);
            s.reports(Vantage::Route53, Verdict::Unknown, FRESH);
        },
        tick,
    ),
    when(
        "region dark, then a healthy word",
        |s| s.region_dark(HELD_DOWN),
        healthy_report,
    ),
    when(
        "region dark, a sample from after the onset",
        |s| s.region_dark(HELD_DOWN),
        |s| sample(s, Span::secs(1)),
    ),
    when(
        "region dark, a sample shows the lag grow",
        |s| s.region_dark(HELD_DOWN),
        |s| sample(s, HELD_DOWN + Span::secs(10)),
    ),
    when(
        "region dark, lag over the RPO",
        |s| {
            s.region_dark(HELD_DOWN);
            s.lag_before(HELD_DOWN + Span::secs(5), Span::secs(61));
        },
        look,
    ),
    when(
        "region dark, lag unknown",
        |s| {
            s.region_dark(HELD_DOWN);
            s.record.facts.evidence.lag = LagBook::default();
        },
        look,
    ),
    when(
        "region dark, lag unknown, detect slice used up",
        |s| {
            s.region_dark(Span::secs(105));
            s.record.facts.evidence.lag = LagBook::default();
        },
        look,
    ),
    when(
        "region dark, standby unfit",
        |s| {
            s.region_dark(HELD_DOWN);
            s.record.facts.readiness.checks = vec![check(Verdict::Unhealthy)].into();
        },
        look,
    ),
    when(
        "region dark, readiness unknown, detect slice used up",
        |s| {
            s.region_dark(Span::secs(105));
            s.record.facts.readiness.checked_at = Time::default();
        },
        look,
    ),
    when(
        "region dark, paused",
        |s| {
            s.region_dark(HELD_DOWN);
            s.record.facts.paused = true;
        },
        look,
    ),
    when(
        "region dark, cool-down",
        |s| {
            s.region_dark(HELD_DOWN);
            s.record.facts.cool_down_until = s.now + MINUTE;
        },
        look,
    ),
    when(
        "region dark, drd lives there",
        |s| {
            s.region_dark(HELD_DOWN);
            s.setup.home = Some(s.record.facts.active);
        },
        look,
    ),
    when(
        "region dark, a foreign role change runs",
        |s| {
            s.region_dark(HELD_DOWN);
            let active = s.record.facts.active;
            if let Some(global) = &mut s.record.facts.evidence.global {
                global.is.role_change = RoleChange::Underway(active);
            }
        },
        look,
    ),
    when("database down for 60 s", |s| database_down(s, MINUTE), look),
    when(
        "database down, held down",
        |s| database_down(s, HELD_DOWN),
        look,
    ),
    when("application down", application_down, tick),
    when(
        "application down, drd may only advise",
        |s| {
            application_down(s);
            may_only_advise(s, Diagnosis::ApplicationDown);
        },
        look,
    ),
    when(
        "application down, the other side is proven",
        |s| {
            application_down(s);
            other_side_serves(s);
        },
        look,
    ),
    when("edge down", edge_down, tick),
    when(
        "edge down, the other side is proven",
        |s| {
            edge_down(s);
            other_side_serves(s);
        },
        look,
    ),
    when(
        "a quorum says down, control plane unknown for 105 s",
        |s| {
            s.region_dark(Span::secs(105));
            s.reports(Vantage::ControlPlane, Verdict::Unknown, HELD_DOWN);
            since(s, Diagnosis::Unclear, Span::secs(105));
        },
        look,
    ),
    when(
        "one domain says down for a minute",
        |s| {
            one_domain(s);
            since(s, Diagnosis::Gray, MINUTE);
        },
        tick,
    ),
    when(
        "drd is cut off",
        |s| {
            s.region_dark(HELD_DOWN);
            s.record.facts.evidence.references.is = Verdict::Unhealthy;
            since(s, Diagnosis::ObserverIsolated, MINUTE);
        },
        look,
    ),
    when("all sensors are silent for 5 min", silent, tick),
    when(
        "no lag sample for two minutes",
        |s| {
            s.all_is_well();
            s.record.facts.evidence.lag = LagBook::default();
            since(s, Diagnosis::ReplicationStalled, MINUTE);
        },
        tick,
    ),
    when(
        "readiness red for a minute",
        |s| {
            s.all_is_well();
            s.record.facts.readiness.checks = vec![check(Verdict::Unhealthy)].into();
            since(s, Diagnosis::StandbyUnfit, MINUTE);
        },
        tick,
    ),
    when(
        "no heartbeat for four minutes",
        |s| s.record.facts.heartbeat_at = Some(s.now - Span::secs(240)),
        tick,
    ),
    when(
        "a readiness check turns red",
        |_| {},
        |_| Event::Checked {
            checks: vec![check(Verdict::Unhealthy)],
        },
    ),
    when("the standby is back", standby_back, tick),
    when(
        "the clock turns out to be wrong",
        |_| {},
        |s| Event::HeartbeatReturned {
            sent_at: s.now - Span::secs(1),
            stamped_at: s.now + MINUTE,
            earlier_lost: false,
        },
    ),
];

/// Since when the diagnosis holds.
fn since(s: &mut Scene, is: Diagnosis, for_long: Span) {
    s.record.facts.diagnosis.is = is;
    s.record.facts.diagnosis.since = s.now - for_long;
}

pub fn prescaled(s: &mut Scene) {
    s.all_is_well();
    // Longer ago than what is raised is kept.
    s.record.facts.entered_at = s.now - Span::secs(601);
    s.record.facts.prescaled = Some(Prescale {
        incident_id: 1,
        side: s.record.facts.active.other(),
        min_before: 1,
        raise: Step {
            attempt: 1,
            asked_at: s.now,
            ..Step::default()
        },
        back: Step::default(),
    });
}

fn one_domain(s: &mut Scene) {
    s.all_is_well();
    s.reports(Vantage::Witness, Verdict::Unhealthy, MINUTE);
    s.record.facts.evidence.first_bad_at = Some(s.now - MINUTE);
}

fn healthy_report(s: &Scene) -> Event {
    Event::Signalled(Signal {
        id: Arc::from("healthy-1"),
        sensor: Arc::from(format!("witness-{}", s.record.facts.active)),
        verdict: Verdict::Healthy,
        observed_at: s.now,
        good_at: None,
    })
}

fn sample(s: &Scene, lag: Span) -> Event {
    Event::Sampled(LagSample {
        source: LagSource::Events,
        taken_at: s.now,
        lag,
    })
}

fn database_down(s: &mut Scene, for_long: Span) {
    s.all_is_well();
    s.endpoint_down(for_long);
    s.see_side(s.record.facts.active, 6);
    let active = s.record.facts.active.index();
    if let Some(side) = &mut s.record.facts.evidence.sides[active] {
        side.is.database_available = Some(false);
    }
}

fn application_down(s: &mut Scene) {
    s.all_is_well();
    s.endpoint_down(HELD_DOWN);
    s.lag_before(Span::secs(5), Span::secs(1));
    s.see_side(s.record.facts.active, 0);
    s.incident_is(Diagnosis::ApplicationDown, Operation::Switchover);
}

fn edge_down(s: &mut Scene) {
    s.all_is_well();
    s.endpoint_down(HELD_DOWN);
    s.lag_before(Span::secs(5), Span::secs(1));
    s.see_side(s.record.facts.active, 6);
    s.incident_is(Diagnosis::EdgeDown, Operation::Switchover);
}

fn may_only_advise(s: &mut Scene, diagnosis: Diagnosis) {
    s.setup.policy.autonomy.insert(diagnosis, Autonomy::Advise);
}

fn other_side_serves(s: &mut Scene) {
    s.see_side(s.record.facts.active.other(), 6);
}

fn silent(s: &mut Scene) {
    s.all_is_well();
    for reading in Arc::make_mut(&mut s.record.facts.evidence.readings) {
        reading.verdict = Verdict::Unknown;
    }
    since(s, Diagnosis::Unclear, Span::secs(300));
}

/// After a role change: the old side follows, connected, with a lag sample.
fn standby_back(s: &mut Scene) {
    s.all_is_well();
    let (active, old) = (s.record.facts.active, s.record.facts.active.other());
    s.see_global(active, true);
    s.see_side(old, 1);
    s.lag_before(Span::secs(5), Span::secs(1));
}
