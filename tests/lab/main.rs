//! The lab and what it shares with the daemon, as promises: every built-in scenario, the
//! ledger, crashes everywhere, seeds, and the commands that need no account.
//!
//! Deliberately absent: AWS and its wire (`tests/wire`). Time is virtual but for child processes.

mod baseline;
mod cases;
mod cli;
mod conform;
mod crash;
mod demo;
mod grids;
mod history;
mod kinds;
mod lag_sources;
mod ledger;
mod mangled;
mod operator;
mod printed;
mod refused;
mod rehearsals;
mod replay;
mod reports;
mod runbook;
mod simulated;
mod soak;

use drd::cli::gameday::play;
use drd::lab::rehearsal::rehearse;
use drd::lab::scenario::Scenario;
use drd::lab::scenario::builtin;
use drd::lab::simulation::{Bench, Moment, Rehearsed};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| play::bench().unwrap_or_else(|error| panic!("{error}")))
}

fn named(name: &str) -> Scenario {
    builtin::find(name).unwrap_or_else(|error| panic!("{error}"))
}

fn rehearsed(scenario: &Scenario, seed: u64) -> Rehearsed {
    rehearse(scenario, seed, bench(), &mut |_| {})
}

/// The texts of one kind, in order.
fn lines<'t>(timeline: &'t [Moment], kind: &str) -> Vec<&'t str> {
    timeline
        .iter()
        .filter(|m| m.kind == kind)
        .map(|m| m.text.as_str())
        .collect()
}

/// The states that were entered, each once, in order.
fn entered(timeline: &[Moment]) -> Vec<String> {
    let mut states = Vec::new();
    for text in lines(timeline, "state") {
        let to = text
            .split_once(" -> ")
            .and_then(|(_, rest)| rest.split_once(':'));
        let (state, _) = to.unwrap_or_else(|| panic!("no transition: {text}"));
        if !states.iter().any(|known| known == state) {
            states.push(state.to_owned());
        }
    }
    states
}

/// A folder of one test, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("drd-tests-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Folder(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
