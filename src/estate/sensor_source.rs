//! A sensor that is read: what the doors need to know of it.
//!
//! Deliberately absent: reading it.

use drd_state_machine::event::{Side, Vantage};
use std::sync::Arc;

/// A configured sensor, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensorSource {
    /// Its name.
    pub name: Arc<str>,
    /// Where it looks from.
    pub vantage: Vantage,
    /// The side it is about.
    pub side: Side,
    /// The alarm that is its source, where one is.
    pub alarm_arn: Option<Arc<str>>,
}
