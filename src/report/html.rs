//! The page of a rehearsal: the states as bars on a time line, what happened under it.
//!
//! Deliberately absent: scripts and external assets; it can be mailed and printed.

use super::{Report, TimelineLine};
use drd_state_machine::Phase;
use maud::{DOCTYPE, Markup, html};

const WIDTH: f64 = 960.0;
const HEIGHT: u32 = 120;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem;color:#1b2733}
pre{background:#f3f5f7;padding:.8rem;overflow:auto}table{border-collapse:collapse;width:100%}
td{padding:.2rem .6rem;border-top:1px solid #dde3e8;vertical-align:top}td:first-child{text-align:right;white-space:nowrap}
.fault{color:#b3261e}.state{font-weight:600}.command{color:#174ea6}.page{color:#9a5b00}.ok{color:#146c2e}.bad{color:#b3261e}
svg text{font:11px system-ui,sans-serif}@media print{body{margin:0}}";

/// A state and when it began and ended, in seconds since the start.
struct StateBar {
    from: f64,
    to: f64,
    phase: Phase,
}

/// The states of a timeline, from its `state` lines (`from -> to: because`).
fn bars(timeline: &[TimelineLine], end: f64) -> Vec<StateBar> {
    let mut bars = vec![StateBar {
        from: 0.0,
        to: end,
        phase: Phase::Watching,
    }];
    for line in timeline.iter().filter(|line| line.kind == "state") {
        let entered = line.text.split_once(" -> ");
        let name = entered.and_then(|(_, rest)| rest.split(':').next());
        let Some(phase) = name.and_then(Phase::named) else {
            continue;
        };
        if let Some(last) = bars.last_mut() {
            last.to = line.t;
        }
        bars.push(StateBar {
            from: line.t,
            to: end,
            phase,
        });
    }
    bars
}

fn colour(phase: Phase) -> &'static str {
    match phase {
        Phase::Watching => "#b7dfc0",
        Phase::Suspecting => "#ffe08a",
        Phase::Exposed => "#bcd5f5",
        Phase::Held => "#f2b8b5",
        Phase::Fencing
        | Phase::Promoting
        | Phase::Redirecting
        | Phase::Verifying
        | Phase::Switching => "#f6c28b",
    }
}

fn drawing(report: &Report) -> Markup {
    let end = report.timeline.last().map_or(1.0, |l| l.t).max(1.0) * 1.05;
    let x = |t: f64| t / end * WIDTH;
    html! {
        svg viewBox={"0 0 " (WIDTH) " " (HEIGHT)} width="100%" role="img" aria-label="the states over time" {
            @for bar in bars(&report.timeline, end) {
                rect x=(x(bar.from)) y="30" width=(x(bar.to) - x(bar.from)) height="34" fill=(colour(bar.phase)) {
                    title { (bar.phase) " " (format!("{:.0} s to {:.0} s", bar.from, bar.to)) }
                }
                @if x(bar.to) - x(bar.from) > 52.0 {
                    text x=(x(bar.from) + 4.0) y="51" { (bar.phase) }
                }
            }
            @for line in report.timeline.iter().filter(|l| l.kind == "fault") {
                line x1=(x(line.t)) x2=(x(line.t)) y1="14" y2="78" stroke="#b3261e" stroke-dasharray="3 2" {}
                text x=(x(line.t) + 3.0) y="12" fill="#b3261e" { (line.text) }
            }
            @for minute in 0..=((end / 60.0) as u32) {
                text x=(x(f64::from(minute) * 60.0)) y="100" fill="#5f6b76" { (minute) " min" }
            }
        }
    }
}

impl Report {
    /// The report as one HTML page without external assets.
    pub fn html(&self) -> String {
        page(self)
    }
}

fn page(report: &Report) -> String {
    let class = if report.passed { "ok" } else { "bad" };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "drd game day: " (report.scenario) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { "Game day: " (report.scenario) " " span class=(class) { (report.outcome) } }
                p { (report.about) }
                (drawing(report))
                pre { (report.summary()) }
                table {
                    @for line in &report.timeline {
                        tr { td { (format!("{:.1} s", line.t)) } td class=(line.kind) { (line.kind) } td { (line.text) } }
                    }
                }
                p { "Virtual time, pretend AWS: what real Aurora, Auto Scaling and Route 53 take is not measured." }
            }
        }
    }
    .into_string()
}
