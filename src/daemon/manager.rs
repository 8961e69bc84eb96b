//! The service manager, where there is one (`NOTIFY_SOCKET`, sd_notify(3)): it is notified that drd
//! is ready, that its loop turns, in which state it is, and that it stops.
//!
//! The words are `sd_notify`'s. Sending is here: the crate knows no abstract socket, and would wait
//! while the manager's queue is full, which would stall the very loop that is vouched for.
//! Deliberately absent: anything that a timer does; see `watchdog`.

use super::watchdog::{Rule, TURN_MAX, TooShort, extend};
use crate::clock::{boot, duration};
use crate::config::LedgerConfig;
use crate::status::StatusView;
use drd_state_machine::time::Span;
use sd_notify::NotifyState;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a stop may take: 20 s for outcomes under way, a call to give the lease up, and room.
const STOP_EXTENDED_BY: Span = Span::secs(30);

/// Where the manager listens.
#[derive(Debug)]
struct Ear {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl Ear {
    fn at(address: &OsStr) -> io::Result<Ear> {
        let address = match address.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            [b'/', ..] => SocketAddr::from_pathname(address)?,
            _ => return Err(io::Error::other("neither a path nor an abstract name")),
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Ear { socket, address })
    }

    fn hear(&self, words: &[NotifyState<'_>]) -> io::Result<()> {
        let text: String = words.iter().map(|word| format!("{word}\n")).collect();
        self.socket.send_to_addr(text.as_bytes(), &self.address)?;
        Ok(())
    }
}

/// The service manager, or nobody.
#[derive(Debug)]
pub(super) struct Manager {
    ear: Option<Ear>,
    rule: Mutex<Rule>,
}

impl Manager {
    /// The one that started this process, if one did. Where it cannot be reached drd runs all the
    /// same, and logs it.
    ///
    /// # Errors
    /// When its watchdog could not be kept.
    pub(super) fn of_process(ledger: &LedgerConfig) -> Result<Manager, TooShort> {
        let address = std::env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty());
        let ear = address.and_then(|address| {
            Ear::at(&address)
                .inspect_err(|error| tracing::error!(%error, ?address, "the service manager cannot be told anything"))
                .ok()
        });
        let watched = ear.as_ref().and_then(|_| sd_notify::watchdog_enabled());
        if ear.is_some() && watched.is_none() && std::env::var_os("WATCHDOG_USEC").is_some() {
            tracing::warn!(
                "WATCHDOG_USEC is no number or is another process's: no watchdog is fed"
            );
        }
        let rule = Rule::new(watched.map(span), turn_max(ledger))?;
        let manager = Manager {
            ear,
            rule: Mutex::new(rule),
        };
        manager.tell(&[NotifyState::Status("starting: the ledger is opened")]);
        Ok(manager)
    }

    fn rule(&self) -> MutexGuard<'_, Rule> {
        self.rule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the manager, if there is one, took it.
    fn tell(&self, words: &[NotifyState<'_>]) -> bool {
        let Some(ear) = self.ear.as_ref().filter(|_| !words.is_empty()) else {
            return true;
        };
        let heard = ear.hear(words);
        if let Err(error) = &heard {
            tracing::warn!(%error, "the service manager did not take a message");
        }
        heard.is_ok()
    }

    /// The loop that lives turned. Nothing but that loop may report it.
    pub(super) fn turned(&self) {
        let words = self.rule().turned(boot());
        self.tell(&words);
    }

    /// This daemon does its work: it leads on a ledger that took its first lines, or it stands by
    /// for one that does. Sent once, however often this is called.
    pub(super) fn ready(&self) {
        let due = self.rule().becomes_ready();
        if due && !self.tell(&[NotifyState::Ready]) {
            self.rule().not_heard_as_ready();
        }
    }

    /// There is something new to show.
    pub(super) fn shows(&self, view: &StatusView) {
        if self.ear.is_none() {
            return;
        }
        let text = self.rule().shows(view, boot());
        if let Some(text) = text
            && !self.tell(&[NotifyState::Status(&text)])
        {
            self.rule().not_shown();
        }
    }

    /// A stop began.
    pub(super) fn stopping(&self, signal: &str) {
        let text = format!("stopping after {signal}: outcomes under way are awaited");
        self.tell(&[
            NotifyState::Stopping,
            extend(STOP_EXTENDED_BY),
            NotifyState::Status(&text),
        ]);
    }

    /// How long a loop may wait between two turns; `usual` where nobody watches.
    pub(super) fn wait_at_most(&self, usual: Duration) -> Duration {
        let watched = self.rule().wait_max();
        watched.map_or(usual, |most| usual.min(duration(most)))
    }
}

fn span(duration: Duration) -> Span {
    Span::millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

/// The longest that a loop which is well may be silent. With a table it is as long as a term needs
/// to be found over, two calls without an answer after the lease: killing a leader sooner than its
/// lease ends only delays the next one.
fn turn_max(ledger: &LedgerConfig) -> Span {
    match ledger {
        LedgerConfig::File { .. } => TURN_MAX,
        LedgerConfig::DynamoDb { terms, .. } => terms.lease + terms.attempt().times(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hears_what_is_said(listener: &UnixDatagram, address: &OsStr) {
        let ear = Ear::at(address).expect("an address");
        ear.hear(&[NotifyState::Ready, NotifyState::Watchdog])
            .expect("sent");
        let mut buffer = [0; 64];
        let length = listener.recv(&mut buffer).expect("received");
        assert_eq!(&buffer[..length], b"READY=1\nWATCHDOG=1\n");
    }

    #[test]
    fn a_path_and_an_abstract_name_are_both_reached() {
        let name = format!("drd-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let listener = UnixDatagram::bind_addr(&address).expect("bound");
        hears_what_is_said(&listener, OsStr::new(&format!("@{name}")));
        let path = std::env::temp_dir().join(&name);
        let listener = UnixDatagram::bind(&path).expect("bound");
        hears_what_is_said(&listener, path.as_os_str());
        let _ = std::fs::remove_file(path);
    }

    #[test]
    fn a_manager_that_does_not_read_never_makes_the_loop_wait() {
        let name = format!("drd-full-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let _deaf = UnixDatagram::bind_addr(&address).expect("bound");
        let ear = Ear::at(OsStr::new(&format!("@{name}"))).expect("an address");
        // More than any queue takes: the kernel's default is 10 datagrams, systemd raises it to 512.
        let sent = (0..100_000).map(|_| ear.hear(&[NotifyState::Watchdog]));
        let refused = sent.into_iter().find_map(Result::err).expect("full");
        assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn an_address_of_another_kind_is_an_error_and_not_a_file() {
        for nonsense in ["vsock:2:1", "notify.sock", ""] {
            assert!(Ear::at(OsStr::new(nonsense)).is_err(), "{nonsense:?}");
        }
    }
}
