//! Checks every order of events of two daemons with one lease and one ledger: messages lost, late
//! and twice, crashes, pauses, takeovers, a failover and the way back.
//!
//! The decisions are the shipped conductor's, the lease is `drd::lease`, the fold the ledger's
//! own. What is modelled is what drd does not own: the table's conditions, AWS without a fencing
//! token, the wires, time. Deliberately absent: false sensors and slow services; the rehearsals
//! have them.

pub mod battery;
mod daemon;
mod estate;
mod heal;
mod judge;
mod model;
mod moves;
mod report;
mod senses;
mod spine;
mod state;

pub use report::Ran;
