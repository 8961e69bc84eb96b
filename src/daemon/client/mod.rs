//! The client of the daemon's HTTP interface: what `drd status`, a container's health check and
//! operators' commands use.
//!
//! Deliberately absent: the server (`crate::daemon::http`), and anything that would change the daemon.

mod command;
mod health;
mod request;
mod status;

pub use command::{CommandError, command};
pub use health::{Unhealthy, health};
pub use status::{FetchError, fetch, fetch_of};
