//! What doctor found.
//!
//! Deliberately absent: how it is shown (`text`).

use drd_bootstrap::checks::{Check, SCHEMA, Verdict};
use serde::Serialize;

/// What doctor found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The estate.
    pub suffix: String,
    /// Whether an estate of that name was examined, or only whether one could be built.
    /// `drd.doctor/1.0` names it `stands`.
    #[serde(rename = "stands")]
    pub exists: bool,
    /// Whether a check is red that keeps an estate from being built, or drd from being armed.
    pub gated: bool,
    /// Every check.
    pub findings: Vec<Check>,
}

impl DoctorReport {
    pub(super) fn new(suffix: &str, exists: bool, findings: Vec<Check>) -> DoctorReport {
        DoctorReport {
            schema: SCHEMA,
            suffix: suffix.to_owned(),
            exists,
            gated: findings.iter().any(Check::is_gating),
            findings,
        }
    }

    /// Whether the credentials could not be verified: wrong ones, none, or no answer.
    pub fn is_unauthenticated(&self) -> bool {
        let unverified = |f: &Check| f.name == "credentials" && f.verdict != Verdict::Green;
        self.findings.iter().any(unverified)
    }
}
