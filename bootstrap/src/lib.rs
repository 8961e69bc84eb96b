//! Provisions the estate: both regions from embedded templates, and back to nothing.
//!
//! `settings` is what somebody wants, `stacks` and `wiring` what that means, `doctor` what must be
//! found before, `observe` what is there, `plan` what is to be done, `apply` does it, `handover`
//! tells the daemon. The feature `aws` (default) adds `apply`, `observe` and
//! every call; what is left without it is pure. [`Topology`] is the contract between an
//! estate and the daemon, whether bootstrap built it or a person described it.
//!
//! Deliberately absent: printing, prompting, and everything that a failover does.

#[cfg(feature = "aws")]
pub mod apply;
pub mod artefact;
pub mod aws;
#[cfg(feature = "aws")]
pub mod call;
pub mod doctor;
pub mod error;
pub mod handover;
pub mod naming;
#[cfg(feature = "aws")]
pub mod observe;
pub mod observed;
pub mod outputs;
pub mod plan;
#[cfg(feature = "aws")]
pub mod progress;
mod render;
#[cfg(feature = "aws")]
mod schedule;
pub mod settings;
pub mod stacks;
pub mod state;
pub mod teardown;
pub mod template;
pub mod topology;
pub mod values;
pub mod wiring;

pub use error::Error;
pub use naming::{Suffix, SuffixError};
pub use settings::Settings;
pub use topology::{Dns, Latch, SideTopology, Sides, Topology};
