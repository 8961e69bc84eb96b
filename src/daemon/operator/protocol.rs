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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn schema(text: &str) -> Value {
        serde_json::from_str(text).expect("a schema is JSON")
    }

    /// The values of an `enum` of the schema.
    fn words(schema: &Value, key: &str) -> Vec<String> {
        let found = schema["properties"][key]["enum"]
            .as_array()
            .expect("an enum");
        found
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_schema_of_a_command_describes_what_is_read() {
        let schema = schema(include_str!("../../../deploy/schemas/command.json"));
        assert_eq!(schema["$id"], COMMAND);
        let mut example: OperatorCommand =
            serde_json::from_value(schema["examples"][0].clone()).expect("the example is read");
        let written = serde_json::to_value(&example).expect("is JSON");
        assert_eq!(written, schema["examples"][0]);
        for word in words(&schema, "word") {
            example.word = serde_json::from_value(Value::from(word)).expect("a word");
        }
        let longest = schema["properties"]["args"]["properties"]["for_seconds"]["maximum"].as_i64();
        assert_eq!(longest, Some(PAUSE_MAX.0 / 1000));
    }

    #[test]
    fn the_schema_of_a_reply_describes_what_is_written() {
        let schema = schema(include_str!("../../../deploy/schemas/reply.json"));
        assert_eq!(schema["$id"], REPLY);
        let example: OperatorReply =
            serde_json::from_value(schema["examples"][0].clone()).expect("the example is read");
        let written = serde_json::to_value(&example).expect("is JSON");
        assert_eq!(written, schema["examples"][0]);
        let required = schema["required"].as_array().expect("a list");
        let keys = written.as_object().expect("an object");
        assert_eq!(required.len(), keys.len());
        for code in words(&schema, "code") {
            let code: ReplyCode = serde_json::from_value(Value::from(code)).expect("a code");
            assert!(code.exit_code() <= 7);
        }
    }
}
