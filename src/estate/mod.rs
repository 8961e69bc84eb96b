//! What drd touches, as one enum: each kind of estate behind the same doors.
//!
//! The engine decides which door is used and when; the daemon's shell opens it. `aurora` holds
//! the handles of an estate on AWS, `perform`, `observe` and `readiness` what is made of its
//! calls, `http_probe` and `dns` the two readings that need no AWS API. A second database engine
//! is a second variant. Deliberately absent: decisions, retries, and a trait: the `Command` enum
//! is the port.

#[cfg(feature = "aws")]
pub mod aurora;
#[cfg(feature = "aws")]
pub mod dns;
pub mod dns_name;
pub mod error;
#[cfg(feature = "aws")]
pub mod examine;
#[cfg(feature = "aws")]
pub mod http_probe;
pub mod lease_gate;
pub mod message;
pub mod meter;
#[cfg(feature = "aws")]
mod observe;
pub mod parts;
#[cfg(feature = "aws")]
mod perform;
#[cfg(feature = "aws")]
pub mod readiness;
pub mod side;
pub mod timers;

use crate::aws::ledger::Table;
use aurora::Aurora;
use drd_state_machine::command::{Command, Severity};
use drd_state_machine::event::{Check, Completion, LagSample, Observation, Side, Signal, Vantage};
use drd_state_machine::time::Time;
use error::EstateError;
use message::Message;
use parts::Parts;
use std::sync::Arc;
use std::time::Duration;

/// One estate. Share it by [`Arc`].
pub enum Estate {
    /// An Aurora Global Database application on AWS.
    Aurora(Aurora),
}

impl Estate {
    /// One attempt of one command, within its deadline. Never fails: how it ended is the answer.
    pub async fn perform(&self, command: &Command) -> Completion {
        match self {
            Estate::Aurora(aurora) => perform::perform(aurora, command).await,
        }
    }

    /// One look at these parts, all at once; it takes as long as the slowest one's own deadline.
    /// A part that could not be read is absent from the answer.
    pub async fn look(&self, active: Side, parts: Parts) -> Observation {
        match self {
            Estate::Aurora(aurora) => observe::look(aurora, active, parts).await,
        }
    }

    /// Reads those of these sensors that drd itself is the source of: `probe` and `control_plane`.
    pub async fn sense(
        &self,
        sensors: impl IntoIterator<Item = (Arc<str>, Vantage, Side)>,
        now: Time,
    ) -> Vec<Signal> {
        match self {
            Estate::Aurora(aurora) => observe::signals(aurora, sensors, now).await,
        }
    }

    /// Lag samples of the last ten minutes, oldest first, from the side that is not active.
    ///
    /// # Errors
    /// When they could not be read: unknown, not zero.
    pub async fn lag(&self, active: Side, now: Time) -> Result<Vec<LagSample>, EstateError> {
        match self {
            Estate::Aurora(aurora) => aurora.lag(active, now).await,
        }
    }

    /// Every check of whether the side that is not active could take over. `desired` is the number
    /// of instances that the serving side must reach.
    pub async fn readiness(&self, active: Side, desired: u32, now: Time) -> Vec<Check> {
        match self {
            Estate::Aurora(aurora) => {
                let checks = readiness::check(aurora, active, desired, now).await;
                checks.iter().map(readiness::recorded).collect()
            }
        }
    }

    /// Waits for messages, 20 s at most; none is an empty list.
    ///
    /// # Errors
    /// When the queue could not be read.
    pub async fn receive(&self) -> Result<Vec<Message>, EstateError> {
        match self {
            Estate::Aurora(aurora) => aurora.receive().await,
        }
    }

    /// Deletes the deliveries with these receipts. Call it when their effect is in the ledger.
    ///
    /// # Errors
    /// The first that failed; the others were tried. A message that remains is delivered again.
    pub async fn settle(&self, receipts: &[String]) -> Result<(), EstateError> {
        match self {
            Estate::Aurora(aurora) => aurora.settle(receipts).await,
        }
    }

    /// Keeps a delivery hidden for so many seconds from now.
    ///
    /// # Errors
    /// When it may be delivered again before that.
    pub async fn keep_hidden(&self, receipt: &str, seconds: u32) -> Result<(), EstateError> {
        match self {
            Estate::Aurora(aurora) => aurora.keep_hidden(receipt, seconds).await,
        }
    }

    /// Sends a page.
    ///
    /// # Errors
    /// When it was not accepted, or that is unknown.
    pub async fn page(
        &self,
        severity: Severity,
        text: &str,
        incident_id: u64,
    ) -> Result<(), EstateError> {
        match self {
            Estate::Aurora(aurora) => aurora.page(severity, text, incident_id).await,
        }
    }

    /// Sends a heartbeat, which comes back through [`Estate::receive`] when the event path works.
    ///
    /// # Errors
    /// When it was not accepted.
    pub async fn heartbeat(&self, now: Time, nonce: &str) -> Result<(), EstateError> {
        match self {
            Estate::Aurora(aurora) => aurora.heartbeat(now, nonce).await,
        }
    }

    /// The table of ledger and lease under this name; makes no call. `attempt` is the deadline of
    /// one call to it.
    pub fn ledger_table(&self, name: String, attempt: Duration) -> Table {
        match self {
            Estate::Aurora(aurora) => aurora.ledger_table(name, attempt),
        }
    }
}
