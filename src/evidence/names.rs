//! The names of a bundle's files, and of its schema.
//!
//! Deliberately absent: what is in them (`bundle`).

/// The schema of `evidence.json`.
pub const SCHEMA: &str = "drd.evidence/1.0";
/// The ledger's file.
pub(super) const LEDGER: &str = "ledger.jsonl";
/// What decisions depended on.
pub(super) const SETUP: &str = "setup.json";
/// What the bundle is about.
pub(super) const EVIDENCE: &str = "evidence.json";
/// The hashes of all others.
pub(super) const MANIFEST: &str = "manifest.json";
