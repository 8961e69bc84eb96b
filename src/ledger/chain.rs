//! One line of the ledger: JSON whose last field is the hash of everything before it.
//!
//! The hash covers the bytes as written, so that checking never depends on how a newer version
//! would write the same value. Deliberately absent: files.

use super::entry::Entry;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The hash that the first line follows.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const HASH_FIELD: &str = ",\"hash\":\"";
/// The hash field, 64 hex digits, a quote and the closing brace.
const TAIL_LEN: usize = HASH_FIELD.len() + 64 + 2;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// It has no hash where one must be.
    #[error("it does not end in a hash")]
    NoHash,
    /// Its bytes are not the ones that were written.
    #[error("its hash does not fit its bytes")]
    BadHash,
    /// It does not follow the line before it.
    #[error("it does not follow the line before it")]
    BrokenChain,
    /// It is a line, but not one that this version knows.
    #[error("this version cannot read it: {0}")]
    Unknown(String),
}

impl LineFault {
    /// What to do with a ledger that a daemon is to start on and that has such a line.
    pub(super) const fn next_step(&self) -> &'static str {
        match self {
            LineFault::NoHash | LineFault::BadHash | LineFault::BrokenChain => {
                "Keep it, and put the newest whole copy in its place. Where there is none, follow RUNBOOK \"A new ledger\": \
                 drd then takes the roles from what it sees, and does not know of requests that may still land, so \
                 leave the roles alone for 15 minutes"
            }
            LineFault::Unknown(_) => {
                "Another version wrote it: start that one on it (RUNBOOK \"Ledger formats\")"
            }
        }
    }
}

#[derive(Serialize)]
struct WrittenLine<'e> {
    seq: u64,
    at: String,
    #[serde(flatten)]
    entry: &'e Entry,
    prev: &'e str,
}

#[derive(Deserialize)]
struct Read {
    seq: u64,
    #[serde(flatten)]
    entry: Entry,
    prev: String,
}

/// SHA-256 as 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Writes a line (without the line feed) and gives its hash.
///
/// # Errors
/// Only when the entry cannot be expressed as JSON, which would be a defect.
pub fn seal(seq: u64, entry: &Entry, prev: &str) -> Result<(String, String), serde_json::Error> {
    let at = Timestamp::from_millisecond(entry.now().0)
        .map_or_else(|_| String::from("unknown"), |t| t.to_string());
    let mut body = serde_json::to_string(&WrittenLine {
        seq,
        at,
        entry,
        prev,
    })?;
    body.pop();
    let hash = sha256(body.as_bytes());
    body.push_str(HASH_FIELD);
    body.push_str(&hash);
    body.push_str("\"}");
    Ok((body, hash))
}

/// The lines of these entries, as a ledger's file has them.
///
/// # Errors
/// As [`seal`].
pub fn sealed(entries: &[Entry]) -> Result<Vec<u8>, serde_json::Error> {
    let (mut bytes, mut prev) = (Vec::new(), GENESIS.to_owned());
    for (sequence, entry) in (1..).zip(entries) {
        let (line, hash) = seal(sequence, entry, &prev)?;
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        prev = hash;
    }
    Ok(bytes)
}

/// Reads a line that must follow `prev` and be number `seq`; gives the entry and its hash.
///
/// # Errors
/// When the line is not what was written, does not follow, or cannot be understood.
pub fn unseal(line: &str, seq: u64, prev: &str) -> Result<(Entry, String), LineFault> {
    unseal_after(line, seq, Some(prev))
}

/// As [`unseal`], for a line of which may not be known what it follows (`None`): the first that
/// is read of a longer ledger.
///
/// # Errors
/// As [`unseal`].
pub fn unseal_after(
    line: &str,
    seq: u64,
    prev: Option<&str>,
) -> Result<(Entry, String), LineFault> {
    let split = line.len().checked_sub(TAIL_LEN).ok_or(LineFault::NoHash)?;
    let (body, tail) = line.split_at_checked(split).ok_or(LineFault::NoHash)?;
    let written = tail
        .strip_prefix(HASH_FIELD)
        .and_then(|rest| rest.strip_suffix("\"}"))
        .ok_or(LineFault::NoHash)?;
    if sha256(body.as_bytes()) != written {
        return Err(LineFault::BadHash);
    }
    let read: Read = serde_json::from_str(&format!("{body}}}"))
        .map_err(|e| LineFault::Unknown(e.to_string()))?;
    if read.seq != seq || prev.is_some_and(|prev| read.prev != prev) {
        return Err(LineFault::BrokenChain);
    }
    check_version(&read.entry)?;
    Ok((read.entry, written.to_owned()))
}

fn check_version(entry: &Entry) -> Result<(), LineFault> {
    use drd_state_machine::record::RECORD_VERSION;
    match entry {
        Entry::Decided { before, .. } if before.version != RECORD_VERSION => {
            Err(LineFault::Unknown(format!(
                "record version {}, this drd reads {RECORD_VERSION}",
                before.version
            )))
        }
        Entry::Decided { .. } | Entry::Opened { .. } | Entry::Noted { .. } => Ok(()),
    }
}
