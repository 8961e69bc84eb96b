//! The sample application as it is uploaded: its files, and the folder that their content names.
//!
//! Deliberately absent: uploading.

use sha2::{Digest as _, Sha256};

/// Its files, as they are.
pub const FILES: [(&str, &str); 3] = [
    ("server.py", include_str!("../../app/server.py")),
    ("postgres.py", include_str!("../../app/postgres.py")),
    (
        "drd-sample.service",
        include_str!("../../app/drd-sample.service"),
    ),
];

/// `app/<hash of the files>`: another content is another folder, so an instance never starts with
/// half of one version and half of another.
pub fn folder() -> String {
    let mut hash = Sha256::new();
    for (name, text) in FILES {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    let hex: String = hash
        .finalize()
        .iter()
        .take(8)
        .map(|b| format!("{b:02x}"))
        .collect();
    format!("app/{hex}")
}
