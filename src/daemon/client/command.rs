//! Sends one command to the daemon's operator socket.
//!
//! Deliberately absent: what commands there are (`crate::daemon::operator`).

use super::super::operator::{LINE_BYTES_MAX, OperatorCommand, OperatorReply};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

/// The daemon answers within 5 s, or closes.
const PATIENCE: Duration = Duration::from_secs(8);

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Nobody listens there.
    #[error(
        "no daemon takes commands at {}; nothing was changed. Is drd running, does its configuration have [operator] \
         socket, and are you in its group?",
        .socket.display()
    )]
    Absent {
        /// The socket.
        socket: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The command was sent, and no reply came.
    #[error(
        "no reply from {} within {} s: whether the command was taken is not known. drd status shows what state \
         things are in",
        .socket.display(),
        PATIENCE.as_secs()
    )]
    Silent {
        /// The socket.
        socket: PathBuf,
    },
    /// What came is no reply.
    #[error("what answers at {} is no drd: {seen}", .socket.display())]
    Foreign {
        /// The socket.
        socket: PathBuf,
        /// What was read.
        seen: String,
    },
}

impl CommandError {
    /// 7 where nobody was reached, 5 where the outcome is unknown (DESIGN section 9).
    pub fn exit_code(&self) -> u8 {
        match self {
            CommandError::Absent { .. } | CommandError::Foreign { .. } => 7,
            CommandError::Silent { .. } => 5,
        }
    }
}

/// Sends the command and gives the daemon's reply.
///
/// # Errors
/// See [`CommandError`].
pub async fn command(
    socket: &Path,
    command: &OperatorCommand,
) -> Result<OperatorReply, CommandError> {
    let absent = |source| CommandError::Absent {
        socket: socket.to_owned(),
        source,
    };
    let mut stream = UnixStream::connect(socket).await.map_err(absent)?;
    let silent = || CommandError::Silent {
        socket: socket.to_owned(),
    };
    let line = tokio::time::timeout(PATIENCE, converse(&mut stream, command)).await;
    let line = line.map_err(|_| silent())?.map_err(|_| silent())?;
    if line.is_empty() {
        return Err(silent());
    }
    serde_json::from_str(&line).map_err(|error| CommandError::Foreign {
        socket: socket.to_owned(),
        seen: error.to_string(),
    })
}

async fn converse(stream: &mut UnixStream, command: &OperatorCommand) -> std::io::Result<String> {
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    let limited = stream.take(LINE_BYTES_MAX as u64);
    BufReader::new(limited).read_line(&mut answer).await?;
    Ok(answer)
}
