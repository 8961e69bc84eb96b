//! When the world is looked at: each poll at its own pace, none waiting for another.
//!
//! A poll is due again a period after it began, and never asked while it is under way, so that a
//! silent region costs only the poll that asks it. Deliberately absent: conclusions.

use super::heartbeats::{Back, Heartbeats};
use super::pace::Pace;
use super::poll::Poll;
use super::port::{Ask, Parts};
use drd_state_machine::Record;
use drd_state_machine::event::{LagSample, Side, Vantage};
use drd_state_machine::phase::Phase;
use drd_state_machine::state::{State, Stopped};
use drd_state_machine::time::{Span, Time};

/// A hint or a change of state causes at most one look in this time: AWS sends one event for each
/// of many objects, and each look costs describe calls.
const LOOK_GAP: Span = Span::secs(1);
/// The vantages whose newest verdicts are stored: by CloudWatch, and in the witness's table.
const STORED: [Vantage; 3] = [Vantage::Route53, Vantage::Inside, Vantage::Witness];
/// Receives in flight while the queue has more than one takes: sixteen of ten messages, at 10 ms a
/// call, are 16,000 messages a second, more than the daemon reads.
const RECEIVES_MAX: u32 = 16;
/// What one receive brings at most (SQS, ReceiveMessage): a full one means that there is more.
const FULL: usize = 10;
/// After a receive that failed: a queue that is away is asked again, not flooded.
const RECEIVE_AGAIN: Span = Span::secs(2);

/// What of the record the plan depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Stance {
    active: Side,
    closely: bool,
    /// A role change is under way that was not seen to end.
    roles_move: bool,
    /// Who writes, as last seen: once that changes, the new side is looked at.
    writer: Option<Side>,
    phase: Phase,
}

impl Stance {
    fn of(record: &Record) -> Stance {
        let phase = record.state.phase();
        let evidence = &record.facts.evidence;
        let suspicious = evidence.first_bad_at.is_some();
        // Users may be on the side that drd does not take for the one that serves.
        let mut sent = evidence.latch.iter().chain(&evidence.dns);
        let astray = sent.any(|to| to.is != record.facts.active);
        let roles_move = match &record.state {
            State::Promoting(p) | State::Switching(p) => !p.database.is_done(),
            State::Held { stage, .. } => matches!(
                stage,
                Stopped::Promoting(p) if p.database.accepted && !p.database.is_done()
            ),
            State::Watching
            | State::Suspecting
            | State::Fencing
            | State::Redirecting { .. }
            | State::Verifying
            | State::Exposed => false,
        };
        Stance {
            active: record.facts.active,
            closely: phase.polls_closely() || suspicious || astray,
            roles_move,
            writer: evidence.global.and_then(|global| global.is.writer),
            phase,
        }
    }

    /// Resolvers and the latch are asked in every state that may last: somebody else may move what drd did not.
    fn around(self) -> Parts {
        match self.phase {
            Phase::Redirecting
            | Phase::Verifying
            | Phase::Held
            | Phase::Watching
            | Phase::Promoting
            | Phase::Switching
            | Phase::Exposed => Parts::AROUND_AND_DNS,
            Phase::Suspecting | Phase::Fencing => Parts::AROUND,
        }
    }
}

/// Everything that is polled in one term.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Polling {
    stance: Stance,
    around: Poll,
    roles: Poll,
    active: Poll,
    control_plane: [Poll; 2],
    probe: [Poll; 2],
    /// What is stored about each side: the states of its alarms and the witness's newest verdict.
    stored: [[Poll; 3]; 2],
    lag: Poll,
    readiness: Poll,
    heartbeat: Poll,
    heartbeats: Heartbeats,
    tick_due: Span,
    /// Of each source.
    newest_lag: [Option<Time>; 3],
    receives: u32,
    receives_wanted: u32,
    receive_due: Span,
}

impl Polling {
    /// Everything is due at once.
    pub(super) fn new(record: &Record, now: Span, pace: &Pace) -> Polling {
        let due = Poll {
            due: now,
            began: now - pace.readiness,
            under_way: false,
        };
        Polling {
            stance: Stance::of(record),
            around: due,
            roles: due,
            active: due,
            control_plane: [due; 2],
            probe: [due; 2],
            stored: [[due; 3]; 2],
            lag: due,
            readiness: due,
            heartbeat: due,
            heartbeats: Heartbeats::default(),
            tick_due: now + pace.tick,
            newest_lag: [None; 3],
            receives: 0,
            receives_wanted: 1,
            receive_due: now,
        }
    }

    /// Something changed: what is looked at, and how soon.
    pub(super) fn follow(&mut self, record: &Record, now: Span, pace: &Pace) {
        let stance = Stance::of(record);
        let before = std::mem::replace(&mut self.stance, stance);
        if before == stance {
            return;
        }
        self.look_soon(now);
        if stance.roles_move && !before.roles_move {
            self.roles.due = now + pace.roles_after;
        }
        if stance.closely && !before.closely {
            self.look_closely(now, pace);
        }
        let back = before.phase == Phase::Exposed && stance.phase == Phase::Watching;
        if stance.active != before.active || back {
            // After the roles swapped, the other side is the one that must be fit; once it follows,
            // what was red before says nothing any more.
            self.readiness.hasten(now, Span::ZERO);
        }
    }

    /// Something is suspected: what was read at the pace of rest is read again soon.
    fn look_closely(&mut self, now: Span, pace: &Pace) {
        self.tick_due = self.tick_due.min(now + pace.tick);
        for poll in &mut self.probe {
            poll.due = poll.due.min(now + pace.probe);
        }
        for poll in self.stored.as_flattened_mut() {
            poll.hasten(now, LOOK_GAP);
        }
        self.readiness.hasten(now, LOOK_GAP);
        self.heartbeat.hasten(now, pace.heartbeat_closely);
    }

    /// AWS reported a change, or drd's own state changed.
    pub(super) fn look_soon(&mut self, now: Span) {
        for poll in [&mut self.around, &mut self.active] {
            poll.hasten(now, LOOK_GAP);
        }
        for poll in &mut self.control_plane {
            poll.hasten(now, LOOK_GAP);
        }
    }

    /// What is due, and is from here on under way.
    pub(super) fn due(&mut self, now: Span, local: Time, pace: &Pace, secret: &str) -> Vec<Ask> {
        let mut asks = Vec::new();
        let Stance {
            active, closely, ..
        } = self.stance;
        let look_every = if closely { pace.acting } else { pace.armed };
        if self.around.is_due(now) {
            self.around.begin(now, look_every);
            let parts = self.stance.around();
            asks.push(Ask::Look { active, parts });
        }
        if self.stance.roles_move && self.roles.is_due(now) {
            self.roles.begin(now, pace.roles);
            let parts = Parts::ROLES;
            asks.push(Ask::Look { active, parts });
        }
        if self.active.is_due(now) {
            self.active.begin(now, look_every);
            let parts = Parts::ACTIVE;
            asks.push(Ask::Look { active, parts });
        }
        self.senses(now, pace, look_every, &mut asks);
        if self.lag.is_due(now) {
            self.lag.begin(now, pace.lag.min(pace.armed));
            asks.push(Ask::ReadLag { active });
        }
        self.read_stored(now, pace, &mut asks);
        if self.readiness.is_due(now) {
            let every = if closely {
                pace.readiness_closely
            } else {
                pace.readiness
            };
            self.readiness.begin(now, every);
            asks.push(Ask::CheckReadiness { active });
        }
        if self.heartbeat.is_due(now) {
            let every = if closely {
                pace.heartbeat_closely
            } else {
                pace.heartbeat
            };
            self.heartbeat.begin(now, every);
            let (sent_at, nonce) = (local, self.heartbeats.leave(secret, local));
            asks.push(Ask::SendHeartbeat { sent_at, nonce });
        }
        asks
    }

    /// The side that serves; while looking closely the other one as well.
    fn senses(&mut self, now: Span, pace: &Pace, look_every: Span, asks: &mut Vec<Ask>) {
        let Stance {
            active, closely, ..
        } = self.stance;
        for side in Side::BOTH {
            if side != active && !closely {
                continue;
            }
            let place = side.index();
            if self.control_plane[place].is_due(now) {
                self.control_plane[place].begin(now, look_every);
                let vantage = Vantage::ControlPlane;
                asks.push(Ask::Sense { vantage, side });
            }
            if self.probe[place].is_due(now) {
                self.probe[place].begin(now, pace.probe);
                let vantage = Vantage::Probe;
                asks.push(Ask::Sense { vantage, side });
            }
        }
    }

    /// What is stored about both sides: messages about it may be lost or late.
    fn read_stored(&mut self, now: Span, pace: &Pace, asks: &mut Vec<Ask>) {
        let every = if self.stance.closely {
            pace.alarms_closely
        } else {
            pace.alarms
        };
        for side in Side::BOTH {
            for (poll, vantage) in self.stored[side.index()].iter_mut().zip(STORED) {
                if poll.is_due(now) {
                    poll.begin(now, every);
                    asks.push(Ask::Sense { vantage, side });
                }
            }
        }
    }

    /// Whether the machine is to be given the time.
    pub(super) fn ticks(&mut self, now: Span, pace: &Pace) -> bool {
        let due = self.tick_due <= now;
        if due {
            let every = if self.stance.closely {
                pace.tick
            } else {
                pace.tick_at_rest
            };
            self.tick_due = now + every;
        }
        due
    }

    /// How many receives are to be begun, where there is room.
    pub(super) fn receives(&mut self, now: Span) -> u32 {
        if self.receive_due > now {
            return 0;
        }
        let more = self.receives_wanted.saturating_sub(self.receives);
        self.receives += more;
        more
    }

    /// A receive ended; `None`: it failed.
    pub(super) fn received(&mut self, messages: Option<usize>, now: Span) {
        self.receives = self.receives.saturating_sub(1);
        match messages {
            Some(FULL..) => self.receives_wanted = RECEIVES_MAX,
            Some(_) => self.receives_wanted = 1,
            None => {
                self.receives_wanted = 1;
                self.receive_due = now + RECEIVE_AGAIN;
            }
        }
    }

    /// A look ended.
    pub(super) fn looked(&mut self, parts: Parts) {
        match parts {
            Parts::ACTIVE => self.active.end(),
            Parts::ROLES => self.roles.end(),
            _ => self.around.end(),
        }
    }

    /// A reading ended.
    pub(super) fn sensed(&mut self, vantage: Vantage, side: Side) {
        let place = side.index();
        match vantage {
            Vantage::Probe => self.probe[place].end(),
            Vantage::ControlPlane => self.control_plane[place].end(),
            Vantage::Route53 => self.stored[place][0].end(),
            Vantage::Inside => self.stored[place][1].end(),
            Vantage::Witness => self.stored[place][2].end(),
            Vantage::Replication => {}
        }
    }

    /// The lag was read: gives the samples that were not known, oldest first.
    pub(super) fn lag_read(&mut self, samples: Vec<LagSample>) -> Vec<LagSample> {
        self.lag.end();
        let known = self.newest_lag;
        let mut new: Vec<LagSample> = samples
            .into_iter()
            .filter(|s| known[s.source.index()].is_none_or(|at| s.taken_at > at))
            .collect();
        new.sort_by_key(|sample| sample.taken_at);
        for sample in &new {
            self.newest_lag[sample.source.index()] = Some(sample.taken_at);
        }
        new
    }

    /// What was read is not remembered: the next reading brings it again.
    pub(super) fn forget_lag(&mut self) {
        self.lag.end();
        self.newest_lag = [None; 3];
    }

    /// The readiness checks ended.
    pub(super) fn checked(&mut self) {
        self.readiness.end();
    }

    /// A heartbeat came back, if it is this process's own.
    pub(super) fn beat_back(&mut self, nonce: &str) -> Option<Back> {
        self.heartbeats.back(nonce)
    }

    /// The heartbeat was sent, or not.
    pub(super) fn beat(&mut self) {
        self.heartbeat.end();
    }

    /// When something is due next. A receive that is due wakes nobody while none may begin: what
    /// ends that is an answer.
    pub(super) fn next(&self, may_receive: bool) -> Span {
        let both = self.stance.closely;
        let active = self.stance.active.index();
        let senses = [&self.control_plane, &self.probe]
            .into_iter()
            .flat_map(|polls| {
                let wanted = move |(place, _): &(usize, &Poll)| both || *place == active;
                polls
                    .iter()
                    .enumerate()
                    .filter(wanted)
                    .map(|(_, poll)| poll)
            });
        let polls = [
            &self.around,
            &self.active,
            &self.lag,
            &self.readiness,
            &self.heartbeat,
        ];
        let stored = self.stored.as_flattened();
        let roles = self.stance.roles_move.then_some(&self.roles);
        let polls = polls.into_iter().chain(roles);
        let all = polls.chain(senses).chain(stored);
        let due = all.filter_map(Poll::wakes_at);
        let receives = may_receive && self.receives < self.receives_wanted;
        let receive = receives.then_some(self.receive_due);
        due.chain(receive).fold(self.tick_due, Span::min)
    }
}
