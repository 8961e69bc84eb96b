//! One GET to the daemon's HTTP interface.
//!
//! Deliberately absent: TLS and redirects. The interface is on the loopback.

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

/// The status and body of one page. The caller sets the deadline ([`PATIENCE`]).
///
/// # Errors
/// When nothing listens, or the answer is cut off or longer than 1 MiB.
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

/// A daemon that listens on every address of the host is reached on the loopback.
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
    fn an_unspecified_address_is_the_loopback_and_any_other_as_it_is() {
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
