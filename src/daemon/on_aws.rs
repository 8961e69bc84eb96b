//! The daemon of an estate on AWS, as `drd run` runs it: in a process of its own, until a signal.
//!
//! Deliberately absent: what the daemon does (`daemon`), and AWS's calls (`crate::aws`).

use super::shell::Ended;
use super::start::{DaemonError, Ground, host, operate};
use crate::clock::{Clock, boot, duration};
use crate::config::Config;
use crate::estate::Estate;
use crate::estate::aurora::Aurora;
use crate::estate::lease_gate::LeaseGate;
use crate::estate::meter::Meter;
use crate::estate::timers::Timers;
use crate::metrics::Metrics;
use drd_state_machine::event::Side;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// See [`DaemonError`].
pub fn run(config: Config) -> Result<Ended, DaemonError> {
    // One thread: the work is waiting, and a second thread costs memory and a lock everywhere.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(host("the runtime"))?;
    runtime.block_on(start(config))
}

async fn start(config: Config) -> Result<Ended, DaemonError> {
    let (home, timers, topology) = (home(&config), timers(&config), config.topology.clone());
    let gate = Arc::new(LeaseGate::closed(boot));
    let ground = Ground::new(config, home, Clock::start(), gate.clone())?;
    let listener = ground.listen().await?;
    let meter: Arc<dyn Meter> = Arc::new(Counted(ground.metrics()));
    let estate = Aurora::connect(&topology, timers, meter, gate)
        .await
        .map_err(host("TLS"))?;
    let asked = asked()?;
    operate(
        ground.with(Estate::Aurora(Box::new(estate))),
        listener,
        asked,
    )
    .await
}

/// The side whose region this process runs in, by AWS's own variables.
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

/// Ready when a signal asks for the end: its name. The signals are taken from now on.
fn asked() -> Result<impl Future<Output = &'static str>, DaemonError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(host("the signal handler"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(host("the signal handler"))?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
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
