//! The name under which this install leads.
//!
//! A daemon that is started again may take its own lease at once, if nobody else lives under its
//! name: the name is kept in a file that the living process locks. Where there is no such file, the
//! name is new at every start, and the old lease is waited out. Deliberately absent: sharing.

use fs_err as fs;
use rustix::fs::{FlockOperation, flock};
use std::io::{Read as _, Write as _};
use std::path::Path;

/// Half of it would do to distinguish two installs; 16 bytes leave no doubt.
const NAME_BYTES: usize = 16;

/// A name, held while this value lives.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) name: String,
    _locked: Option<fs::File>,
}

impl Identity {
    /// The name in the file, or a new one that the file keeps; without the file a new one.
    ///
    /// # Errors
    /// Only when the host gives no random bytes.
    pub(super) fn take(path: &Path) -> std::io::Result<Identity> {
        match kept(path) {
            Ok(identity) => Ok(identity),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "no name is kept for this install: after a restart drd waits its own old lease out");
                Ok(Identity {
                    name: new_name()?,
                    _locked: None,
                })
            }
        }
    }
}

fn kept(path: &Path) -> std::io::Result<Identity> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let mut name = String::new();
    // A name has 33 letters and a host's name at most 64: more is not a name.
    (&mut file).take(256).read_to_string(&mut name)?;
    let mut name = name.trim().to_owned();
    if name.is_empty() {
        name = new_name()?;
        file.write_all(name.as_bytes())?;
        file.sync_all()?;
    }
    Ok(Identity {
        name,
        _locked: Some(file),
    })
}

/// The host's name, for people, and random bytes, to be the only one.
fn new_name() -> std::io::Result<String> {
    let mut random = [0; NAME_BYTES];
    fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    // Not /proc/sys: a hardened unit hides it.
    let uname = rustix::system::uname();
    let host = uname.nodename().to_string_lossy();
    let host: String = host.chars().take(64).collect();
    Ok(format!("{host}-{random}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("drd-identity-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn an_install_keeps_its_name_over_restarts() {
        let path = folder("kept").join("identity");
        let first = Identity::take(&path).expect("a name").name;
        let again = Identity::take(&path).expect("a name").name;
        assert_eq!(first, again);
        let _ = std::fs::remove_dir_all(folder("kept"));
    }

    #[test]
    fn a_name_begins_with_the_host_s_for_people() {
        let path = folder("host").join("identity");
        let name = Identity::take(&path).expect("a name").name;
        let (host, random) = name.rsplit_once('-').expect("two parts");
        assert!(!host.is_empty());
        assert_eq!(random.len(), 2 * NAME_BYTES);
        let _ = std::fs::remove_dir_all(folder("host"));
    }

    #[test]
    fn two_living_daemons_never_share_a_name() {
        let path = folder("two").join("identity");
        let first = Identity::take(&path).expect("a name");
        let second = Identity::take(&path).expect("a name");
        assert_ne!(first.name, second.name);
        let _ = std::fs::remove_dir_all(folder("two"));
    }
}
