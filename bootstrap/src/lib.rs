//! Provisions the estate: both regions from embedded templates, and back to nothing.
//!
//! `estate` is what is wanted and what that means, as values; `checks` judges what must hold before
//! anything is built; `observe` reads what exists; `plan` decides what is to be done; `apply` does
//! it. The feature `aws` (default) adds `apply`, `observe` and every call; what is left without it
//! is pure. [`Topology`] is the contract between an estate and the daemon, whether bootstrap built
//! it or an operator described it.
//!
//! Deliberately absent: printing, prompting, and everything that a failover does.

#[cfg(feature = "aws")]
pub mod apply;
pub mod aws;
pub mod checks;
pub mod error;
mod estate;
#[cfg(feature = "aws")]
pub mod observe;
pub mod plan;

pub use error::Error;
pub use estate::naming::{Suffix, SuffixError};
pub use estate::settings::Settings;
pub use estate::topology::{
    Capacity, Database, Dns, Events, Latch, SecondStore, SideTopology, Sides, Topology,
};
// The estate's modules are part of this crate's interface under their own names.
pub use estate::{
    artefact, daemon_config, naming, observed, outputs, parameters, saved, settings, side, stacks,
    template_shape, templates, topology, values,
};
