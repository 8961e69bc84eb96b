//! The daemon on a simulated estate: its loop, its ledger and its HTTP interface, without AWS.
//!
//! Deliberately absent: virtual time. The daemon's clock is the host's, so nothing here waits for
//! more than an estate that is well needs to arm it.

use crate::Folder;
use drd::clock::{Clock, boot};
use drd::config::LedgerConfig;
use drd::daemon::{DaemonError, client, http, simulated};
use drd::engine::lease::Terms;
use drd::estate::lease_gate::LeaseGate;
use drd::estate::simulated::Simulated;
use drd::status::StatusView;
use drd_state_machine::event::Side;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{interval, timeout};

/// A message travels for 3 s at most, a look takes under 1 s; the rest is for a loaded host.
pub const ARMED_WITHIN: Duration = Duration::from_secs(30);

pub fn estate() -> Arc<Simulated> {
    let gate = Arc::new(LeaseGate::closed(boot));
    Arc::new(Simulated::new(7, Clock::start(), gate))
}

pub async fn until_armed(address: SocketAddr) -> StatusView {
    let mut every = interval(Duration::from_millis(100));
    loop {
        every.tick().await;
        match client::fetch(address).await {
            Ok(view) if view.armed => return view,
            Ok(_) | Err(_) => {}
        }
    }
}

#[tokio::test]
async fn a_daemon_without_aws_arms_itself_and_writes_its_ledger() {
    let folder = Folder::new("simulated");
    let ledger = folder.path().join("ledger.jsonl");
    let config = simulated::config(ledger.clone()).expect("a configuration");
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let listener = http::listen(any).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel();
    let asked = async { stopped.await.unwrap_or("the test is over") };
    let daemon = tokio::spawn(simulated::run(config, listener, estate(), asked));
    let view = timeout(ARMED_WITHIN, until_armed(address)).await;
    let Ok(view) = view else {
        let view = client::fetch(address).await;
        panic!("not armed in time: {view:?}");
    };
    assert_eq!(view.active_side, Side::Primary);
    let health = client::health(address).await.expect("healthy");
    assert!(health.starts_with("ok:"), "{health}");
    let lines = std::fs::read_to_string(&ledger).expect("a ledger");
    assert!(lines.lines().count() > 1, "{lines}");
    stop.send("the test").expect("the daemon lives");
    let ended = timeout(ARMED_WITHIN, daemon).await.expect("it stops");
    ended.expect("no panic").expect("no error");
}

#[tokio::test]
async fn a_ledger_in_a_table_is_refused_where_there_are_no_tables() {
    let mut config = simulated::config(PathBuf::new()).expect("a configuration");
    config.ledger = LedgerConfig::DynamoDb {
        table: "table-ledger-lab".to_owned(),
        terms: Terms::default(),
        identity: PathBuf::new(),
    };
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let listener = http::listen(any).await.expect("a port");
    let never = std::future::pending();
    let refused = simulated::run(config, listener, estate(), never).await;
    let Err(error @ DaemonError::NoTables { .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(error.to_string().contains("table-ledger-lab"), "{error}");
}
