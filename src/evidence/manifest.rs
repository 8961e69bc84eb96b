//! `manifest.json`: the hash of each file of a bundle, and as its last member the hash of everything before it.
//!
//! The same seal as a ledger line has: a changed byte of the manifest itself is found without a second file.
//! Deliberately absent: files.

use crate::ledger::sha256;
use serde::{Deserialize, Serialize};

const SCHEMA: &str = "drd.manifest/1.0";
const HASH_MEMBER: &str = ",\n  \"hash\": \"";
const END: &str = "\"\n}\n";

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestFile {
    /// Its name, in the same folder.
    pub(super) name: String,
    /// How long it is.
    pub(super) bytes: u64,
    /// The SHA-256 of its bytes.
    pub(super) sha256: String,
}

/// All of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    schema: String,
    pub(super) files: Vec<ManifestFile>,
}

impl Manifest {
    pub(super) fn of(files: &[(&str, Vec<u8>)]) -> Manifest {
        let file = |(name, bytes): &(&str, Vec<u8>)| ManifestFile {
            name: (*name).to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
        };
        Manifest {
            schema: SCHEMA.to_owned(),
            files: files.iter().map(file).collect(),
        }
    }

    /// With its seal.
    pub(super) fn seal(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.truncate(text.trim_end_matches("\n}").len());
        let hash = sha256(text.as_bytes());
        Ok(format!("{text}{HASH_MEMBER}{hash}{END}"))
    }

    /// Of sealed text, or what is wrong with it.
    pub(super) fn unseal(bytes: &[u8]) -> Result<Manifest, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
        let body = text.strip_suffix(END);
        let (body, hash) = body
            .and_then(|text| text.rsplit_once(HASH_MEMBER))
            .ok_or("it does not end in its own hash")?;
        if sha256(body.as_bytes()) != hash {
            return Err("its own hash does not fit its bytes".to_owned());
        }
        let manifest: Manifest = serde_json::from_str(&format!("{body}\n}}"))
            .map_err(|error| format!("this version cannot read it: {error}"))?;
        if manifest.schema != SCHEMA {
            return Err(format!(
                "it is {}, this drd reads {SCHEMA}",
                manifest.schema
            ));
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_back_and_no_byte_of_it_may_change() {
        let manifest = Manifest::of(&[("a.json", b"{}".to_vec()), ("b.md", Vec::new())]);
        let sealed = manifest.seal().expect("is JSON");
        assert_eq!(Manifest::unseal(sealed.as_bytes()), Ok(manifest));
        let whole: serde_json::Value = serde_json::from_str(&sealed).expect("is JSON as a whole");
        assert_eq!(whole["files"][0]["name"], "a.json");
        for place in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[place] ^= 1;
            assert!(Manifest::unseal(&bytes).is_err(), "byte {place}");
        }
    }
}
