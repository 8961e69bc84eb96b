//! Fills the status from the machine's record: what is shown is what is decided on.
//!
//! Deliberately absent: asking AWS anything. A status must not take part.

use crate::conductor::Conductor;
use crate::config::{Config, LedgerConfig};
use crate::ledger::SHOWN;
use crate::status::{
    IncidentStatus, LeaderStatus, LedgerStatus, Reason, Replication, SCHEMA, SideStatus,
    SignalStatus, StatusView,
};
use drd_state_machine::event::Side;
use drd_state_machine::evidence::Reading;
use drd_state_machine::record::{Facts, Incident};
use drd_state_machine::state::State;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Record, Setup, exits, gates};
use jiff::Timestamp;

/// What there is to show.
pub struct Sitter<'a> {
    /// What the machine remembers, or what was last read of the ledger.
    pub record: &'a Record,
    /// What it decides under.
    pub setup: &'a Setup,
    /// The number of the ledger's newest line.
    pub seq: u64,
    /// Why the ledger refuses, if it does: then nothing acts, whatever the record says.
    pub refuses: Option<&'a str>,
    /// Who leads, where several may.
    pub leader: Option<LeaderStatus>,
}

impl<'a> Sitter<'a> {
    /// The daemon that leads.
    pub fn leading(conductor: &'a Conductor, leader: Option<LeaderStatus>) -> Sitter<'a> {
        Sitter {
            record: conductor.record(),
            setup: conductor.setup(),
            seq: conductor.ledger().seq(),
            refuses: (!conductor.ledger_works()).then_some("the ledger refuses"),
            leader,
        }
    }

    fn state(&self) -> &'static str {
        match self.refuses {
            Some(_) => SHOWN,
            None => self.record.state.name(),
        }
    }

    fn follows(&self) -> bool {
        self.leader.as_ref().is_some_and(|leader| !leader.leads)
    }

    /// Why drd would not fail over now; what holds this daemon itself back comes first.
    fn not_armed(&self, why: Vec<String>) -> Vec<String> {
        let mut all: Vec<String> = self.refuses.map(str::to_owned).into_iter().collect();
        if let Some(leader) = self.leader.as_ref().filter(|leader| !leader.leads) {
            all.push(leader.words());
        }
        let state = &self.record.state;
        if all.is_empty() && !matches!(state, State::Watching | State::Suspecting) {
            all.push(format!("the state is {}", state.name()));
        }
        // A daemon that does not look knows nothing of its own.
        if !self.follows() {
            all.extend(why);
        }
        all
    }
}

/// The status at this moment.
pub fn portrait(of: &Sitter<'_>, config: &Config, now: Time) -> StatusView {
    let (record, setup) = (of.record, of.setup);
    let facts = &record.facts;
    let seen = drd_state_machine::assess(record, setup, now);
    let armed = facts.armed && of.refuses.is_none() && !of.follows();
    StatusView {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        suffix: config.topology.suffix.to_string(),
        as_of: rfc3339(now),
        state: of.state().to_owned(),
        state_seconds: seconds(now - facts.entered_at),
        armed,
        not_armed_because: if armed {
            Vec::new()
        } else {
            of.not_armed(gates::not_armed(facts, setup, now, &seen))
        },
        paused: facts.paused,
        active_side: facts.active,
        diagnosis: seen.diagnosis.name().to_owned(),
        why: gates::explain(facts, setup, now, &seen)
            .into_iter()
            .map(Reason::from)
            .collect(),
        sides: Side::BOTH
            .map(|side| side_status(facts, config, side, now))
            .to_vec(),
        replication: replication(facts, setup.policy.rpo, now),
        heartbeat_age_seconds: facts.heartbeat_at.map(|at| seconds(now - at)),
        signals: facts
            .evidence
            .readings
            .iter()
            .map(|r| signal(r, config, now))
            .collect(),
        incident: facts
            .incident
            .as_ref()
            .map(|i| incident(i, &record.state, facts, setup.policy.rto, now)),
        ledger: LedgerStatus {
            path: place(&config.ledger),
            seq: of.seq,
        },
        leader: of.leader.clone(),
    }
}

fn place(ledger: &LedgerConfig) -> String {
    match ledger {
        LedgerConfig::File { path } => path.display().to_string(),
        LedgerConfig::DynamoDb { table, .. } => format!("dynamodb table {table}"),
    }
}

fn rfc3339(at: Time) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(|_| String::new(), |t| t.to_string())
}

fn seconds(span: Span) -> f64 {
    span.as_secs_f64()
}

fn side_status(facts: &Facts, config: &Config, side: Side, now: Time) -> SideStatus {
    let place = match side {
        Side::Primary => &config.topology.sides.primary,
        Side::Standby => &config.topology.sides.standby,
    };
    let seen = facts.evidence.sides[side.index()];
    let role = match facts.evidence.global.map(|g| g.is.writer) {
        Some(Some(writer)) if writer == side => "writer",
        Some(Some(_)) => "reader",
        Some(None) | None => "unknown",
    };
    let database = match seen.and_then(|s| s.is.database_available) {
        Some(true) => "available",
        Some(false) => "unavailable",
        None => "unknown",
    };
    SideStatus {
        side,
        region: place.region.clone(),
        role: role.to_owned(),
        database: database.to_owned(),
        serving: seen.and_then(|s| s.is.serving()),
        dns: facts.evidence.dns.map(|d| d.is == side),
        observed_age_seconds: seen.map(|s| seconds(now - s.at)),
    }
}

fn replication(facts: &Facts, objective: Span, now: Time) -> Replication {
    let newest = facts.evidence.newest_lag();
    Replication {
        lag_seconds: newest.map(|s| seconds(s.lag)),
        sampled_age_seconds: newest.map(|s| seconds(now - s.taken_at)),
        objective_seconds: seconds(objective),
    }
}

fn signal(reading: &Reading, config: &Config, now: Time) -> SignalStatus {
    let ever = reading.observed_at > Time::default();
    SignalStatus {
        sensor: reading.sensor.to_string(),
        vantage: reading.vantage,
        side: reading.side,
        verdict: reading.current_verdict(now, &config.policy),
        age_seconds: ever.then(|| seconds(now - reading.observed_at)),
    }
}

fn incident(i: &Incident, state: &State, facts: &Facts, rto: Span, now: Time) -> IncidentStatus {
    let until = i.ended_at.unwrap_or(now);
    let text = if let State::Held { stage, .. } = state {
        exits(facts, stage)
    } else if i.ended_at.is_some() {
        format!("ended at {}", rfc3339(until))
    } else {
        format!("{} for {}", state.name(), now - facts.entered_at)
    };
    IncidentStatus {
        incident_id: i.incident_id,
        operation: i.operation,
        trigger: i.trigger,
        diagnosis: i.diagnosis.name().to_owned(),
        from: i.from,
        to: i.to,
        ended: i.ended_at.is_some(),
        elapsed_seconds: seconds(until - i.first_bad_at),
        rto_seconds: seconds(rto),
        data_loss_seconds: i.lag.map(seconds),
        text,
    }
}
