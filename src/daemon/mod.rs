//! The shell around the engine: the only place with a clock, a queue and a network. One loop feeds
//! the engine its inputs; everything that takes time runs beside it, with a deadline.
//!
//! `start` builds it, `on_aws` and `simulated` have an estate for it, `shell` is the loop.
//! Deliberately absent: decisions, polling plans, the lease's rules, retries (`engine` has them).

mod causes;
pub mod client;
pub mod demo;
pub mod http;
mod identity;
mod incident_log;
mod manager;
#[cfg(feature = "aws")]
mod on_aws;
pub mod operator;
mod parts;
mod shell;
mod show;
mod shown;
pub mod simulated;
mod start;
mod store;
#[cfg(feature = "aws")]
mod table_store;
mod watchdog;

#[cfg(feature = "aws")]
pub use on_aws::run;
pub use shell::Ended;
pub use start::DaemonError;
