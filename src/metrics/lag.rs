//! The newest replication lag, by where it came from.
//!
//! Deliberately absent: what the lag means for a failover. The gates have that; their limits are
//! shown beside it.

use super::register::{Children, Family, Register, gauges, seconds};
use drd_state_machine::event::{LagSample, LagSource};
use prometheus::{Gauge, Result};

/// A source's name in metrics.
const fn label(source: LagSource) -> &'static str {
    match source {
        LagSource::Events => "lag_monitor",
        LagSource::Metric => "cloudwatch",
        LagSource::Aws => "aurora",
    }
}

#[derive(Debug)]
pub(super) struct LagMetrics {
    seconds: Children<Gauge>,
    measured_at: Children<Gauge>,
}

impl LagMetrics {
    pub fn new(r: &Register) -> Result<LagMetrics> {
        let lag = (
            "drd_replication_lag_seconds",
            "The newest lag sample; NaN until there is one.",
        );
        let at = (
            "drd_replication_lag_measured_timestamp_seconds",
            "When the newest lag sample was taken; 0 is never.",
        );
        let sources = LagSource::ALL.map(label);
        let lag = LagMetrics {
            seconds: gauges(r, lag, &["source"])?.children(sources)?,
            measured_at: gauges(r, at, &["source"])?.children(sources)?,
        };
        lag.forgotten();
        Ok(lag)
    }

    /// A sample arrived.
    pub fn sampled(&self, sample: &LagSample) {
        let source = label(sample.source);
        let gauges = (self.seconds.of(source), self.measured_at.of(source));
        if let (Some(lag), Some(at)) = gauges {
            lag.set(sample.lag.as_secs_f64());
            at.set(seconds(sample.taken_at));
        }
    }

    /// This daemon reads no samples any more.
    pub fn forgotten(&self) {
        self.seconds.iter().for_each(|(_, lag)| lag.set(f64::NAN));
        self.measured_at.iter().for_each(|(_, at)| at.set(0.0));
    }
}
