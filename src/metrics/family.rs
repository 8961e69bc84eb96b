//! What there is to scrape: each family's name, kind, help and labels.
//!
//! Deliberately absent: values.

/// What may be done with a family's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, and starts again at 0: `rate()` and `increase()`.
    Counter,
    /// Goes up and down: read as it is.
    Gauge,
    /// `_bucket`, `_sum` and `_count`, each a counter.
    Histogram,
}

/// One family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As it is scraped.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// What it says, for people.
    pub help: String,
    /// The labels that drd gives it; the target's come on top.
    pub labels: Vec<String>,
}
