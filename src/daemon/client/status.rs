//! Reads the running daemon's status over its own HTTP interface.
//!
//! Deliberately absent: what a status contains (`crate::status`) and the request (`request`).

use super::request::{PATIENCE, get};
use crate::status::{PATH, StatusView};
use http::StatusCode;
use std::error::Error;
use std::net::SocketAddr;

/// The part of [`crate::status::SCHEMA`] that a reader must know.
const SCHEMA_MAJOR: &str = "drd.status/1.";

/// Why there is no status. Nothing is known about the estate then, so this is never "not armed".
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nothing listens there.
    #[error(
        "no daemon answers at {listen}, so nothing is known about the estate from here.\n\
         Is it running on this host? systemctl status drd; its address is [http] listen."
    )]
    Unreachable {
        /// The address.
        listen: SocketAddr,
        /// What was received.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Something listens and does not answer.
    #[error(
        "{listen} takes connections but did not answer within {} s: the daemon may hang.\n\
         Look at its log (journalctl -u drd) and at http://{listen}/healthz.",
        PATIENCE.as_secs()
    )]
    NoAnswer {
        /// The address.
        listen: SocketAddr,
    },
    /// Something else answered.
    #[error("what answers at {listen} is no drd that this one understands: {seen}")]
    Foreign {
        /// The address.
        listen: SocketAddr,
        /// What was received.
        seen: String,
    },
    /// The daemon of another estate answered.
    #[error(
        "the daemon at {listen} is that of estate {found}, and the configuration is that of {wanted}: nothing is known \
         about {wanted} from here.\n\
         Give the configuration of the daemon that is meant (--config), or each its own address ([http] listen)."
    )]
    OtherEstate {
        /// The address.
        listen: SocketAddr,
        /// The configuration's suffix.
        wanted: String,
        /// The daemon's.
        found: String,
    },
}

impl FetchError {
    /// 7: the daemon cannot be reached (DESIGN section 9).
    pub const EXIT_CODE: u8 = 7;
}

/// The status of the daemon that listens at `listen`.
///
/// # Errors
/// See [`FetchError`].
pub async fn fetch(listen: SocketAddr) -> Result<StatusView, FetchError> {
    match tokio::time::timeout(PATIENCE, ask(listen)).await {
        Ok(answer) => answer,
        Err(_) => Err(FetchError::NoAnswer { listen }),
    }
}

/// As [`fetch`], of the daemon of this estate: several may run on one host.
///
/// # Errors
/// See [`FetchError`].
pub async fn fetch_of(listen: SocketAddr, suffix: &str) -> Result<StatusView, FetchError> {
    let view = fetch(listen).await?;
    if view.suffix == suffix {
        return Ok(view);
    }
    Err(FetchError::OtherEstate {
        listen,
        wanted: suffix.to_owned(),
        found: view.suffix,
    })
}

async fn ask(listen: SocketAddr) -> Result<StatusView, FetchError> {
    let (status, body) = get(listen, PATH)
        .await
        .map_err(|source| FetchError::Unreachable { listen, source })?;
    let foreign = |seen: String| FetchError::Foreign { listen, seen };
    if status != StatusCode::OK {
        return Err(foreign(format!("it answers {status}")));
    }
    let view: StatusView = serde_json::from_slice(&body)
        .map_err(|error| foreign(format!("its status cannot be read ({error})")))?;
    if view.schema.starts_with(SCHEMA_MAJOR) {
        Ok(view)
    } else {
        Err(foreign(format!(
            "it speaks {:?}, this one {SCHEMA_MAJOR}x",
            view.schema
        )))
    }
}
