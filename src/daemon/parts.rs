//! What every part of the daemon is handed.
//!
//! Deliberately absent: making it (`start`).

use super::http::Shared;
use super::manager::Manager;
use crate::clock::Clock;
use crate::config::Config;
use crate::estate::Estate;
use crate::estate::lease_gate::LeaseGate;
use crate::metrics::Metrics;
use crate::status::StatusView;
use drd_state_machine::Setup;
use std::sync::Arc;

/// What every part of the daemon is handed.
#[derive(Clone)]
pub(super) struct DaemonParts {
    pub(super) config: Arc<Config>,
    pub(super) setup: Arc<Setup>,
    pub(super) estate: Arc<Estate>,
    /// Until when this daemon may send what changes the estate.
    pub(super) gate: Arc<LeaseGate>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) shared: Arc<Shared>,
    /// Who started this process and watches over it.
    pub(super) manager: Arc<Manager>,
    pub(super) clock: Clock,
}

impl DaemonParts {
    /// The control loop turned. Nothing else may report it: `/healthz`, the metric and the service manager's watchdog all rest on it.
    pub(super) fn turned(&self) {
        self.shared.turned(self.clock.read());
        self.manager.turned();
    }

    /// There is something new to show.
    pub(super) fn publish(&self, view: StatusView) {
        self.manager.shows(&view);
        self.shared.publish(view);
    }
}
