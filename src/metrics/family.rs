//! The families of metrics that can be scraped: name, kind, help and labels.
//!
//! Deliberately absent: values.

/// What may be done with a family's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FamilyKind {
    /// Only grows, and starts again at 0: `rate()` and `increase()`.
    Counter,
    /// Goes up and down: read as it is.
    Gauge,
    /// `_bucket`, `_sum` and `_count`, each a counter.
    Histogram,
}

/// One family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyInfo {
    /// As it is scraped.
    pub name: String,
    /// Its kind.
    pub kind: FamilyKind,
    /// The help text.
    pub help: String,
    /// The labels that drd gives it; Prometheus adds the target's.
    pub labels: Vec<String>,
}
