//! Counters and gauges of the daemon: `drd_*` in Prometheus's text format (DESIGN section 11).
//!
//! Every known label value is there from the start, at zero; what is not known is NaN. Methods
//! are named by what happened. Deliberately absent: the global registry, labels without a bound
//! (incident numbers, ARNs), and any decision that reads a metric.

mod calls;
pub mod dashboard;
mod family;
mod gameday;
mod incident;
mod lag;
mod log_lines;
mod machine;
mod register;
#[cfg(test)]
mod tests;

pub use family::{FamilyInfo, FamilyKind};
pub use gameday::{gameday_families, gameday_passed};
pub use register::MetricsError;

use crate::intake::{DiscardReason, Parsed, Reading, SenderKind};
use calls::AwsMetrics;
use drd_state_machine::event::{LagSample, Side};
use drd_state_machine::reading::Noted;
use drd_state_machine::time::Time;
use drd_state_machine::{Decision, Phase, Record, Setup};
use lag::LagMetrics;
use machine::MachineMetrics;
use prometheus::process_collector::ProcessCollector;
use prometheus::{Gauge, Histogram, IntCounter, IntGauge, Registry, TextEncoder};
use register::{
    Children, Family, Register, counter, counters, flag, flags, gauge, histogram, seconds,
};

/// An event takes 1 to 5 s through two regions (aws-facts 1.3) and is stale after 300 s.
const AGE_BUCKETS: [f64; 9] = [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
/// What the machine discards, beside [`DiscardReason::ALL`] and what cannot be read.
const DISCARDED_LATER: [&str; 4] = ["malformed", "duplicate", "late", "unknown_sensor"];

/// All of drd's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    families: Vec<FamilyInfo>,
    machine: MachineMetrics,
    lag: LagMetrics,
    intake: IntakeMetrics,
    turned_at: Gauge,
    appends: IntCounter,
    appends_failed: IntCounter,
    leader: IntGauge,
    pages: IntCounter,
    pages_failed: IntCounter,
    aws: AwsMetrics,
}

#[derive(Debug)]
struct IntakeMetrics {
    received: Children<IntCounter>,
    discarded: Children<IntCounter>,
    age: Histogram,
}

impl Metrics {
    /// The daemon's: with AWS calls at zero, the sites, and the process's own figures.
    ///
    /// # Errors
    /// When a family cannot be registered.
    pub fn for_daemon(setup: &Setup, regions: [&str; 2]) -> Result<Metrics, MetricsError> {
        let r = Register::default();
        let site = ("drd_site_info", "Which region a side is.");
        let site = flags(&r, site, &["side", "aws_region"])?;
        for (side, region) in Side::BOTH.into_iter().zip(regions) {
            site.child(&[side.name(), region])?.set(1);
        }
        r.take(kind_by_name, ProcessCollector::for_self())?;
        log_lines::register(&r, crate::telemetry::dropped())?;
        let mut metrics = Metrics::on(&r, setup)?;
        metrics.aws.known_from_the_start()?;
        Ok(metrics)
    }

    /// The same without what only a daemon has.
    ///
    /// # Errors
    /// When a family cannot be registered.
    pub fn for_lab(setup: &Setup) -> Result<Metrics, MetricsError> {
        Ok(Metrics::on(&Register::default(), setup)?)
    }

    fn on(r: &Register, setup: &Setup) -> prometheus::Result<Metrics> {
        build_info(r)?;
        Ok(Metrics {
            machine: MachineMetrics::new(r, setup)?,
            lag: LagMetrics::new(r)?,
            intake: IntakeMetrics::new(r)?,
            turned_at: gauge(
                r,
                "drd_loop_last_iteration_timestamp_seconds",
                "When the control loop last turned.",
            )?,
            appends: counter(r, "drd_ledger_appends_total", "Lines made durable.")?,
            appends_failed: counter(
                r,
                "drd_ledger_appends_failed_total",
                "Lines that the ledger refused.",
            )?,
            leader: flag(
                r,
                "drd_leader",
                "Whether this daemon may act; always 1 with a ledger in a file.",
            )?,
            pages: counter(
                r,
                "drd_notifications_total",
                "Pages put on the event bus or tried.",
            )?,
            pages_failed: counter(
                r,
                "drd_notifications_failed_total",
                "Pages that the event bus did not take.",
            )?,
            aws: AwsMetrics::new(r)?,
            registry: r.registry(),
            families: r.families(),
        })
    }

    /// A decision was made durable.
    pub fn decided(
        &self,
        before: &Record,
        after: &Record,
        decision: &Decision,
        now: Time,
        setup: &Setup,
    ) {
        self.machine.decided(before, after, decision, now, setup);
        match decision.noted {
            Noted::Changed | Noted::Refreshed => {}
            Noted::Duplicate => self.event_discarded("duplicate"),
            Noted::Late => self.event_discarded("late"),
            Noted::Stale => self.event_discarded("stale"),
            Noted::UnknownSensor => self.event_discarded("unknown_sensor"),
        }
    }

    /// The ledger took a line.
    pub fn ledger_appended(&self) {
        self.appends.inc();
    }

    /// The ledger refused a line: nothing may act.
    pub fn ledger_refused(&self) {
        self.appends_failed.inc();
    }

    /// The ledger refuses: the shown phase is `held`, whatever the machine's is.
    pub fn held_by_ledger(&self) {
        self.machine.shown(Phase::Held);
    }

    /// Another daemon leads: the record last read from its ledger is shown, and this one is not armed.
    pub fn following(&self, record: &Record, now: Time, setup: &Setup) {
        self.machine.followed(record, now, setup);
        self.lag.forgotten();
    }

    /// A queue message was read.
    pub fn message_read(&self, reading: &Reading, now: Time) {
        if let Some(received) = self.intake.received.of(reading.source.name()) {
            received.inc();
        }
        match &reading.parsed {
            Parsed::Signal(signal) => self
                .intake
                .age
                .observe((now - signal.observed_at).as_secs_f64()),
            Parsed::Lag(sample) => self.lag_sampled(sample),
            Parsed::Discard(reason) => self.event_discarded(reason.name()),
            Parsed::Malformed(_) => self.event_discarded("malformed"),
            Parsed::Heartbeat { .. } | Parsed::Hint(_) => {}
        }
    }

    /// A message was not acted on.
    pub fn event_discarded(&self, reason: &'static str) {
        if let Some(discarded) = self.intake.discarded.of(reason) {
            discarded.inc();
        }
    }

    /// A lag sample arrived.
    pub fn lag_sampled(&self, sample: &LagSample) {
        self.lag.sampled(sample);
    }

    /// The control loop turned.
    pub fn loop_turned(&self, now: Time) {
        self.turned_at.set(seconds(now));
    }

    /// Whether this daemon may act.
    pub fn leading(&self, leading: bool) {
        self.leader.set(i64::from(leading));
    }

    /// A page was sent; `taken` when the event bus accepted it.
    pub fn paged(&self, taken: bool) {
        self.pages.inc();
        if !taken {
            self.pages_failed.inc();
        }
    }

    /// A call to AWS ended after `seconds`. `failed` is the class of its error.
    pub fn aws_request(
        &self,
        api: &'static str,
        operation: &'static str,
        seconds: f64,
        failed: Option<&'static str>,
    ) {
        self.aws.ended((api, operation), seconds, failed);
    }

    /// What there is to scrape, with what may be done with it.
    pub fn families(&self) -> &[FamilyInfo] {
        &self.families
    }

    /// Everything in Prometheus's text format 0.0.4.
    pub fn render(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap_or_else(|error| {
                tracing::error!(%error, "render the metrics");
                String::new()
            })
    }
}

impl IntakeMetrics {
    fn new(r: &Register) -> prometheus::Result<IntakeMetrics> {
        let received = (
            "drd_events_received_total",
            "Queue messages by kind of sender.",
        );
        let discarded = (
            "drd_events_discarded_total",
            "Messages not acted on, by reason.",
        );
        let age = (
            "drd_event_age_seconds",
            "Age of signals when they were read.",
        );
        let sources = SenderKind::ALL.map(SenderKind::name);
        let reasons = DiscardReason::ALL
            .map(DiscardReason::name)
            .into_iter()
            .chain(DISCARDED_LATER);
        Ok(IntakeMetrics {
            received: counters(r, received, &["source"])?.children(sources)?,
            discarded: counters(r, discarded, &["reason"])?.children(reasons)?,
            age: histogram(r, age, &AGE_BUCKETS)?,
        })
    }
}

fn build_info(r: &Register) -> prometheus::Result<()> {
    let info = flags(
        r,
        ("drd_build_info", "Which drd this is."),
        &["version", "revision"],
    )?;
    // Set by the build of a release; a plain build does not know its revision.
    let revision = option_env!("DRD_REVISION").unwrap_or("unknown");
    info.child(&[env!("CARGO_PKG_VERSION"), revision])?.set(1);
    Ok(())
}

/// The process's own families are the crate's, which does not publish their kinds.
fn kind_by_name(name: &str) -> FamilyKind {
    if name.ends_with("_total") {
        FamilyKind::Counter
    } else {
        FamilyKind::Gauge
    }
}
