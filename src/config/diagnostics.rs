//! What is wrong with a configuration, shown where it is: file, line, column, the line, a caret.
//!
//! Deliberately absent: what is right. The readers decide that and push problems here.

use std::fmt;
use std::ops::Range;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Bytes of the file.
    File(Range<usize>),
    /// An environment variable.
    Variable(String),
    /// Not written anywhere: a default, or a table that is not there.
    Nowhere,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where.
    pub origin: Origin,
    /// What happened.
    pub message: String,
    /// What to do next; may be empty.
    pub hint: String,
}

/// Everything that is wrong with one configuration, ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    file: String,
    text: String,
    list: Vec<Problem>,
}

impl Problems {
    /// File positions first, in reading order; then variables; then what is missing altogether.
    pub(super) fn new(file: &str, text: &str, mut list: Vec<Problem>) -> Problems {
        list.sort_by_key(|problem| match &problem.origin {
            Origin::File(span) => (0, span.start, String::new()),
            Origin::Variable(name) => (1, 0, name.clone()),
            Origin::Nowhere => (2, 0, String::new()),
        });
        list.dedup();
        Problems {
            file: file.to_owned(),
            text: text.to_owned(),
            list,
        }
    }

    /// How many things are wrong.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    fn show(&self, problem: &Problem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "x {}", problem.message)?;
        match &problem.origin {
            Origin::File(span) => self.show_line(span, &problem.hint, f),
            Origin::Variable(name) => {
                writeln!(f, "   ,-[environment variable {name}]")?;
                show_hint(&problem.hint, f)
            }
            Origin::Nowhere => {
                writeln!(f, "   ,-[{}]", self.file)?;
                show_hint(&problem.hint, f)
            }
        }
    }

    fn show_line(
        &self,
        span: &Range<usize>,
        hint: &str,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let place = ShownSpan::of(&self.text, span);
        let number = place.line.to_string();
        let gutter = " ".repeat(number.len());
        writeln!(f, "   ,-[{}:{}:{}]", self.file, place.line, place.column)?;
        writeln!(f, "{number} | {}", place.shown)?;
        let indent = " ".repeat(place.column - 1);
        let carets = "^".repeat(place.width);
        writeln!(
            f,
            "{}",
            format!("{gutter} : {indent}{carets}  {hint}").trim_end()
        )
    }
}

fn show_hint(hint: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if hint.is_empty() {
        Ok(())
    } else {
        writeln!(f, "   : {hint}")
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.list {
            self.show(problem, f)?;
        }
        match self.list.len() {
            1 => f.write_str("1 problem; nothing was loaded and nothing was changed."),
            n => write!(
                f,
                "{n} problems; nothing was loaded and nothing was changed."
            ),
        }
    }
}

/// A span as it is printed.
struct ShownSpan {
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
    /// How many characters of that line it covers, at least 1.
    width: usize,
    /// The line, each tab as one space so that the caret is under its column.
    shown: String,
}

impl ShownSpan {
    fn of(text: &str, span: &Range<usize>) -> ShownSpan {
        let start = floor_char(text, span.start);
        let end = floor_char(text, span.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let covered = text[start..end.min(line_end).max(start)].chars().count();
        ShownSpan {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            width: covered.max(1),
            shown: printable(text[line_start..line_end].trim_end()),
        }
    }
}

fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A file is foreign text: its control characters must not reach the terminal, nor a password
/// that is part of an address. Each character stays one, so that the caret keeps its column.
fn printable(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, address) = rest.split_at(at + 3);
        let host = address.find(['/', '"', '\'', ' ']).unwrap_or(address.len());
        let user = address[..host].rfind('@').unwrap_or(0);
        shown.extend(before.chars().map(plain));
        shown.extend(address[..user].chars().map(|_| '*'));
        rest = &address[user..];
    }
    shown.extend(rest.chars().map(plain));
    shown
}

fn plain(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str, span: Range<usize>) -> String {
        let problem = Problem {
            origin: Origin::File(span),
            message: "m".to_owned(),
            hint: "h".to_owned(),
        };
        Problems::new("f", text, vec![problem]).to_string()
    }

    #[test]
    fn the_caret_is_under_the_column_whatever_precedes_it() {
        let shown = one("a = 1\n\tü = \"x\"\n", 12..15);
        assert!(
            shown.contains("f:2:6]\n2 |  ü = \"x\"\n  :      ^^^  h\n"),
            "{shown}"
        );
    }

    #[test]
    fn what_comes_before_the_host_of_an_address_is_not_shown() {
        let shown = one("a = \"htp://me:s3cr@t@host/x\" # see https://host\n", 4..7);
        assert!(
            shown.contains("1 | a = \"htp://*********@host/x\" # see https://host\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_span_beyond_the_text_or_inside_a_character_is_still_shown() {
        assert!(one("ü", 1..9).contains("f:1:1]"));
        assert!(one("", 7..9).contains("f:1:1]"));
    }
}
