//! Rules for one text: lengths, headers, leftovers, paths of one machine, package registries.
//!
//! Each is a function from a path and a text to complaints. Deliberately absent: formatting and
//! lints; rustfmt and clippy have them.

use crate::code::{code_only, functions};
use crate::sources::Sources;

/// A function that does not fit on a screen is two functions.
const FUNCTION_LINES_MAX: usize = 70;
/// A file that does not fit into a head is two files.
const FILE_LINES_MAX: usize = 400;
/// Where our own Rust is.
const CODE: [&str; 5] = ["src/", "state-machine/", "bootstrap/", "tests/", "benches/"];

/// A rule: what is wrong with this text at this path.
type Rule = fn(&str, &str) -> Vec<String>;

const RUST_RULES: [Rule; 5] = [
    functions_fit_a_screen,
    files_fit_a_head,
    files_open_with_their_purpose,
    nothing_is_pretended,
    no_test_sleeps,
];
const RULES_FOR_ALL: [Rule; 2] = [no_path_of_a_machine, no_package_registry];

/// Applies each rule to the texts it is for.
pub fn texts_are_tidy(sources: &Sources) -> Vec<String> {
    let judged = |(path, text): (&String, &String)| {
        let ours = path.ends_with(".rs") && CODE.iter().any(|place| path.starts_with(place));
        let rules = if ours { &RUST_RULES[..] } else { &[] };
        let found = rules.iter().chain(&RULES_FOR_ALL);
        let found = found.flat_map(|rule| rule(path, text));
        found
            .map(|what| format!("{path}: {what}"))
            .collect::<Vec<_>>()
    };
    sources.iter().flat_map(judged).collect()
}

fn functions_fit_a_screen(_: &str, text: &str) -> Vec<String> {
    let long = |(name, lines): (String, usize)| {
        (lines > FUNCTION_LINES_MAX)
            .then(|| format!("fn {name} has {lines} lines, {FUNCTION_LINES_MAX} at most"))
    };
    functions(&code_only(text))
        .into_iter()
        .filter_map(long)
        .collect()
}

fn files_fit_a_head(_: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    let long = lines > FILE_LINES_MAX;
    long.then(|| format!("{lines} lines, {FILE_LINES_MAX} at most"))
        .into_iter()
        .collect()
}

fn files_open_with_their_purpose(_: &str, text: &str) -> Vec<String> {
    let opens = text.trim_start().starts_with("//!");
    (!opens)
        .then(|| "does not open with `//!`: what is it for?".to_owned())
        .into_iter()
        .collect()
}

fn nothing_is_pretended(_: &str, text: &str) -> Vec<String> {
    let stubs = ["todo!(", "unimplemented!(", "#[ignore", "unreachable!()"];
    mentions(&code_only(text), &stubs)
}

fn no_test_sleeps(path: &str, text: &str) -> Vec<String> {
    // Waiting for a fixed time is slow on a fast machine and fails on a slow one.
    let test = path.starts_with("tests/") || path.contains("/tests/");
    if test {
        let sleep = concat!("sle", "ep(");
        mentions(&code_only(text), &[sleep])
    } else {
        Vec::new()
    }
}

fn no_path_of_a_machine(_: &str, text: &str) -> Vec<String> {
    // Written in two halves: this file is tracked too.
    let homes = [
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/fa", "rm/"),
    ];
    let begins = |line: &str, home: &str| {
        line.match_indices(home).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
    };
    let lines = text.lines().enumerate();
    let bad = lines.filter(|(_, line)| homes.iter().any(|home| begins(line, home)));
    bad.map(|(at, line)| format!("line {}: a path of one machine: {}", at + 1, line.trim()))
        .collect()
}

fn no_package_registry(path: &str, text: &str) -> Vec<String> {
    let hosts = [
        concat!("crates", ".io"),
        concat!("py", "pi.org"),
        concat!("python", "hosted"),
        concat!("npm", "js.org"),
        concat!("npm", "js.com"),
        concat!("deb.deb", "ian.org"),
    ];
    // Lock files are written by the tools.
    let lock = path.ends_with("Cargo.lock") || path.ends_with("package-lock.json");
    if lock {
        Vec::new()
    } else {
        mentions(text, &hosts)
    }
}

/// The lines that contain one of these words.
pub fn mentions(text: &str, words: &[&str]) -> Vec<String> {
    let lines = text.lines().enumerate();
    let found = |(at, line): (usize, &str)| {
        let word = words.iter().find(|word| line.contains(**word))?;
        Some(format!("line {}: mentions {word}", at + 1))
    };
    lines.filter_map(found).collect()
}

#[cfg(test)]
mod samples {
    use super::*;

    #[test]
    fn about_a_function_that_does_not_fit_a_screen() {
        let body = |lines: usize| "    call(\"}\");\n".repeat(lines);
        let text = format!(
            "fn good() {{\n{}}}\nasync fn long<'a>(x: &'a str) {{\n{}}}\n",
            body(68),
            body(69)
        );
        let complaints = functions_fit_a_screen("", &text);
        assert_eq!(complaints, ["fn long has 71 lines, 70 at most"]);
    }

    #[test]
    fn about_a_file_that_does_not_fit_a_head() {
        assert_eq!(files_fit_a_head("", &"\n".repeat(400)), [""; 0]);
        assert_eq!(
            files_fit_a_head("", &"\n".repeat(401)),
            ["401 lines, 400 at most"]
        );
    }

    #[test]
    fn about_a_file_that_does_not_say_what_it_is_for() {
        assert_eq!(
            files_open_with_their_purpose("", "//! What for.\n"),
            [""; 0]
        );
        assert_eq!(
            files_open_with_their_purpose("", "use std::fmt;\n//! What for.\n").len(),
            1
        );
    }

    #[test]
    fn about_stubs() {
        let text = format!("fn f() {{ {}) }}\n", "todo!(");
        assert_eq!(nothing_is_pretended("", &text), ["line 1: mentions todo!("]);
    }

    #[test]
    fn about_a_test_that_sleeps() {
        let text = format!("// {0})\nstd::thread::{0})\n", "sleep(");
        assert_eq!(no_test_sleeps("tests/x.rs", &text).len(), 1);
        assert_eq!(no_test_sleeps("src/daemon/mod.rs", &text), [""; 0]);
    }

    #[test]
    fn about_paths_of_one_machine() {
        let text = format!(
            "x = \"{}\"\ny = \"net{}\"\n",
            concat!("/wo", "rk/main"),
            concat!("/wo", "rk/x")
        );
        let complaints = no_path_of_a_machine("", &text);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].starts_with("line 1: a path of one machine"));
    }

    #[test]
    fn about_package_registries() {
        let text = format!("see {}\n", concat!("https://crates", ".io/crates/x"));
        assert_eq!(no_package_registry("README.md", &text).len(), 1);
        assert_eq!(no_package_registry("Cargo.lock", &text), [""; 0]);
    }
}
