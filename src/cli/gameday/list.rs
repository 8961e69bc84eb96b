//! `drd gameday list`.
//!
//! Deliberately absent: the scenarios (`crate::lab::scenario::builtin`).

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::print;
use crate::lab::scenario::builtin;

pub(super) fn run() -> Result<Exit, CliError> {
    let mut out = String::new();
    for scenario in builtin::all()? {
        let expected = scenario.expect.outcome.name();
        out.push_str(&format!(
            "{:<32} {expected:<13} {}\n",
            scenario.name, scenario.about
        ));
    }
    print(&out)?;
    Ok(Exit::Done)
}
