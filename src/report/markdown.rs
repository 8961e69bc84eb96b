//! A document as Markdown.
//!
//! Deliberately absent: the drawing. The table has the same in words.

use super::page::{Content, Page, PageSection, SIMULATED};
use std::fmt::Write as _;

impl Page<'_> {
    /// As Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut out = format!("# {} {}\n\n", self.heading, self.verdict);
        if self.simulated {
            let _ = writeln!(out, "**{SIMULATED}**\n");
        }
        let _ = writeln!(out, "{}\n\n```\n{}```\n", self.about, self.summary);
        for section in &self.sections {
            part(&mut out, section, self.simulated);
        }
        heading(&mut out, "What happened", self.simulated);
        out.push_str("| seconds | kind | what | line |\n|---:|---|---|---:|\n");
        for line in self.timeline {
            let number = line.line.map_or_else(String::new, |n| n.to_string());
            let text = cell(&line.text);
            let _ = writeln!(out, "| {:.1} | {} | {text} | {number} |", line.t, line.kind);
        }
        let _ = writeln!(out, "\n{}", self.note);
        out
    }
}

/// Markdown has no pages, so each part has it.
fn heading(out: &mut String, text: &str, simulated: bool) {
    let mark = if simulated { " (SIMULATED)" } else { "" };
    let _ = writeln!(out, "## {text}{mark}\n");
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn part(out: &mut String, section: &PageSection, simulated: bool) {
    heading(out, section.heading, simulated);
    match &section.content {
        Content::Pairs(pairs) => {
            out.push_str("| | |\n|---|---|\n");
            for (name, value) in pairs {
                let _ = writeln!(out, "| {name} | {} |", cell(value));
            }
        }
        Content::Items(items) => {
            for item in items {
                let _ = writeln!(out, "- {item}");
            }
        }
        Content::Verbatim(text) => {
            let _ = writeln!(out, "```\n{text}\n```");
        }
        Content::Blank(headings, rows) => {
            let _ = writeln!(out, "| {} |", headings.join(" | "));
            let _ = writeln!(out, "|{}", "---|".repeat(headings.len()));
            for _ in 0..*rows {
                let _ = writeln!(out, "|{}", "   |".repeat(headings.len()));
            }
        }
    }
    out.push('\n');
}
