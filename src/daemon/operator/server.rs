//! Takes connections on the socket, hands commands to the control loop, and answers.
//!
//! Every wait has an end, every line and the number of connections a size: no client holds up another, nor the
//! loop. Deliberately absent: what a command does.

use super::guard::{fault, refusal};
use super::protocol::{LINE_BYTES_MAX, OperatorCommand, OperatorReply, REPLY, ReplyCode};
use crate::config::OperatorConfig;
use crate::daemon::http::Shared;
use crate::daemon::shell::OrderCall;
use crate::engine::port::{Order, OrderReply};
use drd_state_machine::event::{OrderedBy, Word};
use drd_state_machine::time::Span;
use std::collections::VecDeque;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

/// For a whole command, from the connection to the reply. The loop answers within the ledger's deadline of 2 s.
const PATIENCE: Duration = Duration::from_secs(5);
/// People type; a script that opens more is wrong.
const CONNECTIONS_MAX: usize = 8;
/// How many answers are remembered, for a caller that did not get its own.
const REMEMBERED: usize = 64;
/// What is read of a line that is too long, so that its sender gets the reply, and for how long.
const REST_BYTES_MAX: u64 = 1 << 20;
const REST_PATIENCE: Duration = Duration::from_millis(200);
/// When no connection can be accepted: waiting is all that helps.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// The owner and the group may command.
const MODE: u32 = 0o660;

/// The machine's reason for a decision that changed no state.
const NOTED: &str = "noted";

/// What the connections share.
struct Operator {
    orders: mpsc::Sender<OrderCall>,
    shared: Arc<Shared>,
    numbers: AtomicU64,
    /// Held by the command that runs; the newest answers, by the caller's id.
    answered: Mutex<VecDeque<OperatorReply>>,
    places: Semaphore,
}

/// Serves the socket for ever. Where it cannot be had that is logged, and the daemon goes on without: what it is
/// for does not need it.
pub(in crate::daemon) async fn serve(
    config: Option<OperatorConfig>,
    orders: mpsc::Sender<OrderCall>,
    shared: Arc<Shared>,
) {
    let operator = Arc::new(Operator {
        orders,
        shared,
        numbers: AtomicU64::new(0),
        answered: Mutex::default(),
        places: Semaphore::new(CONNECTIONS_MAX),
    });
    // The sender lives as long as this does: without a socket the loop waits for orders that never come.
    let Some(config) = config else {
        return std::future::pending().await;
    };
    match listen(&config) {
        Ok(listener) => accept(&listener, &operator).await,
        Err(error) => {
            let path = config.socket.display();
            tracing::error!(%error, socket = %path, "no operator socket: drd acts by itself, and takes no commands");
            std::future::pending().await
        }
    }
}

fn listen(config: &OperatorConfig) -> io::Result<UnixListener> {
    let path = config.socket.as_path();
    let old = fs_err::symlink_metadata(path);
    if old.is_ok_and(|found| found.file_type().is_socket()) {
        // Of a daemon that is gone: two on one host have two paths.
        fs_err::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(MODE))?;
    if let Some(group) = &config.group {
        chown(path, None, Some(group_id(group)?))?;
    }
    tracing::info!(socket = %path.display(), "operators may command");
    Ok(listener)
}

/// The number of a group of this host.
fn group_id(name: &str) -> io::Result<u32> {
    let text = fs_err::read_to_string(Path::new("/etc/group"))?;
    let fields = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let number = fields
        .filter(|fields| fields.first() == Some(&name))
        .find_map(|fields| fields.get(2)?.parse().ok());
    number.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("no group {name} on this host"),
        )
    })
}

async fn accept(listener: &UnixListener, operator: &Arc<Operator>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let operator = operator.clone();
                    connections.spawn(async move {
                        let served = tokio::time::timeout(PATIENCE, converse(&operator, stream)).await;
                        if let Ok(Err(error)) = served {
                            tracing::debug!(%error, "a connection to the operator socket broke off");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the operator socket takes no connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

/// One line, one answer.
async fn converse(operator: &Operator, mut stream: UnixStream) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    let Ok(_place) = operator.places.try_acquire() else {
        let reply = operator.reply("", ReplyCode::Busy, "too many connections: try again");
        return send(&mut stream, &reply).await;
    };
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    let mut line = Vec::new();
    let limit = LINE_BYTES_MAX as u64 + 1;
    (&mut read).take(limit).read_until(b'\n', &mut line).await?;
    let reply = if line.len() > LINE_BYTES_MAX {
        // What is left unread would take the reply with it.
        let (mut rest, mut nowhere) = (read.take(REST_BYTES_MAX), tokio::io::sink());
        let drained = tokio::io::copy(&mut rest, &mut nowhere);
        let _ = tokio::time::timeout(REST_PATIENCE, drained).await;
        let text = format!("a line has at most {LINE_BYTES_MAX} bytes. Nothing was changed");
        operator.reply("", ReplyCode::Malformed, text)
    } else if line.pop() != Some(b'\n') {
        operator.reply(
            "",
            ReplyCode::Malformed,
            "the line has no end. Nothing was changed",
        )
    } else {
        operator.answer(&line, uid).await
    };
    send(&mut write, &reply).await
}

async fn send(to: &mut (impl AsyncWrite + Unpin), reply: &OperatorReply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    to.write_all(&line).await
}

impl Operator {
    async fn answer(&self, line: &[u8], uid: u32) -> OperatorReply {
        let command: OperatorCommand = match serde_json::from_slice(line) {
            Ok(command) => command,
            Err(error) => {
                let text = format!("no command: {error}. Nothing was changed");
                return self.reply("", ReplyCode::Malformed, text);
            }
        };
        if let Some(fault) = fault(&command) {
            let text = format!("no command: {fault}. Nothing was changed");
            return self.reply(&command.id, ReplyCode::Malformed, text);
        }
        let Ok(mut answered) = self.answered.try_lock() else {
            let text = "another command runs: try again in a moment. Nothing was changed";
            return self.reply(&command.id, ReplyCode::Busy, text);
        };
        if let Some(before) = answered.iter().find(|reply| reply.id == command.id) {
            return before.clone();
        }
        let reply = self.carry_out(command, uid).await;
        if answered.len() == REMEMBERED {
            answered.pop_front();
        }
        answered.push_back(reply.clone());
        reply
    }

    async fn carry_out(&self, command: OperatorCommand, uid: u32) -> OperatorReply {
        let view = self.shared.status();
        let leader = view.leader.as_ref().filter(|leader| !leader.leads);
        if let Some(leader) = leader {
            let text = format!(
                "{}; send the command to it. Nothing was changed",
                leader.summary()
            );
            return self.reply(&command.id, ReplyCode::NotLeading, text);
        }
        if let Some(text) = refusal(&command, &view) {
            return self.reply(&command.id, ReplyCode::Refused, text);
        }
        let (answer, waits) = oneshot::channel();
        let order = Order {
            id: self.numbers.fetch_add(1, Ordering::Relaxed),
            word: command.word,
            lasts: command.args.for_seconds.map(|s| Span::secs(i64::from(s))),
            by: OrderedBy::new(&command.id, &who(uid, &command.claimed_by), &command.reason),
        };
        tracing::info!(word = ?command.word, uid, claimed_by = command.claimed_by, reason = command.reason, "an operator orders");
        if self.orders.try_send(OrderCall { order, answer }).is_err() {
            let text = "drd is busy: try again. Nothing was changed";
            return self.reply(&command.id, ReplyCode::Busy, text);
        }
        let became = waits.await.unwrap_or(OrderReply::InDoubt);
        self.became(&command, &became)
    }

    fn became(&self, command: &OperatorCommand, became: &OrderReply) -> OperatorReply {
        let id = &command.id;
        match became {
            OrderReply::Taken { because } => {
                self.reply(id, ReplyCode::Taken, taken(command, because))
            }
            OrderReply::NotLeading => self.reply(
                id,
                ReplyCode::NotLeading,
                "this daemon does not lead. Nothing was changed; drd status shows who does",
            ),
            OrderReply::LedgerRefused => self.reply(
                id,
                ReplyCode::LedgerRefused,
                "the ledger refused: nothing was changed. Mend it (RUNBOOK, ledger), then say it again",
            ),
            OrderReply::InDoubt => self.reply(
                id,
                ReplyCode::InDoubt,
                "whether the command is in the ledger is not known: drd status shows what state things are in",
            ),
            OrderReply::Busy => self.reply(
                id,
                ReplyCode::Busy,
                "too many commands wait. Nothing was changed; try again",
            ),
        }
    }

    fn reply(&self, id: &str, code: ReplyCode, text: impl Into<String>) -> OperatorReply {
        let view = self.shared.status();
        OperatorReply {
            schema: REPLY.to_owned(),
            id: id.to_owned(),
            accepted: code == ReplyCode::Taken,
            code,
            text: text.into(),
            incident_id: view.incident.as_ref().map(|incident| incident.incident_id),
            ledger_sequence: Some(view.ledger.seq),
            leader: view.leader.as_ref().map(|leader| leader.owner.clone()),
        }
    }
}

/// What a command that is in the ledger did.
fn taken(command: &OperatorCommand, because: &str) -> String {
    let lasts = Span::secs(command.args.for_seconds.unwrap_or_default().into());
    match command.word {
        Word::Pause => format!(
            "paused for {lasts}: drd watches and pages, begins no run by itself, and acts by itself again then. Undo: drd resume"
        ),
        Word::Resume if because == NOTED => "resumed: drd acts by itself again".to_owned(),
        Word::Resume | Word::Abandon | Word::Failover | Word::Switchover => because.to_owned(),
    }
}

/// The user number is proven by the kernel, the name is the caller's word.
fn who(uid: u32, claimed_by: &str) -> String {
    match claimed_by {
        "" => format!("uid {uid}"),
        name => format!("uid {uid}, says {name}"),
    }
}
