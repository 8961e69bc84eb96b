//! What an incident leaves in the metrics: begun, given up, how long, how much was lost.
//!
//! Deliberately absent: labels that name an incident. The ledger and the report have the single ones.

use super::register::{
    Children, Family, Register, counters, gauge, histograms, seconds, store, unknown,
};
use drd_state_machine::record::{Incident, Operation, Trigger};
use drd_state_machine::state::State;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Phase, Record};
use prometheus::{Gauge, Histogram, IntCounter, Result};

/// The scale of an incident: 300 s is the default RTO, 900 s a failover that went badly.
const FAILOVER_BUCKETS: [f64; 15] = [
    15.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 210.0, 240.0, 270.0, 300.0, 360.0, 480.0, 600.0,
    900.0,
];
/// The scale of one slice of the budget; the longest default slice has 120 s.
const PHASE_BUCKETS: [f64; 12] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 150.0, 240.0,
];
const OPERATIONS: [Operation; 2] = [Operation::Failover, Operation::Switchover];
const TRIGGERS: [Trigger; 2] = [Trigger::Automatic, Trigger::Operator];

#[derive(Debug)]
pub(super) struct IncidentMetrics {
    counts: Vec<((Operation, Trigger), IncidentCounters)>,
    started_at: Gauge,
    durations: Children<Histogram>,
    phases: Children<Histogram>,
    last_recovery: Gauge,
    last_loss: Gauge,
}

#[derive(Debug)]
struct IncidentCounters {
    total: IntCounter,
    failed: IntCounter,
}

impl IncidentMetrics {
    pub fn new(r: &Register) -> Result<IncidentMetrics> {
        let durations = histograms(
            r,
            (
                "drd_failover_duration_seconds",
                "From the first bad sample to verified traffic.",
            ),
            &["operation"],
            &FAILOVER_BUCKETS,
        )?;
        let phases = histograms(
            r,
            (
                "drd_failover_phase_duration_seconds",
                "How long each state of a recovery lasted.",
            ),
            &["phase"],
            &PHASE_BUCKETS,
        )?;
        let acting = Phase::ALL.into_iter().filter(|phase| phase.is_acting());
        Ok(IncidentMetrics {
            counts: counts(r)?,
            started_at: gauge(
                r,
                "drd_failover_started_timestamp_seconds",
                "When the newest role change that was begun was decided; 0 is never.",
            )?,
            durations: durations.children(OPERATIONS.map(Operation::name))?,
            phases: phases.children(acting.map(Phase::name))?,
            last_recovery: unknown(
                r,
                "drd_last_failover_recovery_time_seconds",
                "The newest recovery, from the first bad sample to verified traffic.",
            )?,
            last_loss: unknown(
                r,
                "drd_last_failover_data_loss_seconds",
                "The loss that the newest role change accepted: the highest lag before the onset.",
            )?,
        })
    }

    /// A state was left.
    pub fn phase_ended(&self, before: &Record, now: Time) {
        if let Some(phase) = self.phases.of(before.state.name()) {
            phase.observe((now - before.facts.entered_at).as_secs_f64());
        }
    }

    /// IncidentCounters what became of the incident.
    pub fn counted(&self, before: &Record, after: &Record) {
        let Some(incident) = &after.facts.incident else {
            return;
        };
        let earlier = before
            .facts
            .incident
            .as_ref()
            .filter(|old| old.incident_id == incident.incident_id);
        let begun = |old: &Incident| old.committed && old.operation == incident.operation;
        if incident.committed && !earlier.is_some_and(begun) {
            self.counts(incident).inspect(|counts| counts.total.inc());
        }
        let held = |record: &Record| matches!(record.state, State::Held { .. });
        let ended =
            incident.ended_at.is_some() && earlier.is_some_and(|old| old.ended_at.is_none());
        let recovered = recovery(incident, after);
        if let Some(took) = recovered.filter(|_| ended)
            && let Some(histogram) = self.durations.of(incident.operation.name())
        {
            histogram.observe(took.as_secs_f64());
        }
        // Once for each time that it stops, whether an operator then ends it or drd goes on.
        let stopped = held(after) || ended && recovered.is_none();
        if incident.committed && stopped && !held(before) {
            self.counts(incident).inspect(|counts| counts.failed.inc());
        }
    }

    /// What the newest role change was like. It is in the record, so a restart does not forget it.
    pub fn levels(&self, record: &Record) {
        let Some(incident) = record.facts.incident.as_ref().filter(|i| i.committed) else {
            return;
        };
        store(&self.started_at, seconds(incident.decided_at));
        let Some(took) = recovery(incident, record) else {
            return;
        };
        store(&self.last_recovery, took.as_secs_f64());
        let lossy = incident.operation == Operation::Failover;
        let loss = if lossy {
            incident.loss
        } else {
            Some(Span::ZERO)
        };
        store(&self.last_loss, loss.map_or(f64::NAN, Span::as_secs_f64));
    }

    fn counts(&self, incident: &Incident) -> Option<&IncidentCounters> {
        let key = (incident.operation, incident.trigger);
        self.counts
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, counts)| counts)
    }
}

/// From the first bad sample to verified traffic, when it came to that.
fn recovery(incident: &Incident, record: &Record) -> Option<Span> {
    let arrived = incident.redirected_at.is_some() && record.facts.active == incident.to;
    let ended_at = incident.ended_at.filter(|_| arrived)?;
    Some(ended_at - incident.first_bad_at)
}

fn trigger_name(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Automatic => "automatic",
        Trigger::Operator => "operator",
    }
}

fn counts(r: &Register) -> Result<Vec<((Operation, Trigger), IncidentCounters)>> {
    let labels = &["operation", "trigger"];
    let total = counters(
        r,
        ("drd_failovers_total", "Role changes that were begun."),
        labels,
    )?;
    let failed = counters(
        r,
        (
            "drd_failovers_failed_total",
            "Role changes that were begun and could not go on unattended, or were given up.",
        ),
        labels,
    )?;
    let mut counts = Vec::new();
    for operation in OPERATIONS {
        for trigger in TRIGGERS {
            let values = [operation.name(), trigger_name(trigger)];
            let both = IncidentCounters {
                total: total.child(&values)?,
                failed: failed.child(&values)?,
            };
            counts.push(((operation, trigger), both));
        }
    }
    Ok(counts)
}
