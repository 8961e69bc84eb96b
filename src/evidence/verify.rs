//! Verifies a bundle: the manifest by its seal, every file by the manifest, the ledger by its chain, and the report of a
//! run by making it again from that ledger.
//!
//! Deliberately absent: changing anything, and stopping at the first fault: all of them are named.

use super::bundle::{EvidenceFile, Subject};
use super::manifest::{Manifest, ManifestFile};
use super::names::{EVIDENCE, LEDGER, MANIFEST, SETUP};
use crate::history::History;
use crate::ledger::{VerifiedLedger, sha256};
use crate::report::{RunReport, setup_json};
use fs_err as fs;
use std::fmt;
use std::path::{Path, PathBuf};

/// What is wrong with a bundle.
#[derive(Debug, thiserror::Error)]
pub struct EvidenceFaults {
    folder: PathBuf,
    /// The file, and what is wrong with it.
    found: Vec<(String, String)>,
}

impl fmt::Display for EvidenceFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "the evidence in {} failed verification:",
            self.folder.display()
        )?;
        for (file, what) in &self.found {
            writeln!(f, "  {file}: {what}")?;
        }
        write!(
            f,
            "Nothing was changed. Compare with the copy that is kept elsewhere, or make it anew from the ledger: drd report RUN --evidence DIR"
        )
    }
}

/// A bundle that is whole.
#[derive(Debug)]
pub struct VerifiedBundle {
    /// Files, the manifest included.
    pub files: usize,
    /// Lines of its ledger.
    pub lines: usize,
    /// The newest hash of the ledger.
    pub head: String,
    /// What people sign.
    pub manifest_sha256: String,
    /// What became of the report.
    pub report: String,
}

/// Verifies the bundle in a folder.
///
/// # Errors
/// Every file that failed, and why.
pub fn verify(folder: &Path) -> Result<VerifiedBundle, EvidenceFaults> {
    let faults = |found| EvidenceFaults {
        folder: folder.to_owned(),
        found,
    };
    let one = |file: &str, what: String| faults(vec![(file.to_owned(), what)]);
    let sealed =
        fs::read(folder.join(MANIFEST)).map_err(|error| one(MANIFEST, error.to_string()))?;
    let manifest = Manifest::unseal(&sealed).map_err(|what| {
        one(
            MANIFEST,
            format!("{what}; no other file was compared with it"),
        )
    })?;
    let mut found: Vec<(String, String)> = manifest
        .files
        .iter()
        .filter_map(|file| changed(folder, file))
        .collect();
    found.extend(others(folder, &manifest));
    if !found.is_empty() {
        return Err(faults(found));
    }
    let ledger = VerifiedLedger::read(&folder.join(LEDGER))
        .map_err(|error| one(LEDGER, error.to_string()))?;
    let report = made_again(folder, &ledger).map_err(|(file, what)| one(file, what))?;
    Ok(VerifiedBundle {
        files: manifest.files.len() + 1,
        lines: ledger.entries.len(),
        head: ledger.head().to_owned(),
        manifest_sha256: sha256(&sealed),
        report,
    })
}

fn changed(folder: &Path, file: &ManifestFile) -> Option<(String, String)> {
    let fault = |what: String| Some((file.name.clone(), what));
    if file.name.contains(['/', '\\']) || file.name.starts_with('.') {
        return fault("the manifest names a file outside of this folder".to_owned());
    }
    let bytes = match fs::read(folder.join(&file.name)) {
        Ok(bytes) => bytes,
        Err(error) => return fault(format!("it cannot be read: {error}")),
    };
    if bytes.len() as u64 != file.bytes {
        return fault(format!(
            "it has {} bytes, {} were written",
            bytes.len(),
            file.bytes
        ));
    }
    (sha256(&bytes) != file.sha256).then(|| {
        (
            file.name.clone(),
            "its bytes are not the ones that were written".to_owned(),
        )
    })
}

/// Files that the manifest does not name.
fn others(folder: &Path, manifest: &Manifest) -> Vec<(String, String)> {
    let Ok(listed) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let names =
        listed.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    let known = |name: &String| name == MANIFEST || manifest.files.iter().any(|f| f.name == *name);
    names
        .filter(|name| !known(name))
        .map(|name| {
            (
                name,
                "it is not in the manifest: it was added later".to_owned(),
            )
        })
        .collect()
}

type NamedFault = (&'static str, String);

/// Whether the ledger leads to this very report.
fn made_again(folder: &Path, ledger: &VerifiedLedger) -> Result<String, NamedFault> {
    let read = |name: &'static str| {
        fs::read(folder.join(name)).map_err(|error| (name, format!("it cannot be read: {error}")))
    };
    let evidence: EvidenceFile = serde_json::from_slice(&read(EVIDENCE)?)
        .map_err(|error| (EVIDENCE, format!("this version cannot read it: {error}")))?;
    let setup = read(SETUP)?;
    if sha256(&setup) != evidence.provenance.setup_sha256 {
        return Err((SETUP, format!("its hash is not the one in {EVIDENCE}")));
    }
    let Subject::Run { run } = evidence.subject else {
        return Ok("of a rehearsal: run it again to compare".to_owned());
    };
    let own = env!("CARGO_PKG_VERSION");
    let version = evidence.provenance.version.clone();
    if version != own {
        return Ok(format!(
            "not compared: drd {version} made it, and this is drd {own}"
        ));
    }
    let history = History::of_ledger(LEDGER, ledger);
    let report =
        RunReport::of(run, &history, ledger).map_err(|error| (LEDGER, error.to_string()))?;
    if setup_json(report.setup()).ok().as_deref() != Some(&setup[..]) {
        return Err((SETUP, "it is not the setup of the ledger".to_owned()));
    }
    let report = report.with(evidence.provenance);
    let again = report.documents();
    let again = again.map_err(|error| (LEDGER, error.to_string()))?;
    for (name, text) in again {
        if read(name)? != text.as_bytes() {
            return Err((name, format!("{LEDGER} does not lead to this report")));
        }
    }
    Ok("made again from the ledger, byte for byte the same".to_owned())
}
