//! drd: cross-region failover for Aurora Global Database applications.
//!
//! `state-machine` decides: pure, an event and a record in, commands out. [`engine`] is the whole
//! daemon without I/O: what is polled when, who leads, what must be durable before it counts.
//! `daemon` runs it under tokio, [`lab`] in virtual time, `tests/model` in every order of events.
//! [`estate`] is what drd touches; `aws` holds the calls to AWS. `bootstrap` provisions an estate.
//!
//! One alarm, end to end: `aws::queue` receives it, `daemon::shell` gives it to
//! [`engine::Engine::handle`]. There `incoming` has it read by [`intake`], `inbox` holds it, and
//! `conductor` proposes a decision of the machine. `Ask::Append` is carried out by
//! `daemon::store`; on `Answer::Appended` the engine commits: [`metrics`] count, `Action::Delete`
//! deletes the message, `Ask::Perform` has `estate::perform` look, act once through `aws`, and
//! report. That report is an event again. Messages only accelerate: the estate is polled meanwhile.
//!
//! Where is ... (paths from the root of the repository):
//! - a failover allowed: `decide` in `state-machine/src/machine/detection.rs`; its gates are
//!   `closed` and `closed_to_loss` in `state-machine/src/gates.rs`;
//! - the retry policy: `retry_gap` and `REFUSALS_PAGED` in `state-machine/src/policy.rs`; the retry
//!   itself: `note_asked` in `state-machine/src/machine/promotion.rs`;
//! - the end of a state: the function of the state's name. `watching`, `suspecting`, `fencing` are
//!   in `state-machine/src/machine/detection.rs`; `promoting`, `switching`, `redirecting`,
//!   `verifying`, `exposed` in `recovery.rs`, `held` in `held.rs` beside it;
//! - a message deleted: `commit` in `src/engine/leading.rs` gives `Action::Delete` once its line is
//!   durable, and `received` in `src/engine/leading/arrivals.rs` for what needs no line;
//! - a page sent: `page_once` in `state-machine/src/machine/paging.rs` decides, `page` in
//!   `src/daemon/shell.rs` sends, by `page` in `src/aws/notify.rs`;
//! - the lease's fence, which stops an outdated leader's request: `read_before_transmit` in
//!   `src/aws/lease_gate.rs`; until when it is open: `src/estate/lease_gate.rs`; the lease itself:
//!   `Claim` in `src/engine/lease.rs`;
//! - the old side's fence, its group scaled to 0: `fence` in
//!   `state-machine/src/machine/fencing.rs`;
//! - a second database engine added: a further kind of the enum `Estate` in `src/estate/doors.rs`,
//!   and its tagged configuration in `src/config/kinds.rs`;
//! - a sensor added: `Vantage` in `state-machine/src/event.rs`, then `src/config/sensors.rs`,
//!   `src/intake/trust.rs`, and `src/estate/observe.rs` where drd polls it;
//! - the configuration of `--suffix`: `find` in `src/cli/fetch_config.rs` takes the state folder's
//!   file (`local` beside it) and, only where there is none, the copy in the standby's region;
//! - a stack's parameter filled in: `sources` in `bootstrap/src/estate/parameters.rs`.
//!
//! Invariants, checked by `tests/tidy`: the SDK is named under `aws` only; [`engine`], [`lab`],
//! [`ledger`] and [`intake`] reach neither AWS nor tokio nor the system's clock; no file imports
//! another in a loop.
//!
//! Deliberately absent: code. Reading order: `state-machine`, [`engine`], [`ledger`], `daemon`,
//! [`estate`], [`lab`].

#[cfg(feature = "aws")]
pub mod aws;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
#[cfg(feature = "aws")]
pub mod doctor;
pub mod engine;
pub mod estate;
pub mod evidence;
pub mod history;
pub mod intake;
pub mod lab;
pub mod ledger;
mod lengths;
pub mod metrics;
pub mod report;
pub mod status;
pub mod telemetry;
