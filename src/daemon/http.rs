//! What drd shows on the loopback: metrics, health, readiness, status. Read-only.
//!
//! Every wait has an end, every buffer a size, and where there are too many connections the oldest
//! ends: no client can hold up the daemon, or keep a health check from its answer. Deliberately
//! absent: anything that changes something, TLS, logins, the status page with its events, and
//! remembering clients.

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::status::StatusView;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use drd_state_machine::time::{Span, Time};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// How long the control loop may take for a turn: three turns of 5 s.
pub const STALLED_AFTER: Span = Span::secs(15);
/// A request's headers, and then its answer: both come from and go to this host.
const PATIENCE: Duration = Duration::from_secs(2);
/// The smallest buffer that hyper takes is 8 KiB; a scrape's headers have 300 bytes.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// A scrape sends 6 headers, a browser 20.
const HEADERS_MAX: usize = 64;
/// Prometheus, a browser and a health check at once are 3. An answer takes milliseconds, so only
/// clients that do not send or read keep as many open; each costs two buffers of 16 KiB at most.
const CONNECTIONS_MAX: usize = 32;
/// When no connection can be accepted (no file descriptor is free): waiting is all that helps.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

const TEXT: &str = "text/plain; charset=utf-8";
/// Prometheus's text format; `version` is the format's own.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";
const INDEX: &str = "drd: read-only. Commands: drd help.\n\
    \n\
    /api/v1/status   what is the matter, as JSON\n\
    /metrics         for Prometheus\n\
    /healthz         200 while the control loop turns\n\
    /readyz          200 while drd would act, acts, or stands by\n";

/// What the control loop publishes for the interface.
#[derive(Debug)]
pub struct Shared {
    clock: Clock,
    turned_at: AtomicI64,
    status: RwLock<Arc<StatusView>>,
    metrics: Arc<Metrics>,
}

impl Shared {
    /// Starts with the daemon's first status; the loop counts as having turned now.
    pub fn new(clock: Clock, metrics: Arc<Metrics>, status: StatusView) -> Shared {
        Shared {
            clock,
            turned_at: AtomicI64::new(clock.read().0),
            status: RwLock::new(Arc::new(status)),
            metrics,
        }
    }

    /// The control loop turned.
    pub fn turned(&self, now: Time) {
        self.turned_at.store(now.0, Ordering::Relaxed);
        self.metrics.loop_turned(now);
    }

    /// There is something new to show.
    pub fn publish(&self, status: StatusView) {
        *self.status.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(status);
    }

    pub(super) fn status(&self) -> Arc<StatusView> {
        self.status
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How long ago the loop turned.
    fn stood_still(&self) -> Span {
        self.clock.read() - Time(self.turned_at.load(Ordering::Relaxed))
    }
}

/// The address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error(
    "listen on {listen}: nothing was started.\n\
     Another drd may run on this host (drd status); or choose another [http] listen."
)]
pub struct ListenError {
    listen: SocketAddr,
    #[source]
    source: std::io::Error,
}

/// Takes the address, before anything else of the daemon starts.
///
/// # Errors
/// When the address is taken or not this host's.
pub async fn listen(listen: SocketAddr) -> Result<TcpListener, ListenError> {
    let bound = TcpListener::bind(listen).await;
    bound.map_err(|source| ListenError { listen, source })
}

/// Answers until `stop` is ready. Connections that are open then are cut.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>, stop: impl Future<Output = ()>) {
    let mut connections = Connections::default();
    let router = router(shared);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.admit(answer(stream, router.clone()));
                    // In a burst, each connection gets turns before a later one can end it.
                    tokio::task::yield_now().await;
                }
                Err(error) => {
                    tracing::warn!(%error, "accept a connection on the HTTP interface");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

/// The open connections, the oldest first.
#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    open: VecDeque<AbortHandle>,
}

impl Connections {
    /// The newcomer always gets its place: a health check has 2 s, and the oldest connection, of
    /// a client that does not send or does not read, may hold its place for 4 s.
    fn admit(&mut self, connection: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.open.retain(|connection| !connection.is_finished());
        if self.open.len() >= CONNECTIONS_MAX
            && let Some(oldest) = self.open.pop_front()
        {
            oldest.abort();
        }
        self.open.push_back(self.tasks.spawn(connection));
    }
}

/// One request; a second one needs a second connection, so a silent client keeps no place.
async fn answer(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Ok(Err(error)) = tokio::time::timeout(2 * PATIENCE, connection).await {
        tracing::debug!(%error, "a connection to the HTTP interface ended");
    }
}

/// Everything that can be read. Other methods than GET (and HEAD) get 405.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/",
            get(|| async { text(StatusCode::OK, INDEX.to_owned()) }),
        )
        .route("/metrics", get(metrics))
        .route(crate::status::HEALTH, get(health))
        .route("/readyz", get(ready))
        .route(crate::status::PATH, get(status))
        .fallback(|| async { text(StatusCode::NOT_FOUND, format!("no such page\n\n{INDEX}")) })
        .with_state(shared)
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    (
        [(header::CONTENT_TYPE, EXPOSITION)],
        shared.metrics.render(),
    )
        .into_response()
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let still = shared.stood_still();
    if still < STALLED_AFTER {
        return text(
            StatusCode::OK,
            format!("ok: the control loop turned {still} ago\n"),
        );
    }
    let what = format!("stalled: the control loop has not turned for {still}\n");
    text(StatusCode::SERVICE_UNAVAILABLE, what)
}

async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let status = shared.status();
    if status.is_ready() {
        let doing = if status.stands_by() {
            "standing by".to_owned()
        } else if status.state.is_acting() {
            "acting".to_owned()
        } else {
            status.armed_words()
        };
        return text(StatusCode::OK, format!("ok: {doing}, {}\n", status.state));
    }
    let because: String = status
        .not_armed_because
        .iter()
        .map(|why| format!("- {why}\n"))
        .collect();
    text(
        StatusCode::SERVICE_UNAVAILABLE,
        format!("not armed, {}\n{because}", status.state),
    )
}

async fn status(State(shared): State<Arc<Shared>>) -> Response {
    axum::Json(&*shared.status()).into_response()
}

fn text(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, TEXT)], body).into_response()
}

#[cfg(test)]
mod tests;
