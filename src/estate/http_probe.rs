//! drd's own probe: one HTTP or HTTPS GET, bounded in time and size, as a client would send it.
//!
//! Deliberately absent: kept connections (each probe resolves and connects anew, as a new user
//! does), redirects, retries. A local error never counts against the endpoint.

use drd_state_machine::event::Verdict;
use http::Uri;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::error::Error;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::time::timeout;

/// How much of a body is read: where Route 53 looks for its search string too (Route 53
/// developer guide, values for health checks), so that both sensors judge the same bytes.
pub const BODY_BYTES_MAX: usize = 5_120;
/// How much of a refusal's body is quoted.
const BODY_QUOTED_CHARS_MAX: usize = 120;

/// What an endpoint answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The first [`BODY_BYTES_MAX`] bytes.
    pub body: Vec<u8>,
}

/// Why there is no answer, and on which end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// On our side: a bad address, no resolver, no socket, no route.
    #[error("could not look: {0}")]
    Local(String),
    /// On the way or on theirs: refused, reset, bad certificate, too late.
    #[error("no answer: {0}")]
    Remote(String),
}

/// The client for all probes; cheap to clone.
#[derive(Clone)]
pub struct Probe {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl Probe {
    /// A client that trusts the host's certificate authorities. Plain `http` is used where an
    /// address has that scheme; whether it may is the configuration's concern.
    ///
    /// # Errors
    /// When the host has no usable certificate authorities.
    pub fn new() -> std::io::Result<Probe> {
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(Probe { client })
    }

    /// One GET, answered within `deadline`, body included.
    ///
    /// # Errors
    /// [`ProbeError`] names the end at fault.
    pub async fn get(&self, url: &str, deadline: Duration) -> Result<HttpAnswer, ProbeError> {
        let uri: Uri = url
            .parse()
            .map_err(|e| ProbeError::Local(format!("{url}: {e}")))?;
        resolvable(&uri, deadline).await?;
        timeout(deadline, self.exchange(uri))
            .await
            .unwrap_or_else(|_| Err(ProbeError::Remote(too_late(deadline))))
    }

    async fn exchange(&self, uri: Uri) -> Result<HttpAnswer, ProbeError> {
        let response = self.client.get(uri).await.map_err(|e| blame(&e))?;
        let status = response.status().as_u16();
        let body = beginning(response.into_body())
            .await
            .map_err(|e| blame(&e))?;
        Ok(HttpAnswer { status, body })
    }

    /// Looks at a health endpoint: 200 with valid trading data is healthy, anything else that
    /// comes from there is not, and what fails on our side is unknown.
    pub async fn endpoint(&self, url: &str, deadline: Duration) -> Verdict {
        let seen = self.get(url, deadline).await;
        let verdict = judge(&seen);
        if let Err(why) = &seen {
            tracing::debug!(url, %why, ?verdict, "probe without an answer");
        }
        verdict
    }

    /// Whether anything answers there, with any status: enough for a reference, which only
    /// proves that our own network works.
    pub async fn answers(&self, url: &str, deadline: Duration) -> bool {
        self.get(url, deadline).await.is_ok()
    }
}

impl HttpAnswer {
    /// Status and the beginning of the body, for logs and outcomes.
    pub fn summary(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let quoted: String = body.trim().chars().take(BODY_QUOTED_CHARS_MAX).collect();
        format!("status {}: {quoted:?}", self.status)
    }
}

fn judge(seen: &Result<HttpAnswer, ProbeError>) -> Verdict {
    match seen {
        Ok(answer) if answer.status == 200 && has_valid_data(&answer.body) => Verdict::Healthy,
        Ok(_) | Err(ProbeError::Remote(_)) => Verdict::Unhealthy,
        Err(ProbeError::Local(_)) => Verdict::Unknown,
    }
}

/// Whether the body holds `"trading_data": "valid"`, with any whitespace around the colon.
fn has_valid_data(body: &[u8]) -> bool {
    const NAME: &str = "\"trading_data\"";
    let text = String::from_utf8_lossy(body);
    text.match_indices(NAME).any(|(at, _)| {
        text.get(at + NAME.len()..)
            .and_then(|rest| rest.trim_start().strip_prefix(':'))
            .is_some_and(|value| value.trim_start().starts_with("\"valid\""))
    })
}

async fn beginning(mut body: Incoming) -> Result<Vec<u8>, hyper::Error> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            read.extend_from_slice(&data);
        }
        if read.len() >= BODY_BYTES_MAX {
            read.truncate(BODY_BYTES_MAX);
            break;
        }
    }
    Ok(read)
}

/// A name that does not resolve is no evidence about the endpoint: our resolver may be at fault.
/// Resolved first, so that a slow resolver is not taken for a slow endpoint.
async fn resolvable(uri: &Uri, deadline: Duration) -> Result<(), ProbeError> {
    let host = uri
        .host()
        .ok_or_else(|| ProbeError::Local(format!("{uri}: no host")))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(443);
    match timeout(deadline, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(mut found)) => found
            .next()
            .map(drop)
            .ok_or_else(|| ProbeError::Local(format!("{host}: resolves to nothing"))),
        Ok(Err(e)) => Err(ProbeError::Local(format!("{host}: {e}"))),
        Err(_) => Err(ProbeError::Local(format!(
            "{host}: resolver: {}",
            too_late(deadline)
        ))),
    }
}

fn too_late(deadline: Duration) -> String {
    format!("nothing within {} s", deadline.as_secs_f64())
}

/// Which end is at fault. Local are the errors that no endpoint can cause.
fn blame(error: &(dyn Error + 'static)) -> ProbeError {
    let mut text = String::new();
    let mut local = false;
    let mut next = Some(error);
    while let Some(cause) = next {
        let link = cause.to_string();
        if !text.ends_with(&link) {
            text = if text.is_empty() {
                link
            } else {
                format!("{text}: {link}")
            };
        }
        local |= cause.downcast_ref::<std::io::Error>().is_some_and(is_local);
        next = cause.source();
    }
    if local {
        ProbeError::Local(text)
    } else {
        ProbeError::Remote(text)
    }
}

fn is_local(error: &std::io::Error) -> bool {
    /// Too many open files: of the system (23) and of the process (24), `errno(3)`.
    const EXHAUSTED: [i32; 2] = [23, 24];
    let exhausted = error.raw_os_error().is_some_and(|n| EXHAUSTED.contains(&n));
    let kinds = [
        ErrorKind::AddrNotAvailable,
        ErrorKind::NetworkDown,
        ErrorKind::NetworkUnreachable,
        ErrorKind::OutOfMemory,
        ErrorKind::PermissionDenied,
    ];
    exhausted || kinds.contains(&error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn answer(status: u16, body: &str) -> Result<HttpAnswer, ProbeError> {
        Ok(HttpAnswer {
            status,
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn only_valid_trading_data_is_healthy() {
        for (status, body, expected) in [
            (200, r#"{"trading_data":"valid","lag":1}"#, Verdict::Healthy),
            (200, "{\"trading_data\" :\n \"valid\"}", Verdict::Healthy),
            (200, r#"{"trading_data":"stale"}"#, Verdict::Unhealthy),
            (200, r#"{"trading_data":"validated"}"#, Verdict::Unhealthy),
            (
                200,
                r#"{"was":"\"trading_data\" invalid"}"#,
                Verdict::Unhealthy,
            ),
            (200, "<html>maintenance</html>", Verdict::Unhealthy),
            (503, r#"{"trading_data":"valid"}"#, Verdict::Unhealthy),
        ] {
            assert_eq!(judge(&answer(status, body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn what_fails_on_our_side_is_unknown() {
        let error = |kind: ErrorKind| judge(&Err(blame(&std::io::Error::from(kind))));
        assert_eq!(error(ErrorKind::ConnectionRefused), Verdict::Unhealthy);
        assert_eq!(error(ErrorKind::HostUnreachable), Verdict::Unhealthy);
        assert_eq!(error(ErrorKind::NetworkUnreachable), Verdict::Unknown);
        let exhausted = std::io::Error::from_raw_os_error(24);
        assert_eq!(judge(&Err(blame(&exhausted))), Verdict::Unknown);
    }

    fn on_a_runtime<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(test)
    }

    async fn serve(reply: &'static [u8]) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(reply).await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        format!("http://{address}/health/trading")
    }

    #[test]
    fn an_endpoint_is_probed_over_the_wire() {
        on_a_runtime(async {
            let probe = Probe::new().expect("certificate authorities");
            let soon = Duration::from_millis(300);
            let good =
                serve(b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"trading_data\":\"valid\"}");
            assert_eq!(probe.endpoint(&good.await, soon).await, Verdict::Healthy);
            let slow = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{");
            assert_eq!(probe.endpoint(&slow.await, soon).await, Verdict::Unhealthy);
            let unused = "http://127.0.0.1:9/";
            assert_eq!(probe.endpoint(unused, soon).await, Verdict::Unhealthy);
            assert!(!probe.answers(unused, soon).await);
            assert_eq!(
                probe.endpoint("http://no-such-name.invalid/", soon).await,
                Verdict::Unknown
            );
            let bare = serve(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
            assert!(probe.answers(&bare, soon).await, "any answer is one");
        });
    }
}
