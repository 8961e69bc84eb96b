//! Builds a daemon around an estate and runs it: the ledger's store, the engine, the HTTP interface.
//!
//! Deliberately absent: which estate it is (`on_aws`, `simulated`), and what asks for the end.

use super::http::{self, ListenError, Shared};
use super::identity::Identity;
use super::manager::Manager;
use super::operator;
use super::parts::DaemonParts;
use super::shell::{Ended, ORDERS_MAX, OrderCall, Shell, ShellError};
use super::store::{FileStore, LedgerStore};
#[cfg(feature = "aws")]
use super::table_store::TableStore;
use super::watchdog::TooShort;
#[cfg(feature = "aws")]
use crate::clock::duration;
use crate::clock::{Clock, boot_id};
use crate::config::{Config, LedgerConfig, ObserveConfig, trust};
use crate::engine::lease::Terms;
use crate::engine::{Environment, Pace};
use crate::estate::Estate;
use crate::estate::lease_gate::LeaseGate;
use crate::ledger::LedgerError;
use crate::metrics::{Metrics, MetricsError};
use crate::status::build::{LedgerHealth, StatusInput, build};
use drd_state_machine::event::Side;
use drd_state_machine::{Record, Setup};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Why the daemon did not start, or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The metrics.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The service manager's watchdog.
    #[error(transparent)]
    Watchdog(#[from] TooShort),
    /// The configured ledger is a table, and there is no DynamoDB to have it in.
    #[error(
        "the ledger {table} is a table in DynamoDB, which this estate or this build of drd does not have; \
         nothing was started. Set kind = \"file\" and a path in [ledger]"
    )]
    NoTables {
        /// The table.
        table: String,
    },
    /// The host.
    #[error("prepare {what}; nothing was started")]
    Host {
        /// What was being prepared.
        what: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A part of the daemon ended: half a daemon is worse than none, so all of it stops.
    #[error("{what} ended by itself; drd stops. The ledger is whole, start drd again")]
    Part {
        /// Which part.
        what: String,
    },
}

pub(super) fn host(what: &'static str) -> impl FnOnce(std::io::Error) -> DaemonError {
    move |source| DaemonError::Host { what, source }
}

/// What a daemon has before it has an estate.
pub(super) struct Ground {
    config: Arc<Config>,
    setup: Arc<Setup>,
    metrics: Arc<Metrics>,
    manager: Arc<Manager>,
    gate: Arc<LeaseGate>,
    clock: Clock,
}

impl Ground {
    /// `home` is the side whose region the daemon runs in. Calls nothing but the service manager.
    pub(super) fn new(
        config: Config,
        home: Option<Side>,
        clock: Clock,
        gate: Arc<LeaseGate>,
    ) -> Result<Ground, DaemonError> {
        let manager = Arc::new(Manager::of_process(&config.ledger)?);
        let setup = Arc::new(config.setup(home));
        let sides = &config.topology.sides;
        let regions = [sides.primary.region.as_str(), sides.standby.region.as_str()];
        let metrics = Arc::new(Metrics::for_daemon(&setup, regions)?);
        Ok(Ground {
            config: Arc::new(config),
            setup,
            metrics,
            manager,
            gate,
            clock,
        })
    }

    /// Takes the configured address, before anything else of the daemon starts.
    #[cfg(feature = "aws")]
    pub(super) async fn listen(&self) -> Result<TcpListener, ListenError> {
        http::listen(self.config.listen).await
    }

    #[cfg(feature = "aws")]
    pub(super) fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// The daemon's parts, with a first status.
    pub(super) fn with(self, estate: Estate) -> DaemonParts {
        let now = self.clock.read();
        let nothing = StatusInput {
            record: &Record::new(&self.setup, now),
            setup: &self.setup,
            seq: 0,
            ledger: LedgerHealth::Works,
            leader: None,
        };
        let first = build(&nothing, &self.config, now);
        let shared = Arc::new(Shared::new(self.clock, self.metrics.clone(), first));
        DaemonParts {
            config: self.config,
            setup: self.setup,
            estate: Arc::new(estate),
            gate: self.gate,
            metrics: self.metrics,
            shared,
            manager: self.manager,
            clock: self.clock,
        }
    }
}

/// Runs the daemon and its HTTP interface until `asked` is ready with the reason to stop.
pub(super) async fn operate(
    parts: DaemonParts,
    listener: TcpListener,
    asked: impl Future<Output = &'static str>,
) -> Result<Ended, DaemonError> {
    tracing::info!(listen = %parts.config.listen, suffix = %parts.config.topology.suffix, "drd runs");
    let (page, manager) = (parts.shared.clone(), parts.manager.clone());
    let asked = async move {
        let reason = asked.await;
        manager.stopping(reason);
        reason
    };
    let (orders, received) = mpsc::channel(ORDERS_MAX);
    let mut shown = JoinSet::new();
    shown.spawn(http::serve(listener, page.clone(), std::future::pending()));
    let mut commanded = JoinSet::new();
    commanded.spawn(operator::serve(parts.config.operator.clone(), orders, page));
    tokio::select! {
        ended = live(parts, received, asked) => ended,
        _ = shown.join_next() => Err(DaemonError::Part { what: "the HTTP interface".to_owned() }),
        _ = commanded.join_next() => Err(DaemonError::Part { what: "the operator socket".to_owned() }),
    }
}

/// 128 random bits: the standard library seeds each `RandomState` from the operating system.
fn secret() -> Arc<str> {
    let half = || RandomState::new().build_hasher().finish();
    Arc::from(format!("{:016x}{:016x}", half(), half()))
}

/// Runs the engine until it is asked for the end.
async fn live(
    parts: DaemonParts,
    received: mpsc::Receiver<OrderCall>,
    asked: impl Future<Output = &'static str>,
) -> Result<Ended, DaemonError> {
    let (store, identity) = store_of(&parts)?;
    let terms = match &parts.config.ledger {
        LedgerConfig::File { .. } => None,
        LedgerConfig::DynamoDb { terms, .. } => Some(*terms),
    };
    let env = Arc::new(Environment {
        setup: parts.setup.clone(),
        known: Arc::new(trust::trusted(&parts.config)),
        pace: pace(&parts.config.observe),
        terms,
        name: identity
            .as_ref()
            .map_or_else(String::new, |i| i.name.clone()),
        secret: secret(),
        boot_id: boot_id().map(|id| parts.estate.clock_name(id)),
        metrics: parts.metrics.clone(),
    });
    let shell = Shell::new(parts, env, store);
    shell
        .run(asked, received)
        .await
        .map_err(|error| match error {
            ShellError::Ledger(error) => DaemonError::Ledger(error),
            ShellError::Broken(what) => DaemonError::Part { what },
        })
}

/// Where lines become durable, and the name under which this install leads, which is held while
/// the value lives.
fn store_of(parts: &DaemonParts) -> Result<(LedgerStore, Option<Identity>), DaemonError> {
    match &parts.config.ledger {
        LedgerConfig::File { path } => {
            let file = FileStore::start(path).map_err(host("the ledger's thread"))?;
            Ok((LedgerStore::File(file), None))
        }
        LedgerConfig::DynamoDb {
            table,
            terms,
            identity,
        } => {
            let no_tables = || DaemonError::NoTables {
                table: table.clone(),
            };
            let store = table_of(&parts.estate, table, *terms).ok_or_else(no_tables)?;
            let identity = Identity::take(identity).map_err(host("a name to lead under"))?;
            Ok((store, Some(identity)))
        }
    }
}

/// The table of this name, if the estate has tables.
#[cfg(feature = "aws")]
fn table_of(estate: &Estate, name: &str, terms: Terms) -> Option<LedgerStore> {
    let table = estate.ledger_table(name.to_owned(), duration(terms.attempt()))?;
    Some(LedgerStore::Table(TableStore::new(table)))
}

/// Without AWS there are no tables.
#[cfg(not(feature = "aws"))]
fn table_of(_: &Estate, _: &str, _: Terms) -> Option<LedgerStore> {
    None
}

/// How often things are done, as configured.
fn pace(observe: &ObserveConfig) -> Pace {
    Pace {
        armed: observe.armed,
        acting: observe.acting,
        probe: observe.probe,
        readiness: observe.readiness,
        heartbeat: observe.heartbeat,
        ..Pace::default()
    }
}
