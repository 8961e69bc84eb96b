//! L5: users stay with the writer. A latch, a record or a capacity that somebody changes behind drd's back
//! is mended, or paged, within a minute, by a daemon that can see it.
//!
//! Deliberately absent: DNS that moves by itself (L4), and what drd changes itself.

use super::watch::Leader;
use crate::lab::world::World;
use drd_state_machine::event::Side;
use drd_state_machine::policy::Serving;
use drd_state_machine::time::{Span, Time};

/// A minute, and a call that is given up in between, with its pause.
pub(super) const STAYING_BOUND: Span = Span::secs(60 + 15);
/// All was as it should be for so long that no role change of drd's own is being completed.
const SETTLED: Span = Span::secs(120);

/// Since when users stay, or do not.
#[derive(Debug, Default)]
pub(super) struct StayingBook {
    settled_since: Option<Time>,
    strayed_since: Option<Time>,
    /// Since when a daemon on duty could see it.
    seen_since: Option<Time>,
}

/// Somebody sends users elsewhere, or took from them what serves them.
fn strays(world: &World, serving: Serving) -> bool {
    let to = world.writer;
    let latch = world.latch.side() != to;
    let record = world.faults.record_to.is_some_and(|side| side != to) && world.answer != to;
    // The size that bootstrap gave the primary is its owner's; what drd raised is drd's to keep.
    let moved = world
        .role_changes
        .last()
        .is_some_and(|(_, side, _)| *side == to);
    let shrunk = moved && world.group(to).min < serving.min;
    latch || record || shrunk
}

/// Whether this daemon can see it and mend it, and nothing else is wrong that comes first.
fn can_see(world: &World, leader: Leader) -> bool {
    let faults = &world.faults;
    let calls = ["rds", "autoscaling", "s3"];
    let reads = |side: Side| {
        calls
            .iter()
            .all(|service| faults.answers(leader.who, side, service))
    };
    let taken = calls
        .iter()
        .all(|service| faults.takes_every_call(leader.who, service));
    let liars = !faults.wrong_sensors.is_empty();
    let latches = world.readable_latches() == [true; 2];
    let serves = world.takes_writes(world.writer);
    let others = world.by_hand || world.role_change.is_some();
    Side::BOTH.into_iter().all(reads) && taken && latches && serves && !liars && !others
}

impl StayingBook {
    /// Since when users have not been where they were, and for how long a daemon on duty could see it.
    pub(super) fn look(
        &mut self,
        world: &World,
        serving: Serving,
        leader: Option<Leader>,
    ) -> Option<(Time, Span)> {
        let now = world.now;
        let strayed = strays(world, serving);
        if !strayed {
            let settled = world.answer == world.writer && world.role_change.is_none();
            self.settled_since = settled.then(|| self.settled_since.unwrap_or(now));
            (self.strayed_since, self.seen_since) = (None, None);
            return None;
        }
        let settled = self.settled_since.take();
        if settled.is_some_and(|at| now - at >= SETTLED) {
            self.strayed_since = Some(now);
        }
        let sees = leader.is_some_and(|leader| can_see(world, leader));
        self.seen_since = sees.then(|| self.seen_since.unwrap_or(now));
        Some((self.strayed_since?, now - self.seen_since?))
    }
}
