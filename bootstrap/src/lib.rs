//! Provisions the estate: what it must find before it begins, and the [`Topology`], which is the
//! contract between the estate and the daemon, whether bootstrap built it or a person described it.

pub mod doctor;
pub mod handover;
pub mod naming;
pub mod observe;
pub mod topology;

pub use naming::{Suffix, SuffixError};
pub use topology::{Dns, Latch, SideTopology, Sides, Topology};
