//! Operators' commands over the real socket of the daemon on a simulated estate, and by the command line.
//!
//! Deliberately absent: what the machine makes of a word (its own tests), and the long waits of a recovery.

use crate::Folder;
use crate::simulated::{ARMED_WITHIN, estate, until_armed};
use drd::config::OperatorConfig;
use drd::daemon::operator::{COMMAND, CommandArgs, OperatorCommand, OperatorReply, ReplyCode};
use drd::daemon::{client, http, simulated};
use drd_state_machine::event::Word;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::{interval, timeout};

/// A daemon that is armed, its socket and its ledger.
struct Running {
    folder: Folder,
    address: SocketAddr,
    daemon: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn start(name: &str) -> Running {
        let folder = Folder::new(name);
        let ledger = folder.path().join("ledger.jsonl");
        let mut config = simulated::config(ledger).expect("a configuration");
        let socket = folder.path().join("drd.sock");
        config.operator = Some(OperatorConfig {
            socket,
            group: None,
        });
        let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
        let listener = http::listen(any).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let daemon = tokio::spawn(async move {
            let never = std::future::pending();
            let ended = simulated::run(config, listener, estate(), never).await;
            panic!("the daemon ended: {ended:?}");
        });
        let armed = timeout(ARMED_WITHIN, until_armed(address)).await;
        armed.expect("armed in time");
        Running {
            folder,
            address,
            daemon,
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("drd.sock")
    }

    fn ledger(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("ledger.jsonl")).expect("a ledger")
    }

    async fn send(&self, command: &OperatorCommand) -> OperatorReply {
        client::command(&self.socket(), command)
            .await
            .expect("a reply")
    }

    /// Bytes as they are, and what comes back.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = UnixStream::connect(self.socket())
            .await
            .expect("it listens");
        // A daemon that refuses may close before everything was sent.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    async fn drd(&self, arguments: &[&str]) -> Output {
        let socket = self.socket();
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        let run = move || {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_drd"));
            command.args(arguments).arg("--socket").arg(socket);
            command.env("SUDO_USER", "anna").output()
        };
        let done = tokio::task::spawn_blocking(run).await.expect("no panic");
        done.expect("drd runs")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.daemon.abort();
    }
}

fn command(id: &str, word: Word) -> OperatorCommand {
    OperatorCommand {
        schema: COMMAND.to_owned(),
        id: id.to_owned(),
        word,
        args: CommandArgs::default(),
        reason: "a test".to_owned(),
        claimed_by: "anna".to_owned(),
    }
}

fn pause(id: &str) -> OperatorCommand {
    let mut pause = command(id, Word::Pause);
    pause.args.for_seconds = Some(7200);
    pause
}

/// The test's own user number, as the kernel has it.
fn uid() -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").expect("proc").uid()
}

fn orders(ledger: &str) -> usize {
    ledger.matches("\"event\":\"ordered\"").count()
}

#[tokio::test]
async fn a_pause_is_in_the_ledger_with_whose_it_is_and_the_same_again_does_nothing_more() {
    let drd = Running::start("operator-pause").await;
    let mode = std::fs::metadata(drd.socket())
        .expect("a socket")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o660);
    let reply = drd.send(&pause("one")).await;
    assert!(reply.accepted, "{reply:?}");
    assert!(reply.text.starts_with("paused for 7200 s"), "{reply:?}");
    let ledger = drd.ledger();
    let whose = format!("\"who\":\"uid {}, says anna\",\"why\":\"a test\"", uid());
    assert!(ledger.contains(&whose), "{ledger}");
    assert_eq!(drd.send(&pause("one")).await, reply);
    assert_eq!(orders(&drd.ledger()), 1);
    let view = client::fetch(drd.address).await.expect("a status");
    assert!(view.paused && !view.armed);

    let reply = drd.send(&command("two", Word::Resume)).await;
    assert_eq!(reply.text, "resumed: drd acts by itself again");
    let reply = drd.send(&command("three", Word::Resume)).await;
    assert_eq!(reply.code, ReplyCode::Refused, "{reply:?}");
    assert_eq!(orders(&drd.ledger()), 2);
}

#[tokio::test]
async fn what_is_no_command_is_answered_and_has_no_effect() {
    let drd = Running::start("operator-junk").await;
    let long = format!("{{\"id\":\"{}\"}}\n", "x".repeat(70_000));
    let half = "{\"schema\":\"drd.command/1.0\"";
    let other = "{\"schema\":\"drd.command/9.0\",\"id\":\"1\",\"word\":\"pause\",\"args\":{\"for_seconds\":5}}\n";
    let unknown = "{\"schema\":\"drd.command/1.0\",\"id\":\"1\",\"word\":\"destroy\"}\n";
    for bytes in [
        long.as_bytes(),
        half.as_bytes(),
        other.as_bytes(),
        unknown.as_bytes(),
        b"\n",
        b"hello\n",
        b"\0\n",
        b"\xff\xfe\n",
    ] {
        let answer = drd.raw(bytes).await;
        let reply: OperatorReply =
            serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{e}: {answer:?}"));
        assert_eq!(reply.code, ReplyCode::Malformed, "{bytes:?}: {reply:?}");
        assert!(reply.text.contains("Nothing was changed"), "{reply:?}");
    }
    assert_eq!(orders(&drd.ledger()), 0);
}

#[tokio::test]
async fn clients_that_send_nothing_hold_up_nobody_for_long() {
    let drd = Running::start("operator-idle").await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(UnixStream::connect(drd.socket()).await.expect("it listens"));
    }
    let mut every = interval(Duration::from_millis(100));
    let mut ninth = drd.send(&pause("one")).await;
    for _ in 0..100 {
        if ninth.code != ReplyCode::Busy {
            break;
        }
        every.tick().await;
        ninth = drd.send(&pause("one")).await;
    }
    assert!(ninth.accepted, "{ninth:?}");
}

#[tokio::test]
async fn the_command_line_says_what_was_done_or_why_not_and_exits_with_it() {
    let drd = Running::start("operator-cli").await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let refused = drd.drd(&["failover"]).await;
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("Without loss: drd switchover"));
    assert!(refused.stdout.is_empty());
    let unexplained = drd.drd(&["failover", "--accept-data-loss", "60s"]).await;
    assert_eq!(unexplained.status.code(), Some(2));
    assert!(text(&unexplained.stderr).contains("--reason"));
    let long = drd.drd(&["pause", "--for", "25h"]).await;
    assert_eq!(long.status.code(), Some(2));
    assert_eq!(orders(&drd.ledger()), 0);

    let paused = drd
        .drd(&["pause", "--for", "30m", "--reason", "CHG-4711"])
        .await;
    assert_eq!(paused.status.code(), Some(0), "{}", text(&paused.stderr));
    assert!(text(&paused.stdout).starts_with("paused for 1800 s"));
    assert!(drd.ledger().contains("says anna\",\"why\":\"CHG-4711\""));
    let moved = drd
        .drd(&["switchover", "--no-wait", "--reason", "CHG-4712"])
        .await;
    assert_eq!(moved.status.code(), Some(0), "{}", text(&moved.stderr));
    let again = drd.drd(&["switchover"]).await;
    assert_eq!(again.status.code(), Some(3), "{}", text(&again.stdout));
    assert!(
        text(&again.stderr).contains("already"),
        "{}",
        text(&again.stderr)
    );
}

#[tokio::test]
async fn where_no_daemon_listens_the_command_line_says_so_with_7() {
    let missing = Path::new("/nonexistent/drd.sock");
    let error = client::command(missing, &pause("one"))
        .await
        .expect_err("nobody");
    assert_eq!(error.exit_code(), 7);
    assert!(error.to_string().contains("nothing was changed"), "{error}");
}
