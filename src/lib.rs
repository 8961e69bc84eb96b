//! drd: cross-region failover for Aurora Global Database applications.
//!
//! Three rooms and a corridor. `state-machine` decides (pure), `bootstrap` provisions, this
//! crate acts; plain values run between them: an [`Event`] in, a [`Command`] out, a
//! [`Topology`] across.
//!
//! One alarm, end to end: `intake` reads the SQS body; `daemon` hands the event to
//! [`conductor`], which decides, makes the decision durable in [`ledger`] and counts it in
//! [`metrics`]; only then is the message deleted and each command performed once, with a deadline,
//! by [`estate`], which looks before it acts. Its completion is an event again. The estate is
//! polled meanwhile: messages are accelerators.
//!
//! Invariants: `aws_sdk_` is said under `aws` only; [`lab`] never touches AWS, tokio or the
//! system's clock and runs the same [`conductor`]; nothing imports `cli` or `main`.
//!
//! Reading order: `state-machine`, [`conductor`], [`ledger`], [`daemon`], [`estate`], [`lab`].
//!
//! [`Event`]: drd_state_machine::event::Event
//! [`Command`]: drd_state_machine::command::Command
//! [`Topology`]: drd_bootstrap::Topology

#[cfg(feature = "aws")]
pub mod aws;
pub mod cli;
pub mod clock;
pub mod conductor;
pub mod config;
#[cfg(feature = "aws")]
pub mod daemon;
pub mod doctor;
pub mod http;
pub mod intake;
pub mod lab;
pub mod lease;
pub mod ledger;
pub mod metrics;
pub mod observe;
pub mod perform;
pub mod probe;
pub mod readiness;
pub mod report;
pub mod status;
pub mod telemetry;
