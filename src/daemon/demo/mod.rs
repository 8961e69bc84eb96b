//! A demonstration: the daemon on a simulated estate, in this process, with all that operators have.
//!
//! No account, no network beyond the loopback, and nothing left behind. Deliberately absent: time that runs
//! faster than the clock, and a second daemon.

mod words;

pub use words::{DemoWord, HELP, read};

use super::http;
use super::simulated;
use super::start::DaemonError;
use crate::clock::{Clock, boot};
use crate::config::{self, Config, ConfigError, OperatorConfig};
use crate::estate::lease_gate::LeaseGate;
use crate::estate::simulated::Simulated;
use crate::lab::scenario::{Fault, FaultKind};
use crate::lab::simulation::Moment;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Why there is no demonstration.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Its folder.
    #[error("use {} for the demonstration", .folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The configuration that it writes for the other commands.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The daemon.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The address.
    #[error(transparent)]
    Listen(#[from] http::ListenError),
}

/// A daemon and its estate, running.
pub struct Demo {
    estate: Arc<Simulated>,
    folder: PathBuf,
    address: SocketAddr,
    struck: Mutex<Vec<(FaultKind, usize)>>,
    stop: Option<oneshot::Sender<&'static str>>,
    daemon: JoinHandle<Result<super::Ended, DaemonError>>,
}

impl Demo {
    /// Starts it in this folder, which is made if it does not exist. `seed` decides every chance.
    ///
    /// # Errors
    /// See [`DemoError`].
    pub async fn start(folder: &Path, seed: u64) -> Result<Demo, DemoError> {
        let wrong = |source| DemoError::Folder {
            folder: folder.to_owned(),
            source,
        };
        fs_err::create_dir_all(folder).map_err(wrong)?;
        let listener = free_address().await?;
        let address = listener.local_addr().map_err(wrong)?;
        let config = written(folder, address)?;
        let gate = Arc::new(LeaseGate::closed(boot));
        let estate = Arc::new(Simulated::new(seed, Clock::start(), gate));
        let (stop, stopped) = oneshot::channel();
        let asked = async { stopped.await.unwrap_or("the demonstration ends") };
        let daemon = tokio::spawn(simulated::run(config, listener, estate.clone(), asked));
        Ok(Demo {
            estate,
            folder: folder.to_owned(),
            address,
            struck: Mutex::default(),
            stop: Some(stop),
            daemon,
        })
    }

    /// Where it answers over HTTP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The configuration for every other command: `DRD_CONFIG`.
    pub fn config(&self) -> PathBuf {
        self.folder.join("drd.toml")
    }

    /// A fault begins.
    pub fn strike(&self, fault: Fault) {
        let kind = fault.kind;
        let number = self.estate.strike(fault);
        self.struck().push((kind, number));
    }

    /// Faults of this kind end, or all. Gives how many.
    pub fn heal(&self, kind: Option<FaultKind>) -> usize {
        let mut struck = self.struck();
        let over = |(of, _): &(FaultKind, usize)| kind.is_none_or(|kind| kind == *of);
        let healed: Vec<usize> = struck.iter().filter(|s| over(s)).map(|(_, n)| *n).collect();
        struck.retain(|s| !over(s));
        healed.iter().for_each(|number| self.estate.heal(*number));
        healed.len()
    }

    /// What happened in the estate since this was asked last.
    pub fn take_moments(&self) -> Vec<Moment> {
        self.estate.take_moments()
    }

    /// Whether the daemon ended by itself.
    pub fn has_ended(&self) -> bool {
        self.daemon.is_finished()
    }

    /// Stops the daemon.
    ///
    /// # Errors
    /// What ended it before.
    pub async fn stop(mut self) -> Result<(), DemoError> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send("the demonstration ends");
        }
        match self.daemon.await {
            Ok(ended) => ended.map(|_| ()).map_err(DemoError::from),
            Err(_) => Ok(()),
        }
    }

    fn struck(&self) -> std::sync::MutexGuard<'_, Vec<(FaultKind, usize)>> {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The usual port, so that commands need no configuration; another one where it is taken.
async fn free_address() -> Result<TcpListener, http::ListenError> {
    match http::listen(config::ADDRESS).await {
        Ok(listener) => Ok(listener),
        Err(_) => http::listen((Ipv4Addr::LOCALHOST, 0).into()).await,
    }
}

/// The configuration, in the file that the other commands read and as the daemon takes it.
fn written(folder: &Path, address: SocketAddr) -> Result<Config, DemoError> {
    let (ledger, socket) = (folder.join("ledger.jsonl"), folder.join("drd.sock"));
    let config = Config {
        listen: address,
        operator: Some(OperatorConfig {
            socket: socket.clone(),
            group: None,
        }),
        ..simulated::config(ledger.clone())?
    };
    let text = simulated::text(&ledger, &socket, address);
    let file = folder.join("drd.toml");
    fs_err::write(&file, text).map_err(|source| DemoError::Folder {
        folder: folder.to_owned(),
        source,
    })?;
    Ok(config)
}
