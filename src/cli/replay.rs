//! `drd replay`: every decision of a ledger made again, made with another policy, or checked against what
//! must hold in every ledger.
//!
//! Deliberately absent: replaying (`crate::ledger`).

use super::error::CliError;
use super::exit::Exit;
use super::output::print;
use super::process::variables;
use crate::config;
use crate::ledger::{Entry, FileLedger, LedgerRule, Replayed, conform, replay, what_if};
use clap::Args;
use drd_state_machine::Decision;
use drd_state_machine::time::Time;
use jiff::Timestamp;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// A ledger file.
    #[arg(value_name = "FILE")]
    ledger: PathBuf,
    /// A configuration whose policy is tried on the same events.
    #[arg(long, value_name = "CONFIG")]
    policy: Option<PathBuf>,
    /// Check the ledger against what must hold in every one, whatever drd wrote it.
    #[arg(long, conflicts_with = "policy")]
    conform: bool,
}

impl ReplayArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let found = FileLedger::read(&self.ledger)?;
        if let Some(config) = &self.policy {
            let config = config::load(Some(config), variables())?;
            let mut out = String::from("with this policy drd would have gone:\n");
            for (now, decision) in what_if(&found.entries, &config.policy) {
                out.push_str(&format!("{}  {}\n", date(now), transition(&decision)));
            }
            print(&out)?;
            return Ok(Exit::Done);
        }
        if self.conform {
            return conformity(&found.entries);
        }
        let replayed = replay(&found.entries);
        for one in &replayed {
            print(&compared(one))?;
        }
        let other = replayed.iter().filter(|one| !one.is_same()).count();
        let torn = if found.torn_bytes > 0 {
            ", a torn last line left alone"
        } else {
            ""
        };
        print(&format!(
            "{} lines, {} decisions, {other} came out otherwise{torn}",
            found.entries.len(),
            replayed.len(),
        ))?;
        Ok(if other == 0 { Exit::Done } else { Exit::Failed })
    }
}

/// Says which lines do not conform.
fn conformity(entries: &[Entry]) -> Result<Exit, CliError> {
    let deviations = conform(entries);
    for one in &deviations {
        print(&format!("{}  {one}", date(one.now)))?;
    }
    let (lines, rules) = (entries.len(), LedgerRule::ALL.len());
    if deviations.is_empty() {
        print(&format!("{lines} lines conform to all {rules} rules"))?;
        return Ok(Exit::Done);
    }
    let count = deviations.len();
    print(&format!(
        "{lines} lines, {count} deviations from {rules} rules. This ledger was not written by this drd, or drd is wrong: keep the file, and report it with its lines"
    ))?;
    Ok(Exit::Failed)
}

fn compared(one: &Replayed) -> String {
    let written = transition(&one.written);
    if one.is_same() {
        return format!("{}  same  {written}", date(one.now));
    }
    let again = transition(&one.again);
    format!("{}  OTHER  {written}\n    now: {again}", date(one.now))
}

fn transition(decision: &Decision) -> String {
    format!("{} -> {}: {}", decision.from, decision.to, decision.because)
}

fn date(at: Time) -> Timestamp {
    Timestamp::from_millisecond(at.0).unwrap_or_default()
}
