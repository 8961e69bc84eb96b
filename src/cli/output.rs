//! Data on stdout, everything else on stderr.
//!
//! Deliberately absent: formats. Each value knows its own text and JSON.

use clap::ValueEnum;
use std::io::{ErrorKind, Result, Write};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Prints data, ended by a line break.
///
/// A reader that closed the pipe (`| head`) has what it wanted: the command goes on quietly, and
/// its exit code stays its own.
///
/// # Errors
/// When stdout cannot be written for another reason.
pub(super) fn print(text: &str) -> Result<()> {
    match write_line(&mut std::io::stdout().lock(), text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn write_line(out: &mut impl Write, text: &str) -> Result<()> {
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Writes to stderr as it is. A closed stderr must not end the work.
pub(super) fn note(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
