//! The drawing of a timeline: time runs down, states are bars, and each beginning has a label on a line of its own.
//!
//! Upright and 360 units wide, so that a phone of 400 px and a sheet of paper show it at its own size. Deliberately
//! absent: what is said elsewhere on the page, and colours as the only sign of anything.

use super::page::TimelineLine;
use crate::lengths::clock;
use drd_state_machine::Phase;
use maud::{Markup, html};

/// A phone of 400 px, less its margins.
const WIDTH: f64 = 360.0;
/// Above the first moment and below the last one.
const MARGIN: f64 = 16.0;
/// From one label to the next at least: 12 units of text, and air.
const PITCH: f64 = 16.0;
/// Short stories are not squeezed.
const HEIGHT_MIN: f64 = 240.0;
/// More labels would be more than two pages of paper; the rest is in the table below.
const LABELS_MAX: usize = 60;
/// Where labels begin.
const TEXT_LEFT: f64 = 64.0;
/// A letter of a monospaced font of 12 units, rounded up: labels have widths that are known.
const LETTER: f64 = 7.3;

/// Where a label is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    /// The middle of what it belongs to.
    pub(super) at: f64,
    /// The middle of its text.
    pub(super) y: f64,
    pub(super) text: String,
    pub(super) is_fault: bool,
}

impl Label {
    /// Left, top, right, bottom.
    #[cfg(test)]
    fn edges(&self) -> [f64; 4] {
        let width = self.text.chars().count() as f64 * LETTER;
        let half = PITCH / 2.0;
        [TEXT_LEFT, self.y - half, TEXT_LEFT + width, self.y + half]
    }
}

/// A state and where its bar begins and ends.
struct StateBar {
    from: f64,
    to: f64,
    phase: Phase,
}

/// A timeline on paper.
pub(super) struct Drawing {
    height: f64,
    labels: Vec<Label>,
    bars: Vec<StateBar>,
    left_out: usize,
}

impl Drawing {
    /// Of the first `seconds` of a timeline.
    pub(super) fn of(timeline: &[TimelineLine], seconds: f64) -> Drawing {
        let drawn =
            |line: &&TimelineLine| line.t <= seconds && matches!(line.kind, "state" | "fault");
        let all = timeline.iter().filter(drawn);
        let shown: Vec<&TimelineLine> = all.clone().take(LABELS_MAX).collect();
        let height = HEIGHT_MIN.max(shown.len() as f64 * PITCH + 2.0 * MARGIN);
        let begins = shown.first().map_or(0.0, |line| line.t.min(0.0));
        let lasts = (seconds - begins).max(1.0);
        let y = |t: f64| MARGIN + (t - begins) / lasts * (height - 2.0 * MARGIN);
        let mut labels: Vec<Label> = shown.iter().map(|line| label(line, y(line.t))).collect();
        spread(&mut labels, height - MARGIN);
        Drawing {
            height,
            labels,
            bars: bars(all.clone(), y(begins), y(seconds), &y),
            left_out: all.count() - shown.len(),
        }
    }

    pub(super) fn svg(&self) -> Markup {
        let size = format!("0 0 {WIDTH} {:.0}", self.height);
        html! {
            svg viewBox=(size) width=(WIDTH) height=(format!("{:.0}", self.height)) role="img"
                aria-label="The states over time, from top to bottom; the table below has the same in words" {
                @for bar in &self.bars {
                    rect x="16" width="24" y=(place(bar.from)) height=(place((bar.to - bar.from).max(1.0)))
                        fill=(colour(bar.phase)) {
                        title { (bar.phase) }
                    }
                }
                @for label in &self.labels {
                    @let ink = if label.is_fault { "#b3261e" } else { "#1b2733" };
                    polyline points=(leader(label)) fill="none" stroke=(ink) {}
                    text x=(TEXT_LEFT) y=(place(label.y + 4.0)) fill=(ink) { (label.text) }
                }
            }
            @if self.left_out > 0 { p { (self.left_out) " more in the table." } }
        }
    }
}

fn place(units: f64) -> String {
    format!("{units:.1}")
}

/// From the bar to the label.
fn leader(label: &Label) -> String {
    format!("16,{0:.1} 44,{0:.1} 60,{1:.1}", label.at, label.y)
}

/// `1:42 promoting`, cut between words where it is too long for the width.
fn label(line: &TimelineLine, at: f64) -> Label {
    let is_fault = line.kind == "fault";
    let text = match entered(&line.text) {
        Some(phase) if !is_fault => phase.name().to_owned(),
        _ => line.text.clone(),
    };
    let letters_max = ((WIDTH - TEXT_LEFT) / LETTER) as usize;
    Label {
        at,
        y: at,
        text: cut(&format!("{} {text}", clock(line.t)), letters_max),
        is_fault,
    }
}

fn cut(text: &str, letters_max: usize) -> String {
    if text.chars().count() <= letters_max {
        return text.to_owned();
    }
    let mut short = String::new();
    for word in text.split(' ') {
        if short.chars().count() + word.chars().count() + 2 > letters_max {
            break;
        }
        short.push_str(word);
        short.push(' ');
    }
    format!("{short}\u{2026}")
}

/// Moves labels down until none touches the one above, and then up from the bottom until all are on the sheet, which
/// is high enough for all of them.
fn spread(labels: &mut [Label], bottom: f64) {
    let mut least = f64::MIN;
    for label in labels.iter_mut() {
        label.y = label.y.max(least);
        least = label.y + PITCH;
    }
    let mut most = bottom;
    for label in labels.iter_mut().rev() {
        label.y = label.y.min(most);
        most = label.y - PITCH;
    }
}

/// The state that a line of the timeline enters: `from -> to: because`.
fn entered(text: &str) -> Option<Phase> {
    let (_, rest) = text.split_once(" -> ")?;
    Phase::named(rest.split(':').next()?)
}

fn bars<'t>(
    lines: impl Iterator<Item = &'t TimelineLine>,
    top: f64,
    bottom: f64,
    y: &dyn Fn(f64) -> f64,
) -> Vec<StateBar> {
    let mut bars: Vec<StateBar> = vec![StateBar {
        from: top,
        to: bottom,
        phase: Phase::Watching,
    }];
    for line in lines.filter(|line| line.kind == "state") {
        let Some(phase) = entered(&line.text) else {
            continue;
        };
        if let Some(last) = bars.last_mut() {
            last.to = y(line.t);
        }
        bars.push(StateBar {
            from: y(line.t),
            to: bottom,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(t: f64, kind: &'static str, text: &str) -> TimelineLine {
        TimelineLine {
            t,
            kind,
            text: text.to_owned(),
            line: None,
        }
    }

    /// Bursts of states and long faults at the same moment, at both ends and in between.
    fn dense(lines: usize) -> Vec<TimelineLine> {
        let long =
            "control_plane_down of the primary side with rds and autoscaling begins for 15 min";
        let states = ["watching -> suspecting: x", "suspecting -> watching: y"];
        let moment = |at: usize| [0.0, 0.0, 599.0, 600.0, 3.0][at % 5];
        let mut all: Vec<TimelineLine> = (0..lines)
            .map(|at| match at % 3 {
                0 => line(moment(at), "fault", long),
                _ => line(moment(at), "state", states[at % 2]),
            })
            .collect();
        all.sort_by(|a, b| a.t.total_cmp(&b.t));
        all
    }

    #[test]
    fn no_two_labels_overlap_and_all_are_on_the_sheet_however_dense_the_story() {
        for lines in [1, 2, 13, 40, 60, 500] {
            let drawing = Drawing::of(&dense(lines), 600.0);
            assert_eq!(drawing.labels.len(), lines.min(LABELS_MAX));
            assert_eq!(drawing.left_out, lines.saturating_sub(LABELS_MAX));
            for label in &drawing.labels {
                let [_, top, right, bottom] = label.edges();
                assert!(right <= WIDTH, "{label:?}");
                assert!(top >= 0.0 && bottom <= drawing.height, "{label:?}");
            }
            for pair in drawing.labels.windows(2) {
                let apart = pair[1].edges()[1] - pair[0].edges()[3];
                assert!(apart > -0.001, "{lines} lines: {pair:?}");
            }
        }
    }

    #[test]
    fn a_label_is_cut_between_words_and_names_the_state_that_begins() {
        let text = "watching -> suspecting: three of three fault domains";
        assert_eq!(
            label(&line(61.0, "state", text), 0.0).text,
            "1:01 suspecting"
        );
        let cut = label(&dense(1)[0], 0.0).text;
        assert!(cut.ends_with(" \u{2026}") && cut.len() < 45, "{cut}");
        assert!(cut.contains("of the primary"), "{cut}");
    }

    #[test]
    fn bars_follow_each_other_from_the_first_moment_to_the_last() {
        let drawing = Drawing::of(&dense(30), 600.0);
        assert_eq!(drawing.bars[0].from, MARGIN);
        for pair in drawing.bars.windows(2) {
            assert_eq!(pair[0].to, pair[1].from);
        }
        let last = drawing.bars.last().expect("a bar");
        assert_eq!(last.to, drawing.height - MARGIN);
    }
}
