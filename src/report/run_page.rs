//! The document of one run.
//!
//! Deliberately absent: figures that no line of the ledger has.

use super::page::{Content, Documents, Page, PageSection};
use super::paperwork::{self, section};
use super::run::RunReport;
use crate::history::{Goal, RunOutcome};
use crate::lengths::length;
use drd_state_machine::record::Operation;

impl RunReport {
    /// In every format.
    ///
    /// # Errors
    /// When it cannot be expressed as JSON, which would be a defect.
    pub fn documents(&self) -> Result<Documents, serde_json::Error> {
        Ok(page(self).documents(self.json()?))
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        page(self).markdown()
    }

    /// As one HTML page without external assets.
    pub fn html(&self) -> String {
        page(self).html()
    }
}

fn page(report: &RunReport) -> Page<'_> {
    let run = &report.summary;
    let good =
        run.outcome == RunOutcome::Done && run.rto != Goal::Missed && run.rpo != Goal::Missed;
    Page {
        heading: format!("Run {}: {}", run.run, run.operation.name()),
        verdict: verdict(report),
        good,
        simulated: report.simulated,
        about: format!(
            "From {} to {}, because of {}, decided by {}. Read from the ledger alone.",
            run.from,
            run.to,
            run.diagnosis,
            by(report)
        ),
        summary: summary(report),
        drawn_seconds: drawn_seconds(report),
        timeline: &report.timeline,
        sections: sections(report),
        note: format!(
            "Seconds are since the first bad reading, {} UTC, by the clock of the daemon's host. Lines are of the ledger.",
            run.began_at
        ),
    }
}

fn verdict(report: &RunReport) -> String {
    let run = &report.summary;
    let mut verdict = run.outcome.words().to_owned();
    for (name, goal) in [("RTO", run.rto), ("RPO", run.rpo)] {
        if goal == Goal::Missed {
            verdict.push_str(&format!(", {name} MISSED"));
        }
    }
    verdict
}

fn by(report: &RunReport) -> String {
    let ordered = report.summary.ordered_by.as_ref();
    ordered.map_or_else(|| "drd".to_owned(), |by| by.words())
}

/// To the end of the recovery: the wait for a standby after it may take days.
fn drawn_seconds(report: &RunReport) -> f64 {
    let incident = &report.summary.incident;
    let ended = incident
        .ended_at
        .map(|end| (end - incident.first_bad_at).as_secs_f64());
    let last = report.timeline.last().map_or(1.0, |line| line.t);
    (ended.unwrap_or(last) * 1.02).max(1.0)
}

fn seconds(value: Option<f64>) -> String {
    value.map_or_else(|| "not known".to_owned(), |s| format!("{s:.1} s"))
}

fn loss(report: &RunReport) -> String {
    let run = &report.summary;
    match run.operation {
        Operation::Switchover => {
            "nothing: the roles change when the replica has every row".to_owned()
        }
        Operation::Failover => run.loss_at_most_seconds.map_or_else(
            || "not known".to_owned(),
            |loss| {
                format!("at most {loss:.1} s of writes, by the newest lag sample at the decision")
            },
        ),
    }
}

fn summary(report: &RunReport) -> String {
    let run = &report.summary;
    let objective = |value: f64, goal: Goal| format!("{value} s: {}", goal.words());
    let mut out = format!(
        "Run {}  {}  {}\n",
        run.run,
        run.operation.name(),
        verdict(report)
    );
    let figures = [
        (
            "RTO   ",
            format!(
                "{}; {} after the first bad reading, {} after the decision",
                objective(run.rto_objective_seconds, run.rto),
                seconds(run.detected_seconds),
                seconds(run.decided_seconds)
            ),
        ),
        (
            "RPO   ",
            format!(
                "{}; {}",
                objective(run.rpo_objective_seconds, run.rpo),
                loss(report)
            ),
        ),
        (
            "Ends  ",
            format!(
                "in {}, {} after it began",
                run.ended_in,
                length(report.timeline.last().map_or(0.0, |line| line.t))
            ),
        ),
    ];
    for (name, text) in figures {
        out.push_str(&format!("{name}{text}\n"));
    }
    if let Some(held) = run.held_words() {
        out.push_str(&format!("Held  {held}\n"));
    }
    out
}

fn sections(report: &RunReport) -> Vec<PageSection> {
    let mut sections = vec![
        section("The run", Content::Pairs(the_run(report))),
        section("The ledger", Content::Pairs(the_ledger(report))),
        section("Written by", Content::Items(written_by(report))),
        section("Not measured", Content::Items(not_measured(report))),
    ];
    if let Some(provenance) = &report.provenance {
        let verified = paperwork::verified_by(&[]);
        sections.extend(paperwork::sections(
            provenance,
            verified,
            report.deviations.clone(),
        ));
        let setup = serde_json::to_string_pretty(&*report.setup).unwrap_or_default();
        sections.push(section(
            "Policy in full, times in milliseconds",
            Content::Verbatim(setup),
        ));
    } else if !report.deviations.is_empty() {
        sections.push(section(
            "Deviations",
            Content::Items(report.deviations.clone()),
        ));
    }
    sections
}

fn the_run(report: &RunReport) -> Vec<(&'static str, String)> {
    let run = &report.summary;
    let incident = &run.incident;
    let step = |at: Option<drd_state_machine::time::Time>| {
        at.map_or_else(
            || "not seen".to_owned(),
            |at| format!("{} after the decision", at - incident.decided_at),
        )
    };
    vec![
        ("Began (UTC)", run.began_at.clone()),
        (
            "Ended (UTC)",
            run.ended_at
                .clone()
                .unwrap_or_else(|| "not before the ledger ends".to_owned()),
        ),
        ("Decided by", by(report)),
        ("Because", run.diagnosis.to_owned()),
        ("New writer seen", step(incident.promoted_at)),
        ("Write proven", step(incident.proven_at)),
        ("Capacity seen", step(incident.scaled_at)),
        ("Traffic moved", step(incident.redirected_at)),
        (
            "Verified",
            step(
                incident
                    .ended_at
                    .filter(|_| incident.redirected_at.is_some()),
            ),
        ),
        ("Loss", loss(report)),
    ]
}

fn the_ledger(report: &RunReport) -> Vec<(&'static str, String)> {
    let (run, of) = (&report.summary, &report.ledger);
    vec![
        ("Name", of.name.clone()),
        (
            "Chain",
            format!("whole, {} lines from {} to {}", of.lines, of.from, of.to),
        ),
        (
            "Decisions",
            format!(
                "{}, of which {} come out otherwise when made again",
                of.decisions, of.decided_otherwise
            ),
        ),
        (
            "Lines of the run",
            format!("{} to {}", run.first_line, run.last_line),
        ),
        ("Hash before it", report.head_before.clone()),
        ("Hash of its last line", report.head_after.clone()),
        ("Newest hash", of.head.clone()),
        ("SHA-256 of the setup", report.setup_sha256.clone()),
    ]
}

fn written_by(report: &RunReport) -> Vec<String> {
    let one = |writer: &super::run_timeline::Writer| {
        let host = writer.boot_id.as_deref().unwrap_or("not known");
        format!(
            "drd {}, from line {} on, {}; boot of its host: {host}",
            writer.version, writer.line, writer.opened_at
        )
    };
    report.written_by.iter().map(one).collect()
}

fn not_measured(report: &RunReport) -> Vec<String> {
    report
        .not_measured
        .iter()
        .map(|&what| what.to_owned())
        .collect()
}
