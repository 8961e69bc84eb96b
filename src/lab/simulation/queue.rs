//! The simulated queue with who waits for its messages, and what of them is durable.
//!
//! Deliberately absent: its rules (`lab::message_queue`).

use crate::lab::message_queue::MessageQueue;
use drd_state_machine::reading::Noted;
use drd_state_machine::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A receive that waits for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Receiver {
    pub(in crate::lab) incarnation: u64,
    pub(in crate::lab) term: u64,
    pub(in crate::lab) until: Time,
}

/// The queue.
#[derive(Debug, Default)]
pub(in crate::lab) struct SimulatedQueue {
    pub(in crate::lab) messages: MessageQueue,
    pub(in crate::lab) receivers: Vec<Receiver>,
    /// The newest reading of each sensor and verdict that became durable.
    pub(in crate::lab) durable: BTreeMap<(Arc<str>, bool), Time>,
    /// What the machine made of the messages of this turn.
    pub(in crate::lab) taken: Vec<(Arc<str>, Noted)>,
}
