//! How a command ended, and the exit code of each ending (DESIGN section 9).
//!
//! Deliberately absent: errors; `error` maps those.

use std::process::ExitCode;

/// How a command ended that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done and verified.
    Done,
    /// 1: failed, or interrupted; nothing is running.
    Failed,
    /// 4: drd is not armed, or a check that gates is red.
    NotArmed,
    /// 4: there is something to change. Same code as [`Exit::NotArmed`]: no command has both.
    ChangesPending,
    /// 5: stopped in the middle of a run, which the next daemon goes on with.
    Unfinished,
    /// 6: missed an objective or an expectation.
    Missed,
    /// 7: AWS or the daemon is unreachable.
    Unreachable,
    /// What became of an operator's command.
    Command(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::NotArmed | Exit::ChangesPending => 4,
            Exit::Unfinished => 5,
            Exit::Missed => 6,
            Exit::Unreachable => 7,
            Exit::Command(code) => code,
        })
    }
}
