//! One sample of replication lag and its source.
//!
//! Deliberately absent: what several samples amount to (`lag`).

use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// Where a lag sample comes from. Each source has a period and a way of its own, and may be wrong by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LagSource {
    /// drd's lag function, by an event.
    Events,
    /// drd's own metric, read from CloudWatch: what the same function measured, by another way.
    Metric,
    /// AWS's own metric of the global database, read from CloudWatch.
    Aws,
}

impl LagSource {
    /// Every source, the fastest first.
    pub const ALL: [LagSource; 3] = [LagSource::Events, LagSource::Metric, LagSource::Aws];

    /// Its place in [`LagSource::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            LagSource::Events => "drd's lag events",
            LagSource::Metric => "drd's own metric",
            LagSource::Aws => "AWS's own metric",
        }
    }

    /// How much later than its date a sample may have been taken: CloudWatch dates a datapoint by the
    /// beginning of its period, 10 s of drd's metric, a minute of AWS's.
    pub const fn dated_within(self) -> Span {
        match self {
            LagSource::Events => Span::ZERO,
            LagSource::Metric => Span::secs(10),
            LagSource::Aws => Span::secs(60),
        }
    }
}

/// One sample of replication lag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LagSample {
    /// Where it comes from.
    pub source: LagSource,
    /// When it was taken.
    pub taken_at: Time,
    /// How far the replica was behind.
    pub lag: Span,
}

impl LagSample {
    /// The position of the replica that it shows.
    pub fn position(&self) -> Time {
        self.taken_at - self.lag
    }
}
