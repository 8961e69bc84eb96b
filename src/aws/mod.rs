//! The only part that calls AWS: one file per thing that drd touches, each call named, timed and
//! classed in one place.
//!
//! Deliberately absent: decisions, retries, waiters. What an answer means is judged by pure
//! functions beside the calls; what to do about it is decided elsewhere.

pub mod alarm_states;
pub mod alarms;
pub mod capacity;
pub mod clients;
pub mod database;
pub mod deployments;
pub mod error;
pub mod estate_error;
mod fenced;
pub mod keys;
pub mod latch;
pub mod latch_check;
pub mod latch_object;
pub mod lease_gate;
pub mod ledger;
pub mod notify;
pub mod queue;
pub mod quotas;
pub mod route53;
pub mod sdk;
pub mod verdicts;

pub use error::AwsError;
