//! The operators' pages: every drd command in them is one that drd understands.
//!
//! Deliberately absent: what the commands do, and the pages' other promises (`tests/deploy`).

use clap::Parser as _;
use drd::cli::Cli;

const PAGES: [&str; 2] = [
    include_str!("../../deploy/RUNBOOK.md"),
    include_str!("../../deploy/ecs/README.md"),
];

/// What a shell runs as drd in a line: at its start, under `sudo` or `watch`, or inside `$(...)`.
fn commands(line: &str) -> Vec<Vec<&str>> {
    let line = line.trim();
    let starts = ["drd ", "sudo drd ", "watch -n 2 drd "];
    let at_start = starts.iter().find_map(|start| line.strip_prefix(start));
    let inside = line
        .match_indices("$(drd ")
        .map(|(at, start)| &line[at + start.len()..]);
    let ends = |c| matches!(c, '|' | '>' | ';' | ')' | '&');
    at_start
        .into_iter()
        .chain(inside)
        .map(|rest| {
            rest.split(ends)
                .next()
                .unwrap_or("")
                .split_whitespace()
                .collect()
        })
        .collect()
}

/// Lines of the blocks that are shell, continuation lines joined.
fn shell(page: &str) -> Vec<String> {
    let mut blocks = page.split("```");
    let mut lines = Vec::new();
    // Text and code take turns; what a command answers has a fence without a word.
    while let (Some(_), Some(code)) = (blocks.next(), blocks.next()) {
        let (language, code) = code.split_once('\n').unwrap_or(("", ""));
        if language.starts_with("sh") || code.trim_start().starts_with("drd ") {
            lines.extend(code.replace("\\\n", " ").lines().map(str::to_owned));
        }
    }
    lines
}

fn parses(words: &[&str]) -> Result<(), String> {
    match Cli::try_parse_from(["drd"].iter().chain(words)) {
        Ok(_) => Ok(()),
        // Help and version are answers too.
        Err(error) if error.exit_code() == 0 => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn every_command_line_of_the_pages_is_understood() {
    let mut seen = 0;
    for page in PAGES {
        for line in shell(page) {
            for words in commands(&line) {
                seen += 1;
                if let Err(why) = parses(&words) {
                    panic!("{line}\n{why}");
                }
            }
        }
    }
    assert!(seen > 30, "only {seen} commands were found");
}

/// In running text a command may lack its arguments: its words and flags must exist.
#[test]
fn every_command_that_the_text_mentions_exists() {
    let mut seen = 0;
    for page in PAGES {
        let prose: String = page.split("```").step_by(2).collect();
        for code in prose.split('`').skip(1).step_by(2) {
            let Some(rest) = code.strip_prefix("drd ") else {
                continue;
            };
            seen += 1;
            let words: Vec<&str> = rest.split_whitespace().chain(["--help"]).collect();
            if let Err(why) = parses(&words) {
                panic!("{code}\n{why}");
            }
        }
    }
    assert!(seen > 10, "only {seen} mentions were found");
}

#[test]
fn a_command_that_does_not_exist_is_found() {
    let found = |line: &str| commands(line).iter().all(|words| parses(words).is_ok());
    assert!(found("drd status --why | head -1"));
    assert!(found(
        "aws x --queue-url $(drd outputs --suffix $S -o json | jq -r .x)"
    ));
    assert!(!found("drd failover --yes"));
    assert!(!found("sudo drd status --wy"));
    assert!(!found("aws x $(drd output --suffix $S)"));
    assert!(commands("journalctl -u drd --since -1h").is_empty());
}
