//! Where an estate reports its calls.
//!
//! Deliberately absent: the metrics themselves (`crate::metrics`).

/// Counts calls. `api` is `rds`, `operation` `FailoverGlobalCluster`; `failed` is the class's name.
pub trait Meter: Send + Sync {
    /// One call ended after `seconds`.
    fn request(
        &self,
        api: &'static str,
        operation: &'static str,
        seconds: f64,
        failed: Option<&'static str>,
    );
}
