//! An estate on AWS: an Aurora Global Database with everything around it.
//!
//! Deliberately absent: which calls there are (`crate::aws`), and what they amount to
//! (`perform`, `observe` and `readiness` beside this file).

use super::dns::Resolvers;
use super::error::EstateError;
use super::http_probe::Probe;
use super::lease_gate::LeaseGate;
use super::meter::Meter;
use super::timers::Timers;
use crate::aws::clients::Clients;
use crate::aws::ledger::Table;
use crate::aws::{alarms, notify, queue};
use crate::engine::port::{Message, Receipt};
use drd_bootstrap::topology::Topology;
use drd_state_machine::event::{LagSample, Side};
use drd_state_machine::time::Time;
use std::sync::Arc;
use std::time::Duration;

/// The handles of an estate on AWS.
pub struct Aurora {
    /// AWS.
    pub(crate) clients: Clients,
    /// HTTP.
    pub(super) probe: Probe,
    /// DNS.
    pub(super) resolvers: Resolvers,
}

impl Aurora {
    /// Builds the clients; makes no call.
    ///
    /// # Errors
    /// When the host has no certificate authorities to trust.
    pub async fn connect(
        topology: &Topology,
        timers: Timers,
        meter: Arc<dyn Meter>,
        gate: Arc<LeaseGate>,
    ) -> std::io::Result<Aurora> {
        Ok(Aurora {
            clients: Clients::connect(topology, timers, meter, gate).await,
            probe: Probe::new()?,
            resolvers: Resolvers::default(),
        })
    }

    /// What is configured.
    pub fn topology(&self) -> &Topology {
        self.clients.topology()
    }

    /// The deadlines.
    pub fn timers(&self) -> &Timers {
        self.clients.timers()
    }

    /// The table of ledger and lease under this name; makes no call.
    pub fn ledger_table(&self, name: String, attempt: Duration) -> Table {
        Table::new(self.clients.clone(), name, attempt)
    }

    pub(super) async fn lag(&self, active: Side, now: Time) -> Result<Vec<LagSample>, EstateError> {
        Ok(alarms::lag(&self.clients, active, now).await?)
    }

    pub(super) async fn receive(&self) -> Result<Vec<Message>, EstateError> {
        Ok(queue::receive(&self.clients).await?)
    }

    pub(super) async fn settle(&self, receipts: &[Receipt]) -> Result<(), EstateError> {
        Ok(queue::delete(&self.clients, receipts).await?)
    }

    pub(super) async fn heartbeat(&self, now: Time, nonce: &str) -> Result<(), EstateError> {
        Ok(notify::heartbeat(&self.clients, now, nonce).await?)
    }
}
