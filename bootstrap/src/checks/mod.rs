//! Whether an estate can be built here, and whether an existing one could fail over: pure judgement
//! of values that were read before.
//!
//! Each check gives green, red or unknown, what it rests on, and its remedy. Unknown is a value: a
//! service that does not answer proves nothing, so it never refuses a bootstrap. Deliberately
//! absent: AWS (`observe::preflight` reads), DNS and the daemon (`drd doctor` asks them), and
//! `iam:SimulatePrincipalPolicy`: which writes are allowed is only known by writing, so permissions
//! are judged by the reads that were denied.

pub mod account;
mod check;
pub mod database;
pub mod event_path;
pub mod lacking;
pub mod latch;
pub mod names;
pub mod quota;
mod wanted;
pub mod zone;

pub use check::{Check, Gates, Judged, ReadResult, SCHEMA, Verdict, not_known, refusals};
pub use wanted::{Requirements, SideRequirements};
