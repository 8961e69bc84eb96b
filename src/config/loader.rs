//! Opens the file, lays the variables over it, and gives one checked [`Config`] or every problem.
//!
//! Deliberately absent: single keys (each room of the file has its reader) and the environment,
//! which is handed in.

use super::consistency;
use super::diagnostics::Problems;
use super::env::Overlay;
use super::reader::{Notes, Reader};
use super::sensors::{self, SensorConfig};
use super::settings::{self, ADDRESS, LedgerConfig, ObserveConfig, OperatorConfig};
use super::{estate, policy, tree};
use drd_bootstrap::Topology;
use drd_state_machine::Setup;
use drd_state_machine::event::Side;
use drd_state_machine::policy::{Policy, Sensor, Serving};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// Where the file is looked for when no path is given.
pub const DEFAULT_PATH: &str = "/etc/drd/drd.toml";

/// The variable for the address on which the daemon listens.
const LISTEN: &str = "DRD_HTTP__LISTEN";

/// 1 MiB: a thousand times a real file, and little memory.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A configuration that passed every check that needs no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The estate.
    pub topology: Topology,
    /// Declared sensors in file order, then the implicit ones.
    pub sensors: Vec<SensorConfig>,
    /// Objectives and thresholds.
    pub policy: Policy,
    /// The size that the active side must reach.
    pub serving: Serving,
    /// How often drd looks.
    pub observe: ObserveConfig,
    /// Where decisions are kept.
    pub ledger: LedgerConfig,
    /// Where the HTTP interface listens: a loopback address.
    pub listen: SocketAddr,
    /// Where operators' commands come in; `None`: nowhere.
    pub operator: Option<OperatorConfig>,
}

impl Config {
    /// The account of both sides.
    pub fn account(&self) -> &str {
        self.topology.sides.primary.account().unwrap_or_default()
    }

    /// What the machine decides under; `home` is the side whose region this daemon runs in.
    pub fn setup(&self, home: Option<Side>) -> Setup {
        let sensor = |config: &SensorConfig| Sensor {
            name: Arc::from(config.name.as_str()),
            vantage: config.vantage,
            side: config.side,
        };
        Setup {
            policy: self.policy.clone(),
            sensors: self.sensors.iter().map(sensor).collect(),
            serving: self.serving,
            home,
        }
    }
}

/// Why there is no configuration. Nothing was started or changed in any of these cases.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file was named, the usual one is not there, and no variable is set.
    #[error(
        "no configuration: no --config, no {DEFAULT_PATH}, no DRD_<SECTION>__<KEY> variable.\n\
         Nothing was started. `drd bootstrap` writes the file; README \"Commands\" shows where one \
         written by hand is;\n`drd gameday run region-dark` needs none."
    )]
    Nowhere,
    /// The file is not there.
    #[error(
        "there is no configuration {path}; nothing was started.\n\
         Name the file with --config or DRD_CONFIG. `drd bootstrap` writes it; README \"Commands\" shows where a whole one is."
    )]
    Absent {
        /// The file.
        path: String,
    },
    /// The file could not be read.
    #[error(
        "the configuration {path} cannot be read; nothing was started.\n\
         Give this user the right to read it, or name another file with --config."
    )]
    Read {
        /// The file.
        path: String,
        /// What the file system answered.
        #[source]
        source: std::io::Error,
    },
    /// The file is no configuration.
    #[error(
        "{path} is larger than {FILE_BYTES_MAX} bytes, so it is not a configuration; nothing was started"
    )]
    TooLarge {
        /// The file.
        path: String,
    },
    /// It was read, and something in it is wrong.
    #[error("{0}")]
    Invalid(Problems),
}

/// Reads the file and lays the variables over it. Without a path, [`DEFAULT_PATH`]; where that
/// does not exist either, the variables alone must hold everything.
///
/// # Errors
/// See [`ConfigError`]; [`ConfigError::Invalid`] shows every problem at once.
pub fn load(
    path: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let (name, text, overlay) = open(path, variables)?;
    build(&name, &text, &overlay)
}

/// Where the HTTP interface listens, and nothing else: the rest of the file is not judged, and
/// with the variable it is not even opened. [`ADDRESS`] when neither has the key.
///
/// # Errors
/// A file that was named and cannot be read, or an address that is none.
pub fn address(
    path: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<SocketAddr, ConfigError> {
    let given: Vec<(String, String)> = variables
        .into_iter()
        .filter(|(name, _)| name == LISTEN)
        .collect();
    let (name, text, overlay) = if given.is_empty() {
        match open(path, given) {
            Err(ConfigError::Nowhere) => return Ok(ADDRESS),
            found => found?,
        }
    } else {
        (LISTEN.to_owned(), String::new(), Overlay::new(given))
    };
    let invalid = |list| ConfigError::Invalid(Problems::new(&name, &text, list));
    let mut tree = tree::parse(&text).map_err(invalid)?;
    let unlaid = overlay.lay_over(&mut tree);
    let notes = Notes::default();
    let listen = settings::read_address(&mut Reader::root(tree, &notes));
    let problems: Vec<_> = notes.finish(&[]).into_iter().chain(unlaid).collect();
    match problems.is_empty() {
        true => Ok(listen),
        false => Err(invalid(problems)),
    }
}

/// Reads a configuration from text; `name` is what problems call it.
///
/// # Errors
/// [`ConfigError::Invalid`].
pub fn parse(
    name: &str,
    text: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    build(name, text, &Overlay::new(variables))
}

pub(super) fn open(
    path: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<(String, String, Overlay), ConfigError> {
    let overlay = Overlay::new(variables);
    let default = Path::new(DEFAULT_PATH);
    if path.is_none() && !default.exists() {
        return match overlay.is_empty() {
            true => Err(ConfigError::Nowhere),
            false => Ok(("the environment".to_owned(), String::new(), overlay)),
        };
    }
    let path = path.unwrap_or(default);
    let name = path.display().to_string();
    if fs_err::metadata(path)
        .map_err(|error| unread(&name, error))?
        .len()
        > FILE_BYTES_MAX
    {
        return Err(ConfigError::TooLarge { path: name });
    }
    let text = fs_err::read_to_string(path).map_err(|error| unread(&name, error))?;
    Ok((name, text, overlay))
}

fn unread(name: &str, source: std::io::Error) -> ConfigError {
    let path = name.to_owned();
    if source.kind() == std::io::ErrorKind::NotFound {
        return ConfigError::Absent { path };
    }
    ConfigError::Read { path, source }
}

pub(super) fn build(name: &str, text: &str, overlay: &Overlay) -> Result<Config, ConfigError> {
    let invalid = |list| ConfigError::Invalid(Problems::new(name, text, list));
    let mut tree = tree::parse(text).map_err(invalid)?;
    let unlaid = overlay.lay_over(&mut tree);
    let notes = Notes::default();
    let config = read(Reader::root(tree, &notes), &notes);
    let mut problems = notes.finish(&overlay.others);
    problems.extend(unlaid);
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        Some(_) | None => Err(invalid(problems)),
    }
}

fn read(mut root: Reader<'_>, notes: &Notes) -> Option<Config> {
    let topology = estate::read(&mut root);
    let sensors = sensors::read(&mut root, topology.as_ref());
    let serving = policy::read_capacity(&mut root);
    let policy = policy::read(&mut root);
    let observe = settings::read_observe(&mut root);
    let ledger = settings::read_ledger(&mut root);
    let listen = settings::read_listen(&mut root);
    let operator = settings::read_operator(&mut root);
    root.finish();
    let topology = topology?;
    consistency::quorum_reachable(notes, policy.quorum, &sensors);
    Some(Config {
        topology,
        sensors,
        policy,
        serving: serving?,
        observe,
        ledger: ledger?,
        listen,
        operator,
    })
}
