//! The daemon: the only place with a clock, a queue and a network, around the one spine.
//!
//! The control loop owns the conductor; everything else sends it events through one bounded
//! channel. What the conductor returns is durable, and only that is performed.
//! Deliberately absent: decisions, and retries of anything (those are states).

mod control;
mod intake;
mod loops;

use crate::aws::{Fence, Meter, Timers};
use crate::clock::Clock;
use crate::conductor::Conductor;
use crate::config::{Config, LedgerConfig};
use crate::http::{self, ListenError, Shared};
use crate::ledger::{FileLedger, Ledger, LedgerError};
use crate::metrics::{Metrics, MetricsError};
use crate::perform::Estate;
use crate::portrait::portrait;
use control::Control;
use drd_state_machine::event::{Event, Side};
use drd_state_machine::time::Span;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// Events that wait for the control loop: a batch of ten messages, a dozen of our own readings
/// and every command's completion, four times over. A sender that finds it full waits.
const NEWS_MAX: usize = 128;

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

fn open_ledger(config: &Config) -> Result<(Ledger, Vec<crate::ledger::Entry>), DaemonError> {
    let LedgerConfig::File { path } = &config.ledger;
    let (file, found) = FileLedger::open(path)?;
    if found.torn_bytes > 0 {
        tracing::warn!(
            path = %path.display(),
            bytes = found.torn_bytes,
            "the ledger's last line was torn and is cut off; nothing had acted on it"
        );
    }
    Ok((Ledger::File(file), found.entries))
}

async fn start(config: Config) -> Result<(), DaemonError> {
    let clock = Clock::start();
    let listener = http::listen(config.listen).await?;
    let (ledger, entries) = open_ledger(&config)?;
    let setup = config.setup(home(&config));
    let sides = &config.topology.sides;
    let regions = [sides.primary.region.as_str(), sides.standby.region.as_str()];
    let metrics = Arc::new(Metrics::for_daemon(&setup, regions)?);
    metrics.leading(true);
    let conductor = Conductor::open(setup, ledger, &entries, metrics.clone(), clock.read()).await?;
    drop(entries);
    let meter: Arc<dyn Meter> = Arc::new(Counted(metrics.clone()));
    let fence = Arc::new(Fence::open());
    let estate = Estate::connect(&config.topology, timers(&config), meter, fence)
        .await
        .map_err(host("TLS"))?;
    let first = portrait(&conductor, &config, clock.read());
    let shared = Arc::new(Shared::new(clock, metrics.clone(), first));
    let parts = Parts {
        config: Arc::new(config),
        estate: Arc::new(estate),
        metrics,
        shared,
        clock,
        hint: Arc::default(),
    };
    tracing::info!(listen = %parts.config.listen, suffix = %parts.config.topology.suffix, "drd runs");
    serve(parts, conductor, listener).await
}

/// What every part of the daemon is handed.
#[derive(Clone)]
struct Parts {
    config: Arc<Config>,
    estate: Arc<Estate>,
    metrics: Arc<Metrics>,
    shared: Arc<Shared>,
    clock: Clock,
    /// Something may have changed: look now.
    hint: Arc<Notify>,
}

async fn serve(
    parts: Parts,
    conductor: Conductor,
    listener: tokio::net::TcpListener,
) -> Result<(), DaemonError> {
    let (tell, news) = mpsc::channel(NEWS_MAX);
    let (stance, look) = watch::channel(control::stance(conductor.record()));
    let (stop, stopped) = watch::channel(false);
    let mut tasks: JoinSet<&'static str> = JoinSet::new();
    loops::spawn(&mut tasks, &parts, &tell, &look);
    intake::spawn(&mut tasks, &parts, &tell, &stopped);
    let shared = parts.shared.clone();
    tasks.spawn(async move {
        http::serve(listener, shared, std::future::pending()).await;
        "the HTTP interface"
    });
    let control = Control::new(parts, conductor, stance);
    let mut terminate = signal(SignalKind::terminate()).map_err(host("the signal handler"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(host("the signal handler"))?;
    let asked = async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    };
    tokio::select! {
        () = control.run(news, asked, stop) => Ok(()),
        Some(ended) = tasks.join_next() => {
            let what = ended.map_or_else(|e| e.to_string(), str::to_owned);
            Err(DaemonError::Part { what })
        }
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
