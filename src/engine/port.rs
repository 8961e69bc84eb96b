//! What goes into the engine and what comes out of it: plain values, no I/O.
//!
//! Every [`Action::Ask`] is answered by exactly one [`Input::Answered`] of the same term, every
//! [`Action::Store`] by exactly one [`Input::Stored`] of the same call, whatever happened: a
//! deadline that passed is an answer too. Deliberately absent: how any of it is done.

use super::lease::Row;
use crate::intake::{DiscardReason, Hint};
use crate::ledger::Entry;
use drd_state_machine::command::Command;
use drd_state_machine::event::{
    Check, Completion, LagSample, Observation, OrderedBy, Side, Signal, Vantage, Word,
};
use drd_state_machine::reading::Noted;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Decision, Record};
use std::sync::Arc;

/// What a message is deleted by: the queue's handle of one delivery.
pub type Receipt = Arc<str>;

/// One message of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Its handle.
    pub receipt: Receipt,
    /// The queue's id of it.
    pub id: Arc<str>,
    /// Its text.
    pub body: Arc<str>,
    /// How often the queue delivered it.
    pub receive_count: u32,
}

/// What is looked at. Each AWS part costs describe calls: the roles one, a side two or three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parts {
    /// Our own references.
    pub references: bool,
    /// The global database, asked in the region that does not serve.
    pub global: bool,
    /// The side that serves. In its dark region each call takes its whole deadline.
    pub active: bool,
    /// The side that does not serve, or will.
    pub other: bool,
    /// What resolvers answer for the record.
    pub dns: bool,
}

impl Parts {
    /// Everything that answers from outside the active region. The failed side is not asked here:
    /// its deadline would be the pace of the recovery.
    pub const AROUND: Parts = Parts {
        references: true,
        global: true,
        active: false,
        other: true,
        dns: false,
    };
    /// The same while traffic moves.
    pub const AROUND_AND_DNS: Parts = Parts {
        dns: true,
        ..Parts::AROUND
    };
    /// The roles alone: one call.
    pub const ROLES: Parts = Parts {
        references: false,
        global: true,
        active: false,
        other: false,
        dns: false,
    };
    /// The side that serves, by itself.
    pub const ACTIVE: Parts = Parts {
        references: false,
        global: false,
        active: true,
        other: false,
        dns: false,
    };
}

/// An operator's command, with its author.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// Names it in the reply.
    pub id: u64,
    /// What is wanted.
    pub word: Word,
    /// How long a pause lasts.
    pub lasts: Option<Span>,
    /// Who asks, and why.
    pub by: OrderedBy,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OrderReply {
    /// It is durable; the machine gave this reason for what it decided.
    Taken {
        /// The machine's reason.
        because: String,
    },
    /// This daemon does not lead.
    NotLeading,
    /// The ledger refused: the order had no effect.
    LedgerRefused,
    /// Its line was on its way when the term ended: it may be durable, and the next leader then
    /// goes by it. The status shows which.
    InDoubt,
    /// Too many orders wait.
    Busy,
}

/// Something happened outside.
#[derive(Clone, Debug)]
pub enum Input {
    /// Time passed: what is due is done.
    Timer,
    /// An [`Ask`] ended.
    Answered {
        /// The term that asked.
        term: u64,
        /// How it ended.
        answer: Answer,
    },
    /// A [`StoreCall`] ended.
    Stored {
        /// Its number.
        call: u64,
        /// How it ended.
        answer: StoreAnswer,
    },
    /// An attempt to page ended.
    Paged {
        /// The page.
        command: Command,
        /// A channel took it.
        taken: bool,
    },
    /// An operator's command was received.
    Ordered(Order),
    /// The process was asked to stop.
    StopRequested,
}

/// Something to do outside, beside the loop, once, with a deadline.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Make these lines durable, in order, all or the first of them.
    Append(Vec<Entry>),
    /// One attempt of one command; from this moment since boot on it is not sent any more.
    Perform {
        /// The command.
        command: Command,
        /// Until when it may leave: [`super::unsent::ROLE_CHANGE_LEAVES`] after the decision, for what cannot be undone.
        until: Span,
    },
    /// Look at these parts.
    Look {
        /// The side that serves.
        active: Side,
        /// Which parts.
        parts: Parts,
    },
    /// One reading of drd's own sensors of this vantage and side.
    Sense {
        /// `probe` or `control_plane`.
        vantage: Vantage,
        /// About which side.
        side: Side,
    },
    /// The newest lag samples, as the side that does not serve has them.
    ReadLag {
        /// The side that serves.
        active: Side,
    },
    /// The readiness checks of the side that does not serve.
    CheckReadiness {
        /// The side that serves.
        active: Side,
    },
    /// A heartbeat through the event path.
    SendHeartbeat {
        /// Now, by drd's clock.
        sent_at: Time,
        /// What only this process knows of it: nobody else can send it back.
        nonce: Arc<str>,
    },
    /// Take messages from the queue; wait for one.
    Receive,
}

/// How an [`Ask`] ended.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Of `Append`.
    Appended(Result<(), AppendFault>),
    /// Of `Perform`.
    Finished(Completion),
    /// Of `Look`.
    Looked {
        /// What was asked for.
        parts: Parts,
        /// What was seen.
        seen: Observation,
    },
    /// Of `Sense`; empty when there is no such sensor, or the reading could not be made.
    Sensed {
        /// As asked.
        vantage: Vantage,
        /// As asked.
        side: Side,
        /// The readings.
        signals: Vec<Signal>,
    },
    /// Of `ReadLag`; `None` when it could not be read: unknown, not zero.
    LagRead(Option<Vec<LagSample>>),
    /// Of `CheckReadiness`.
    Checked(Vec<Check>),
    /// Of `SendHeartbeat`, whether or not it was taken: only its return proves the path.
    HeartbeatSent,
    /// Of `Receive`; `None` when the queue could not be read.
    Received(Option<Vec<Message>>),
}

/// Why lines are not known to be durable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AppendFault {
    /// The store refused, and nothing was written.
    Refused(String),
    /// No answer in time: the lines may be durable. Only reading the ledger again settles it.
    InDoubt(String),
    /// Another daemon leads.
    Deposed(String),
}

/// A call to the ledger's store that no term makes: about the lease, or before a term begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StoreCall {
    /// Read the lease's row.
    ReadLease,
    /// Write the lease's row if it still is as it was found.
    WriteLease {
        /// As it was read.
        found: Option<Row>,
        /// As it shall be.
        next: Row,
    },
    /// Read everything that the next term starts from.
    ReadLedger,
}

/// How a [`StoreCall`] ended.
#[derive(Clone, Debug)]
pub enum StoreAnswer {
    /// The lease's row; `None` before any daemon took it.
    Lease(Option<Row>),
    /// The lease's row was written.
    Written,
    /// It was not: the row is another one by now.
    Refused(Option<Row>),
    /// The fold of the ledger; `None` where it is empty.
    Ledger {
        /// What the next term starts from.
        record: Option<Box<Record>>,
        /// The number of the newest line.
        sequence: u64,
    },
    /// No answer, or none from which the outcome is known.
    Unanswered(String),
}

/// Until when requests that change the estate may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// Until this moment since boot.
    OpenUntil(Span),
    /// Not at all.
    Closed,
}

/// Something to do outside.
#[derive(Clone, Debug)]
pub enum Action {
    /// To be answered under this term.
    Ask {
        /// The term.
        term: u64,
        /// What.
        ask: Ask,
    },
    /// To be answered under this number.
    Store {
        /// The number.
        call: u64,
        /// What.
        ask: StoreCall,
    },
    /// Delete these messages: what they led to is durable.
    Delete(Vec<Receipt>),
    /// Send a page, once; answered by [`Input::Paged`]. It needs no ledger line: the ledger may be
    /// what it is about.
    Page {
        /// The page.
        command: Command,
        /// 1 the first time; it is sent until a channel takes it.
        attempt: u32,
    },
    /// Open or close the gate of mutating requests.
    Gate(Gate),
    /// Answer an order.
    Reply {
        /// Which.
        order: u64,
        /// With what.
        reply: OrderReply,
    },
    /// For the log, the timeline and the judge; nothing has to be done.
    Notice(Notice),
    /// All is written down that can be: the process may end.
    Stopped,
}

impl Action {
    /// The first attempt.
    pub(super) fn page(command: Command) -> Action {
        let attempt = 1;
        Action::Page { command, attempt }
    }
}

/// What the engine did, for people.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A message was taken in; what it led to is durable, or needs no line.
    Taken {
        /// The id that the ledger knows.
        id: Arc<str>,
        /// What became of it.
        noted: Noted,
    },
    /// A decision is durable, or needs no line.
    Decided {
        /// The decision.
        decision: Decision,
    },
    /// A command of an older incident was not performed.
    Stale(Command),
    /// AWS reported a change: a look follows.
    Hinted(Hint),
    /// A message could not be understood; it stays in the queue, for the dead-letter queue.
    NotUnderstood {
        /// The queue's id of it.
        id: Arc<str>,
        /// Why.
        why: String,
        /// How often the queue delivered it.
        receive_count: u32,
    },
    /// A message about a declared alarm is no verdict; it is deleted.
    NotActedOn {
        /// The queue's id of it.
        id: Arc<str>,
        /// Why.
        reason: DiscardReason,
    },
    /// The ledger did not take a line.
    LedgerRefused(AppendFault),
    /// The store did not answer.
    StoreUnanswered(String),
    /// This daemon leads.
    Leads {
        /// The lease's token; `None` for a daemon that is alone.
        fencing_token: Option<u64>,
    },
    /// This daemon leads no more.
    LeadsNoMore {
        /// Why.
        why: String,
        /// Commands that had left the ledger and were not answered.
        performing: u32,
    },
    /// A renewal of this daemon's own whose answer was lost was found in the row.
    RenewalAdopted,
    /// A lease was granted so late that it was over.
    LeaseTooLate,
    /// The lease is given up.
    LeaseGivenUp,
}
