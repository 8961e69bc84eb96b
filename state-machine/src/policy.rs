//! Every number that a decision depends on, each with its reason.
//!
//! Deliberately absent: reading or checking configuration files (`config` does both).

use crate::diagnosis::Diagnosis;
use crate::event::{LagSource, Side, Vantage};
use crate::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How much drd may do by itself about a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// Record it.
    Observe,
    /// Page what drd would do.
    Advise,
    /// Do it.
    Act,
}

impl Autonomy {
    /// The public name, the same as in JSON and in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Autonomy::Observe => "observe",
            Autonomy::Advise => "advise",
            Autonomy::Act => "act",
        }
    }
}

/// The RTO as a ledger of slices. The fence runs beside the promotion, so it is not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// First bad sample to decision.
    pub detect: Span,
    /// The last look and the best-effort fence.
    pub fence: Span,
    /// Promotion and capacity, side by side.
    pub promote: Span,
    /// Latch thrown to resolvers answering.
    pub redirect: Span,
    /// The last proof.
    pub verify: Span,
}

/// Thresholds and timers (DESIGN section 10 has the configured ones).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Recovery time objective.
    pub rto: Span,
    /// The same of a move that loses nothing: it waits for the other side to be proven, and for
    /// every row.
    pub rto_lossless: Span,
    /// Recovery point objective.
    pub rpo: Span,
    /// Fault domains that must agree.
    pub quorum: u8,
    /// How long the quorum must last: GitHub's 43 s partition (2018) must never trigger.
    pub hold_down: Span,
    /// Exceptions per diagnosis.
    pub hold_down_for: BTreeMap<Diagnosis, Span>,
    /// How old a lag sample may be at the onset and still count.
    pub lag_fresh: Span,
    /// How far apart lag samples are: the loss that no sample has seen yet.
    pub lag_period: Span,
    /// What a sample takes through EventBridge and SQS at most.
    pub lag_delivery: Span,
    /// What it takes from its datapoint to a reading of it.
    pub lag_read_delivery: Span,
    /// How far apart the samples of AWS's own metric are.
    pub aws_lag_period: Span,
    /// What one of them takes from its datapoint to a reading of it.
    pub aws_lag_delivery: Span,
    /// No second automatic role change within this time.
    pub cool_down: Span,
    /// Older statements of pushed sensors are ignored.
    pub event_max_age: Span,
    /// What drd may do by itself, per diagnosis.
    pub autonomy: BTreeMap<Diagnosis, Autonomy>,
    /// The slices of the RTO.
    pub budget: Budget,
}

/// How long drd's own reading stays valid: three probes of 5 s and one timeout of 3 s, rounded up.
pub const OWN_FRESH: Span = Span::secs(20);
/// How long an observation stays valid: two looks of 30 s (armed) and one call's deadline.
pub const LOOK_FRESH: Span = Span::secs(75);
/// How long the control plane must be silent before silence means anything: two 5 s attempts.
pub const SILENCE: Span = Span::secs(10);
/// A sensor that changed its verdict four times in five minutes is unknown until it settles.
pub const FLAP_WINDOW: Span = Span::secs(300);
/// Gap before a role change that got no answer is tried again (after a new look).
pub const RETRY: Span = Span::secs(2);
/// Gap before a refused role change is tried again: state faults clear in seconds or not at all.
pub const RETRY_REFUSED: Span = Span::secs(5);
/// A promotion that was accepted but shows neither progress nor effect for this long was dropped.
pub const DROPPED: Span = Span::secs(30);
/// How long a contradiction of what is dark and what is well lasts before it is critical (DESIGN section 4, `gray`):
/// longer than any late report.
pub const CONTRADICTION_PAGED: Span = Span::secs(120);
/// An operator's order that nothing came of for so long is given up: people act otherwise by then. As long as an
/// order on the bus counts.
pub const ORDER_FRESH: Span = Span::secs(60);
/// An attempt that never reports back is counted as unanswered: twice the longest deadline.
pub const LOST: Span = Span::secs(30);
/// Refusals of a role change before people are paged: a state fault that outlives three retries is
/// not clearing soon. drd asks again all the same.
pub const REFUSALS_PAGED: u32 = 4;
/// The longest gap between two attempts: AWS's state faults last seconds to minutes.
const GAP_MAX: Span = Span::secs(45);
/// A decision that has not acted within this long needs its hold-down again.
pub const DECISION_FRESH: Span = Span::secs(30);
/// How often the old side is fenced again until that is confirmed.
pub const FENCE_AGAIN: Span = Span::secs(10);
/// How long the way back to a side that an automatic lossless move left is left to people.
pub const WAY_BACK: Span = Span::secs(24 * 3600);
/// A group that was raised stays so across blips: what comes back within ten minutes finds it (rule 19).
pub const PRESCALE_KEPT: Span = Span::secs(600);
/// An outage in which the other side is not proven is paged after this long.
pub const UNPROVEN_PAGED: Span = Span::secs(240);
/// AWS refuses a request that was signed 5 min ago; half a minute more for its clock. Until then a
/// request that nobody answered may still land.
pub const MAY_LAND: Span = Span::secs(330);

/// Gap after an attempt that came to nothing: 2, 4, 8, 16, 32, 45 s, so that a throttled service is
/// not made worse.
pub fn retry_gap(attempt: u32) -> Span {
    let doublings = attempt.saturating_sub(1).min(5);
    RETRY.times(1 << doublings).min(GAP_MAX)
}
/// A readiness answer older than three rounds of 5 min counts as unknown.
pub const READY_FRESH: Span = Span::secs(900);
/// While something is suspected a heartbeat is sent every 15 s; one that came back after two of them
/// shows that the path works now.
pub const HEARTBEAT_PERIOD: Span = Span::secs(30);
/// The event path is broken when no heartbeat came back for three periods of 60 s and 15 s of
/// transport. It does not stop an act: observation and the probe do not need it.
pub const HEARTBEAT_SILENT: Span = Span::secs(195);
/// How long a role change waits for unanswered requests towards the other side: AWS
/// refuses a signed request 5 min after its signature in most cases; twice that, a lease and its
/// margin, rounded up.
pub const QUARANTINE: Span = Span::secs(900);
/// What a daemon that just started may still learn by itself: the lag is read every 10 s, and a
/// call has 5 s.
pub const SETTLE: Span = Span::secs(15);
/// A new diagnosis must last this long before it is paged: two looks of 5 s.
pub const PAGE_AFTER: Span = Span::secs(15);

/// Repeated outages are looked for in so much time; half of it is too much (DESIGN section 4, rule 21).
pub const REPEATED_WINDOW: Span = Span::secs(180);
/// Roles that were changed by hand are adopted when all agrees for a minute (rule 23).
pub const ADOPT_AFTER: Span = Span::secs(60);
/// Too few live domains are paged after this: a daemon that starts has read every alarm by then, and a
/// sensor is silent only after it has been so for 20 to 135 s.
pub const FEW_DOMAINS_PAGED: Span = Span::secs(60);
/// How often drd puts back within [`RESTORES_WINDOW`] what somebody else keeps changing (rule 22).
pub const RESTORES_MAX: usize = 3;
/// See [`RESTORES_MAX`].
pub const RESTORES_WINDOW: Span = Span::secs(600);
/// Between two of them: a call's deadline and the look after it.
pub const RESTORE_GAP: Span = Span::secs(40);
/// A host's clock that is this wrong is paged (DESIGN section 4, Time and trust).
pub const CLOCK_ERROR_PAGED: Span = Span::secs(60);
/// What comes and goes is paged at most so often (DESIGN section 4: repeated every 5 min).
pub const PAGE_AGAIN: Span = Span::secs(300);

impl Default for Policy {
    fn default() -> Policy {
        use Diagnosis::{ApplicationDown, DatabaseDown, EdgeDown, RegionDark};
        Policy {
            rto: Span::secs(300),
            // A side that must first be brought to size and proven, twice over.
            rto_lossless: Span::secs(600),
            rpo: Span::secs(60),
            quorum: 2,
            hold_down: Span::secs(60),
            // Aurora's own failover inside the region usually ends within 60 s, and a deployment that
            // breaks an application, or an edge that is changed, is often put right as fast.
            hold_down_for: BTreeMap::from([
                (DatabaseDown, Span::secs(90)),
                (ApplicationDown, Span::secs(90)),
                (EdgeDown, Span::secs(90)),
            ]),
            lag_fresh: Span::secs(120),
            lag_period: Span::secs(30),
            lag_delivery: Span::secs(15),
            // aws-facts 1.4: a minute until CloudWatch gives a datapoint out.
            lag_read_delivery: Span::secs(60),
            // One a minute, 60 to 120 s late (reference/rules-2026-11.md).
            aws_lag_period: Span::secs(60),
            aws_lag_delivery: Span::secs(120),
            cool_down: Span::secs(30 * 60),
            event_max_age: Span::secs(5 * 60),
            autonomy: BTreeMap::from([
                (RegionDark, Autonomy::Act),
                (DatabaseDown, Autonomy::Act),
                (ApplicationDown, Autonomy::Act),
                (EdgeDown, Autonomy::Act),
            ]),
            budget: Budget {
                detect: Span::secs(105),
                fence: Span::secs(10),
                promote: Span::secs(120),
                redirect: Span::secs(50),
                verify: Span::secs(20),
            },
        }
    }
}

impl Policy {
    /// How long the quorum must last for this diagnosis.
    pub fn hold_down(&self, diagnosis: Diagnosis) -> Span {
        *self
            .hold_down_for
            .get(&diagnosis)
            .unwrap_or(&self.hold_down)
    }

    /// How far apart the samples of this source are.
    pub fn lag_period_of(&self, source: LagSource) -> Span {
        match source {
            LagSource::Events | LagSource::Metric => self.lag_period,
            LagSource::Aws => self.aws_lag_period,
        }
    }

    /// A lag sample of this source that was due has come by then: its period and its delivery.
    pub fn lag_comes_within(&self, source: LagSource) -> Span {
        let delivery = match source {
            LagSource::Events => self.lag_delivery,
            LagSource::Metric => self.lag_read_delivery,
            LagSource::Aws => self.aws_lag_delivery,
        };
        self.lag_period_of(source) + delivery
    }

    /// For how long a proof of life counts where this source would bring the next one: two periods and the
    /// delivery (rule 7). drd's metric has the way of the event before that of the datapoint.
    pub fn proof_lasts(&self, source: LagSource) -> Span {
        let before = match source {
            LagSource::Metric => self.lag_delivery,
            LagSource::Events | LagSource::Aws => Span::ZERO,
        };
        self.lag_period_of(source) + before + self.lag_comes_within(source)
    }

    /// How long a move that may lose data waits at least where this is the fastest source of lag samples.
    pub fn lossy_wait(&self, source: LagSource) -> Span {
        self.hold_down.max(self.lag_comes_within(source))
    }

    /// How long an outage may last that waits for samples of this source, where that is more than the objective.
    /// What `database_down` waits anyway is the configuration's own choice.
    pub fn outlasts_rto(&self, source: LagSource) -> Option<Span> {
        let configured = [Diagnosis::RegionDark, Diagnosis::DatabaseDown];
        let configured = configured.map(|of| self.hold_down(of)).into_iter().max();
        let wait = self.lossy_wait(source);
        let Budget {
            detect,
            promote,
            redirect,
            verify,
            ..
        } = self.budget;
        let lasts = detect - self.hold_down + wait + promote + redirect + verify;
        (Some(wait) > configured && lasts > self.rto).then_some(lasts)
    }

    /// What drd may do about this diagnosis; nothing but record where nothing is configured.
    pub fn autonomy(&self, diagnosis: Diagnosis) -> Autonomy {
        *self.autonomy.get(&diagnosis).unwrap_or(&Autonomy::Observe)
    }
}

/// One configured sensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensor {
    /// Its name.
    pub name: Arc<str>,
    /// Where it looks from.
    pub vantage: Vantage,
    /// The side it reports about.
    pub side: Side,
}

/// The size the serving side must reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serving {
    /// MinSize.
    pub min: u32,
    /// DesiredCapacity.
    pub desired: u32,
    /// The share of `desired` with which serving is better than waiting.
    pub floor_percent: u32,
}

impl Serving {
    /// Instances with which traffic may move when the slice is used up; never 0.
    pub fn floor(&self) -> u32 {
        let floor = (u64::from(self.desired) * u64::from(self.floor_percent)).div_ceil(100);
        u32::try_from(floor).unwrap_or(u32::MAX).max(1)
    }
}

/// Everything fixed that a decision depends on. Written to the ledger, so that a replay has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Thresholds.
    pub policy: Policy,
    /// Sensors.
    pub sensors: Vec<Sensor>,
    /// Capacity.
    pub serving: Serving,
    /// The side whose region this daemon runs in, if it runs in one of them.
    pub home: Option<Side>,
}
