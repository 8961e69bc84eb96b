//! Fills the status from the machine's record: what is shown is what is decided on.
//!
//! Deliberately absent: asking AWS anything. A status must not take part.

use super::moment;
use super::{
    IncidentStatus, LeaderStatus, LedgerStatus, LimitStatus, Replication, RuleStatus, SCHEMA,
    SideStatus, SignalStatus, StatusView,
};
use crate::config::{Config, LedgerConfig};
use drd_state_machine::event::Side;
use drd_state_machine::reading::Reading;
use drd_state_machine::record::{Facts, Incident, Operation};
use drd_state_machine::state::State;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Phase, Record, Setup, exits, gates};
use jiff::Timestamp;

/// Whether the ledger takes lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerHealth {
    /// It does.
    Works,
    /// It does not: nothing acts, and the phase shown is `held`, whatever the record's is.
    Refuses,
}

impl LedgerHealth {
    /// From whether the newest line was taken.
    pub fn of(works: bool) -> LedgerHealth {
        if works {
            LedgerHealth::Works
        } else {
            LedgerHealth::Refuses
        }
    }
}

/// What a status is made of.
pub struct StatusInput<'a> {
    /// What the machine remembers, or what was last read of the ledger.
    pub record: &'a Record,
    /// What it decides under.
    pub setup: &'a Setup,
    /// The number of the ledger's newest line.
    pub seq: u64,
    /// Whether the ledger takes lines.
    pub ledger: LedgerHealth,
    /// Who leads, where several may.
    pub leader: Option<LeaderStatus>,
}

impl StatusInput<'_> {
    fn phase(&self) -> Phase {
        match self.ledger {
            LedgerHealth::Works => self.record.state.phase(),
            LedgerHealth::Refuses => Phase::Held,
        }
    }

    fn refuses(&self) -> bool {
        self.ledger == LedgerHealth::Refuses
    }

    fn follows(&self) -> bool {
        self.leader.as_ref().is_some_and(|leader| !leader.leads)
    }

    /// Why drd would not fail over now; what holds this daemon itself back comes first.
    fn not_armed(&self, why: Vec<String>) -> Vec<String> {
        let mut all = Vec::new();
        if self.refuses() {
            all.push("the ledger refuses".to_owned());
        }
        if let Some(leader) = self.leader.as_ref().filter(|leader| !leader.leads) {
            all.push(leader.summary());
        }
        let phase = self.record.state.phase();
        if all.is_empty() && !matches!(phase, Phase::Watching | Phase::Suspecting) {
            all.push(format!("the state is {phase}"));
        }
        // A follower does not poll: it has no reasons of its own. While drd moves the estate, what it moves
        // looks unfit for another move: the state is the reason.
        let moves = phase.is_acting() && phase != Phase::Suspecting;
        if !self.follows() && !moves {
            all.extend(why);
        }
        all
    }
}

/// The status at this moment.
pub fn build(input: &StatusInput<'_>, config: &Config, now: Time) -> StatusView {
    let (record, setup) = (input.record, input.setup);
    let facts = &record.facts;
    let picture = drd_state_machine::assess(record, setup, now);
    let armed = facts.armed && !input.refuses() && !input.follows();
    StatusView {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        suffix: config.topology.suffix.to_string(),
        as_of: rfc3339(now),
        state: input.phase(),
        state_seconds: seconds(now - facts.entered_at),
        armed,
        not_armed_because: if armed {
            Vec::new()
        } else {
            input.not_armed(gates::not_armed(facts, setup, now, &picture))
        },
        not_armed_for: gates::limits(facts, setup)
            .into_iter()
            .map(LimitStatus::from)
            .collect(),
        paused: facts.paused,
        active_side: facts.active,
        diagnosis: picture.diagnosis.name().to_owned(),
        why: gates::explain(facts, setup, now, &picture)
            .into_iter()
            .map(RuleStatus::from)
            .collect(),
        sides: Side::BOTH
            .map(|side| side_status(facts, config, side, now))
            .to_vec(),
        loss_bound_seconds: picture.loss.map(seconds),
        replication: replication(facts, setup.policy.rpo, now),
        heartbeat_age_seconds: facts.heartbeat_at.map(|at| seconds(now - at)),
        signals: facts
            .evidence
            .readings
            .iter()
            .map(|r| signal(r, config, now))
            .collect(),
        eyes: moment::eyes(facts, setup, now, &picture),
        suspicion: moment::suspicion(record, setup, now, &picture),
        steps: moment::steps(&record.state, now),
        held: moment::held(&record.state, facts, now),
        paused_until: facts.paused_until.filter(|_| facts.paused).map(rfc3339),
        incident: facts
            .incident
            .as_ref()
            .map(|i| incident(i, &record.state, facts, setup, now)),
        ledger: LedgerStatus {
            path: ledger_path(&config.ledger),
            seq: input.seq,
        },
        leader: input.leader.clone(),
    }
}

fn ledger_path(ledger: &LedgerConfig) -> String {
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

fn incident(
    i: &Incident,
    state: &State,
    facts: &Facts,
    setup: &Setup,
    now: Time,
) -> IncidentStatus {
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
        elapsed_seconds: seconds(until - i.onset_at),
        rto_seconds: seconds(i.objective(&setup.policy)),
        data_loss_seconds: match i.operation {
            Operation::Failover => i.loss.map(seconds),
            Operation::Switchover => Some(0.0),
        },
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drd_state_machine::state::Progress;

    const SHOP1: &str = include_str!("../../tests/fixtures/config/shop1.toml");

    /// Why it is not armed, with one reason of the gates, in this state.
    fn reasons(state: State) -> Vec<String> {
        let config = crate::config::parse("drd.toml", SHOP1, []).expect("a configuration");
        let setup = config.setup(None);
        let mut record = Record::new(&setup, Time::default());
        record.state = state;
        let input = StatusInput {
            record: &record,
            setup: &setup,
            seq: 0,
            ledger: LedgerHealth::Works,
            leader: None,
        };
        input.not_armed(vec!["readiness is red".to_owned()])
    }

    #[test]
    fn while_drd_moves_the_estate_the_state_is_the_only_reason() {
        let switching = State::Switching(Progress::default());
        assert_eq!(reasons(switching), ["the state is switching"]);
        assert_eq!(reasons(State::Verifying), ["the state is verifying"]);
        assert_eq!(reasons(State::Suspecting), ["readiness is red"]);
        let exposed = ["the state is exposed", "readiness is red"];
        assert_eq!(reasons(State::Exposed), exposed);
    }
}
