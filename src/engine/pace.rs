//! How often the world is looked at.
//!
//! Deliberately absent: when each look is due (`polling`).

use drd_state_machine::time::Span;

/// How often each thing is done. The defaults of `[observe]` are the lab's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Looks at AWS while all is well.
    pub armed: Span,
    /// Looks while a recovery runs, or one sample was bad.
    pub acting: Span,
    /// Looks at the roles while their change may end at any moment: what is seen late is outage.
    pub roles: Span,
    /// From when on it may: AWS says that a failover typically takes a minute (aws-facts 2.2);
    /// one that ends sooner is seen by the looks of `acting`.
    pub roles_after: Span,
    /// drd's own probe.
    pub probe: Span,
    /// Lag: the monitor samples every 30 s, asking three times as often finds a sample in 10 s.
    pub lag: Span,
    /// States of alarms.
    pub alarms: Span,
    /// The same while something is suspected.
    pub alarms_closely: Span,
    /// Readiness checks.
    pub readiness: Span,
    /// The same while something is suspected or held: what blocks an act may have been mended.
    pub readiness_closely: Span,
    /// Heartbeats through the event path.
    pub heartbeat: Span,
    /// The same while something is suspected: a proof of life counts by whether the path works.
    pub heartbeat_closely: Span,
    /// The machine's own deadlines are whole seconds.
    pub tick: Span,
    /// While nothing happens a tick only shows that the loop runs: a third of `/healthz`'s 15 s.
    pub tick_at_rest: Span,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            armed: Span::secs(30),
            acting: Span::secs(5),
            roles: Span::secs(1),
            roles_after: Span::secs(45),
            probe: Span::secs(5),
            lag: Span::secs(10),
            alarms: Span::secs(60),
            alarms_closely: Span::secs(10),
            readiness: Span::secs(300),
            readiness_closely: Span::secs(10),
            heartbeat: Span::secs(60),
            heartbeat_closely: Span::secs(15),
            tick: Span::secs(1),
            tick_at_rest: Span::secs(5),
        }
    }
}
