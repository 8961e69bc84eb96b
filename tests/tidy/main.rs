//! The habits of the house that a compiler does not know: lengths, borders, headers, leftovers.
//!
//! Each rule is a function from a path and a text to complaints, and each is shown below to
//! complain about a bad sample. Deliberately absent: formatting and lints; rustfmt and clippy
//! have them.

mod code;

use code::{code_only, functions};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A function that does not fit on a screen is two functions.
const FUNCTION_LINES_MAX: usize = 70;
/// A file that does not fit into a head is two files.
const FILE_LINES_MAX: usize = 400;
/// Where our own Rust is.
const CODE: [&str; 5] = ["src/", "state-machine/", "bootstrap/", "tests/", "benches/"];
/// The only places that may know the SDK's types.
const SDK: [&str; 4] = [
    "src/aws/",
    "bootstrap/src/apply",
    "bootstrap/src/aws",
    "bootstrap/src/observe",
];

/// A rule: what is wrong with this text at this path.
type Rule = fn(&str, &str) -> Vec<String>;

const RUST_RULES: [Rule; 6] = [
    functions_fit_a_screen,
    files_fit_a_head,
    files_open_with_their_purpose,
    the_sdk_stays_behind_its_border,
    the_lab_is_virtual,
    nothing_is_pretended,
];
const RULES_FOR_ALL: [Rule; 2] = [no_path_of_a_machine, no_package_registry];

#[test]
fn the_tree_is_tidy() {
    let mut complaints = Vec::new();
    let files = tracked();
    assert!(files.len() > 20, "the tree was not found: {files:?}");
    for path in files {
        // What is no text (an image, say) has no lines to complain about.
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else {
            continue;
        };
        let ours = path.ends_with(".rs") && CODE.iter().any(|place| path.starts_with(place));
        let rules = if ours { &RUST_RULES[..] } else { &[] };
        for rule in rules.iter().chain(&RULES_FOR_ALL) {
            complaints.extend(
                rule(&path, &text)
                    .into_iter()
                    .map(|what| format!("{path}: {what}")),
            );
        }
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Tracked files; in an unpacked archive, which has no git, every file outside dot directories
/// and build output.
fn tracked() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files"])
        .current_dir(root())
        .output();
    let listed = listed.ok().filter(|output| output.status.success());
    let text = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let files: Vec<String> = text
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect();
    if !files.is_empty() {
        return files;
    }
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found
}

fn walk(directory: &Path, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with('.') || name == "target" || name == "__pycache__" {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else if let Ok(relative) = path.strip_prefix(root()) {
            found.push(relative.to_string_lossy().into_owned());
        }
    }
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

fn the_sdk_stays_behind_its_border(path: &str, text: &str) -> Vec<String> {
    let inside = SDK.iter().any(|place| path.starts_with(place));
    if inside {
        Vec::new()
    } else {
        mentions(&code_only(text), &["aws_sdk_"])
    }
}

fn the_lab_is_virtual(path: &str, text: &str) -> Vec<String> {
    let real = [
        "tokio",
        "aws_",
        "crate::aws",
        "SystemTime",
        "Instant::",
        "hyper",
        "std::net",
    ];
    if path.starts_with("src/lab") {
        mentions(&code_only(text), &real)
    } else {
        Vec::new()
    }
}

fn nothing_is_pretended(_: &str, text: &str) -> Vec<String> {
    let stubs = ["todo!(", "unimplemented!(", "#[ignore", "unreachable!()"];
    mentions(&code_only(text), &stubs)
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

fn mentions(text: &str, words: &[&str]) -> Vec<String> {
    let lines = text.lines().enumerate();
    let found = |(at, line): (usize, &str)| {
        let word = words.iter().find(|word| line.contains(**word))?;
        Some(format!("line {}: mentions {word}", at + 1))
    };
    lines.filter_map(found).collect()
}

#[cfg(test)]
mod the_rules_complain {
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
    fn about_sdk_types_outside_their_border() {
        let text = "//! Not `aws_sdk_rds`.\nuse aws_sdk_rds::Client;\n";
        assert_eq!(
            the_sdk_stays_behind_its_border("src/perform.rs", text),
            ["line 2: mentions aws_sdk_"]
        );
        assert_eq!(
            the_sdk_stays_behind_its_border("src/aws/database.rs", text),
            [""; 0]
        );
    }

    #[test]
    fn about_reality_in_the_lab() {
        let text = "use tokio::time::sleep;\nlet now = SystemTime::now();\n";
        assert_eq!(the_lab_is_virtual("src/lab/world.rs", text).len(), 2);
        assert_eq!(the_lab_is_virtual("src/daemon.rs", text), [""; 0]);
    }

    #[test]
    fn about_stubs() {
        let text = format!("fn f() {{ {}) }}\n", "todo!(");
        assert_eq!(nothing_is_pretended("", &text), ["line 1: mentions todo!("]);
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
