//! Whether the daemon that leads goes on watching: what it has to ask the world for, how often, and
//! about which side, by the world's own counters (`lab::asked`).
//!
//! A duty counts while the way to it is open, and about the side that the world's roles require,
//! whatever the daemon takes for the active one. Deliberately absent: what is made of an answer.

use crate::lab::asked::AskedFor;
use crate::lab::install::Install;
use crate::lab::world::World;
use drd_state_machine::event::Side;
use drd_state_machine::time::{Span, Time};

/// The daemon that leads, is awake, and whose ledger works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Where it runs.
    pub who: Install,
    /// Which process it is.
    pub incarnation: u64,
}

/// What has to be asked for again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WatchDuty {
    Heartbeat,
    Messages,
    Lag,
    Probe,
    ControlPlane,
    Describe,
    Examine,
}

impl WatchDuty {
    pub(super) const ALL: [WatchDuty; 7] = [
        WatchDuty::Heartbeat,
        WatchDuty::Messages,
        WatchDuty::Lag,
        WatchDuty::Probe,
        WatchDuty::ControlPlane,
        WatchDuty::Describe,
        WatchDuty::Examine,
    ];

    /// Messages that nobody reads are lost (L3); what is not watched is never noticed (L1).
    pub(super) const fn promise(self) -> &'static str {
        match self {
            WatchDuty::Messages => "L3",
            WatchDuty::Heartbeat
            | WatchDuty::Lag
            | WatchDuty::Probe
            | WatchDuty::ControlPlane
            | WatchDuty::Describe
            | WatchDuty::Examine => "L1",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            WatchDuty::Heartbeat => "a heartbeat",
            WatchDuty::Messages => "the messages that wait",
            WatchDuty::Lag => "the lag",
            WatchDuty::Probe => "a probe of the side that serves",
            WatchDuty::ControlPlane => "the control plane of the side that serves",
            WatchDuty::Describe => "the resources of the side that serves",
            WatchDuty::Examine => "the fitness of the side that waits",
        }
    }

    /// The period of section 4, and a call that is given up in between, with its pause: 15 s.
    pub(super) const fn bound(self) -> Span {
        match self {
            WatchDuty::Probe => Span::secs(5 + 15),
            WatchDuty::Lag => Span::secs(10 + 15),
            WatchDuty::ControlPlane | WatchDuty::Describe => Span::secs(30 + 15),
            WatchDuty::Heartbeat => Span::secs(60 + 15),
            WatchDuty::Examine => Span::secs(300 + 15),
            // No period: a long poll waits for them at any time.
            WatchDuty::Messages => Span::secs(15),
        }
    }

    /// When the world was last asked for it; `serving` is the side that serves.
    fn done(self, asked: &AskedFor, serving: Side) -> Time {
        let (serves, waits) = (serving.index(), serving.other().index());
        match self {
            WatchDuty::Heartbeat => asked.heartbeat,
            WatchDuty::Messages => asked.received,
            WatchDuty::Lag => asked.lag,
            WatchDuty::Probe => asked.probed[serves],
            WatchDuty::ControlPlane => asked.control_plane[serves],
            WatchDuty::Describe => asked.described[serves],
            WatchDuty::Examine => asked.examined[waits],
        }
    }

    /// Whether it can be asked for now. `messages`: some are visible in the queue.
    fn is_open(self, world: &World, who: Install, settled: bool, messages: bool) -> bool {
        let home = |service| world.faults.takes_every_call(who, service);
        let asked = |side: &Side| {
            world
                .faults
                .reads(who, *side, "rds", "DescribeGlobalClusters")
        };
        let knows_roles = Side::BOTH.iter().all(asked);
        match self {
            WatchDuty::Heartbeat => home("events"),
            WatchDuty::Messages => messages && home("sqs"),
            WatchDuty::Lag => true,
            WatchDuty::Probe | WatchDuty::ControlPlane | WatchDuty::Describe => settled,
            // Until it follows, the side that waits is no standby; and which side waits is known to
            // one that can ask both.
            // No recovery is over before users are served.
            WatchDuty::Examine => {
                let served = world.takes_writes(world.writer);
                settled && served && world.replica_connected && knows_roles
            }
        }
    }
}

/// Roles that somebody else changed are the daemon's own once all agreed for a minute, as its looks of
/// 30 s find it.
const ADOPTED: Span = Span::secs(60 + 30 + 15);

/// The side that serves, where all in the world agree on it: who writes, and what DNS answers.
fn settled(world: &World) -> Option<Side> {
    let agree = world.writer == world.answer && world.writer == world.latch.side();
    (agree && world.role_change.is_none()).then_some(world.writer)
}

/// Since when each duty is owed.
#[derive(Debug, Default)]
pub(super) struct WatchBook {
    leader: Option<Leader>,
    on_duty_since: Option<Time>,
    /// A daemon started on a ledger of another time.
    forgot: bool,
    agreed: Option<Side>,
    agreed_since: Time,
    serving: Option<Side>,
    owed_since: [Option<Time>; WatchDuty::ALL.len()],
}

impl WatchBook {
    /// Who is on duty.
    pub(super) fn leader(&self) -> Option<Leader> {
        self.leader
    }

    /// Since when one and the same process has been on duty.
    pub(super) fn on_duty_since(&self) -> Option<Time> {
        self.on_duty_since
    }

    /// A daemon started on a ledger that is not the one that was written.
    pub(super) fn forgets(&mut self) {
        self.forgot = true;
        // What had settled before is nothing that this one saw.
        self.agreed = None;
    }

    /// The duties that were not met in time, each with how long it is owed.
    pub(super) fn look(
        &mut self,
        world: &World,
        leader: Option<Leader>,
        messages: bool,
    ) -> [Option<Span>; WatchDuty::ALL.len()] {
        // Roles that are not the daemon's own memory are its own once they can be adopted.
        let foreign = world.by_hand || self.forgot;
        let agreed = settled(world).filter(|_| !foreign || world.replica_connected);
        if self.agreed != agreed {
            (self.agreed, self.agreed_since) = (agreed, world.now);
        }
        let adopted = !foreign || world.now - self.agreed_since >= ADOPTED;
        let serving = agreed.filter(|_| adopted);
        if self.leader != leader {
            self.on_duty_since = leader.map(|_| world.now);
        }
        if (self.leader, self.serving) != (leader, serving) {
            (self.leader, self.serving) = (leader, serving);
            self.owed_since = Default::default();
        }
        let Some(Leader { who, .. }) = leader else {
            return Default::default();
        };
        let asked = &world.asked[who.index()];
        let side = serving.unwrap_or(world.writer);
        let mut owed = [None; WatchDuty::ALL.len()];
        for (place, duty) in WatchDuty::ALL.into_iter().enumerate() {
            let open = duty.is_open(world, who, serving.is_some(), messages);
            let since = &mut self.owed_since[place];
            let from = since.unwrap_or(world.now).max(duty.done(asked, side));
            *since = open.then_some(from);
            owed[place] = open.then_some(world.now - from);
        }
        owed
    }
}
