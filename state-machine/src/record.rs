//! What is remembered: the persisted form, its version, and how an event changes the facts.
//!
//! Deliberately absent: files. The ledger writes and reads this value as JSON; a record that
//! cannot be read is an error there, never skipped (S9).

use crate::command::Severity;
use crate::diagnosis::Diagnosis;
use crate::event::{Check, Completion, Side, Verdict};
use crate::evidence::Evidence;
use crate::host_clock::{HostClock, STEP_MIN};
pub use crate::incident::{FenceOutcome, Incident, Operation, Trigger};
use crate::policy::{READY_FRESH, Setup};
use crate::state::{Prescale, State};
use crate::time::{Span, Time};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Arc;

/// The version of the persisted form. Readers refuse any other and convert none. 2 names the
/// incident's number `incident_id`; 3 has the episode, what a failover would lose, and the proven side; 4 since when
/// users are astray; 5 lag samples by source.
pub const RECORD_VERSION: u32 = 5;

/// What was put back of late, so that no war is fought over it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// When.
    pub restored: Vec<Time>,
    /// How often ever.
    pub attempts: u32,
    /// It was changed once too often: that was paged, and drd keeps its hands off.
    pub hands_off: bool,
    /// The group of the side that serves was seen at its size: where it is smaller now somebody lowered it.
    pub raised: bool,
    /// When a group that was never seen at its size was last asked for again.
    pub raised_again_at: Option<Time>,
    /// When that was last paged.
    pub raised_paged_at: Option<Time>,
    /// Since when roles that somebody else changed agree.
    pub agreed_since: Option<Time>,
    /// Since when users are not where drd would have them, and it is not drd that puts them back.
    pub astray_since: Option<Time>,
    /// When that was paged.
    pub astray_paged_at: Option<Time>,
    /// When a hold was paged again.
    pub held_paged_at: Option<Time>,
}

/// A page that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paged {
    /// About what.
    pub is: Diagnosis,
    /// When.
    pub at: Time,
    /// It has passed since: when it comes back it is another episode.
    pub over: bool,
}

/// Everything that the next decision depends on, beside the [`Setup`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`RECORD_VERSION`].
    #[serde(deserialize_with = "this_version")]
    pub version: u32,
    /// The state the machine is in.
    pub state: State,
    /// What it knows.
    pub facts: Facts,
}

/// What the machine knows, whatever its state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The newest moment that was handed in.
    pub now: Time,
    /// When the daemon that runs now started.
    pub started_at: Time,
    /// When the state was entered.
    pub entered_at: Time,
    /// The number of the newest incident or suspicion. Commands of an older one are stale.
    pub incident_id: u64,
    /// The side that serves.
    pub active: Side,
    /// No automatic act.
    pub paused: bool,
    /// Since when; absent while not paused, and in older lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_since: Option<Time>,
    /// Until when; absent for a pause that only `resume` ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Time>,
    /// Whether a failover would start now if it had to.
    pub armed: bool,
    /// What the sensors and polls reported.
    pub evidence: Evidence,
    /// The newest readiness answers.
    pub readiness: Readiness,
    /// The running or newest incident.
    pub incident: Option<Incident>,
    /// The pre-scale that may have to be taken back.
    pub prescaled: Option<Prescale>,
    /// No second automatic role change before this.
    pub cool_down_until: Time,
    /// Requests of a role change that may still be on their way; absent in older lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Unanswered>,
    /// AWS's clock minus ours: sender's times are corrected by it.
    pub clock_error: Span,
    /// The host whose clock all these moments are of; absent in older lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostClock>,
    /// When our heartbeat last came back.
    pub heartbeat_at: Option<Time>,
    /// How long it was on its way.
    pub heartbeat_took: Span,
    /// It was paged that it does not.
    pub event_path_paged: bool,
    /// That too few fault domains are live.
    pub few_domains: Spell,
    /// Reports contradict each other while something is dark.
    pub contradicted: Spell,
    /// It was paged that this host's clock is wrong.
    pub clock_paged: bool,
    /// What is seen, and since when.
    pub diagnosis: Diagnosed,
    /// What was put back of late.
    pub guard: Guard,
    /// The diagnoses that were paged.
    pub paged: Vec<Paged>,
}

/// A time in which something is not as it should be, which is paged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spell {
    /// Since when; absent while all is well.
    pub since: Option<Time>,
    /// When it was last paged.
    pub paged_at: Option<Time>,
}

impl Spell {
    /// It is so now. For how long, as far as this daemon has seen it.
    pub(crate) fn lasts(&mut self, now: Time, started_at: Time) -> Span {
        let since = *self.since.get_or_insert(now);
        now - since.max(started_at)
    }

    fn shift(&mut self, by: Span) {
        self.since = self.since.map(|t| t + by);
        self.paged_at = self.paged_at.map(|t| t + by);
    }
}

/// The diagnosis and since when it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnosed {
    /// What is seen.
    pub is: Diagnosis,
    /// Since when.
    pub since: Time,
}

/// Requests of a role change whose answers were not received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unanswered {
    /// The side that they make the active one.
    pub to: Side,
    /// The last moment at which one of them may have been sent.
    pub until: Time,
}

/// The newest answers of the readiness checks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    /// When they last ran.
    pub checked_at: Time,
    /// The newest known answer per check: an unknown one keeps the answer before it.
    pub checks: Arc<Vec<Check>>,
}

fn this_version<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let version = u32::deserialize(from)?;
    if version == RECORD_VERSION {
        return Ok(version);
    }
    Err(D::Error::custom(format!(
        "record version {version} is not version {RECORD_VERSION}: written by another drd"
    )))
}

impl Readiness {
    /// Gating checks whose newest known answer is red.
    pub fn red(&self) -> impl Iterator<Item = &Check> {
        self.checks
            .iter()
            .filter(|c| c.gates && c.verdict == Verdict::Unhealthy)
    }

    /// Takes the answers of one run of the checks.
    pub(crate) fn take(&mut self, now: Time, checks: &[Check]) {
        let known_before = std::mem::take(&mut self.checks);
        let keep = now - self.checked_at <= READY_FRESH;
        self.checked_at = now;
        let newest = |new: &Check| {
            let old = known_before.iter().find(|c| c.name == new.name);
            match (new.verdict, old) {
                (Verdict::Unknown, Some(old)) if keep => old.clone(),
                (Verdict::Unknown | Verdict::Healthy | Verdict::Unhealthy, _) => new.clone(),
            }
        };
        self.checks = Arc::new(checks.iter().map(newest).collect());
    }
}

impl Record {
    /// The record of an estate that nothing is known of yet, with the primary active.
    pub fn new(setup: &Setup, now: Time) -> Record {
        Record {
            version: RECORD_VERSION,
            state: State::Watching,
            facts: Facts {
                now,
                started_at: now,
                entered_at: now,
                incident_id: 0,
                active: Side::Primary,
                paused: false,
                paused_since: None,
                paused_until: None,
                armed: false,
                evidence: Evidence::new(&setup.sensors),
                readiness: Readiness::default(),
                incident: None,
                prescaled: None,
                cool_down_until: Time::default(),
                unanswered: None,
                clock_error: Span::ZERO,
                host: None,
                heartbeat_at: None,
                heartbeat_took: Span::ZERO,
                event_path_paged: false,
                few_domains: Spell::default(),
                contradicted: Spell::default(),
                clock_paged: false,
                diagnosis: Diagnosed {
                    is: Diagnosis::Unclear,
                    since: now,
                },
                guard: Guard::default(),
                paged: Vec::new(),
            },
        }
    }

    /// A daemon goes on with this record, on this host. What was remembered moves with a clock that was
    /// set meanwhile: the step is charged to no budget.
    pub fn continue_on(&mut self, host: Option<HostClock>) {
        let before = std::mem::replace(&mut self.facts.host, host);
        let clocks = before.zip(self.facts.host.as_ref());
        if let Some(by) = clocks.and_then(|(old, new)| new.step_since(&old)) {
            self.facts.clock_error = self.facts.clock_error - by;
            self.shift(by);
        }
    }

    /// The clock may have been set back: what was remembered moves with it, so that no wait gets
    /// longer.
    pub(crate) fn follow_clock(&mut self, now: Time) {
        if now < self.facts.now - STEP_MIN {
            self.shift(now - self.facts.now);
        }
    }

    fn shift(&mut self, by: Span) {
        self.facts.shift(by);
        self.state.shift(by);
    }
}

impl Facts {
    fn shift(&mut self, by: Span) {
        self.now = self.now + by;
        self.started_at = self.started_at + by;
        self.entered_at = self.entered_at + by;
        self.cool_down_until = self.cool_down_until + by;
        self.readiness.checked_at = self.readiness.checked_at + by;
        self.heartbeat_at = self.heartbeat_at.map(|t| t + by);
        self.few_domains.shift(by);
        self.contradicted.shift(by);
        self.diagnosis.since = self.diagnosis.since + by;
        self.paused_since = self.paused_since.map(|t| t + by);
        self.paused_until = self.paused_until.map(|t| t + by);
        self.evidence.shift(by);
        for at in &mut self.guard.restored {
            *at = *at + by;
        }
        let guard = &mut self.guard;
        for at in [
            &mut guard.agreed_since,
            &mut guard.astray_since,
            &mut guard.astray_paged_at,
            &mut guard.held_paged_at,
            &mut guard.raised_again_at,
            &mut guard.raised_paged_at,
        ] {
            *at = at.map(|at| at + by);
        }
        for paged in &mut self.paged {
            paged.at = paged.at + by;
        }
        if let Some(prescaled) = &mut self.prescaled {
            prescaled.raise.shift(by);
            prescaled.back.shift(by);
        }
        if let Some(unanswered) = &mut self.unanswered {
            unanswered.until = unanswered.until + by;
        }
        if let Some(incident) = &mut self.incident {
            incident.shift(by);
        }
    }

    /// Whether a completion belongs to the newest incident; a stale one changes nothing.
    pub(crate) fn is_current(&self, completion: &Completion) -> bool {
        completion.incident_id == self.incident_id
    }

    /// What is left of the RTO.
    pub fn budget_left(&self, setup: &Setup, now: Time) -> Option<Span> {
        let incident = self.incident.as_ref().filter(|i| i.ended_at.is_none())?;
        let objective = incident.objective(&setup.policy);
        Some(objective - (now - incident.onset_at))
    }

    /// A page of the newest incident.
    pub(crate) fn page(&self, severity: Severity, text: String) -> crate::command::Command {
        crate::command::Command::Page {
            incident_id: self.incident_id,
            severity,
            text,
        }
    }
}
