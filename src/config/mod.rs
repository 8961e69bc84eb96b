//! Reads drd's configuration: a TOML file, then `DRD_<SECTION>__<KEY>` variables over it.
//!
//! What an estate is and what its policy is comes out of here checked, or not at all.
//! Deliberately absent: the environment (handed in), AWS (`drd doctor` and readiness ask it) and
//! secrets (there are none: the AWS chain has its own).

mod consistency;
mod diagnostics;
mod env;
mod estate;
mod explain;
mod kinds;
mod loader;
mod policy;
mod reader;
mod sensors;
mod settings;
pub(crate) mod suggest;
mod tree;
pub mod trust;
mod values;

pub use diagnostics::Problems;
pub use explain::check_report;
pub use loader::{Config, ConfigError, DEFAULT_PATH, address, load, parse};
pub use sensors::SensorConfig;
pub use settings::{ADDRESS, LedgerConfig, ObserveConfig, OperatorConfig};
pub use trust::trusted;
