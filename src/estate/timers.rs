//! Every deadline of a wait on the network.
//!
//! Deliberately absent: polling periods (`crate::config`) and lease terms (`crate::engine::lease`).

use std::time::Duration;

/// Every deadline of a wait on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// TCP and TLS. 3 s: a second SYN leaves after 1 s, so one lost packet is survived.
    pub connect: Duration,
    /// One read. 5 s: a healthy regional API answers within 1 s; the lease rests on this figure.
    pub attempt: Duration,
    /// One mutating call. 10 s: FailoverGlobalCluster does work before it answers.
    pub act: Duration,
    /// A command, its look included: one read and one mutating call.
    pub command: Duration,
    /// The fence. 10 s is its slice of the RTO (DESIGN section 4).
    pub fence: Duration,
    /// One long poll: SQS holds it for 20 s, 2 s for the handshake, 5 s for the answer.
    pub poll: Duration,
    /// One probe of an endpoint. 4 s: under its period of 5 s, and what Route 53 allows a connect.
    pub probe: Duration,
    /// One question to one resolver. 2 s: two datagrams, as most stub resolvers do.
    pub dns: Duration,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(5),
            act: Duration::from_secs(10),
            command: Duration::from_secs(15),
            fence: Duration::from_secs(10),
            poll: Duration::from_secs(27),
            probe: Duration::from_secs(4),
            dns: Duration::from_secs(2),
        }
    }
}
