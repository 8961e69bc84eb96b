//! Writes a bundle: every file, and the manifest last, so that an interrupted one is no bundle.
//!
//! Deliberately absent: writing over anything. Evidence that exists is kept.

use super::manifest::Manifest;
use super::names::{EVIDENCE, LEDGER, MANIFEST, SCHEMA, SETUP};
use crate::ledger::sha256;
use crate::report::{Documents, Provenance, SUPPORTS};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Something is there already.
    #[error(
        "{folder} is not empty, and evidence is never written over; nothing was written. Name a new folder"
    )]
    Occupied {
        /// Which.
        folder: PathBuf,
    },
    /// The file system refused.
    #[error(
        "write the evidence; {folder} has no manifest.json, so it is no bundle. Remove it, and try again"
    )]
    Io {
        /// Where.
        folder: PathBuf,
        /// The cause, which names the path.
        #[source]
        source: std::io::Error,
    },
    /// A value cannot be expressed, which would be a defect.
    #[error("express the evidence as JSON")]
    Inexpressible(#[from] serde_json::Error),
}

/// What a bundle is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Subject {
    /// A run that the ledger has.
    Run {
        /// Its number.
        run: u64,
    },
    /// A rehearsal.
    Rehearsal {
        /// The scenario's name.
        scenario: String,
        /// What every chance was drawn from.
        seed: u64,
    },
}

/// Everything that goes into one.
pub struct Bundle<'a> {
    /// What it is about.
    pub subject: Subject,
    /// Whether it is of a rehearsal or a demonstration.
    pub simulated: bool,
    /// Who made it.
    pub provenance: &'a Provenance,
    /// The report in every format.
    pub report: Documents,
    /// The ledger's lines.
    pub ledger: &'a [u8],
    /// What `setup.json` holds.
    pub setup: Vec<u8>,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct WrittenBundle {
    /// How many files, the manifest included.
    pub files: usize,
    /// What people sign.
    pub manifest_sha256: String,
}

impl WrittenBundle {
    /// What a command prints of it.
    pub fn text(&self, folder: &Path) -> String {
        format!(
            "Evidence in {}: {} files. Sign the SHA-256 of its manifest.json:\n  {}\nVerify it: drd evidence verify {}",
            folder.display(),
            self.files,
            self.manifest_sha256,
            folder.display()
        )
    }
}

/// The content of `evidence.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceFile {
    schema: String,
    pub(super) subject: Subject,
    simulated: bool,
    pub(super) provenance: Provenance,
    supports: String,
    /// Lines of the ledger in the bundle.
    ledger_lines: usize,
    how_to_verify: Vec<String>,
}

impl Bundle<'_> {
    /// Writes it into a folder that does not exist or is empty.
    ///
    /// # Errors
    /// See [`EvidenceError`].
    pub fn write(self, folder: &Path) -> Result<WrittenBundle, EvidenceError> {
        let io = |source| EvidenceError::Io {
            folder: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(io)?;
        if fs::read_dir(folder).map_err(io)?.next().is_some() {
            return Err(EvidenceError::Occupied {
                folder: folder.to_owned(),
            });
        }
        let files = self.files()?;
        let manifest = Manifest::of(&files).seal()?;
        for (name, bytes) in &files {
            fs::write(folder.join(name), bytes).map_err(io)?;
        }
        fs::write(folder.join(MANIFEST), &manifest).map_err(io)?;
        Ok(WrittenBundle {
            files: files.len() + 1,
            manifest_sha256: sha256(manifest.as_bytes()),
        })
    }

    fn files(self) -> Result<Vec<(&'static str, Vec<u8>)>, serde_json::Error> {
        let evidence = EvidenceFile {
            schema: SCHEMA.to_owned(),
            subject: self.subject,
            simulated: self.simulated,
            provenance: self.provenance.clone(),
            supports: SUPPORTS.to_owned(),
            ledger_lines: self.ledger.iter().filter(|byte| **byte == b'\n').count(),
            how_to_verify: [
                "drd evidence verify DIR",
                "drd replay DIR/ledger.jsonl",
                "sha256sum of each file, against manifest.json",
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        let mut files = vec![(EVIDENCE, serde_json::to_vec_pretty(&evidence)?)];
        let report = self.report.into_iter();
        files.extend(report.map(|(name, text)| (name, text.into_bytes())));
        files.extend([(LEDGER, self.ledger.to_vec()), (SETUP, self.setup)]);
        Ok(files)
    }
}
