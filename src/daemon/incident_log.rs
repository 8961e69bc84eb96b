//! The lines of a recovery, each with the fields that people filter by: `drd_run` is its number,
//! `drd_state` the state, `drd_side` the side that serves. In the journal: `journalctl DRD_RUN=7`.
//!
//! Deliberately absent: everything that belongs to no recovery; it is logged where it happens.

use crate::engine::port::{AppendFault, Notice};
use crate::status::StatusView;
use crate::telemetry::message_id as id;
use drd_state_machine::command::{Command, Severity};
use drd_state_machine::event::{Completion, Outcome};
use drd_state_machine::record::Record;
use drd_state_machine::{Decision, Phase};

/// The number of the recovery that runs, or ran last; `None` while there never was one.
fn run(incident_id: u64) -> Option<u64> {
    (incident_id > 0).then_some(incident_id)
}

/// A state was entered. `record` is the one it led to.
fn changed(decision: &Decision, record: Option<&Record>) {
    let Decision {
        from, to, because, ..
    } = decision;
    let drd_run = record.and_then(|record| run(record.facts.incident_id));
    let drd_side = record.map(|record| record.facts.active.name());
    let message_id = id::entered(*to);
    if *to == Phase::Held {
        tracing::error!(message_id, drd_run, drd_state = %to, drd_side, %from, %to, %because, "state changed");
    } else {
        tracing::info!(message_id, drd_run, drd_state = %to, drd_side, %from, %to, %because, "state changed");
    }
}

/// drd is armed from here on, or is not.
pub(super) fn armed(view: &StatusView) {
    let (drd_state, drd_side) = (view.state.name(), view.active_side.name());
    if view.armed {
        let message_id = id::ARMED;
        tracing::info!(message_id, drd_state, drd_side, "armed");
    } else {
        let message_id = id::NOT_ARMED;
        let because = view.not_armed_because.join("; ");
        tracing::warn!(message_id, drd_state, drd_side, %because, "not armed");
    }
}

/// A command goes out.
pub(super) fn performing(command: &Command, record: Option<&Record>) {
    let drd_run = run(command.incident_id());
    let drd_state = record.map(|record| record.state.name());
    let Command::Page { severity, text, .. } = command else {
        let (command, attempt) = (command.kind().name(), command.attempt());
        tracing::info!(drd_run, drd_state, command, attempt, "performing");
        return;
    };
    let (message_id, name) = (id::PAGED, severity.name());
    match severity {
        Severity::Critical => {
            tracing::error!(message_id, drd_run, drd_state, severity = name, page = %text, "people are paged");
        }
        Severity::Warning => {
            tracing::warn!(message_id, drd_run, drd_state, severity = name, page = %text, "people are paged");
        }
        Severity::Info => {
            tracing::info!(message_id, drd_run, drd_state, severity = name, page = %text, "people are paged");
        }
    }
}

/// A command's attempt ended.
pub(super) fn performed(done: &Completion) {
    let (drd_run, command, attempt) = (run(done.incident_id), done.kind.name(), done.attempt);
    match &done.outcome {
        Outcome::Done => tracing::info!(drd_run, command, attempt, "done"),
        Outcome::AlreadySo => tracing::info!(drd_run, command, attempt, "already so"),
        Outcome::Unknown { why } | Outcome::Refused { why } => {
            tracing::warn!(drd_run, command, attempt, why, "no effect known");
        }
        Outcome::Denied { why } => {
            tracing::error!(drd_run, command, attempt, why, "denied");
        }
    }
}

/// What the engine did beside decisions.
pub(super) fn noticed(notice: &Notice, record: Option<&Record>) {
    match notice {
        Notice::LedgerRefused(fault) => refused(fault, record),
        Notice::StoreUnanswered(error) => {
            let message_id = id::LEDGER_REFUSES;
            tracing::warn!(message_id, %error, "the ledger's store does not answer: nothing acts");
        }
        Notice::Leads { fencing_token } => {
            tracing::info!(message_id = id::LEADS, fencing_token, "this daemon leads");
        }
        Notice::LeadsNoMore { why, performing } => {
            tracing::warn!(message_id = id::LEADS_NO_MORE, %why, performing, "this daemon leads no more");
        }
        Notice::LeaseTooLate => tracing::warn!("the lease was granted so late that it was over"),
        Notice::LeaseGivenUp => tracing::info!("the lease is given up"),
        Notice::Stale(command) => {
            tracing::warn!(command = %command.kind(), "stale, not performed");
        }
        Notice::Hinted(hint) => {
            tracing::info!(code = %hint.code, subject = %hint.subject, text = %hint.text, "hint");
        }
        Notice::NotUnderstood {
            id,
            why,
            receive_count,
        } => {
            tracing::warn!(%why, %id, received = receive_count, "not understood; left for the dead-letter queue");
        }
        Notice::NotActedOn { id, reason } => {
            let why = reason.remark().unwrap_or_default();
            tracing::info!(%id, reason = reason.name(), why, "not acted on; deleted");
        }
        Notice::Decided { decision, .. } if decision.is_transition() => changed(decision, record),
        Notice::Decided { .. } | Notice::Taken { .. } | Notice::RenewalAdopted => {}
    }
}

/// The ledger did not take a line.
fn refused(fault: &AppendFault, record: Option<&Record>) {
    let message_id = id::LEDGER_REFUSES;
    let drd_run = record.and_then(|record| run(record.facts.incident_id));
    let drd_state = record.map(|record| record.state.name());
    let (AppendFault::Refused(error) | AppendFault::InDoubt(error) | AppendFault::Deposed(error)) =
        fault;
    tracing::error!(message_id, drd_run, drd_state, %error, "the ledger refused: nothing acts");
}
