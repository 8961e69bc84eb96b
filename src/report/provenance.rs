//! Who made a report, where and with what: the facts that an auditor asks for first.
//!
//! Deliberately absent: finding them (`crate::evidence`).

use serde::{Deserialize, Serialize};

/// Who made it, where, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// When.
    pub made_at: String,
    /// The version of the program that made it.
    pub version: String,
    /// The SHA-256 of that program's file; `None` where it could not be read.
    pub binary_sha256: Option<String>,
    /// The host that it ran on.
    pub host: String,
    /// As whom: what the host's kernel proves.
    pub principal: String,
    /// The SHA-256 of `setup.json`: everything of the configuration that decisions depend on.
    pub setup_sha256: String,
    /// The SHA-256 of the configuration file that was named; `None`: none was.
    pub configuration_sha256: Option<String>,
}
