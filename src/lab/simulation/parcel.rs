//! What is on its way: commands that are signed, requests, calls to the ledger's store.
//!
//! Deliberately absent: what becomes of them (`lab::host`).

use crate::engine::port::StoreCall;
use crate::lab::install::Install;
use crate::lab::judge::Sender;
use drd_state_machine::command::Command;
use drd_state_machine::time::Span;

/// A request on its way.
#[derive(Debug)]
pub(in crate::lab) struct Parcel {
    pub(in crate::lab) who: Install,
    /// Who waits for the answer: the process and its term.
    pub(in crate::lab) waits: Option<(u64, u64)>,
    pub(in crate::lab) command: Command,
    /// How much longer than usual the answer takes.
    pub(in crate::lab) back: Span,
}

/// A command that is signed: the next line looks at the gate.
#[derive(Debug)]
pub(in crate::lab) struct Signed {
    pub(in crate::lab) incarnation: u64,
    pub(in crate::lab) term: u64,
    pub(in crate::lab) sender: Sender,
    pub(in crate::lab) command: Command,
    /// Until when it may leave, since the host's boot.
    pub(in crate::lab) until: Span,
}

/// A call on its way.
#[derive(Clone, Debug)]
pub(in crate::lab) struct StoreLetter {
    pub(in crate::lab) incarnation: u64,
    pub(in crate::lab) call: u64,
    pub(in crate::lab) ask: StoreCall,
    /// How long the answer takes; `None` when it gets lost.
    pub(in crate::lab) back: Option<Span>,
}
