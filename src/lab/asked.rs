//! What the daemons asked of the world, as its services counted it: when each was last asked, by
//! which install, about which side (primary first).
//!
//! Deliberately absent: what was answered, and how often it should be asked (`judge::watch`).

use drd_state_machine::time::Time;

/// When one install last asked for each thing.
#[derive(Clone, Copy, Debug, Default)]
pub struct AskedFor {
    /// The event bus took a heartbeat.
    pub heartbeat: Time,
    /// The queue handed out messages.
    pub received: Time,
    /// Lag samples were read.
    pub lag: Time,
    /// The side's endpoint was probed.
    pub probed: [Time; 2],
    /// The side's control plane was tried.
    pub control_plane: [Time; 2],
    /// The side's resources were described.
    pub described: [Time; 2],
    /// The side was examined as the one that waits.
    pub examined: [Time; 2],
}
