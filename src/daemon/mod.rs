//! The daemon: the only place with a clock, a queue and a network, around the one spine.
//!
//! The control loop owns the conductor; everything else sends it events through one bounded
//! channel. What the conductor returns is durable, and only that is performed.
//! Deliberately absent: decisions, and retries of anything (those are states).

pub mod client;
mod control;
mod identity;
mod intake;
mod lease;
mod loops;
mod manager;
mod story;
mod term;
mod watchdog;

use crate::clock::Clock;
use crate::config::Config;
use crate::estate::Estate;
use crate::estate::aurora::Aurora;
use crate::estate::lease_gate::LeaseGate;
use crate::estate::meter::Meter;
use crate::estate::timers::Timers;
use crate::http::{self, ListenError, Shared};
use crate::ledger::LedgerError;
use crate::metrics::{Metrics, MetricsError};
use crate::perform::Estate;
use crate::status::StatusView;
use crate::status::build::{LedgerHealth, StatusInput, build};
use drd_state_machine::Record;
use drd_state_machine::event::{Event, Side};
use drd_state_machine::time::Span;
use manager::Manager;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, oneshot, watch};

/// An event for the control loop, and whom to tell that the ledger holds it.
struct News {
    event: Event,
    held: Option<oneshot::Sender<bool>>,
}

impl From<Event> for News {
    fn from(event: Event) -> News {
        News { event, held: None }
    }
}

/// What the loops need to know of the machine: published after every decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stance {
    active: Side,
    /// Look every few seconds: a recovery runs, or one sample was bad.
    closely: bool,
    state: &'static str,
}

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
    Watchdog(#[from] watchdog::TooShort),
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

fn host(what: &'static str) -> impl FnOnce(std::io::Error) -> DaemonError {
    move |source| DaemonError::Host { what, source }
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// See [`DaemonError`].
pub fn run(config: Config) -> Result<(), DaemonError> {
    // One thread: the work is waiting, and a second thread costs memory and a lock everywhere.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(host("the runtime"))?;
    runtime.block_on(start(config))
}

/// The side whose region this process runs in, as AWS's own variables say.
fn home(config: &Config) -> Option<Side> {
    let region = std::env::var("AWS_REGION")
        .or_else(|_| std::env::var("AWS_DEFAULT_REGION"))
        .ok()?;
    let sides = &config.topology.sides;
    [
        (Side::Primary, &sides.primary),
        (Side::Standby, &sides.standby),
    ]
    .into_iter()
    .find(|(_, place)| place.region == region)
    .map(|(side, _)| side)
}

async fn start(config: Config) -> Result<(), DaemonError> {
    let clock = Clock::start();
    let manager = Manager::of_process(&config.ledger)?;
    let listener = http::listen(config.listen).await?;
    let setup = config.setup(home(&config));
    let sides = &config.topology.sides;
    let regions = [sides.primary.region.as_str(), sides.standby.region.as_str()];
    let metrics = Arc::new(Metrics::for_daemon(&setup, regions)?);
    let meter: Arc<dyn Meter> = Arc::new(Counted(metrics.clone()));
    let gate = Arc::new(LeaseGate::closed(crate::clock::boot));
    let estate = Aurora::connect(&config.topology, timers(&config), meter, gate.clone())
        .await
        .map_err(host("TLS"))?;
    let nothing = StatusInput {
        record: &Record::new(&setup, clock.read()),
        setup: &setup,
        seq: 0,
        ledger: LedgerHealth::Works,
        leader: None,
    };
    let first = build(&nothing, &config, clock.read());
    let shared = Arc::new(Shared::new(clock, metrics.clone(), first));
    let parts = Parts {
        config: Arc::new(config),
        estate: Arc::new(Estate::Aurora(estate)),
        gate,
        metrics,
        shared,
        manager: Arc::new(manager),
        clock,
        hint: Arc::default(),
    };
    tracing::info!(listen = %parts.config.listen, suffix = %parts.config.topology.suffix, "drd runs");
    let asked = signals(parts.manager.clone())?;
    let page = parts.shared.clone();
    let mut shown = tokio::spawn(async move {
        http::serve(listener, page, std::future::pending()).await;
    });
    tokio::select! {
        ended = term::live(&parts, &setup, asked) => ended,
        _ = &mut shown => Err(DaemonError::Part { what: "the HTTP interface".to_owned() }),
    }
}

/// What the process was asked to do, once it was: the name of the signal.
type Asked = watch::Receiver<Option<&'static str>>;

fn signals(manager: Arc<Manager>) -> Result<Asked, DaemonError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(host("the signal handler"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(host("the signal handler"))?;
    let (tell, asked) = watch::channel(None);
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        manager.stopping(name);
        tell.send_replace(Some(name));
        // Whoever asks later is told as well.
        tell.closed().await;
    });
    Ok(asked)
}

/// What every part of the daemon is handed.
#[derive(Clone)]
struct Parts {
    config: Arc<Config>,
    estate: Arc<Estate>,
    /// Until when this daemon may send what changes the estate.
    gate: Arc<LeaseGate>,
    metrics: Arc<Metrics>,
    shared: Arc<Shared>,
    /// Who started this process and watches over it.
    manager: Arc<Manager>,
    clock: Clock,
    /// Something may have changed: look now.
    hint: Arc<Notify>,
}

impl Parts {
    /// The loop that lives turned: the control loop, or the one that waits for the lease. Nothing
    /// else may say so: `/healthz`, the metric and the service manager's watchdog all rest on it.
    fn turned(&self) {
        self.shared.turned(self.clock.read());
        self.manager.turned();
    }

    /// There is something new to show.
    fn publish(&self, view: StatusView) {
        self.manager.shows(&view);
        self.shared.publish(view);
    }
}

fn duration(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.0).unwrap_or(0))
}

/// Deadlines that follow from the configured ones: acting gets two reads' time, a command both.
fn timers(config: &Config) -> Timers {
    let call = duration(config.observe.call_timeout);
    let usual = Timers::default();
    Timers {
        connect: usual.connect.min(call),
        attempt: call,
        act: call * 2,
        command: call * 3,
        fence: duration(config.policy.budget.fence),
        probe: duration(config.observe.probe_timeout),
        ..usual
    }
}

/// AWS calls are counted in the metrics.
struct Counted(Arc<Metrics>);

impl Meter for Counted {
    fn request(
        &self,
        api: &'static str,
        operation: &'static str,
        seconds: f64,
        failed: Option<&'static str>,
    ) {
        self.0.aws_request(api, operation, seconds, failed);
    }
}
