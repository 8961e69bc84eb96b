//! How drd itself runs: how often it looks, where its ledger is, where it listens.
//!
//! Deliberately absent: whether the table or the folder exists. Starting shows that.

use super::diagnostics::Origin;
use super::reader::{Notes, Reader};
use super::tree::Node;
use super::values;
use crate::engine::lease::Terms;
use drd_state_machine::policy::{HEARTBEAT_SILENT, LOOK_FRESH, OWN_FRESH, READY_FRESH};
use drd_state_machine::time::Span;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How often drd looks, and how long it waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObserveConfig {
    /// Between two looks at AWS while all is well.
    pub armed: Span,
    /// The same while a recovery runs.
    pub acting: Span,
    /// Between two probes of the public endpoint.
    pub probe: Span,
    /// How long a probe may take.
    pub probe_timeout: Span,
    /// Between two rounds of readiness checks.
    pub readiness: Span,
    /// Between two heartbeats through EventBridge and SQS.
    pub heartbeat: Span,
    /// How long one AWS call may take.
    pub call_timeout: Span,
}

/// Where decisions are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerConfig {
    /// A file of JSON Lines on this host.
    File {
        /// The file; its directory must exist.
        path: PathBuf,
    },
    /// A table in the standby region, for two daemons of which one leads.
    DynamoDb {
        /// The table.
        table: String,
        /// How the lease is kept.
        terms: Terms,
        /// The file in which this install keeps the name under which it leads.
        identity: PathBuf,
    },
}

/// Where operators' commands come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorConfig {
    /// The socket; its directory must exist.
    pub socket: PathBuf,
    /// The group of this host that may command, beside the socket's owner.
    pub group: Option<String>,
}

/// Where systemd's `StateDirectory=drd` puts what outlives a restart.
const IDENTITY: &str = "/var/lib/drd/identity";

/// Where the HTTP interface listens unless configured (DESIGN section 9).
pub const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9817);

pub(super) fn read_observe(root: &mut Reader<'_>) -> ObserveConfig {
    let mut table = root.table_or_empty("observe");
    let mut seconds = |key, default| {
        table
            .with_default(key, Span::secs(default), values::span)
            .value
    };
    let observe = ObserveConfig {
        armed: seconds("armed", 30),
        acting: seconds("acting", 5),
        probe: seconds("probe", 5),
        probe_timeout: seconds("probe_timeout", 3),
        readiness: seconds("readiness", 300),
        heartbeat: seconds("heartbeat", 60),
        call_timeout: seconds("call_timeout", 5),
    };
    fits(table.notes(), table.origin(), &observe);
    table.finish();
    observe
}

/// What drd sees stays valid for a fixed time (`drd_state_machine::policy`). Looking more rarely
/// than that would leave gaps in which it knows nothing and is not armed.
fn fits(notes: &Notes, origin: &Origin, observe: &ObserveConfig) {
    let rules = [
        (
            "probe_timeout",
            observe.probe_timeout,
            observe.probe,
            "probes would pile up",
        ),
        (
            "acting",
            observe.acting,
            observe.armed,
            "drd looks more often while it acts",
        ),
        (
            "2 x armed + call_timeout",
            observe.armed.times(2) + observe.call_timeout,
            LOOK_FRESH,
            "a look must be followed by the next before it is too old",
        ),
        (
            "2 x probe + probe_timeout",
            observe.probe.times(2) + observe.probe_timeout,
            OWN_FRESH,
            "a probe must be followed by the next before it is too old",
        ),
        (
            "2 x readiness",
            observe.readiness.times(2),
            READY_FRESH,
            "a round of checks must be followed by the next before it is too old",
        ),
        (
            "3 x heartbeat",
            observe.heartbeat.times(3),
            HEARTBEAT_SILENT,
            "a single lost heartbeat would disarm drd",
        ),
    ];
    for (what, value, most, why) in rules {
        if value > most {
            notes.problem(origin, format!("{what} {value} > {most} in [observe]"), why);
        }
    }
}

pub(super) fn read_ledger(root: &mut Reader<'_>) -> Option<LedgerConfig> {
    let mut ledger = root.table("ledger", "where decisions are kept, kind and path")?;
    let kind = ledger.with_default("kind", LedgerKind::File, ledger_kind);
    let read = match kind.value {
        LedgerKind::DynamoDb => read_table(&mut ledger),
        LedgerKind::File => read_file(&mut ledger),
    };
    ledger.finish();
    read
}

fn read_file(ledger: &mut Reader<'_>) -> Option<LedgerConfig> {
    for key in ["table", "lease", "renew", "identity"] {
        if let Some(found) = ledger.optional(key, values::text) {
            let what = format!("`{key}` belongs to a ledger in DynamoDB");
            let hint = "remove it; kind = \"file\" has a path";
            ledger.notes().problem(&found.origin, what, hint);
        }
    }
    let purpose = "the file that holds every decision, such as /var/lib/drd/ledger.jsonl";
    let path = ledger.required("path", purpose, values::text)?;
    Some(LedgerConfig::File {
        path: PathBuf::from(path.value),
    })
}

fn read_table(ledger: &mut Reader<'_>) -> Option<LedgerConfig> {
    if let Some(path) = ledger.optional("path", values::text) {
        let what = "`path` belongs to a ledger in a file";
        let hint = "remove it; kind = \"dynamodb\" has a table";
        ledger.notes().problem(&path.origin, what, hint);
    }
    let usual = Terms::default();
    let terms = Terms {
        lease: ledger
            .with_default("lease", usual.lease, values::span)
            .value,
        renew: ledger
            .with_default("renew", usual.renew, values::span)
            .value,
    };
    if let Some(problem) = terms.problem() {
        let hint =
            "a daemon that cannot renew in time stops leading; lease = \"15s\", renew = \"5s\"";
        ledger.notes().problem(ledger.origin(), problem, hint);
    }
    let identity = ledger.with_default("identity", IDENTITY.to_owned(), values::text);
    let purpose = "the table that two daemons share, such as table-ledger-shop1";
    let table = ledger.required("table", purpose, values::text)?;
    Some(LedgerConfig::DynamoDb {
        table: table.value,
        terms,
        identity: PathBuf::from(identity.value),
    })
}

#[derive(Clone, Copy)]
enum LedgerKind {
    File,
    DynamoDb,
}

fn ledger_kind(node: &Node) -> Result<LedgerKind, String> {
    values::named(
        node.text()?,
        [LedgerKind::File, LedgerKind::DynamoDb],
        |kind| match kind {
            LedgerKind::File => "file",
            LedgerKind::DynamoDb => "dynamodb",
        },
    )
}

/// A path of a socket has at most so many bytes (unix(7), `sun_path` with its end).
const SOCKET_BYTES_MAX: usize = 107;

/// Without the table there is no socket: nobody commands the daemon but by its signals.
pub(super) fn read_operator(root: &mut Reader<'_>) -> Option<OperatorConfig> {
    let mut operator = root.optional_table("operator")?;
    let purpose = "the socket that drd pause and its like use, such as /run/drd/drd.sock";
    let socket = operator.required("socket", purpose, values::text);
    let group = operator
        .optional("group", values::text)
        .map(|group| group.value);
    if let Some(long) = socket
        .as_ref()
        .filter(|path| path.value.len() > SOCKET_BYTES_MAX)
    {
        let what = format!("a socket's path has at most {SOCKET_BYTES_MAX} bytes");
        operator.notes().problem(
            &long.origin,
            what,
            "use a shorter directory, such as /run/drd",
        );
    }
    operator.finish();
    let socket = PathBuf::from(socket?.value);
    Some(OperatorConfig { socket, group })
}

/// Any process that reaches the address reads the estate's state: exposing it must be a decision.
pub(super) fn read_listen(root: &mut Reader<'_>) -> SocketAddr {
    let mut http = root.table_or_empty("http");
    let listen = http.with_default("listen", ADDRESS, values::listen);
    let expose = http.with_default("expose", false, Node::truth);
    if !listen.value.ip().is_loopback() && !expose.value {
        let what = format!(
            "{} can be reached from other hosts, and the interface has neither TLS nor a login",
            listen.value
        );
        let hint =
            "use a loopback address and a proxy that has both, or set `expose = true` in [http]";
        http.notes().problem(&listen.origin, what, hint);
    }
    http.finish();
    listen.value
}

/// The address alone. Whether it may be exposed was judged when the daemon started.
pub(super) fn read_address(root: &mut Reader<'_>) -> SocketAddr {
    let mut http = root.table_or_empty("http");
    http.with_default("listen", ADDRESS, values::listen).value
}
