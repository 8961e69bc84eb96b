//! What the provisioning commands have in common: consent, Ctrl-C, and hands off others' stacks.
//!
//! Deliberately absent: provisioning itself (`drd_bootstrap`).

use super::output::note;
use drd_bootstrap::Error;
use drd_bootstrap::naming::Suffix;
use drd_bootstrap::observed::Observed;
use drd_bootstrap::settings::Settings;
use std::io::{BufRead as _, IsTerminal as _};
use tokio::sync::watch;

/// Ctrl-C stops watching, not the work: what CloudFormation was asked for goes on.
pub(super) fn interrupted() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        // Without signals nothing can interrupt, and the sender must not be dropped.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        sender.send_replace(true);
        std::future::pending::<()>().await;
    });
    receiver
}

/// Refuses an estate of which drd did not make every stack.
pub(super) fn nothing_foreign(settings: &Settings, observed: &Observed) -> Result<(), Error> {
    let foreign = observed.foreign(settings.suffix());
    if foreign.is_empty() {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "drd did not make {} (no tag drd:suffix = {}).\nNothing was changed. Choose another \
         --suffix.",
        foreign.join(", "),
        settings.suffix()
    )))
}

/// Asks on a terminal; elsewhere nothing is done without `--yes`.
pub(super) fn confirm(
    yes: bool,
    suffix: &Suffix,
    question: &str,
    answer: &str,
) -> Result<(), Error> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Error::Refused(format!(
            "there is no terminal to ask on.\nNothing was changed for estate {suffix}. Say --yes \
             if you are sure."
        )));
    }
    note(&format!("{question}\n> "));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if read.is_ok() && line.trim() == answer {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{answer:?} was not typed.\nNothing was changed for estate {suffix}."
    )))
}
