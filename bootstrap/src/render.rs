//! Puts the text of our Lambda functions into the templates that carry them.
//!
//! A template says `@@lambda/lag.py@@` on a line of its own inside a block scalar (`ZipFile: |`);
//! the file's lines take its place with the same indentation, so nothing in them can end the
//! scalar. Functions stay in files of their own, where tests run them. Deliberately absent: every
//! other kind of templating; CloudFormation has its own.

use std::borrow::Cow;

/// Files that templates may name.
const FILES: [(&str, &str); 2] = [
    ("lambda/lag.py", include_str!("../lambda/lag.py")),
    ("lambda/witness.py", include_str!("../lambda/witness.py")),
];

/// The template with every placeholder replaced.
pub(crate) fn render(template: &str) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    for line in template.lines() {
        let placeholder = line
            .trim()
            .strip_prefix("@@")
            .and_then(|rest| rest.strip_suffix("@@"))
            .and_then(file);
        match placeholder {
            Some(text) => {
                let indent = &line[..line.len() - line.trim_start().len()];
                push_indented(&mut out, indent, text);
            }
            None => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

fn file(name: &str) -> Option<&'static str> {
    FILES
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, text)| *text)
}

fn push_indented(out: &mut String, indent: &str, text: &str) {
    for line in text.lines() {
        if !line.trim().is_empty() {
            out.push_str(indent);
            out.push_str(&printable(line));
        }
        out.push('\n');
    }
}

/// A tab or another control character has no place in YAML's block scalars.
fn printable(line: &str) -> Cow<'_, str> {
    if line.contains('\t') {
        return Cow::Owned(line.replace('\t', "    "));
    }
    Cow::Borrowed(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_takes_its_place_with_the_placeholders_indentation() {
        let out = render("Code:\n  ZipFile: |\n    @@lambda/lag.py@@\nNext: 1\n");
        assert!(!out.contains("@@"), "{out}");
        let inside = out
            .lines()
            .skip(2)
            .take_while(|l| *l != "Next: 1")
            .filter(|l| !l.is_empty());
        for line in inside {
            assert!(line.starts_with("    "), "ends the scalar: {line:?}");
        }
    }

    #[test]
    fn what_is_no_placeholder_stays() {
        let text = "a: '@@not/there@@'\nb: 1\n";
        assert_eq!(render(text), text);
    }
}
