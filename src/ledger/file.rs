//! The ledger on disk: JSON Lines, append and fsync, one writer.
//!
//! A torn last line is a write that never returned, so nothing acted on it: it is cut off with a
//! warning. Anything else that cannot be read is an error. Deliberately absent: rotation.

use super::chain::{GENESIS, LineFault, seal, unseal};
use super::entry::Entry;
use super::error::LedgerError;
use fs_err as fs;
use rustix::fs::{FlockOperation, flock};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// An open ledger file, locked against a second daemon.
#[derive(Debug)]
pub struct FileLedger {
    path: PathBuf,
    file: fs::File,
    sequence: u64,
    hash: String,
    len: u64,
}

/// What was found in a file.
#[derive(Debug)]
pub struct Found {
    /// Every entry, oldest first.
    pub entries: Vec<Entry>,
    /// Bytes of a torn last line that were cut off; 0 for none.
    pub torn_bytes: usize,
}

fn io(operation: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LedgerError {
    let path = path.to_owned();
    move |source| LedgerError::Io {
        operation,
        path,
        source,
    }
}

impl FileLedger {
    /// Opens or creates, locks, checks the whole chain, repairs a torn tail.
    ///
    /// # Errors
    /// When another daemon holds it, the file system refuses, or a line fails verification.
    pub fn open(path: &Path) -> Result<(FileLedger, Found), LedgerError> {
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(io("create the folder of", path))?;
        }
        let mut file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io("open", path))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            LedgerError::Locked {
                path: path.to_owned(),
            }
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io("read", path))?;
        let damaged = |(line, fault)| LedgerError::Damaged {
            path: path.to_owned(),
            line,
            fault,
        };
        let mut entries = Vec::new();
        let (hash, whole) = check(&bytes, &mut |entry, _| entries.push(entry)).map_err(damaged)?;
        let torn_bytes = bytes.len() - whole;
        if torn_bytes > 0 {
            file.set_len(whole as u64).map_err(io("repair", path))?;
            file.sync_all().map_err(io("repair", path))?;
        }
        file.seek(SeekFrom::End(0)).map_err(io("seek in", path))?;
        let sequence = entries.len() as u64;
        let ledger = FileLedger {
            path: path.to_owned(),
            file,
            sequence,
            hash,
            len: whole as u64,
        };
        Ok((
            ledger,
            Found {
                entries,
                torn_bytes,
            },
        ))
    }

    /// Reads a ledger without locking or changing it.
    ///
    /// # Errors
    /// When the file system refuses, a line fails verification, or there is no whole line.
    pub fn read(path: &Path) -> Result<Found, LedgerError> {
        let read = VerifiedLedger::read(path)?;
        Ok(Found {
            entries: read.entries,
            torn_bytes: read.torn_bytes,
        })
    }

    /// Appends lines and syncs once.
    ///
    /// # Errors
    /// When the file system refuses; a part that got through is cut off again.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), LedgerError> {
        let (mut bytes, mut hash) = (String::new(), self.hash.clone());
        for (entry, sequence) in entries.iter().zip(self.sequence + 1..) {
            let (line, next) = seal(sequence, entry, &hash).map_err(LedgerError::Inexpressible)?;
            bytes.push_str(&line);
            bytes.push('\n');
            hash = next;
        }
        let written = self
            .file
            .write_all(bytes.as_bytes())
            .and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // Best effort: should this fail too, the next start finds a torn tail and cuts it.
            let _ = self.file.set_len(self.len);
            let _ = self.file.seek(SeekFrom::End(0));
            return Err(io("append to", &self.path)(source));
        }
        self.len += bytes.len() as u64;
        self.sequence += entries.len() as u64;
        self.hash = hash;
        Ok(())
    }

    /// The number of the newest line.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// A ledger that is only read, whole: its bytes, and the hash of each line beside what it holds.
#[derive(Debug)]
pub struct VerifiedLedger {
    /// Its whole lines, as written.
    pub bytes: Vec<u8>,
    /// Every entry, oldest first.
    pub entries: Vec<Entry>,
    /// The hash of each entry's line.
    pub hashes: Vec<String>,
    /// Bytes of a torn last line, which is left alone; 0 for none.
    pub torn_bytes: usize,
}

impl VerifiedLedger {
    /// The newest hash.
    pub fn head(&self) -> &str {
        self.hashes.last().map_or("", String::as_str)
    }

    /// Reads a file without locking or changing it, and verifies every line.
    ///
    /// # Errors
    /// When the file system refuses, a line fails verification, or there is no whole line.
    pub fn read(path: &Path) -> Result<VerifiedLedger, LedgerError> {
        let mut bytes = fs::read(path).map_err(io("read", path))?;
        let unreadable = |(line, fault)| LedgerError::Unreadable {
            path: path.to_owned(),
            line,
            fault,
        };
        let (mut entries, mut hashes) = (Vec::new(), Vec::new());
        let (_, whole) = check(&bytes, &mut |entry, hash| {
            entries.push(entry);
            hashes.push(hash.to_owned());
        })
        .map_err(unreadable)?;
        let torn_bytes = bytes.len() - whole;
        bytes.truncate(whole);
        if entries.is_empty() {
            return Err(LedgerError::Empty {
                path: path.to_owned(),
                torn_bytes,
            });
        }
        Ok(VerifiedLedger {
            bytes,
            entries,
            hashes,
            torn_bytes,
        })
    }
}

/// Checks a whole file and gives each entry with its hash; then the newest hash and the length of the whole lines,
/// or which line is wrong, counted from 1, and how.
///
/// Bytes, not text: a tear may be in the middle of a letter, and a flipped bit may end one.
fn check(
    bytes: &[u8],
    take: &mut dyn FnMut(Entry, &str),
) -> Result<(String, usize), (usize, LineFault)> {
    let mut hash = GENESIS.to_owned();
    let (mut whole, mut number) = (0, 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else {
            break;
        };
        number += 1;
        let text = std::str::from_utf8(line).map_err(|_| LineFault::BadHash);
        let (entry, next) = text
            .and_then(|text| unseal(text, number as u64, &hash))
            .map_err(|fault| (number, fault))?;
        take(entry, &next);
        hash = next;
        whole += line.len() + 1;
    }
    Ok((hash, whole))
}
