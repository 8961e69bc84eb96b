//! The lab: game days without an account. A virtual clock, a seeded world, the shipped
//! decide-ledger-count code, and a judge.
//!
//! `senses` emits the same JSON that SQS would deliver, so `intake`, the machine, the
//! conductor, the metrics and the report are the shipped code, byte for byte.
//! Deliberately absent: tokio, AWS, the system's clock.

pub mod acts;
pub mod builtin;
pub mod chance;
pub mod client;
pub mod crash;
pub mod daemon;
pub mod faults;
pub mod judge;
mod life;
pub mod reached;
pub mod rehearsal;
pub mod scenario;
pub mod senses;
pub mod soak;
mod term;
pub mod world;

use drd_state_machine::event::Side;
use drd_state_machine::policy::{Policy, Serving, Setup};
use drd_state_machine::time::Time;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What the conductor says. It awaits only its ledger, and one in memory never makes it wait;
/// `None` for any other, which no rehearsal has.
pub fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

/// What is shared within one rehearsal: one thread runs it, so nobody ever waits here.
fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where virtual time starts: 2026-01-01T00:00:00Z.
pub const EPOCH: Time = Time(1_767_225_600_000);

/// Bootstrap's default estate with the suffix `lab`; the daemon lives in the standby region.
pub fn setup() -> Setup {
    Setup {
        policy: Policy::default(),
        sensors: senses::sensors(),
        serving: Serving {
            min: world::SERVING_DESIRED,
            desired: world::SERVING_DESIRED,
            floor_percent: 50,
        },
        home: Some(Side::Standby),
    }
}
