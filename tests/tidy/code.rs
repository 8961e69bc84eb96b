//! Separates code from comments and strings, and measures functions, line by line.
//!
//! Deliberately absent: a parser; these rules count lines as they are written, also in a file
//! that does not parse.

/// The text with everything that is not code left out, line by line as it was: comments,
/// strings, and the characters between single quotes that would upset the counting of braces.
pub fn code_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            'r' | 'b' if starts_raw(rest, out.chars().next_back()) => raw_string(rest),
            '"' => quoted(rest),
            '\'' => character(rest),
            _ => 0,
        };
        let (skip, keep) = if skipped == 0 {
            (c.len_utf8(), true)
        } else {
            (skipped, false)
        };
        let (part, tail) = rest.split_at(skip);
        if keep {
            out.push_str(part);
        } else {
            out.extend(part.chars().filter(|c| *c == '\n'));
        }
        rest = tail;
    }
    out
}

fn starts_raw(text: &str, before: Option<char>) -> bool {
    let inside_a_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let hashes = text
        .trim_start_matches('b')
        .strip_prefix('r')
        .map(|tail| tail.trim_start_matches('#'));
    !inside_a_word && hashes.is_some_and(|tail| tail.starts_with('"'))
}

/// The length of `r#"..."#` at the start of `text`.
fn raw_string(text: &str) -> usize {
    let open = text.find('"').unwrap_or(0);
    let hashes = text[..open].matches('#').count();
    let close = format!("\"{}", "#".repeat(hashes));
    text[open + 1..]
        .find(&close)
        .map_or(text.len(), |at| open + 1 + at + close.len())
}

/// The length of `"..."` at the start of `text`.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// The length of `'x'` or `'\n'` at the start of `text`; 0 for a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => text[3..].find('\'').map_or(0, |at| at + 4),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

/// Each function's name and how many lines it has, from `fn` to its closing brace.
pub fn functions(code: &str) -> Vec<(String, usize)> {
    let starts = code.match_indices("fn ").filter(|(at, _)| {
        !code[..*at]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_')
    });
    starts.filter_map(|(at, _)| function(&code[at..])).collect()
}

fn function(code: &str) -> Option<(String, usize)> {
    let name: String = code[3..]
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    // A declaration without a body, or the type `fn (…)`.
    let open = code.find('{').filter(|open| !code[..*open].contains(';'))?;
    let mut depth = 0_usize;
    let close = code[open..].char_indices().find(|(_, c)| {
        depth = match c {
            '{' => depth + 1,
            '}' => depth.saturating_sub(1),
            _ => depth,
        };
        depth == 0
    });
    let end = open + close.map_or(code.len() - open, |(at, _)| at);
    (!name.is_empty()).then(|| (name, code[..end].matches('\n').count() + 1))
}

#[test]
fn nothing_is_counted_that_only_looks_like_a_brace() {
    let text = "fn a() {\n let x = '{'; let y = \"{\\\"{\"; // {\n let z = r#\"{\"{\"#; /* { */ let q = '\\'';\n}\nfn b() {}\n";
    let found = functions(&code_only(text));
    assert_eq!(found, [("a".to_owned(), 4), ("b".to_owned(), 1)]);
}
