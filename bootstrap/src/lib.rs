//! Provisions the estate. Today it holds the names and the [`Topology`] only: the contract
//! between the estate and the daemon, whether bootstrap built it or a person described it.
//!
//! Deliberately absent: templates, planning and applying. Nothing here pretends to provision.

pub mod naming;
pub mod topology;

pub use naming::{Suffix, SuffixError};
pub use topology::{Dns, Latch, SideTopology, Sides, Topology};
