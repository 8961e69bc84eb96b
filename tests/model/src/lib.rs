//! Checks every order of events of two daemons with one lease and one ledger: messages lost, late
//! and twice, crashes, pauses, takeovers, a failover and the way back.
//!
//! The daemons are `drd::engine`, and the fold is the ledger's own. What is modelled is what drd
//! does not own: the table's conditions, AWS without a fencing token, the wires, time. Deliberately
//! absent: false sensors and slow services; the rehearsals have them.

pub mod battery;
mod brief;
mod engines;
mod estate;
mod heal;
mod host;
mod judge;
mod lease_calls;
mod model;
mod moves;
mod report;
mod senses;
mod state;
mod turn;

pub use report::Ran;
