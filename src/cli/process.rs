//! What commands take from their process: variables and a runtime.
//!
//! Deliberately absent: signals; the commands that catch one know what it ends.

use std::io::Result;

/// The caller's variables that override a configuration: all but `DRD_CONFIG` and `DRD_LOG`.
pub(super) fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars().filter(|(name, _)| name != "DRD_CONFIG" && name != "DRD_LOG")
}

/// A runtime of one thread: commands wait for a network, they do not compute.
///
/// # Errors
/// When the host refuses its resources.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}
