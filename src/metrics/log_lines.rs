//! Log lines that were dropped: counted where they are dropped, read at each scrape.
//!
//! Deliberately absent: lines that were written.

use super::family::FamilyKind;
use super::register::Register;
use crate::telemetry::sink::{DropReason, DroppedLines};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, Opts, Result};

/// Copies the process's counters into a family.
struct LogLines {
    family: IntCounterVec,
    dropped: &'static DroppedLines,
}

impl Collector for LogLines {
    fn desc(&self) -> Vec<&Desc> {
        self.family.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for reason in DropReason::ALL {
            let shown = self.family.with_label_values(&[reason.name()]);
            let count = self.dropped.count(reason);
            shown.inc_by(count.saturating_sub(shown.get()));
        }
        self.family.collect()
    }
}

/// Registers the family.
///
/// # Errors
/// When it cannot be registered.
pub(super) fn register(r: &Register, dropped: &'static DroppedLines) -> Result<()> {
    let options = Opts::new(
        "drd_log_lines_dropped_total",
        "Log lines that were not written, by reason.",
    );
    let family = IntCounterVec::new(options, &["reason"])?;
    r.take(|_| FamilyKind::Counter, LogLines { family, dropped })
}
