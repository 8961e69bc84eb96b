//! The lines of a recovery, each with the fields that people filter by: `drd_run` is its number,
//! `drd_state` the state, `drd_side` the side that serves. In the journal: `journalctl DRD_RUN=7`.
//!
//! Deliberately absent: everything that belongs to no recovery; it is said where it happens.

use crate::ledger::LedgerError;
use crate::status::StatusView;
use crate::telemetry::message_id as id;
use drd_state_machine::command::{Command, Severity};
use drd_state_machine::event::{Completion, Outcome};
use drd_state_machine::record::Record;
use drd_state_machine::{Decision, state::State};

/// The number of the recovery that runs, or ran last; `None` while there never was one.
fn run(incident_id: u64) -> Option<u64> {
    (incident_id > 0).then_some(incident_id)
}

/// A state was entered.
pub(super) fn changed(decision: &Decision, record: &Record) {
    let Decision {
        from, to, because, ..
    } = decision;
    let (drd_run, drd_side) = (run(record.facts.incident_id), record.facts.active.name());
    let message_id = id::entered(*to);
    if matches!(record.state, State::Held { .. }) {
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
pub(super) fn performing(command: &Command, record: &Record) {
    let (drd_run, drd_state) = (run(command.incident_id()), record.state.name());
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

/// The ledger did not take a line.
pub(super) fn ledger_refused(error: &LedgerError, record: &Record) {
    let (message_id, drd_run) = (id::LEDGER_REFUSES, run(record.facts.incident_id));
    let cause = std::error::Error::source(error);
    tracing::error!(message_id, drd_run, drd_state = record.state.name(), %error, ?cause, "the ledger refused: nothing acts");
}
