//! Reports: of a rehearsal, and of a run that a ledger has. JSON for programs, Markdown and a self-contained HTML page
//! for people, all drawn from one kind of document.
//!
//! Deliberately absent: judging. The lab's judge did that.

mod clocks;
mod drawing;
mod expectation;
mod html;
mod markdown;
mod page;
mod paperwork;
mod provenance;
mod run;
mod run_page;
mod run_timeline;

use clocks::Clocks;
pub use expectation::{Attained, Attainment};
use page::{Content, Page, PageSection};
pub use page::{Documents, SCHEMA, TimelineLine};
pub use paperwork::SUPPORTS;
pub use provenance::Provenance;
pub use run::{RunReport, UnknownRun, setup_json};

use crate::lab::scenario::Scenario;
use crate::lab::simulation::Rehearsed;
use crate::lab::{EPOCH, judge};
use drd_state_machine::time::Span;
use fs_err as fs;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The report of one rehearsal.
#[derive(Debug, Serialize)]
pub struct Report {
    schema: &'static str,
    kind: &'static str,
    simulated: bool,
    scenario: String,
    about: String,
    seed: u64,
    /// What a shell runs it with again: the name of a built-in one, or the path of its file.
    #[serde(skip)]
    replayed_by: String,
    /// The outcome's name.
    pub outcome: &'static str,
    expected: ExpectedOutcome,
    /// All came out as the scenario expects, and no promise was broken.
    pub as_expected: bool,
    /// As expected, and no objective of the policy was missed.
    pub passed: bool,
    /// The policy's objectives, whatever the scenario expects.
    pub objectives: Attained,
    /// What of the expectation did not come about.
    unmet: Vec<String>,
    /// The objective that the recovery time is compared with.
    rto_objective_seconds: f64,
    clocks: Clocks,
    /// No role changed: what a client waited is all there is.
    #[serde(skip)]
    unmoved: bool,
    rpo_seconds: f64,
    acknowledged_writes_lost: usize,
    mutating_calls: u32,
    invariants: Invariants,
    timeline: Vec<TimelineLine>,
    diagnosis: Option<&'static str>,
    /// Who made this report, and with what; only in a bundle of evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<Provenance>,
}

#[derive(Debug, Serialize)]
struct ExpectedOutcome {
    outcome: &'static str,
    accept: Vec<&'static str>,
    rto_seconds: Option<f64>,
    rpo_seconds: Option<f64>,
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

impl Report {
    /// The report of a rehearsal.
    pub fn new(scenario: &Scenario, seed: u64, done: &Rehearsed) -> Report {
        let clocks = Clocks::of(done);
        let unmet = expectation::unmet(scenario, done, &clocks);
        let objectives = Attained::of(done, &clocks);
        let as_expected = unmet.is_empty() && done.violations.is_empty();
        Report {
            schema: SCHEMA,
            kind: "rehearsal",
            simulated: true,
            scenario: scenario.name.clone(),
            about: scenario.about.clone(),
            seed,
            replayed_by: replayed_by(scenario),
            outcome: done.outcome.name(),
            expected: ExpectedOutcome {
                outcome: scenario.expect.outcome.name(),
                accept: scenario.expect.accept.iter().map(|o| o.name()).collect(),
                rto_seconds: scenario.expect.rto.map(Span::as_secs_f64),
                rpo_seconds: scenario.expect.rpo.map(Span::as_secs_f64),
            },
            as_expected,
            passed: as_expected && !objectives.missed(),
            objectives,
            unmet,
            rto_objective_seconds: expectation::rto(done).as_secs_f64(),
            clocks,
            unmoved: !done.outcome.moved(),
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
            provenance: None,
        }
    }

    /// Four lines of text: the outcome against what was expected.
    pub fn summary(&self) -> String {
        let clock =
            |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), |s| format!("{s:.0} s"));
        let bound =
            |seconds: Option<f64>| seconds.map_or_else(String::new, |s| format!(" of {s:.0} s"));
        let mut out = String::new();
        let verdict = self.verdict();
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
            self.replayed_by,
            self.seed,
        );
        for unmet in &self.unmet {
            let _ = writeln!(out, "  NOT AS EXPECTED {unmet}");
        }
        for broken in &self.invariants.violated {
            let _ = writeln!(
                out,
                "  BROKEN {} at {:.1} s: {}",
                broken.promise, broken.t, broken.what
            );
        }
        out
    }

    /// `PASSED` never stands beside a missed objective.
    fn verdict(&self) -> String {
        if self.passed {
            return "PASSED".to_owned();
        }
        if !self.as_expected {
            return "FAILED".to_owned();
        }
        let mut missed = Vec::new();
        if self.objectives.rto == Some(Attainment::Missed) {
            let objective = self.rto_objective_seconds;
            let slowest = self.clocks.slowest();
            let took = slowest.or(self.unmoved.then_some(self.clocks.client_seconds));
            let took = took.map_or_else(|| "not ended".to_owned(), |s| format!("{s:.0} s"));
            missed.push(format!("RTO {objective:.0} s MISSED ({took})"));
        }
        if self.objectives.rpo == Some(Attainment::Missed) {
            missed.push(format!("RPO MISSED ({:.0} s)", self.rpo_seconds));
        }
        format!("AS EXPECTED, {}", missed.join(", "))
    }

    /// The same, with who made it and with what.
    #[must_use]
    pub fn with(self, provenance: Provenance) -> Report {
        Report {
            provenance: Some(provenance),
            ..self
        }
    }

    /// The scenario's name.
    pub fn name(&self) -> &str {
        &self.scenario
    }

    /// How it is run again, as a command.
    pub fn again(&self) -> String {
        format!("drd gameday run {} --seed {}", self.replayed_by, self.seed)
    }

    /// In every format.
    ///
    /// # Errors
    /// When it cannot be expressed as JSON, which would be a defect.
    pub fn documents(&self) -> Result<Documents, serde_json::Error> {
        let json = serde_json::to_string_pretty(self)?;
        Ok(self.page().documents(json))
    }

    fn page(&self) -> Page<'_> {
        let last = self.timeline.last().map_or(1.0, |line| line.t);
        let diagnosis = self.diagnosis.unwrap_or("none");
        let seen = Content::Pairs(vec![("Diagnosis", diagnosis.to_owned())]);
        let mut sections = vec![PageSection {
            heading: "What drd saw",
            content: seen,
        }];
        if let Some(provenance) = &self.provenance {
            let verified = paperwork::verified_by(&[self.again()]);
            let deviations = self.deviations();
            sections.extend(paperwork::sections(provenance, verified, deviations));
        }
        Page {
            heading: format!("Game day: {}", self.scenario),
            verdict: self.outcome.to_owned(),
            good: self.passed,
            simulated: true,
            about: self.about.clone(),
            summary: self.summary(),
            drawn_seconds: (last * 1.02).max(1.0),
            timeline: &self.timeline,
            sections,
            note: "Virtual time, pretend AWS: what real Aurora, Auto Scaling and Route 53 take is not measured.".to_owned(),
        }
    }

    /// What did not come out as expected or promised.
    fn deviations(&self) -> Vec<String> {
        let broken = self.invariants.violated.iter();
        let broken = broken.map(|b| format!("promise {} is broken: {}", b.promise, b.what));
        let missed = self.objectives.missed().then(|| self.verdict());
        self.unmet
            .iter()
            .cloned()
            .chain(broken)
            .chain(missed)
            .collect()
    }

    /// Writes it in every format into a folder. Gives the path of the page.
    ///
    /// # Errors
    /// When the file system refuses; the cause names the path.
    pub fn write(&self, folder: &Path) -> std::io::Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let documents = self.documents()?;
        for (name, text) in &documents {
            fs::write(folder.join(name), text)?;
        }
        let [.., (page, _)] = documents;
        Ok(folder.join(page))
    }
}

/// As one word of a shell.
fn replayed_by(scenario: &Scenario) -> String {
    let Some(file) = &scenario.file else {
        return scenario.name.clone();
    };
    let plain = |c: char| c.is_alphanumeric() || "/._-+@%".contains(c);
    if file.chars().all(plain) {
        return file.clone();
    }
    format!("'{}'", file.replace('\'', "'\\''"))
}

fn broken(violation: &judge::Violation) -> BrokenPromise {
    BrokenPromise {
        promise: violation.promise,
        t: (violation.at - EPOCH).as_secs_f64(),
        what: violation.what.clone(),
    }
}
