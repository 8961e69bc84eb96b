//! How many threads a soak uses, and how Ctrl-C reaches them.
//!
//! Deliberately absent: the threads themselves (`crate::lab`), which look at the flag between two
//! rehearsals.

use crate::cli::process::runtime;
use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{SignalKind, signal};

/// As many as were asked for, else one a core.
pub(super) fn count(jobs: Option<usize>) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    jobs.unwrap_or_else(all)
}

/// A flag that SIGINT or SIGTERM raises: work in progress ends early and reports how far it came.
///
/// # Errors
/// When the host refuses a thread or the signals.
pub(super) fn interrupted() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = flag.clone();
    let runtime = runtime()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        )
    };
    // Ends with the process: nothing joins it.
    std::thread::Builder::new().spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        raised.store(true, Ordering::Relaxed);
    })?;
    Ok(flag)
}
