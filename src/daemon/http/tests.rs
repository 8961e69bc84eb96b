//! The interface over real sockets on the loopback.

use super::*;
use crate::daemon::client::{self, FetchError, Unhealthy};
use crate::metrics::dashboard::any_setup;
use crate::status::LeaderStatus;
use crate::status::tests::calm;
use drd_state_machine::Phase;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn shared(clock: Clock) -> Arc<Shared> {
    let metrics = Arc::new(Metrics::for_lab(&any_setup()).expect("every name is one"));
    Arc::new(Shared::new(clock, metrics, calm()))
}

/// Runs `client` against a served interface.
fn with<F: Future<Output = ()>>(shared: &Arc<Shared>, client: impl FnOnce(SocketAddr) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into())
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = serve(listener, shared.clone(), std::future::pending());
        tokio::select! {
            () = server => {}
            () = client(address) => {}
        }
    });
}

/// The whole answer to raw bytes.
async fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the interface listens");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    let mut answer = Vec::new();
    // A server that refuses may cut the connection before everything was sent.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn ask(address: SocketAddr, method: &str, path: &str) -> String {
    raw(
        address,
        &format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    )
    .await
}

#[test]
fn the_index_names_what_there_is() {
    with(&shared(Clock::start()), |address| async move {
        let index = ask(address, "GET", "/").await;
        for path in ["/metrics", "/healthz", "/readyz", "/api/v1/status"] {
            assert!(index.contains(path), "{path} in {index}");
            let answer = ask(address, "GET", path).await;
            assert!(
                answer.starts_with("HTTP/1.1 200 OK\r\n"),
                "{path}: {answer}"
            );
        }
        assert!(
            ask(address, "GET", "/nothing")
                .await
                .starts_with("HTTP/1.1 404 ")
        );
        let metrics = ask(address, "GET", "/metrics").await;
        assert!(
            metrics.contains("content-type: text/plain; version=0.0.4"),
            "{metrics}"
        );
        assert!(
            metrics.contains("\ndrd_rto_objective_seconds 300\n"),
            "{metrics}"
        );
    });
}

#[test]
fn nothing_can_be_changed() {
    with(&shared(Clock::start()), |address| async move {
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let answer = ask(address, method, "/api/v1/status").await;
            assert!(answer.starts_with("HTTP/1.1 405 "), "{method}: {answer}");
        }
    });
}

#[test]
fn health_is_the_control_loop_turning() {
    let clock = Clock::start();
    let shared = shared(clock);
    shared.turned(clock.read() - Span::secs(14));
    with(&shared, |address| async move {
        assert!(
            ask(address, "GET", "/healthz")
                .await
                .starts_with("HTTP/1.1 200 ")
        );
    });
    shared.turned(clock.read() - Span::secs(16));
    with(&shared, |address| async move {
        let answer = ask(address, "GET", "/healthz").await;
        assert!(
            answer.starts_with("HTTP/1.1 503 ") && answer.contains("stalled"),
            "{answer}"
        );
    });
}

#[test]
fn readiness_gives_its_reasons() {
    let shared = shared(Clock::start());
    let because = vec!["replication lag before the onset is unknown".to_owned()];
    shared.publish(StatusView {
        armed: false,
        not_armed_because: because,
        ..calm()
    });
    with(&shared, |address| async move {
        let answer = ask(address, "GET", "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(
            answer.contains("- replication lag before the onset is unknown\n"),
            "{answer}"
        );
    });
    shared.publish(StatusView {
        armed: false,
        state: Phase::Promoting,
        ..calm()
    });
    with(&shared, |address| async move {
        assert!(
            ask(address, "GET", "/readyz")
                .await
                .contains("ok: acting, promoting")
        );
    });
}

#[test]
fn a_client_that_sends_too_much_or_nothing_is_cut_off() {
    with(&shared(Clock::start()), |address| async move {
        let large = format!(
            "GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
            "a".repeat(2 * HEADER_BYTES_MAX)
        );
        assert!(!raw(address, &large).await.contains("200 OK"));
        let many = format!(
            "GET / HTTP/1.1\r\nHost: x\r\n{}\r\n",
            "A: b\r\n".repeat(HEADERS_MAX + 1)
        );
        assert!(!raw(address, &many).await.contains("200 OK"));
        let silent = raw(address, "GET / HTTP/1.1\r\n").await;
        assert!(!silent.contains("200 OK"), "{silent}");
    });
}

#[test]
fn the_command_reads_what_the_daemon_shows() {
    with(&shared(Clock::start()), |address| async move {
        assert_eq!(
            client::fetch(address).await.expect("the daemon answers"),
            calm()
        );
    });
}

#[test]
fn the_daemon_of_another_estate_is_no_answer_and_both_are_named() {
    with(&shared(Clock::start()), |address| async move {
        let own = client::fetch_of(address, "shop1").await;
        assert_eq!(own.expect("its own daemon"), calm());
        let error = client::fetch_of(address, "shop2").await;
        let text = error.expect_err("another estate's").to_string();
        let named = ["of estate shop1", "that of shop2", "--config"];
        assert!(named.iter().all(|part| text.contains(part)), "{text}");
    });
}

#[test]
fn a_daemon_that_is_absent_or_foreign_is_distinguished() {
    let shared = shared(Clock::start());
    shared.publish(StatusView {
        schema: "drd.status/2.0".to_owned(),
        ..calm()
    });
    with(&shared, |address| async move {
        let newer = client::fetch(address).await.expect_err("another schema");
        assert!(matches!(newer, FetchError::Foreign { .. }), "{newer}");
        assert!(newer.to_string().contains("drd.status/2.0"), "{newer}");
        let unused = listen((Ipv4Addr::LOCALHOST, 0).into())
            .await
            .expect("a free port");
        let address = unused.local_addr().expect("an address");
        drop(unused);
        let error = client::fetch(address).await.expect_err("nobody listens");
        assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
        assert_eq!(FetchError::EXIT_CODE, 7);
    });
}

#[test]
fn a_daemon_whose_loop_turns_is_healthy_in_whatever_state_it_is() {
    let follower = LeaderStatus {
        leads: false,
        owner: "host-1".to_owned(),
        fencing_token: 7,
        takeover_after_seconds: 15.1,
    };
    let shared = shared(Clock::start());
    for view in [
        calm(),
        StatusView {
            armed: false,
            paused: true,
            ..calm()
        },
        StatusView {
            armed: false,
            state: Phase::Held,
            ..calm()
        },
        StatusView {
            armed: false,
            leader: Some(follower),
            ..calm()
        },
    ] {
        shared.publish(view);
        with(&shared, |address| async move {
            let said = client::health(address).await.expect("the loop turns");
            assert!(said.starts_with("ok: the control loop turned"), "{said}");
        });
    }
}

#[test]
fn a_stalled_loop_is_one_and_a_daemon_that_does_not_answer_is_seven() {
    let clock = Clock::start();
    let shared = shared(clock);
    shared.turned(clock.read() - Span::secs(16));
    with(&shared, |address| async move {
        let stalled = client::health(address).await.expect_err("it stands still");
        assert!(matches!(stalled, Unhealthy::Stalled { .. }), "{stalled}");
        assert_eq!(stalled.exit_code(), 1);
        let hung = listen((Ipv4Addr::LOCALHOST, 0).into())
            .await
            .expect("a port");
        let address = hung.local_addr().expect("an address");
        let silent = client::health(address).await.expect_err("nobody accepts");
        assert!(matches!(silent, Unhealthy::Silent { .. }), "{silent}");
        drop(hung);
        let absent = client::health(address).await.expect_err("nobody listens");
        assert!(matches!(absent, Unhealthy::Absent { .. }), "{absent}");
        for error in [silent, absent] {
            assert_eq!(error.exit_code(), 7);
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
    });
}

/// Clients that send a request in part, and clients that never read: more than there are places.
#[test]
fn a_health_check_is_answered_while_slow_clients_hold_every_place() {
    with(&shared(Clock::start()), |address| async move {
        let mut held = Vec::new();
        for n in 0..4 * CONNECTIONS_MAX {
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            let request = if n % 2 == 0 {
                "GET /metrics HTTP/1.1\r\n"
            } else {
                "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
            };
            stream
                .write_all(request.as_bytes())
                .await
                .expect("it reads");
            held.push(stream);
            if n % CONNECTIONS_MAX == 0 {
                let health = tokio::time::timeout(PATIENCE / 2, client::health(address));
                health.await.expect("in time").expect("the loop turns");
            }
        }
        let health = tokio::time::timeout(PATIENCE / 2, client::health(address));
        health.await.expect("in time").expect("the loop turns");
    });
}

#[test]
fn the_oldest_connection_makes_room_and_the_newest_is_kept() {
    with(&shared(Clock::start()), |address| async move {
        let mut held = Vec::new();
        for _ in 0..=CONNECTIONS_MAX {
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            stream
                .write_all(b"GET / HTTP/1.1\r\n")
                .await
                .expect("it reads");
            held.push(stream);
        }
        let mut nothing = [0; 1];
        let oldest = tokio::time::timeout(PATIENCE / 2, held[0].read(&mut nothing)).await;
        assert!(!matches!(oldest.expect("it was cut"), Ok(1..)));
        held[1]
            .write_all(b"Host: localhost\r\n\r\n")
            .await
            .expect("it is open");
        let mut answer = Vec::new();
        held[1].read_to_end(&mut answer).await.expect("an answer");
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    });
}

#[test]
fn another_program_on_the_port_is_not_taken_for_a_healthy_daemon() {
    let other = Router::new().route("/healthz", get(|| async { "fine" }));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let socket = listen((Ipv4Addr::LOCALHOST, 0).into())
            .await
            .expect("a port");
        let address = socket.local_addr().expect("an address");
        let answered = async {
            let (stream, _) = socket.accept().await.expect("a connection");
            answer(stream, other).await;
        };
        let (asked, ()) = tokio::join!(client::health(address), answered);
        let error = asked.expect_err("it is no drd");
        assert!(matches!(error, Unhealthy::Foreign { .. }), "{error}");
        assert_eq!(error.exit_code(), 7);
    });
}
