//! The ground truth of a rehearsal: two simulated regions, a simulated Aurora Global Database,
//! groups, a latch and DNS. What is so, not what drd knows of it.
//!
//! Service times are drawn from the seed and calibrated by reference/aws-facts.md section 11.
//! Deliberately absent: what sensors report (`sensors`), the way in for commands (`cloud`), judgement (`judge`).

use super::asked::AskedFor;
use super::faults::Faults;
use super::latch::LatchStores;
use super::rng::Chance;
use super::timing::TTL;
use drd_state_machine::event::Side;
use drd_state_machine::time::{Span, Time};

/// Instances of a side that serves, as bootstrap's default.
pub const SERVING_DESIRED: u32 = 6;
/// Instances of the side that waits.
pub const STANDBY_DESIRED: u32 = 1;

/// A role change that runs.
#[derive(Clone, Copy, Debug)]
pub struct RoleChange {
    /// The side that becomes the writer.
    pub to: Side,
    /// When it is done, unless it is dropped.
    pub done_at: Time,
    /// Whether it may lose writes.
    pub lossy: bool,
    /// It is accepted, then comes to nothing.
    pub dropped: bool,
}

/// Behind by no more than this, a replica counts as caught up.
const CAUGHT_UP: Span = Span::secs(10);
/// How often a switchover looks whether it has.
const LOOKS_AGAIN: Span = Span::secs(5);

/// An Auto Scaling group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// MinSize.
    pub min: u32,
    /// DesiredCapacity.
    pub desired: u32,
    /// When each instance serves (or began to).
    pub ready_at: Vec<Time>,
}

impl Group {
    fn of(size: u32, at: Time) -> Group {
        Group {
            min: size,
            desired: size,
            ready_at: vec![at; size as usize],
        }
    }

    /// Instances that serve now.
    pub fn serving(&self, now: Time) -> u32 {
        u32::try_from(self.ready_at.iter().filter(|t| **t <= now).count()).unwrap_or(u32::MAX)
    }
}

/// What is so.
#[derive(Debug)]
pub struct World {
    /// Now.
    pub now: Time,
    /// What is broken now.
    pub faults: Faults,
    /// Whose writes count.
    pub writer: Side,
    /// A role change that runs.
    pub role_change: Option<RoleChange>,
    /// The reading side follows.
    pub replica_connected: bool,
    /// When a rebuilt replica will follow.
    pub rejoins_at: Option<Time>,
    /// The groups, primary first.
    pub groups: [Group; 2],
    /// The latch: where traffic should go.
    pub latch: LatchStores,
    /// What the zone's name servers answer.
    pub answer: Side,
    /// When their answer will be another, and which.
    pub(super) answer_moves: Option<(Time, Side)>,
    /// The old side's database still takes writes, after a role change that did not ask it.
    pub open: [bool; 2],
    /// When Aurora closes it.
    pub(super) closes_at: Option<Time>,
    /// Until when a deployment has the writer away.
    pub away_until: [Time; 2],
    /// How long the client keeps an answer.
    pub ttl: Span,
    /// How far behind the replica is when nothing is wrong.
    pub base_lag: Span,
    /// Replication has stopped since then.
    pub frozen: Option<Frozen>,
    /// How far the replica ever was: it never goes back.
    furthest: Time,
    /// A write on this side was proven since its promotion.
    pub proven: [bool; 2],
    /// Where writes went, for the loss: `(from, until)` of lossy role changes.
    pub losses: Vec<(Time, Time)>,
    /// Role changes that took effect, with when and whether lossy.
    pub role_changes: Vec<(Time, Side, bool)>,
    /// Somebody else asked for the role change that runs, or that was the newest one.
    pub by_hand: bool,
    /// Samples have said what was not so, by every source: no daemon could know what a failover would lose.
    pub lag_was_wrong: bool,
    /// When somebody last touched the latch or the record.
    pub disturbed_at: Option<Time>,
    /// When pages were delivered.
    pub pages: super::pages::PagesTaken,
    /// What each install asked for.
    pub asked: [AskedFor; 2],
    pub(super) chance: Chance,
}

/// Replication that has stopped.
#[derive(Clone, Copy, Debug)]
pub struct Frozen {
    /// The replica has everything up to here.
    pub position: Time,
}

impl World {
    /// The estate as bootstrap leaves it: the primary serves, the standby is minimal.
    pub fn new(now: Time, mut chance: Chance) -> World {
        World {
            now,
            faults: Faults::default(),
            writer: Side::Primary,
            role_change: None,
            replica_connected: true,
            rejoins_at: None,
            groups: [
                Group::of(SERVING_DESIRED, now),
                Group::of(STANDBY_DESIRED, now),
            ],
            latch: LatchStores::default(),
            answer: Side::Primary,
            answer_moves: None,
            open: [false; 2],
            closes_at: None,
            away_until: [Time::default(); 2],
            ttl: chance.span(TTL.0, TTL.1),
            base_lag: chance.span(Span::millis(200), Span::millis(1200)),
            frozen: None,
            furthest: Time::default(),
            proven: [true, false],
            losses: Vec::new(),
            role_changes: Vec::new(),
            by_hand: false,
            lag_was_wrong: false,
            disturbed_at: None,
            pages: super::pages::PagesTaken::default(),
            asked: [AskedFor::default(); 2],
            chance,
        }
    }

    /// A side's group.
    pub fn group(&self, side: Side) -> &Group {
        &self.groups[side.index()]
    }

    /// Whether anybody outside reaches anything in the side's region.
    pub fn is_reachable(&self, side: Side) -> bool {
        !self.faults.dark[side.index()]
    }

    /// Whether the side's database process answers at all.
    pub fn database_answers(&self, side: Side) -> bool {
        let i = side.index();
        let well = !self.faults.database_down[i] && !self.faults.database_hung[i];
        !self.faults.dark[i] && well && !self.is_away(side)
    }

    /// Whether a deployment has taken the side's database away: it is renamed, and answers nobody.
    pub fn is_away(&self, side: Side) -> bool {
        self.away_until[side.index()] > self.now
    }

    /// What DescribeDBClusters would return: a hung database is still `available` there.
    pub fn database_is_available(&self, side: Side) -> bool {
        let promoting = self.role_change.is_some_and(|c| c.to == side);
        !self.faults.database_down[side.index()] && !promoting && !self.is_rebuilding(side)
    }

    fn is_rebuilding(&self, side: Side) -> bool {
        side != self.writer && !self.replica_connected
    }

    /// Whether the application on a side runs and serves correct data.
    fn application_is_well(&self, side: Side) -> bool {
        let i = side.index();
        !self.faults.application_down[i] && self.groups[i].serving(self.now) > 0
    }

    /// What an HTTPS check of the side's endpoint from outside finds.
    pub fn endpoint_is_well(&self, side: Side) -> bool {
        self.is_reachable(side)
            && !self.faults.edge_down[side.index()]
            && self.application_is_well(side)
            && self.database_answers(side)
    }

    /// Whether a client that reaches this side gets a write acknowledged.
    pub fn takes_writes(&self, side: Side) -> bool {
        let writes = self.writer == side && !self.switching();
        self.endpoint_is_well(side) && (writes || self.open[side.index()])
    }

    /// During a switchover the old writer refuses writes.
    fn switching(&self) -> bool {
        self.role_change.is_some_and(|c| !c.lossy && !c.dropped)
    }

    /// Up to where the replica has the writer's commits.
    pub fn replica_position(&self) -> Time {
        let position = match self.frozen {
            Some(frozen) => frozen.position,
            None => self.now - self.lag_when_flowing(),
        };
        position.max(self.furthest)
    }

    fn lag_when_flowing(&self) -> Span {
        self.faults.replication_lag.unwrap_or(self.base_lag)
    }

    /// Whether commits flow to the replica.
    fn replication_flows(&self) -> bool {
        self.replica_connected
            && self.database_answers(self.writer)
            && self.database_answers(self.writer.other())
            && !self.faults.replication_stalled
    }

    /// To be called after anything changed: keeps the replica's position when it stops.
    pub fn settle(&mut self) {
        self.go_further();
        self.launch(Side::Primary);
        self.launch(Side::Standby);
        self.lag_was_wrong |= self.lag_is_hidden();
        self.resolve();
        self.close_old_writer();
        let flows = self.replication_flows();
        match (flows, self.frozen) {
            (false, None) => {
                let position = self.replica_position();
                self.frozen = Some(Frozen { position });
            }
            (true, Some(_)) => self.frozen = None,
            (true, None) | (false, Some(_)) => {}
        }
    }

    fn go_further(&mut self) {
        if self.frozen.is_none() {
            self.furthest = self.furthest.max(self.now - self.lag_when_flowing());
        }
    }

    /// A switchover ends when the replica has caught up (RDS-EVENT-0183, 0423), and comes to nothing
    /// when the writer dies meanwhile.
    fn switchover_waits(&mut self) {
        let behind = self.now - self.replica_position() > CAUGHT_UP;
        let lives = self.database_answers(self.writer);
        let now = self.now;
        if let Some(change) = &mut self.role_change
            && !change.lossy
            && change.done_at <= now
        {
            if !lives {
                change.dropped = true;
            } else if behind {
                change.done_at = now + LOOKS_AGAIN;
            }
        }
    }

    /// Brings the world to `now`: what was due happens. Gives sentences for the timeline.
    pub fn advance(&mut self, now: Time) -> Vec<String> {
        self.now = now;
        self.go_further();
        self.switchover_waits();
        let mut told = Vec::new();
        if let Some(change) = self.role_change.filter(|c| c.done_at <= now) {
            self.role_change = None;
            told.push(self.role_changed(change));
        }
        if let Some((_, side)) = self.answer_moves.take_if(|(at, _)| *at <= now) {
            self.answer = side;
            told.push(format!("the zone answers {side}"));
        }
        if self.closes_at.take_if(|at| *at <= now).is_some() {
            self.open = [false; 2];
            told.push(format!("{} takes no writes any more", self.writer.other()));
        }
        if self.rejoins_at.is_some_and(|at| at <= now) && self.can_rejoin() {
            self.rejoins_at = None;
            self.open = [false; 2];
            self.replica_connected = true;
            told.push(format!("{} follows {}", self.writer.other(), self.writer));
        }
        self.settle();
        told
    }

    fn can_rejoin(&self) -> bool {
        self.database_answers(self.writer) && self.database_answers(self.writer.other())
    }

    fn role_changed(&mut self, change: RoleChange) -> String {
        if change.dropped {
            return format!("the role change to {} came to nothing", change.to);
        }
        let old = self.writer;
        if change.lossy {
            self.losses.push((self.replica_position(), self.now));
            self.replica_connected = false;
            self.open[old.index()] = true;
            // Rebuild of the old side: a few minutes to several hours (aws-facts 2.2).
            self.rejoins_at = Some(self.now + self.chance.span(Span::secs(180), Span::secs(600)));
        }
        self.writer = change.to;
        self.open[change.to.index()] = false;
        self.proven[old.index()] = false;
        self.proven[change.to.index()] = false;
        self.role_changes.push((self.now, change.to, change.lossy));
        format!("{} is the writer", change.to)
    }

    /// Begins a role change. Promotion takes 45 to 120 s (aws-facts 2.2), a switchover 30 to 90.
    pub fn begin_role_change(&mut self, to: Side, lossy: bool) {
        let drawn = if lossy {
            self.chance.span(Span::secs(45), Span::secs(120))
        } else {
            self.chance.span(Span::secs(30), Span::secs(90))
        };
        let takes = self.faults.promotion_takes.unwrap_or(drawn);
        let dropped = self.faults.drop_promotion();
        self.by_hand = false;
        self.role_change = Some(RoleChange {
            to,
            done_at: self.now + takes,
            lossy,
            dropped,
        });
    }

    /// Sets a group. Instances that are no longer wanted go at once.
    pub fn set_group(&mut self, side: Side, min: u32, desired: u32) {
        let group = &mut self.groups[side.index()];
        group.min = min;
        group.desired = desired.max(min);
        let wanted = group.desired as usize;
        group.ready_at.truncate(wanted);
        self.launch(side);
    }

    /// Instances come after 45 to 120 s each, as many as there are to be had.
    fn launch(&mut self, side: Side) {
        let limit = self.faults.capacity_available[side.index()].unwrap_or(u32::MAX);
        let group = &mut self.groups[side.index()];
        let wanted = group.desired.min(limit) as usize;
        while group.ready_at.len() < wanted {
            let after = self.chance.span(Span::secs(45), Span::secs(120));
            group.ready_at.push(self.now + after);
        }
        group.ready_at.sort_unstable();
    }

    /// A write on this side was just proven.
    pub fn prove(&mut self, side: Side) {
        self.proven[side.index()] = true;
    }

    /// Whether a write on this side was proven since it became the writer.
    pub fn is_proven(&self, side: Side) -> bool {
        self.proven[side.index()]
    }
}
