//! One delivery from the queue of events.
//!
//! Deliberately absent: what the body means (`crate::intake`), and every import.

/// One delivery of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message's identity, the same for every delivery.
    pub id: String,
    /// What deletes this delivery or keeps it hidden.
    pub receipt: String,
    /// The body as it was sent.
    pub body: String,
    /// How many times it was received, this one included.
    pub receive_count: u32,
}
