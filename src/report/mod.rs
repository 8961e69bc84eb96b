//! The report of a rehearsal: JSON for programs, Markdown and a self-contained HTML page for people.
//!
//! Deliberately absent: judging. The lab's judge did that.

mod html;

use crate::lab::scenario::{Outcome, Scenario};
use crate::lab::simulation::{Moment, Rehearsed};
use crate::lab::{EPOCH, judge};
use drd_state_machine::time::Span;
use fs_err as fs;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The schema of the JSON.
pub const SCHEMA: &str = "drd.report/1.0";

/// The report of one rehearsal.
#[derive(Debug, Serialize)]
pub struct Report {
    schema: &'static str,
    scenario: String,
    about: String,
    seed: u64,
    /// The outcome's name.
    pub outcome: &'static str,
    expected: ExpectedOutcome,
    /// Outcome as expected, all clocks and the loss within bounds, no promise broken.
    pub passed: bool,
    clocks: Clocks,
    rpo_seconds: f64,
    acknowledged_writes_lost: usize,
    mutating_calls: u32,
    invariants: Invariants,
    timeline: Vec<TimelineLine>,
    diagnosis: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct ExpectedOutcome {
    outcome: &'static str,
    rto_seconds: Option<f64>,
    rpo_seconds: Option<f64>,
}

/// From the first bad sample, from the decision, and as a client saw it. `None`: no role changed.
#[derive(Debug, Serialize)]
struct Clocks {
    detected_seconds: Option<f64>,
    decided_seconds: Option<f64>,
    client_seconds: f64,
}

#[derive(Debug, Serialize)]
struct Invariants {
    checked: u64,
    promises: &'static [&'static str],
    violated: Vec<BrokenPromise>,
}

#[derive(Debug, Serialize)]
struct BrokenPromise {
    promise: &'static str,
    t: f64,
    what: String,
}

#[derive(Debug, Serialize)]
struct TimelineLine {
    t: f64,
    kind: &'static str,
    text: String,
}

impl From<&Moment> for TimelineLine {
    fn from(moment: &Moment) -> TimelineLine {
        TimelineLine {
            t: moment.t.as_secs_f64(),
            kind: moment.kind,
            text: moment.text.clone(),
        }
    }
}

impl Report {
    /// The report of a rehearsal.
    pub fn new(scenario: &Scenario, seed: u64, done: &Rehearsed) -> Report {
        let clocks = clocks(done);
        let passed = passes(done, &clocks);
        Report {
            schema: SCHEMA,
            scenario: scenario.name.clone(),
            about: scenario.about.clone(),
            seed,
            outcome: done.outcome.name(),
            expected: ExpectedOutcome {
                outcome: done.expect.outcome.name(),
                rto_seconds: done.expect.rto.map(Span::as_secs_f64),
                rpo_seconds: done.expect.rpo.map(Span::as_secs_f64),
            },
            passed,
            clocks,
            rpo_seconds: done.loss.as_secs_f64(),
            acknowledged_writes_lost: done.writes_lost,
            mutating_calls: done.mutations,
            invariants: Invariants {
                checked: done.checks,
                promises: &judge::CHECKED,
                violated: done.violations.iter().map(broken).collect(),
            },
            timeline: done.timeline.iter().map(TimelineLine::from).collect(),
            diagnosis: done.incident.as_ref().map(|i| i.diagnosis.name()),
        }
    }

    /// Four lines of text: the outcome against what was expected.
    pub fn summary(&self) -> String {
        let clock =
            |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), |s| format!("{s:.0} s"));
        let bound =
            |seconds: Option<f64>| seconds.map_or_else(String::new, |s| format!(" of {s:.0} s"));
        let mut out = String::new();
        let verdict = if self.passed { "PASSED" } else { "FAILED" };
        let expected = self.expected.outcome;
        let rto = bound(self.expected.rto_seconds);
        let _ = writeln!(
            out,
            "{verdict}  {}: {} (expected {expected})",
            self.scenario, self.outcome
        );
        let _ = writeln!(
            out,
            "  recovered{rto}: {} after the first bad sample, {} after the decision, {:.0} s as a client saw it",
            clock(self.clocks.detected_seconds),
            clock(self.clocks.decided_seconds),
            self.clocks.client_seconds,
        );
        let _ = writeln!(
            out,
            "  lost{}: {:.0} s, {} acknowledged writes; {} mutating calls",
            bound(self.expected.rpo_seconds),
            self.rpo_seconds,
            self.acknowledged_writes_lost,
            self.mutating_calls,
        );
        let _ = writeln!(
            out,
            "  promises: {} checks, {} broken. Seed {}: drd gameday run {} --seed {}",
            self.invariants.checked,
            self.invariants.violated.len(),
            self.seed,
            self.scenario,
            self.seed,
        );
        for broken in &self.invariants.violated {
            let _ = writeln!(
                out,
                "  BROKEN {} at {:.1} s: {}",
                broken.promise, broken.t, broken.what
            );
        }
        out
    }

    /// The report as Markdown.
    pub fn markdown(&self) -> String {
        let mut out = format!(
            "# Game day: {}\n\n{}\n\n```\n{}```\n\n",
            self.scenario,
            self.about,
            self.summary()
        );
        if let Some(diagnosis) = self.diagnosis {
            let _ = writeln!(out, "Diagnosis: `{diagnosis}`.\n");
        }
        out.push_str("| t | what | |\n|---:|---|---|\n");
        for line in &self.timeline {
            let text = line.text.replace('|', "\\|");
            let _ = writeln!(out, "| {:.1} s | {} | {text} |", line.t, line.kind);
        }
        out.push_str("\nVirtual time, pretend AWS: what real Aurora, Auto Scaling and Route 53 take is not measured.\n");
        out
    }

    /// Writes `report.json`, `report.md` and `report.html` into a folder.
    ///
    /// # Errors
    /// When the file system refuses; the cause names the path.
    pub fn write(&self, folder: &Path) -> std::io::Result<PathBuf> {
        fs::create_dir_all(folder)?;
        fs::write(
            folder.join("report.json"),
            serde_json::to_string_pretty(self)?,
        )?;
        fs::write(folder.join("report.md"), self.markdown())?;
        let page = folder.join("report.html");
        fs::write(&page, self.html())?;
        Ok(page)
    }
}

fn broken(violation: &judge::Violation) -> BrokenPromise {
    BrokenPromise {
        promise: violation.promise,
        t: (violation.at - EPOCH).as_secs_f64(),
        what: violation.what.clone(),
    }
}

fn clocks(done: &Rehearsed) -> Clocks {
    let changed = matches!(done.outcome, Outcome::FailedOver | Outcome::SwitchedOver);
    let ended = done
        .incident
        .as_ref()
        .filter(|_| changed)
        .and_then(|i| i.ended_at.map(|end| (i, end)));
    Clocks {
        detected_seconds: ended.map(|(i, end)| (end - i.first_bad_at).as_secs_f64()),
        decided_seconds: ended.map(|(i, end)| (end - i.decided_at).as_secs_f64()),
        client_seconds: done.client_outage.as_secs_f64(),
    }
}

fn passes(done: &Rehearsed, clocks: &Clocks) -> bool {
    let changed = matches!(done.outcome, Outcome::FailedOver | Outcome::SwitchedOver);
    let in_time = done.expect.rto.filter(|_| changed).is_none_or(|rto| {
        let bound = rto.as_secs_f64();
        [
            clocks.detected_seconds,
            clocks.decided_seconds,
            Some(clocks.client_seconds),
        ]
        .into_iter()
        .all(|clock| clock.is_some_and(|seconds| seconds <= bound))
    });
    let kept = done
        .expect
        .rpo
        .filter(|_| changed)
        .is_none_or(|rpo| done.loss <= rpo);
    done.outcome == done.expect.outcome && in_time && kept && done.violations.is_empty()
}
