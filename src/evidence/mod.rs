//! A bundle of evidence: a report, the ledger it is made of, who made it and with what, and the hash of each file.
//!
//! Deliberately absent: signatures. A hash proves integrity, not who wrote it; people sign the hash of the manifest.

mod bundle;
mod manifest;
mod names;
mod origin;
mod verify;

pub use bundle::{Bundle, EvidenceError, Subject, WrittenBundle};
pub use names::SCHEMA;
pub use origin::provenance;
pub use verify::{EvidenceFaults, VerifiedBundle, verify};
