//! The client of the daemon's HTTP interface: what `drd status` and a container's health check use.
//!
//! Deliberately absent: the server (`crate::daemon::http`), and anything that would change the daemon.

mod health;
mod request;
mod status;

pub use health::{Unhealthy, health};
pub use status::{FetchError, fetch};
