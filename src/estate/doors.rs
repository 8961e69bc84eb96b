//! The enum, and a door for each thing that is done to an estate.
//!
//! Deliberately absent: what a kind does behind a door; each kind has its files.

#[cfg(feature = "aws")]
use super::aurora::Aurora;
use super::error::EstateError;
use super::sensor_source::SensorSource;
use super::simulated::Simulated;
#[cfg(feature = "aws")]
use super::{observe, perform, readiness};
#[cfg(feature = "aws")]
use crate::aws::ledger::Table;
use crate::engine::port::{Message, Parts, Receipt};
use drd_state_machine::command::Command;
use drd_state_machine::event::{Check, Completion, LagSample, Observation, Side, Signal};
use drd_state_machine::time::Time;
use std::sync::Arc;
#[cfg(feature = "aws")]
use std::time::Duration;

/// One estate. Share it by [`Arc`].
pub enum Estate {
    /// An Aurora Global Database application on AWS.
    #[cfg(feature = "aws")]
    Aurora(Box<Aurora>),
    /// The lab's world on the real clock. Its owner strikes faults there.
    Simulated(Arc<Simulated>),
}

impl Estate {
    /// What the ledger calls the clock of its lines: by this boot of the host, and whether the estate is real, so that
    /// no line of a demonstration is ever taken for one of an outage.
    pub fn clock_name(&self, boot_id: Arc<str>) -> Arc<str> {
        match self {
            #[cfg(feature = "aws")]
            Estate::Aurora(_) => boot_id,
            Estate::Simulated(_) => Arc::from(format!("simulated-{boot_id}")),
        }
    }

    /// One attempt of one command, within its deadline. Never fails: how it ended is the answer.
    pub async fn perform(&self, command: &Command) -> Completion {
        match self {
            #[cfg(feature = "aws")]
            Estate::Aurora(aurora) => perform::perform(aurora, command).await,
            Estate::Simulated(simulated) => simulated.perform(command).await,
        }
    }

    /// One look at these parts, all at once; it takes as long as the slowest one's own deadline.
    /// A part that could not be read is absent from the answer.
    pub async fn look(&self, active: Side, parts: Parts) -> Observation {
        match self {
            #[cfg(feature = "aws")]
            Estate::Aurora(aurora) => observe::look(aurora, active, parts).await,
            Estate::Simulated(simulated) => simulated.look(active, parts).await,
        }
    }

    /// Reads those of these sensors that can be read: drd's own, `probe` and `control_plane`, and the
    /// states of the alarms of `route53` and `inside`.
    pub async fn sense(&self, sensors: Vec<SensorSource>, now: Time) -> Vec<Signal> {
        match self {
            #[cfg(feature = "aws")]
            Estate::Aurora(aurora) => observe::signals(aurora, sensors, now).await,
            Estate::Simulated(simulated) => simulated.sense(sensors, now).await,
        }
    }

    /// Lag samples of the last ten minutes, oldest first, from the side that is not active.
    ///
    /// # Errors
    /// When they could not be read: unknown, not zero.
    pub async fn lag(&self, active: Side, now: Time) -> Result<Vec<LagSample>, EstateError> {
        match self {
            #[cfg(feature = "aws")]
            Estate::Aurora(aurora) => aurora.lag(active, now).await,
            Estate::Simulated(simulated) => simulated.lag(active, now).await,
        }
    }

    /// Every check of whether the side that is not active could take over. `desired` is the number
    /// of instances that the serving side must reach.
    pub async fn readiness(&self, active: Side, desired: u32, now: Time) -> Vec<Check> {
        match self {
            #[cfg(feature = "aws")]
            Estate::Aurora(aurora) => {
                let checks = readiness::check(aurora, active, desired, now).await;
                checks.iter().map(readiness::recorded).collect()
            }
            Estate::Simulated(simulated) => simulated.readiness(active, desired, now).await,
        }
    }

    /// Waits for messages, 20 s at most; none is an empty list.
    ///
    /// # Errors
    /// When the queue could not be read.
    pub async fn receive(&self) -> Result<Vec<Message>, EstateError> {
        match self {
            #[cfg(feature = "aws")]
            Estate::Aurora(aurora) => aurora.receive().await,
            Estate::Simulated(simulated) => simulated.receive().await,
        }
    }

    /// Deletes the deliveries with these receipts. Call it when their effect is in the ledger.
    ///
    /// # Errors
    /// The first that failed; the others were tried. A message that remains is delivered again.
    pub async fn settle(&self, receipts: &[Receipt]) -> Result<(), EstateError> {
        match self {
            #[cfg(feature = "aws")]
            Estate::Aurora(aurora) => aurora.settle(receipts).await,
            Estate::Simulated(simulated) => simulated.settle(receipts).await,
        }
    }

    /// Sends a heartbeat, which comes back through [`Estate::receive`] when the event path works.
    ///
    /// # Errors
    /// When it was not accepted.
    pub async fn heartbeat(&self, now: Time, nonce: &str) -> Result<(), EstateError> {
        match self {
            #[cfg(feature = "aws")]
            Estate::Aurora(aurora) => aurora.heartbeat(now, nonce).await,
            Estate::Simulated(simulated) => simulated.heartbeat(now, nonce).await,
        }
    }

    /// The table of ledger and lease under this name, where the estate has tables; makes no call.
    /// `attempt` is the deadline of one call to it.
    #[cfg(feature = "aws")]
    pub fn ledger_table(&self, name: String, attempt: Duration) -> Option<Table> {
        match self {
            Estate::Aurora(aurora) => Some(aurora.ledger_table(name, attempt)),
            Estate::Simulated(_) => None,
        }
    }
}
