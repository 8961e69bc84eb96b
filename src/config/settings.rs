//! How drd itself runs: how often it looks, where its ledger is, where it listens.
//!
//! Deliberately absent: the DynamoDB ledger. It is refused by name until it is built.

use super::leaf;
use super::reader::{Field, Notes, Reader};
use super::tree::Node;
use drd_state_machine::time::Span;
use std::net::{Ipv4Addr, SocketAddr};
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
}

/// The port that DESIGN section 9 names.
const PORT: u16 = 9817;

pub(super) fn read_observe(root: &mut Reader<'_>) -> ObserveConfig {
    let mut table = root.table_or_empty("observe");
    let probe = table.with_default("probe", Span::secs(5), leaf::span);
    let probe_timeout = table.with_default("probe_timeout", Span::secs(3), leaf::span);
    let armed = table.with_default("armed", Span::secs(30), leaf::span);
    let acting = table.with_default("acting", Span::secs(5), leaf::span);
    let not_longer = |short: (&str, &Field<Span>), long: (&str, &Field<Span>), why: &str| {
        at_most(table.notes(), short, long, why);
    };
    not_longer(
        ("probe_timeout", &probe_timeout),
        ("probe", &probe),
        "probes would pile up",
    );
    not_longer(
        ("acting", &acting),
        ("armed", &armed),
        "drd looks more often while it acts",
    );
    let observe = ObserveConfig {
        armed: armed.value,
        acting: acting.value,
        probe: probe.value,
        probe_timeout: probe_timeout.value,
        readiness: table
            .with_default("readiness", Span::secs(300), leaf::span)
            .value,
        heartbeat: table
            .with_default("heartbeat", Span::secs(60), leaf::span)
            .value,
        call_timeout: table
            .with_default("call_timeout", Span::secs(5), leaf::span)
            .value,
    };
    table.finish();
    observe
}

fn at_most(notes: &Notes, short: (&str, &Field<Span>), long: (&str, &Field<Span>), why: &str) {
    if short.1.value > long.1.value {
        let what = format!(
            "{} {} > {} {}",
            short.0, short.1.value, long.0, long.1.value
        );
        notes.problem(&short.1.origin, what, why);
    }
}

pub(super) fn read_ledger(root: &mut Reader<'_>) -> Option<LedgerConfig> {
    let mut ledger = root.table("ledger", "where decisions are kept, kind and path")?;
    let kind = ledger.with_default("kind", Kind::File, ledger_kind);
    let table = ledger.optional("table", leaf::text);
    let notes = ledger.notes();
    let path = match kind.value {
        Kind::DynamoDb => {
            let hint = "not built yet; use kind = \"file\" and a path";
            notes.problem(&kind.origin, "a ledger in DynamoDB", hint);
            ledger.optional("path", leaf::text)
        }
        Kind::File => {
            if let Some(table) = table {
                let hint = "remove it; kind = \"file\" has a path";
                notes.problem(
                    &table.origin,
                    "`table` belongs to a ledger in DynamoDB",
                    hint,
                );
            }
            let purpose = "the file that holds every decision, such as /var/lib/drd/ledger.jsonl";
            ledger.required("path", purpose, leaf::text)
        }
    };
    ledger.finish();
    Some(LedgerConfig::File {
        path: PathBuf::from(path?.value),
    })
}

#[derive(Clone, Copy)]
enum Kind {
    File,
    DynamoDb,
}

fn ledger_kind(node: &Node) -> Result<Kind, String> {
    leaf::named(
        node.text()?,
        [Kind::File, Kind::DynamoDb],
        |kind| match kind {
            Kind::File => "file",
            Kind::DynamoDb => "dynamodb",
        },
    )
}

pub(super) fn read_listen(root: &mut Reader<'_>) -> SocketAddr {
    let mut http = root.table_or_empty("http");
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let listen = http.with_default("listen", default, leaf::listen);
    http.finish();
    listen.value
}
