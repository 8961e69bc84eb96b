//! The lab: game days without an account. A virtual clock, a seeded world, the shipped engine, and
//! a judge.
//!
//! `host` runs one `engine::Engine` per process and carries out its actions in `world`; `sensors`
//! sends the JSON that SQS would deliver. So the polling, the lease, `intake`, the machine, the
//! ledger's lines, the metrics and the report are the shipped code. `cloud` simulates AWS, `store`
//! the ledger's table or file. `judge` checks the promises after every step.
//! Deliberately absent: tokio, AWS, the system's clock.

pub mod api;
pub mod asked;
pub mod by_hand;
pub mod client;
pub mod cloud;
mod command_text;
pub mod coverage;
pub mod crash;
pub mod crash_point;
pub mod estate;
pub mod faults;
mod host;
pub mod install;
pub mod judge;
pub(crate) mod lag_samples;
pub mod latch;
pub mod looks;
pub mod message_queue;
pub mod pages;
pub mod rehearsal;
pub mod rng;
pub mod scenario;
pub mod sensors;
pub mod simulation;
pub mod soak;
pub mod store;
pub mod timing;
mod traffic;
pub mod world;

use drd_state_machine::event::Side;
use drd_state_machine::policy::{Policy, Serving, Setup};
use drd_state_machine::time::Time;

/// Where virtual time starts: 2026-01-01T00:00:00Z.
pub const EPOCH: Time = Time(1_767_225_600_000);

/// Bootstrap's default estate with the suffix `lab`; the daemon lives in the standby region.
pub fn setup() -> Setup {
    Setup {
        policy: Policy::default(),
        sensors: estate::sensors(),
        serving: Serving {
            min: world::SERVING_DESIRED,
            desired: world::SERVING_DESIRED,
            floor_percent: 50,
        },
        home: Some(Side::Standby),
    }
}
