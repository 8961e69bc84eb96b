//! One state, arranged the way a run really leaves it: all is well in `watching` and `exposed`,
//! the region of the active side is dark in every other.
//!
//! Deliberately absent: what a situation adds (`situations`).

use crate::common::setup;
use drd_state_machine::command::Kind;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{
    Check, Completion, Event, GlobalView, LagSample, LagSource, Observation, Outcome, RoleChange,
    Side, SideView, Vantage, Verdict,
};
use drd_state_machine::evidence::Dated;
use drd_state_machine::lag::LagBook;
use drd_state_machine::policy::Setup;
use drd_state_machine::record::{FenceOutcome, Incident, Operation, Readiness, Record, Trigger};
use drd_state_machine::state::{Progress, State, Step, Stopped};
use drd_state_machine::step;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::unreplicated::Unreplicated;
use std::sync::Arc;

/// The moment of the table: 2026-01-01T00:00:00Z. Nothing depends on the date.
const NOW: Time = Time(1_767_225_600_000);
/// When the states of the table were entered.
const ENTERED: Time = Time(NOW.0 - 5_000);
/// When the incident of the table was decided.
const DECIDED: Time = Time(NOW.0 - 10_000);
/// When the outage of the table began, where there is one.
const ONSET: Time = Time(DECIDED.0 - 65_000);

/// A state in a situation, before the event.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What the machine knows.
    pub record: Record,
    /// What it decides under.
    pub setup: Setup,
    /// The moment of the event.
    pub now: Time,
}

impl Scene {
    /// A state in which nothing beside it is the case.
    pub fn at_rest(state: &State) -> Scene {
        let setup = setup();
        let record = Record::new(&setup, ENTERED);
        let mut scene = Scene {
            record,
            setup,
            now: NOW,
        };
        scene.record.facts.incident_id = 1;
        scene.world_is_well();
        scene.open_incident(state);
        scene.all_is_well();
        match state {
            State::Watching | State::Exposed => {}
            // A moment ago: nothing follows from it yet.
            State::Suspecting => scene.region_dark(Span::secs(5)),
            State::Fencing
            | State::Promoting(_)
            | State::Switching(_)
            | State::Redirecting { .. }
            | State::Verifying
            | State::Held { .. } => scene.region_dark(DECIDED - ONSET),
        }
        scene.record.state = state.clone();
        // A start issues the state's commands: the attempts are numbered as in a real run.
        let _ = step(&mut scene.record, &scene.setup, ENTERED, &Event::Started);
        scene.record.facts.started_at = NOW - Span::secs(3600);
        scene.record.facts.entered_at = ENTERED;
        scene.asked_once();
        scene
    }

    /// What a hold stopped had been asked for before.
    fn asked_once(&mut self) {
        let once = |step: &mut Step| step.attempt = step.attempt.max(1);
        if let Some(p) = self.progress() {
            once(&mut p.database);
            once(&mut p.capacity);
        }
        if let Some(latch) = self.latch() {
            once(latch);
        }
    }

    fn open_incident(&mut self, state: &State) {
        let reached = reached(state);
        let at = |stage: Reached, at: Time| (reached >= stage).then_some(at);
        if reached == Reached::Nothing {
            return;
        }
        let switches = matches!(state, State::Switching(_));
        self.record.facts.incident = Some(Incident {
            incident_id: 1,
            diagnosis: Diagnosis::RegionDark,
            operation: if switches {
                Operation::Switchover
            } else {
                Operation::Failover
            },
            trigger: Trigger::Automatic,
            ordered_at: None,
            from: Side::Primary,
            to: Side::Standby,
            first_bad_at: ONSET,
            onset_at: ONSET,
            decided_at: DECIDED,
            loss: Some(Span::secs(1)),
            committed: reached >= Reached::Committed,
            fence: FenceOutcome::Unknown,
            fence_attempts: 0,
            fence_ended: 0,
            unfenced_attempts: 0,
            promoted_at: at(Reached::Joined, ENTERED),
            scaled_at: at(Reached::Joined, ENTERED),
            proven_at: at(Reached::Joined, ENTERED),
            // Nothing that was seen before the traffic moved is the last proof.
            redirected_at: at(Reached::Redirected, NOW),
            ended_at: at(Reached::Ended, ENTERED),
            late: false,
        });
        if reached >= Reached::Joined {
            self.roles_moved();
        }
        if reached >= Reached::Ended {
            self.record.facts.active = Side::Standby;
            self.record.facts.evidence.dns = seen(Side::Standby, ENTERED);
        }
    }

    /// Before any incident: both sides are there, the primary serves.
    fn world_is_well(&mut self) {
        self.record.facts.evidence.dns = seen(Side::Primary, self.now - Span::secs(20));
        self.see_global(Side::Primary, true);
        self.see_side(Side::Primary, 6);
        self.see_side(Side::Standby, 1);
    }

    /// Every sensor reports healthy and has for an hour; samples and readiness are fresh and good.
    pub fn all_is_well(&mut self) {
        let now = self.now;
        let facts = &mut self.record.facts;
        for reading in Arc::make_mut(&mut facts.evidence.readings) {
            reading.verdict = Verdict::Healthy;
            reading.observed_at = now - Span::secs(3);
            reading.since = now - Span::secs(3600);
        }
        facts.heartbeat_at = Some(now - Span::secs(5));
        facts.evidence.references.is = Verdict::Healthy;
        facts.evidence.references.at = now - Span::secs(2);
        facts.evidence.observer_ok_since = now - Span::secs(3600);
        facts.evidence.first_bad_at = None;
        facts.evidence.corroborated_at = None;
        facts.readiness = Readiness {
            checked_at: now - Span::secs(60),
            checks: vec![check(Verdict::Healthy)].into(),
        };
        self.lag_before(Span::secs(15), Span::secs(1));
        if self.record.facts.active == Side::Primary {
            self.see_side(Side::Primary, 6);
        } else {
            self.record.facts.evidence.lag = LagBook::default();
        }
    }

    /// The other side is the writer and serves; the old one does not follow yet.
    fn roles_moved(&mut self) {
        self.see_global(Side::Standby, false);
        self.see_side(Side::Standby, 6);
        self.side_is_gone(Side::Primary);
    }

    /// A look at the world that finds what is known already.
    pub fn look(&self) -> Observation {
        let evidence = &self.record.facts.evidence;
        Observation {
            references: evidence.references.is,
            global: evidence.global.map(|s| s.is),
            sides: evidence.sides.map(|s| s.map(|s| s.is)),
            dns: None,
            latch: None,
        }
    }

    /// The last look found this.
    pub fn see_global(&mut self, writer: Side, replica_connected: bool) {
        let view = GlobalView {
            writer: Some(writer),
            writers: 1,
            role_change: RoleChange::Idle,
            replica_connected,
        };
        self.record.facts.evidence.global = seen(view, self.now - Span::secs(2));
    }

    /// The last look found this side available, with so many instances.
    pub fn see_side(&mut self, side: Side, serving: u32) {
        let view = SideView {
            database_available: Some(true),
            in_service: Some(serving),
            healthy_targets: Some(serving),
            min_size: Some(serving),
        };
        self.record.facts.evidence.sides[side.index()] = seen(view, self.now - Span::secs(2));
    }

    /// The last look could not read this side.
    pub fn side_is_gone(&mut self, side: Side) {
        self.record.facts.evidence.sides[side.index()] = None;
    }

    /// The newest of three lag samples was taken so long ago.
    pub fn lag_before(&mut self, newest: Span, lag: Span) {
        let taken = |n: i64| LagSample {
            source: LagSource::Events,
            taken_at: self.now - newest - Span::secs(30).times(n),
            lag,
        };
        let evidence = &mut self.record.facts.evidence;
        evidence.lag = LagBook::default();
        for sample in [2, 1, 0].map(taken) {
            evidence.take_lag(sample, Span::ZERO, self.now, &self.setup.policy);
        }
        let until = evidence.first_bad_at.unwrap_or(self.now);
        evidence.unreplicated = Unreplicated::between(self.now - newest - lag, until);
    }

    /// This sensor of the active side reports this, and has for so long.
    pub fn reports(&mut self, vantage: Vantage, verdict: Verdict, for_long: Span) {
        let (now, active) = (self.now, self.record.facts.active);
        for r in Arc::make_mut(&mut self.record.facts.evidence.readings) {
            if r.vantage == vantage && r.side == active {
                r.verdict = verdict;
                r.since = now - for_long;
                if verdict == Verdict::Unhealthy {
                    r.bad_at = now;
                }
            }
        }
    }

    /// Every endpoint sensor of the active side reports down, a quorum of domains for so long.
    pub fn endpoint_down(&mut self, for_long: Span) {
        let first = for_long + Span::secs(3);
        for vantage in [Vantage::Witness, Vantage::Route53, Vantage::Probe] {
            self.reports(vantage, Verdict::Unhealthy, first);
        }
        let evidence = &mut self.record.facts.evidence;
        evidence.first_bad_at = Some(self.now - first);
        evidence.corroborated_at = Some(self.now - for_long);
        self.lag_before(first + Span::secs(10), Span::secs(1));
    }

    /// So is everything else there.
    pub fn region_dark(&mut self, for_long: Span) {
        self.endpoint_down(for_long);
        let silent = for_long + Span::secs(3);
        self.reports(Vantage::ControlPlane, Verdict::Unhealthy, silent);
        self.reports(Vantage::Inside, Verdict::Unknown, silent);
        self.side_is_gone(self.record.facts.active);
    }

    /// The incident of the table is about this, where it is still open.
    pub fn incident_is(&mut self, diagnosis: Diagnosis, operation: Operation) {
        if let (State::Fencing, Some(incident)) =
            (&self.record.state, &mut self.record.facts.incident)
        {
            incident.diagnosis = diagnosis;
            incident.operation = operation;
        }
    }

    /// The open incident began and was decided so much earlier.
    pub fn began_earlier(&mut self, by: Span) {
        if let Some(incident) = &mut self.record.facts.incident {
            incident.first_bad_at = incident.first_bad_at - by;
            incident.onset_at = incident.onset_at - by;
            incident.decided_at = incident.decided_at - by;
        }
    }

    /// How far the three have come, in the states that have them.
    pub fn progress(&mut self) -> Option<&mut Progress> {
        match &mut self.record.state {
            State::Promoting(p)
            | State::Switching(p)
            | State::Held {
                stage: Stopped::Promoting(p),
                ..
            } => Some(p),
            State::Watching
            | State::Suspecting
            | State::Fencing
            | State::Redirecting { .. }
            | State::Verifying
            | State::Exposed
            | State::Held { .. } => None,
        }
    }

    /// The latch, in the states that have it.
    pub fn latch(&mut self) -> Option<&mut Step> {
        match &mut self.record.state {
            State::Redirecting { latch }
            | State::Held {
                stage: Stopped::Redirecting { latch },
                ..
            } => Some(latch),
            State::Watching
            | State::Suspecting
            | State::Fencing
            | State::Promoting(_)
            | State::Switching(_)
            | State::Verifying
            | State::Exposed
            | State::Held { .. } => None,
        }
    }

    /// An attempt of this incident ended so. Every step of the table is at its first attempt.
    pub fn ended(&self, kind: Kind, outcome: Outcome) -> Event {
        Event::Finished(Completion {
            kind,
            incident_id: self.record.facts.incident_id,
            attempt: 1,
            outcome,
        })
    }
}

/// How far a state's incident has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Nothing,
    Decided,
    Committed,
    Joined,
    Redirected,
    Ended,
}

fn reached(state: &State) -> Reached {
    match state {
        State::Watching | State::Suspecting => Reached::Nothing,
        State::Fencing => Reached::Decided,
        State::Promoting(_) | State::Switching(_) => Reached::Committed,
        State::Redirecting { .. } => Reached::Joined,
        State::Verifying => Reached::Redirected,
        State::Exposed => Reached::Ended,
        State::Held { stage, .. } => match stage {
            Stopped::Before => Reached::Nothing,
            Stopped::Promoting(_) => Reached::Committed,
            Stopped::Redirecting { .. } => Reached::Joined,
            Stopped::Verifying => Reached::Redirected,
        },
    }
}

/// One readiness check that gates.
pub fn check(verdict: Verdict) -> Check {
    Check {
        name: Arc::from("engine_parity"),
        verdict,
        detail: Arc::from("16.4 and 16.4"),
        gates: true,
    }
}

fn seen<T>(is: T, at: Time) -> Option<Dated<T>> {
    Some(Dated { is, at })
}
