//! What goes over the operator's socket: one JSON object a line, one line each way.
//!
//! Deliberately absent: sockets (`server`, `crate::daemon::client`), and what a word does.

use drd_state_machine::event::Word;
use drd_state_machine::time::Span;
use serde::{Deserialize, Serialize};

/// The schema of a command.
pub const COMMAND: &str = "drd.command/1.0";
/// The schema of a reply.
pub const REPLY: &str = "drd.reply/1.0";
/// The longest line: a thousand times a command.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// The longest pause: whoever wants more says it again tomorrow.
pub const PAUSE_MAX: Span = Span::secs(24 * 3600);

/// An operator's command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorCommand {
    /// [`COMMAND`].
    pub schema: String,
    /// The caller's own number: the same again is answered again, and does nothing more.
    pub id: String,
    /// What is wanted.
    pub word: Word,
    /// What goes with the word.
    #[serde(default)]
    pub args: CommandArgs,
    /// Why, in the operator's words.
    #[serde(default)]
    pub reason: String,
    /// Who the caller says they are; the socket proves a user number only.
    #[serde(default)]
    pub claimed_by: String,
}

/// What goes with a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandArgs {
    /// `pause`: for how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u32>,
    /// `failover`: how many seconds of writes may be lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_data_loss_seconds: Option<f64>,
    /// `failover`: also of a side that answers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub even_if_healthy: bool,
}

/// What the daemon answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorReply {
    /// [`REPLY`].
    pub schema: String,
    /// The command's.
    pub id: String,
    /// Whether it was taken: its line is durable.
    pub accepted: bool,
    /// Why not, or `taken`.
    pub code: ReplyCode,
    /// The same for people: what happened, what state things are in, what to do next.
    pub text: String,
    /// The incident that is open, or the newest.
    pub incident_id: Option<u64>,
    /// The ledger's newest line when this was written.
    pub ledger_sequence: Option<u64>,
    /// Who leads, where several may.
    pub leader: Option<String>,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyCode {
    /// Its line is durable.
    Taken,
    /// A guard refused it.
    Refused,
    /// It could not be understood.
    Malformed,
    /// Another command, or too many connections.
    Busy,
    /// Another daemon leads.
    NotLeading,
    /// The ledger refused: the command had no effect.
    LedgerRefused,
    /// Whether its line is durable is not known.
    InDoubt,
}

impl ReplyCode {
    /// The exit code of the command line (DESIGN section 9).
    pub const fn exit_code(self) -> u8 {
        match self {
            ReplyCode::Taken => 0,
            ReplyCode::Malformed => 2,
            ReplyCode::Refused | ReplyCode::Busy | ReplyCode::NotLeading => 3,
            ReplyCode::LedgerRefused => 1,
            ReplyCode::InDoubt => 5,
        }
    }
}
