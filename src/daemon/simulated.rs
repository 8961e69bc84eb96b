//! The daemon of a simulated estate: the same loop, ledger and HTTP interface, without AWS.
//!
//! Deliberately absent: what the estate does (`crate::estate::simulated`), and a command for it.

use super::shell::Ended;
use super::start::{DaemonError, Ground, operate};
use crate::config::{self, Config, ConfigError, LedgerConfig};
use crate::estate::Estate;
use crate::estate::simulated::{Simulated, TICK};
use drd_state_machine::event::Side;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The configuration of the lab's estate, as a user would write it.
const CONFIG: &str = include_str!("simulated.toml");

/// What a daemon of a simulated estate runs under, with its ledger in this file.
///
/// # Errors
/// None, as long as the built-in configuration passes its checks.
pub fn config(ledger: PathBuf) -> Result<Config, ConfigError> {
    let config = config::parse("the simulated estate", CONFIG, [])?;
    Ok(Config {
        ledger: LedgerConfig::File { path: ledger },
        ..config
    })
}

/// The same as the text of a file, for commands in other processes.
pub(super) fn text(ledger: &Path, socket: &Path, listen: SocketAddr) -> String {
    let ledger = format!("path = \"{}\"", ledger.display());
    let own = CONFIG.replace("path = \"ledger.jsonl\"", &ledger);
    let socket = socket.display();
    format!("{own}[http]\nlisten = \"{listen}\"\n[operator]\nsocket = \"{socket}\"\n")
}

/// Runs the daemon of this estate until `asked` is ready with the reason to stop; then what is under
/// way ends first. HTTP is answered on `listener`, whatever address is configured.
///
/// # Errors
/// See [`DaemonError`].
pub async fn run(
    config: Config,
    listener: TcpListener,
    estate: Arc<Simulated>,
    asked: impl Future<Output = &'static str>,
) -> Result<Ended, DaemonError> {
    // The lab's daemon lives in the standby region, as bootstrap's does.
    let home = Some(Side::Standby);
    let ground = Ground::new(config, home, estate.clock(), estate.gate())?;
    let mut ticking = JoinSet::new();
    ticking.spawn(tick(estate.clone()));
    let parts = ground.with(Estate::Simulated(estate));
    tokio::select! {
        ended = operate(parts, listener, asked) => ended,
        _ = ticking.join_next() => Err(DaemonError::Part { what: "the simulated estate".to_owned() }),
    }
}

async fn tick(estate: Arc<Simulated>) {
    loop {
        estate.tick(estate.clock().read());
        tokio::time::sleep(TICK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab;

    #[test]
    fn the_configuration_describes_the_estate_of_the_lab() {
        let config = config(PathBuf::from("ledger.jsonl")).expect("a configuration");
        let (mut ours, mut theirs) = (config.setup(Some(Side::Standby)), lab::setup());
        ours.sensors.sort_by(|a, b| a.name.cmp(&b.name));
        theirs.sensors.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(ours, theirs);
        for sensor in &config.sensors {
            if let Some(arn) = &sensor.alarm_arn {
                let expected = lab::estate::alarm_arn(sensor.vantage, sensor.side);
                assert_eq!(*arn, expected);
            }
        }
        assert_eq!(config.account(), lab::estate::ACCOUNT);
    }
}
