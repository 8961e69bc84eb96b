//! One document before it has a format: what a rehearsal and a run of a ledger have in common.
//!
//! Deliberately absent: HTML and Markdown (`html`, `markdown`), and what is worth a place (`rehearsal`, `run`).

use crate::lab::simulation::Moment;
use serde::Serialize;

/// The schema of the JSON.
pub const SCHEMA: &str = "drd.report/1.0";

/// A document.
pub(super) struct Page<'t> {
    /// What it is about.
    pub(super) heading: String,
    /// How that came out.
    pub(super) verdict: String,
    /// Whether that is as it should be.
    pub(super) good: bool,
    /// It is of a rehearsal or of a demonstration: each page has that on it.
    pub(super) simulated: bool,
    /// One paragraph.
    pub(super) about: String,
    /// The figures, as the command printed them.
    pub(super) summary: String,
    /// How much of the timeline is drawn, in seconds.
    pub(super) drawn_seconds: f64,
    /// What happened.
    pub(super) timeline: &'t [TimelineLine],
    /// The rest, in order.
    pub(super) sections: Vec<PageSection>,
    /// The last line.
    pub(super) note: String,
}

/// A part with a heading.
pub(super) struct PageSection {
    pub(super) heading: &'static str,
    pub(super) content: Content,
}

/// What a part holds.
pub(super) enum Content {
    /// Names and values.
    Pairs(Vec<(&'static str, String)>),
    /// One sentence an item.
    Items(Vec<String>),
    /// Text as it is.
    Verbatim(String),
    /// A table to be filled in by hand: its headings and how many empty rows.
    Blank(&'static [&'static str], usize),
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimelineLine {
    /// Seconds since the beginning.
    pub t: f64,
    /// What kind of thing.
    pub kind: &'static str,
    /// What.
    pub text: String,
    /// The line of the ledger that has it; absent for what no ledger has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

impl From<&Moment> for TimelineLine {
    fn from(moment: &Moment) -> TimelineLine {
        TimelineLine {
            t: moment.t.as_secs_f64(),
            kind: moment.kind,
            text: moment.text.clone(),
            line: None,
        }
    }
}

/// A report in every format, each with the name of its file.
pub type Documents = [(&'static str, String); 3];

impl Page<'_> {
    /// The page in both of its formats, and the JSON of the same report.
    pub(super) fn documents(&self, json: String) -> Documents {
        [
            ("report.json", json),
            ("report.md", self.markdown()),
            ("report.html", self.html()),
        ]
    }
}

/// What no page of a rehearsal is without.
pub(super) const SIMULATED: &str =
    "SIMULATED: virtual time, pretend AWS. No real estate was touched, and none is described.";
