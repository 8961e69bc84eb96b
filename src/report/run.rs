//! The report of one run, from the lines of a ledger alone.
//!
//! Deliberately absent: what no line has: what a client saw, and what was really lost. Both are printed as not
//! measured.

use super::expectation::Attainment;
use super::page::{SCHEMA, TimelineLine};
use super::provenance::Provenance;
use super::run_timeline::{Writer, written};
use crate::history::{Goal, History, LedgerExtent, RunSummary};
use crate::ledger::{GENESIS, VerifiedLedger, sha256};
use drd_state_machine::Setup;
use serde::Serialize;
use std::sync::Arc;

/// A run that the ledger does not have.
#[derive(Debug, thiserror::Error)]
#[error("run {run} is not in {ledger}; nothing was written. It has {has}: drd history shows them")]
pub struct UnknownRun {
    run: u64,
    ledger: String,
    has: String,
}

/// The report of one run.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    schema: &'static str,
    kind: &'static str,
    pub(super) simulated: bool,
    #[serde(flatten)]
    pub(super) summary: RunSummary,
    objectives: RunAttained,
    clocks: RunClocks,
    pub(super) ledger: LedgerExtent,
    /// The hash of the line before its first one.
    pub(super) head_before: String,
    /// The hash of its newest line.
    pub(super) head_after: String,
    /// The daemons that wrote its lines.
    pub(super) written_by: Vec<Writer>,
    /// What its decisions depended on, times in milliseconds.
    pub(super) setup: Arc<Setup>,
    pub(super) setup_sha256: String,
    pub(super) not_measured: Vec<&'static str>,
    pub(super) deviations: Vec<String>,
    pub(super) timeline: Vec<TimelineLine>,
    /// Who made this report, and with what; only in a bundle of evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) provenance: Option<Provenance>,
}

/// The objectives, as a rehearsal's report has them: `null` where nothing can be compared.
#[derive(Clone, Debug, Serialize)]
struct RunAttained {
    rto: Option<Attainment>,
    rpo: Option<Attainment>,
}

/// The clocks, as a rehearsal's report has them.
#[derive(Clone, Debug, Serialize)]
struct RunClocks {
    detected_seconds: Option<f64>,
    decided_seconds: Option<f64>,
    client_seconds: Option<f64>,
}

const NOT_MEASURED: [&str; 3] = [
    "how long clients waited: drd's ledger has no client in it",
    "what was really lost: the bound is of the decision; the snapshot of the old writer has the rows",
    "who held the credentials of the daemon: AWS CloudTrail has its principal",
];

/// What decisions depended on, as `setup.json` has it.
///
/// # Errors
/// When it cannot be expressed as JSON, which would be a defect.
pub fn setup_json(setup: &Setup) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec_pretty(setup)
}

impl RunReport {
    /// Of this run of this ledger, whose history is known.
    ///
    /// # Errors
    /// When the ledger does not have it.
    pub fn of(
        run: u64,
        history: &History,
        ledger: &VerifiedLedger,
    ) -> Result<RunReport, UnknownRun> {
        let found = history.runs.iter().find(|one| one.run == run);
        let summary = found.ok_or_else(|| unknown(run, history))?.clone();
        let hash_of = |line: u64| {
            let place = usize::try_from(line).ok().and_then(|n| n.checked_sub(1));
            let hash = place.and_then(|place| ledger.hashes.get(place));
            hash.map_or_else(|| GENESIS.to_owned(), String::clone)
        };
        let setup = summary.setup.clone();
        let (written_by, timeline) = written(&summary, &ledger.entries);
        Ok(RunReport {
            schema: SCHEMA,
            kind: "run",
            simulated: history.ledger.simulated,
            objectives: RunAttained {
                rto: attainment(summary.rto),
                rpo: attainment(summary.rpo),
            },
            clocks: RunClocks {
                detected_seconds: summary.detected_seconds,
                decided_seconds: summary.decided_seconds,
                client_seconds: None,
            },
            head_before: hash_of(summary.first_line.saturating_sub(1)),
            head_after: hash_of(summary.last_line),
            setup_sha256: setup_json(&setup).map_or_else(|_| String::new(), |json| sha256(&json)),
            setup,
            not_measured: NOT_MEASURED.to_vec(),
            deviations: deviations(&summary, &history.ledger, &written_by),
            timeline,
            written_by,
            ledger: history.ledger.clone(),
            summary,
            provenance: None,
        })
    }

    /// The same, with who made it and with what.
    #[must_use]
    pub fn with(self, provenance: Provenance) -> RunReport {
        RunReport {
            provenance: Some(provenance),
            ..self
        }
    }

    /// What its decisions depended on.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// As JSON.
    ///
    /// # Errors
    /// When it cannot be expressed, which would be a defect.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Whether it is of a rehearsal or a demonstration.
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }
}

fn unknown(run: u64, history: &History) -> UnknownRun {
    let numbers: Vec<String> = history.runs.iter().map(|one| one.run.to_string()).collect();
    let has = match numbers.is_empty() {
        true => "no run".to_owned(),
        false => format!("run {}", numbers.join(", ")),
    };
    UnknownRun {
        run,
        ledger: history.ledger.name.clone(),
        has,
    }
}

fn attainment(goal: Goal) -> Option<Attainment> {
    match goal {
        Goal::Met => Some(Attainment::Met),
        Goal::Missed => Some(Attainment::Missed),
        Goal::Unknown => None,
    }
}

/// What an auditor must not have to look for.
fn deviations(run: &RunSummary, ledger: &LedgerExtent, written_by: &[Writer]) -> Vec<String> {
    let mut found = Vec::new();
    if run.rto == Goal::Missed {
        found.push(format!(
            "the RTO of {} s was MISSED",
            run.rto_objective_seconds
        ));
    }
    if run.rpo == Goal::Missed {
        found.push(format!(
            "the RPO of {} s was MISSED",
            run.rpo_objective_seconds
        ));
    }
    if let Some(held) = run.held_words() {
        found.push(format!("it was held {held}"));
    }
    let alive = run.incident.onset_at - run.incident.first_bad_at;
    if alive > drd_state_machine::time::Span::ZERO {
        found.push(format!(
            "the database was proven alive {alive} after the first bad reading: drd's own objective runs from there, this report from the reading"
        ));
    }
    if written_by.len() > 1 {
        found.push(format!(
            "{} daemons wrote its lines, one after the other",
            written_by.len()
        ));
    }
    if ledger.decided_otherwise > 0 {
        let other = ledger.decided_otherwise;
        found.push(format!("{other} decisions of the ledger would be made otherwise by the version that made this report"));
    }
    found
}
