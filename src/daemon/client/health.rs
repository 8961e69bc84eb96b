//! Asks the running daemon whether its control loop turns: a container's health check.
//!
//! Healthy is a control loop that turns, and nothing else. A daemon that is paused, held, not
//! armed or that follows another one does what it should: replacing it would discard what it
//! observed of an incident, or interrupt the recovery itself, and cure nothing, because the next
//! one starts on the same ledger in the same state. Deliberately absent: whether drd would act
//! (`/readyz`, `drd status`), and the configuration; a file that was changed under a daemon does
//! not make that daemon unhealthy.

use super::super::causes::causes;
use super::request::{PATIENCE, get};
use crate::status::HEALTH;
use http::StatusCode;
use std::net::SocketAddr;

/// The answer is one short line; a longer one is foreign and is cut.
const CHARS_MAX: usize = 200;

/// Why the daemon does not count as alive, in one line: it ends up in a container's event.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// It answers that its control loop has stalled.
    #[error("unhealthy: the daemon at {listen} says {line:?}")]
    Stalled {
        /// The address.
        listen: SocketAddr,
        /// Its answer.
        line: String,
    },
    /// Nothing listens there.
    #[error("unhealthy: no daemon answers at {listen} ({seen})")]
    Absent {
        /// The address.
        listen: SocketAddr,
        /// The error.
        seen: String,
    },
    /// Something listens and does not answer.
    #[error(
        "unhealthy: {listen} takes connections but did not answer within {} s: the daemon hangs",
        PATIENCE.as_secs()
    )]
    Silent {
        /// The address.
        listen: SocketAddr,
    },
    /// Something else answered.
    #[error("unhealthy: what answers at {listen} is no drd ({status}, {line:?})")]
    Foreign {
        /// The address.
        listen: SocketAddr,
        /// Its status.
        status: StatusCode,
        /// Its answer.
        line: String,
    },
}

impl Unhealthy {
    /// 1 when the daemon itself reports it, 7 when it cannot be asked (DESIGN section 9).
    pub fn exit_code(&self) -> u8 {
        match self {
            Unhealthy::Stalled { .. } => 1,
            Unhealthy::Absent { .. } | Unhealthy::Silent { .. } | Unhealthy::Foreign { .. } => 7,
        }
    }
}

/// The answer of the daemon at `listen` when its control loop turns: one line.
///
/// # Errors
/// See [`Unhealthy`].
pub async fn health(listen: SocketAddr) -> Result<String, Unhealthy> {
    let answer = tokio::time::timeout(PATIENCE, get(listen, HEALTH)).await;
    let (status, body) = answer
        .map_err(|_| Unhealthy::Silent { listen })?
        .map_err(|error| Unhealthy::Absent {
            listen,
            seen: causes(&*error),
        })?;
    let line = first_line(&body);
    match status {
        StatusCode::OK if line.starts_with("ok:") => Ok(line),
        StatusCode::SERVICE_UNAVAILABLE => Err(Unhealthy::Stalled { listen, line }),
        status => Err(Unhealthy::Foreign {
            listen,
            status,
            line,
        }),
    }
}

fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_up_in_an_event_is_one_short_line() {
        let long = "stalled ".repeat(1000);
        let line = first_line(format!("{long}\nand more").as_bytes());
        assert_eq!(line.chars().count(), CHARS_MAX);
        assert_eq!(first_line(b"ok: turned\nmore\n"), "ok: turned");
        assert_eq!(first_line(b""), "");
    }
}
