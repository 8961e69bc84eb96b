//! What a configuration may contain, and how a wrong one is shown.
//!
//! Deliberately absent: the process's environment; variables are handed in.

mod accepted;
mod handed;
mod kinds;
mod lag;
mod refused;

use drd::config::{self, Config};

const SHOP1: &str = include_str!("../fixtures/config/shop1.toml");

fn good(text: &str, variables: &[(&str, &str)]) -> Config {
    config::parse("drd.toml", text, owned(variables)).unwrap_or_else(|error| panic!("{error}"))
}

fn bad(text: &str, variables: &[(&str, &str)]) -> String {
    match config::parse("drd.toml", text, owned(variables)) {
        Ok(config) => panic!("was accepted: {config:?}"),
        Err(error) => error.to_string(),
    }
}

/// The problem that replacing `old` by `new` makes.
fn bad_with(old: &str, new: &str) -> String {
    assert!(SHOP1.contains(old), "the sample does not hold {old}");
    bad(&SHOP1.replace(old, new), &[])
}

fn owned(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn assert_contains(problem: &str, words: &[&str]) {
    for word in words {
        assert!(problem.contains(word), "{word:?} is missing in:\n{problem}");
    }
}
