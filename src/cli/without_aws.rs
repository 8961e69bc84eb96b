//! The commands that call AWS, in a build that cannot: each is refused with one sentence.
//!
//! Deliberately absent: their options. Whatever follows such a command is accepted, so that the
//! answer is about the build and not about an option.

use super::error::CliError;
use super::exit::Exit;
use clap::Args;
use std::ffi::OsString;

/// What follows a command that this build does not have.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(super) struct AwsArgs {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _ignored: Vec<OsString>,
}

pub(super) type BootstrapArgs = AwsArgs;
pub(super) type DestroyArgs = AwsArgs;
pub(super) type DoctorArgs = AwsArgs;
pub(super) type OutputsArgs = AwsArgs;
pub(super) type RunArgs = AwsArgs;

impl AwsArgs {
    /// Exit code 2.
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let text = "this build of drd has no AWS, and this command needs it; nothing was done. Build the full one in \
            drd's source folder, about 12 minutes once: cargo build --release. It is target/release/drd then";
        Err(CliError::Usage(text.to_owned()))
    }
}
