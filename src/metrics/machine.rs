//! What a decision changes in the metrics.
//!
//! Levels are taken from the record as it is, so that a daemon that starts on an old ledger
//! shows them from its first event; counts are taken from what changed. Deliberately absent:
//! replication lag, whose source the record does not keep.

use super::incident::IncidentMetrics;
use super::register::{
    Children, Family, Register, flag, flags, gauge, gauges, seconds, store, store_flag, unknown,
};
use drd_state_machine::event::{Side, Verdict};
use drd_state_machine::reading::{Noted, Reading};
use drd_state_machine::time::Time;
use drd_state_machine::{Decision, Phase, Record, Setup};
use prometheus::{Gauge, IntGauge, IntGaugeVec, Result};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct MachineMetrics {
    state: Children<IntGauge>,
    entered_at: Gauge,
    armed: IntGauge,
    paused: IntGauge,
    paused_since: Gauge,
    in_progress: IntGauge,
    active: Children<IntGauge>,
    writers: Gauge,
    points_to: Children<IntGauge>,
    sensors: Vec<SensorGauges>,
    rto_left: Gauge,
    heartbeat_at: Gauge,
    checks: IntGaugeVec,
    checked_at: Gauge,
    incidents: IncidentMetrics,
}

#[derive(Debug)]
struct SensorGauges {
    name: Arc<str>,
    firing: IntGauge,
    updated_at: Gauge,
}

impl MachineMetrics {
    pub fn new(r: &Register, setup: &Setup) -> Result<MachineMetrics> {
        let by_state = flags(
            r,
            ("drd_state", "Where the machine stands: exactly one is 1."),
            &["state"],
        )?;
        let by_side = flags(
            r,
            ("drd_active_side", "The side that serves: exactly one is 1."),
            &["side"],
        )?;
        objectives(r, setup)?;
        Ok(MachineMetrics {
            state: by_state.children(Phase::ALL.map(Phase::name))?,
            entered_at: gauge(
                r,
                "drd_state_entered_timestamp_seconds",
                "When the state was entered.",
            )?,
            armed: flag(
                r,
                "drd_armed",
                "Whether a failover would start if it had to.",
            )?,
            paused: flag(r, "drd_paused", "Whether an operator paused drd.")?,
            paused_since: gauge(
                r,
                "drd_paused_since_timestamp_seconds",
                "When the pause that holds began; 0 while there is none.",
            )?,
            in_progress: flag(r, "drd_failover_in_progress", "Whether a recovery runs.")?,
            active: by_side.children(Side::BOTH.map(Side::name))?,
            writers: unknown(
                r,
                "drd_writers_observed",
                "Members of the global database that say they write.",
            )?,
            points_to: points_to(r)?,
            sensors: sensors(r, setup)?,
            rto_left: gauge(
                r,
                "drd_rto_budget_remaining_seconds",
                "What is left of the RTO.",
            )?,
            heartbeat_at: gauge(
                r,
                "drd_event_path_heartbeat_timestamp_seconds",
                "When drd's heartbeat last came back through EventBridge and SQS.",
            )?,
            checks: flags(
                r,
                (
                    "drd_preflight_check_ok",
                    "Whether a readiness check is green.",
                ),
                &["check"],
            )?,
            checked_at: gauge(
                r,
                "drd_preflight_last_run_timestamp_seconds",
                "When readiness was last checked.",
            )?,
            incidents: IncidentMetrics::new(r)?,
        })
    }

    pub fn decided(
        &self,
        before: &Record,
        after: &Record,
        decision: &Decision,
        now: Time,
        setup: &Setup,
    ) {
        self.levels(after, now, setup);
        if matches!(decision.noted, Noted::Changed | Noted::Refreshed) {
            self.seen(after);
        }
        if decision.is_transition() {
            self.incidents.phase_ended(before, now);
        }
        self.incidents.counted(before, after);
    }

    /// Another phase than the record's is shown, until the next decision.
    pub fn shown(&self, phase: Phase) {
        one_of(&self.state, Some(phase.name()));
        store_flag(&self.armed, false);
    }

    /// The levels of a record that another daemon decides on. What this daemon observed while it
    /// led is cleared: it polls no more, and its last poll would be shown for ever.
    pub fn followed(&self, record: &Record, now: Time, setup: &Setup) {
        self.levels(record, now, setup);
        store_flag(&self.armed, false);
        self.writers.set(f64::NAN);
        one_of(&self.points_to, None);
        for sensor in &self.sensors {
            store_flag(&sensor.firing, false);
            store(&sensor.updated_at, 0.0);
        }
        self.checks.reset();
        store(&self.checked_at, 0.0);
    }

    fn levels(&self, record: &Record, now: Time, setup: &Setup) {
        let facts = &record.facts;
        one_of(&self.state, Some(record.state.name()));
        one_of(&self.active, Some(facts.active.name()));
        store(&self.entered_at, seconds(facts.entered_at));
        store_flag(&self.armed, facts.armed);
        store_flag(&self.paused, facts.paused);
        store(&self.paused_since, facts.paused_since.map_or(0.0, seconds));
        let running = facts
            .incident
            .as_ref()
            .is_some_and(|incident| incident.ended_at.is_none());
        store_flag(&self.in_progress, running);
        let left = facts.budget_left(setup, now).unwrap_or(setup.policy.rto);
        store(&self.rto_left, left.as_secs_f64());
        store(&self.heartbeat_at, facts.heartbeat_at.map_or(0.0, seconds));
        self.incidents.levels(record);
    }

    fn seen(&self, record: &Record) {
        let evidence = &record.facts.evidence;
        for (at, reading) in evidence.readings.iter().enumerate() {
            self.signalled(at, reading);
        }
        if let Some(global) = evidence.global {
            store(&self.writers, f64::from(global.is.writers));
        }
        if let Some(dns) = evidence.dns {
            one_of(&self.points_to, Some(dns.is.name()));
        }
        let checked_at = seconds(record.facts.readiness.checked_at);
        if self.checked_at.get() != checked_at {
            self.checked_at.set(checked_at);
            for check in record.facts.readiness.checks.iter() {
                let ok = i64::from(check.verdict == Verdict::Healthy);
                self.checks.with_label_values(&[&*check.name]).set(ok);
            }
        }
    }

    /// The record lists sensors as the setup does, unless it is older than the setup.
    fn signalled(&self, place: usize, reading: &Reading) {
        let is_its = |sensor: &&SensorGauges| sensor.name == reading.sensor;
        let in_place = self.sensors.get(place).filter(is_its);
        let Some(sensor) = in_place.or_else(|| self.sensors.iter().find(is_its)) else {
            return;
        };
        let at = seconds(reading.observed_at);
        if sensor.updated_at.get() == at {
            return;
        }
        sensor.updated_at.set(at);
        store_flag(&sensor.firing, reading.verdict == Verdict::Unhealthy);
    }
}

/// The gauge of this value is 1 and every other 0; none is 1 while the value is unknown.
fn one_of(gauges: &Children<IntGauge>, value: Option<&str>) {
    for (name, gauge) in gauges.iter() {
        store_flag(gauge, value == Some(name));
    }
}

/// What the configuration promises; it does not change while the daemon runs.
fn objectives(r: &Register, setup: &Setup) -> Result<()> {
    let policy = &setup.policy;
    gauge(r, "drd_rto_objective_seconds", "Recovery time objective.")?
        .set(policy.rto.as_secs_f64());
    gauge(
        r,
        "drd_rto_lossless_objective_seconds",
        "Recovery time objective of a move that loses nothing.",
    )?
    .set(policy.rto_lossless.as_secs_f64());
    gauge(r, "drd_rpo_objective_seconds", "Recovery point objective.")?
        .set(policy.rpo.as_secs_f64());
    gauge(
        r,
        "drd_replication_lag_limit_seconds",
        "The highest lag sample that leaves the RPO gate open: the objective less one sampling period.",
    )?
    .set((policy.rpo - policy.lag_period).as_secs_f64());
    gauge(
        r,
        "drd_replication_lag_fresh_seconds",
        "How old a lag sample may be and still say something.",
    )?
    .set(policy.lag_fresh.as_secs_f64());
    Ok(())
}

fn points_to(r: &Register) -> Result<Children<IntGauge>> {
    let by_dns = flags(
        r,
        (
            "drd_dns_points_to",
            "Where every answering resolver sends users; none while unknown.",
        ),
        &["side"],
    )?;
    by_dns.children(Side::BOTH.map(Side::name))
}

fn sensors(r: &Register, setup: &Setup) -> Result<Vec<SensorGauges>> {
    let labels = &["sensor", "vantage"];
    let firing = flags(
        r,
        (
            "drd_signal_firing",
            "Whether a sensor's newest word is unhealthy.",
        ),
        labels,
    )?;
    let updated_at = gauges(
        r,
        (
            "drd_signal_last_update_timestamp_seconds",
            "When a sensor last looked; 0 is never.",
        ),
        labels,
    )?;
    let sensor = |sensor: &drd_state_machine::policy::Sensor| {
        let values = [&*sensor.name, sensor.vantage.name()];
        Ok(SensorGauges {
            name: sensor.name.clone(),
            firing: firing.child(&values)?,
            updated_at: updated_at.child(&values)?,
        })
    };
    setup.sensors.iter().map(sensor).collect()
}
