//! Asks the running daemon for its status, over its own HTTP interface.
//!
//! Deliberately absent: TLS and redirects. The interface is on the loopback.

use super::{SCHEMA_MAJOR, StatusView};
use http::StatusCode;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;

/// The daemon answers from memory; one that needs longer hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// 1 MiB: a hundred times a status with fifty sensors.
const BODY_BYTES_MAX: usize = 1 << 20;
/// Where the status is.
pub(crate) const PATH: &str = "/api/v1/status";

/// Why there is no status. Nothing is known about the estate then, so this is never "not armed".
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody listens there.
    #[error(
        "no daemon answers at {listen}, so nothing is known about the estate from here.\n\
         Is it running on this host? systemctl status drd; its address is [http] listen."
    )]
    Unreachable {
        /// Where it was looked for.
        listen: SocketAddr,
        /// What was seen.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Somebody listens and does not answer.
    #[error(
        "{listen} takes connections but did not answer within {} s: the daemon may hang.\n\
         Look at its log (journalctl -u drd) and at http://{listen}/healthz.",
        PATIENCE.as_secs()
    )]
    NoAnswer {
        /// Where it was looked for.
        listen: SocketAddr,
    },
    /// Something else answered.
    #[error("what answers at {listen} is no drd that this one understands: {seen}")]
    Foreign {
        /// Where it was looked for.
        listen: SocketAddr,
        /// What was seen.
        seen: String,
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

/// One page. The caller sets the deadline.
pub(super) async fn get(
    listen: SocketAddr,
    path: &str,
) -> Result<(StatusCode, Bytes), Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect(from_here(listen)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = http::Request::get(path)
        .header(http::header::HOST, listen.to_string())
        .body(Empty::<Bytes>::new())?;
    let answered = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), BODY_BYTES_MAX)
            .collect()
            .await?;
        Ok((status, body.to_bytes()))
    };
    // The connection does the work; it ends by itself once the answer is read.
    let (answered, _) = tokio::join!(answered, async {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the status connection ended");
        }
    });
    answered
}

/// A daemon that listens on every address of the host is asked on the loopback.
fn from_here(listen: SocketAddr) -> SocketAddr {
    let loopback: IpAddr = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(loopback, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_asked_on_the_loopback_and_any_other_as_it_is() {
        for (listen, asked) in [
            ("0.0.0.0:9817", "127.0.0.1:9817"),
            ("[::]:9817", "[::1]:9817"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ] {
            let listen: SocketAddr = listen.parse().expect("an address");
            assert_eq!(from_here(listen).to_string(), asked);
        }
    }
}
