//! The operator's way in: a local socket, one command at a time.
//!
//! `protocol` has the lines, `guard` what is refused, `server` the connections. Deliberately absent: logins. Who
//! reaches the socket may command; its owner and group decide who does.

mod guard;
mod protocol;
mod server;

pub(super) use protocol::LINE_BYTES_MAX;
pub use protocol::{
    COMMAND, CommandArgs, OperatorCommand, OperatorReply, PAUSE_MAX, REPLY, ReplyCode,
};
pub(super) use server::serve;
