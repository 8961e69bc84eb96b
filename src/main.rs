//! Parse, dispatch, exit code.
//!
//! Deliberately absent: everything else; `drd::cli` has the commands.

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = drd::cli::Cli::parse();
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(error) => error.report(),
    }
}
