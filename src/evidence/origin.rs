//! Finds who makes a bundle, where, and with what program.
//!
//! Deliberately absent: AWS. The principal is the one that this host's kernel proves.

use crate::clock::Clock;
use crate::history::moment;
use crate::ledger::sha256;
use crate::report::Provenance;
use fs_err as fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Of this process. `setup` is what `setup.json` will hold.
///
/// # Errors
/// When the configuration file that was named cannot be read.
pub fn provenance(setup: &[u8], configuration: Option<&Path>) -> io::Result<Provenance> {
    let configuration = configuration.map(fs::read).transpose()?;
    let binary = std::env::current_exe().and_then(fs::read).ok();
    // The owner of its own folder of proc(5) is the effective user.
    let uid = fs::metadata("/proc/self").map(|own| own.uid()).ok();
    Ok(Provenance {
        made_at: moment(Clock::start().read()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        binary_sha256: binary.map(|bytes| sha256(&bytes)),
        host: rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned(),
        principal: uid.map_or_else(|| "not known".to_owned(), |uid| format!("uid {uid}")),
        setup_sha256: sha256(setup),
        configuration_sha256: configuration.map(|bytes| sha256(&bytes)),
    })
}
