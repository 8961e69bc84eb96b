//! Parse, dispatch, exit code.

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = drd::cli::Cli::parse();
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(failure) => failure.tell(),
    }
}
