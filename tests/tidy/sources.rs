//! The texts of the tree, by path.
//!
//! Deliberately absent: rules. A rule's sample is a tree of a few texts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Path from the root, with `/`, to text.
pub type Sources = BTreeMap<String, String>;

/// A tree of a few files: a sample for a rule.
pub fn fixture(files: &[(&str, &str)]) -> Sources {
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    files.iter().map(owned).collect()
}

/// Every tracked file that is text; an image, for example, is not.
pub fn tracked_texts() -> Sources {
    let read = |path: String| {
        let text = std::fs::read_to_string(root().join(&path)).ok()?;
        Some((path, text))
    };
    tracked().into_iter().filter_map(read).collect()
}

/// Cargo sets the variable at run time too: a compiled test examines the tree it is run for.
fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

/// Tracked files, and Rust that is not tracked yet: the compiler reads it too. In an unpacked
/// archive, which has no git, every file outside dot directories and build output.
fn tracked() -> Vec<String> {
    let mut files = listed(&["ls-files"]);
    if files.is_empty() {
        walk(&root(), &mut files);
    } else {
        let new = ["ls-files", "--others", "--exclude-standard", "*.rs"];
        files.extend(listed(&new));
    }
    files
}

/// What git lists; nothing where it is missing or fails.
fn listed(arguments: &[&str]) -> Vec<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(root())
        .output();
    let output = output.ok().filter(|output| output.status.success());
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
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
