//! Which parts of an estate one look reads.
//!
//! Deliberately absent: when to look, and every import: the engine names parts, the estate reads
//! them, and this file belongs to neither.

/// The parts of one look. Each AWS part costs describe calls: the roles one, a side two or three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The observer's own references.
    pub references: bool,
    /// The global database, asked in the region of the side that does not serve.
    pub global: bool,
    /// The side that serves. In a dark region each call takes its whole deadline.
    pub active: bool,
    /// The side that does not serve, or will.
    pub other: bool,
    /// What resolvers answer for the record.
    pub dns: bool,
}

impl Parts {
    /// The serving side alone, read by a poller of its own: its deadline must not be the pace of
    /// the other parts.
    pub const ACTIVE_SIDE: Parts = Parts {
        references: false,
        global: false,
        active: true,
        other: false,
        dns: false,
    };
    /// Everything but the serving side and DNS: at rest, and while roles and capacity move.
    pub const ACTING: Parts = Parts {
        references: true,
        global: true,
        active: false,
        other: true,
        dns: false,
    };
    /// [`Parts::ACTING`] and what resolvers answer: while traffic moves, and until it is proven.
    pub const VERIFYING: Parts = Parts {
        dns: true,
        ..Parts::ACTING
    };
}
