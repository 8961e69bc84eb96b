//! What drd touches, as one enum: each kind of estate behind the same doors.
//!
//! The engine decides which door of `Estate` is used and when; the daemon's shell opens it.
//! `aurora` holds the handles of an estate on AWS, `perform`, `observe` and `readiness` are made of
//! its calls, `http_probe` and `dns` are the two readings that need no AWS API. `simulated` is an
//! estate without AWS. A second database engine is another variant. Deliberately absent: decisions, retries, and a trait: the `Command`
//! enum is the port.

#[cfg(feature = "aws")]
pub mod aurora;
#[cfg(feature = "aws")]
pub mod dns;
pub mod dns_name;
mod doors;
pub mod error;
#[cfg(feature = "aws")]
pub mod examine;
#[cfg(feature = "aws")]
pub mod http_probe;
pub mod lease_gate;
pub mod meter;
#[cfg(feature = "aws")]
mod observe;
#[cfg(feature = "aws")]
mod perform;
#[cfg(feature = "aws")]
pub mod readiness;
mod sensor_source;
pub mod side;
pub mod simulated;
pub mod timers;

pub use doors::Estate;
pub use sensor_source::SensorSource;
