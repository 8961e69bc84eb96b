//! Whether the daemon that leads goes on watching: what it has to ask the world for, how often, and
//! about which side, by the world's own counters (`lab::asked`).
//!
//! A duty counts while the way to it is open, and about the side that the world's roles require,
//! whatever the daemon takes for the active one. Deliberately absent: what is made of an answer.

use super::Judge;
use crate::lab::asked::Asked;
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
enum Duty {
    Heartbeat,
    Messages,
    Lag,
    Probe,
    ControlPlane,
    Describe,
    Examine,
}

impl Duty {
    const ALL: [Duty; 7] = [
        Duty::Heartbeat,
        Duty::Messages,
        Duty::Lag,
        Duty::Probe,
        Duty::ControlPlane,
        Duty::Describe,
        Duty::Examine,
    ];

    /// Messages that nobody reads are lost (L3); what is not watched is never noticed (L1).
    const fn promise(self) -> &'static str {
        match self {
            Duty::Messages => "L3",
            Duty::Heartbeat
            | Duty::Lag
            | Duty::Probe
            | Duty::ControlPlane
            | Duty::Describe
            | Duty::Examine => "L1",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Duty::Heartbeat => "a heartbeat",
            Duty::Messages => "the messages that wait",
            Duty::Lag => "the lag",
            Duty::Probe => "a probe of the side that serves",
            Duty::ControlPlane => "the control plane of the side that serves",
            Duty::Describe => "the resources of the side that serves",
            Duty::Examine => "the fitness of the side that waits",
        }
    }

    /// The period of section 4, and a call that is given up in between, with its pause: 15 s.
    const fn bound(self) -> Span {
        match self {
            Duty::Probe => Span::secs(5 + 15),
            Duty::Lag => Span::secs(10 + 15),
            Duty::ControlPlane | Duty::Describe => Span::secs(30 + 15),
            Duty::Heartbeat => Span::secs(60 + 15),
            Duty::Examine => Span::secs(300 + 15),
            // No period: a long poll waits for them at any time.
            Duty::Messages => Span::secs(15),
        }
    }

    /// When the world was last asked for it; `serving` is the side that serves.
    fn done(self, asked: &Asked, serving: Side) -> Time {
        let (serves, waits) = (serving.index(), serving.other().index());
        match self {
            Duty::Heartbeat => asked.heartbeat,
            Duty::Messages => asked.received,
            Duty::Lag => asked.lag,
            Duty::Probe => asked.probed[serves],
            Duty::ControlPlane => asked.control_plane[serves],
            Duty::Describe => asked.described[serves],
            Duty::Examine => asked.examined[waits],
        }
    }

    /// Whether it can be asked for now. `messages`: some are visible in the queue.
    fn is_open(self, world: &World, who: Install, settled: bool, messages: bool) -> bool {
        let home = |service| world.faults.answers(who, Side::Standby, service);
        match self {
            Duty::Heartbeat => home("events"),
            Duty::Messages => messages && home("sqs"),
            Duty::Lag => true,
            Duty::Probe | Duty::ControlPlane | Duty::Describe => settled,
            // Until it follows, the side that waits is no standby.
            Duty::Examine => settled && world.replica_connected,
        }
    }
}

/// The side that serves, where all in the world agree on it: who writes, and what DNS answers.
fn settled(world: &World) -> Option<Side> {
    let agree = world.writer == world.answer && world.writer == world.latch;
    (agree && world.role_change.is_none()).then_some(world.writer)
}

/// Since when each duty is owed.
#[derive(Debug, Default)]
pub(super) struct Watch {
    leader: Option<Leader>,
    on_duty_since: Option<Time>,
    serving: Option<Side>,
    owed_since: [Option<Time>; Duty::ALL.len()],
}

impl Watch {
    /// Since when one and the same process has been on duty.
    pub(super) fn on_duty_since(&self) -> Option<Time> {
        self.on_duty_since
    }

    /// The duties that were not met in time, each with how long it is owed.
    fn look(
        &mut self,
        world: &World,
        leader: Option<Leader>,
        messages: bool,
    ) -> [Option<Span>; Duty::ALL.len()] {
        let serving = settled(world);
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
        let mut owed = [None; Duty::ALL.len()];
        for (place, duty) in Duty::ALL.into_iter().enumerate() {
            let open = duty.is_open(world, who, serving.is_some(), messages);
            let since = &mut self.owed_since[place];
            let from = since.unwrap_or(world.now).max(duty.done(asked, side));
            *since = open.then_some(from);
            owed[place] = open.then_some(world.now - from);
        }
        owed
    }
}

impl Judge {
    /// Something changed, or time passed. `messages`: some are visible in the queue.
    pub fn watches(&mut self, world: &World, leader: Option<Leader>, messages: bool) {
        let owed = self.watch.look(world, leader, messages);
        for (duty, owed) in Duty::ALL.into_iter().zip(owed) {
            let Some(owed) = owed else { continue };
            self.require(owed <= duty.bound(), duty.promise(), world.now, || {
                format!("{} was not asked for in {owed}", duty.name())
            });
        }
    }
}
