//! Acts, judged at the moment at which they are decided and at which they leave: by the truth of the
//! world then.
//!
//! Deliberately absent: what is owed in time (`duties`).

use super::leadership::towards;
use super::{
    JUST_BACK, JUST_BACK_LIED_TO, Judge, RECOVERED, SERVED, lives, objective, toward_writer,
};
use crate::lab::cloud;
use crate::lab::world::World;
use crate::ledger::Entry;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::policy::Policy;
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Decision, Setup};

/// How old a decision may be when its request leaves (DESIGN section 4, rule 14), and a moment to sign it.
const LEAVES_WITHIN: Span = Span::secs(16);

/// An order that is received at the end of its life of one objective is still followed: the decision, its
/// line and the request take up to the life of a decision, twice.
const ORDER_SLACK: Span = Span::secs(30);

/// A reading reaches the judge as it is taken, and the daemon after its answer.
const IN_FLIGHT: Span = Span::secs(1);

impl Judge {
    /// A command is about to be carried out.
    pub fn dispatched(&mut self, now: Time, entries: &[Entry], command: &Command) {
        let durable = entries.iter().rev().any(|entry| match entry {
            Entry::Decided { decision, .. } => decision.commands.contains(command),
            Entry::Opened { .. } | Entry::Noted { .. } => false,
        });
        self.require(durable, "S5", now, || {
            format!("{} acts without a durable decision", command.kind())
        });
        let current = self.people.is_current(command);
        self.require(current, "S5", now, || {
            format!("{} of an older incident acts", command.kind())
        });
        if command.kind().mutates() && !self.people.ordered(command) {
            let paused = self.people.paused_since;
            let begun = paused.is_some_and(|paused| self.goes_on_while_paused(paused, command));
            self.require(paused.is_none() || begun, "S7", now, || {
                format!("{} while paused", command.kind())
            });
        }
    }

    /// Whether it is of an incident that was past its point of no return when drd was paused.
    fn goes_on_while_paused(&self, paused: Time, command: &Command) -> bool {
        let incident_id = command.incident_id();
        let mut before = self.committed.iter().filter(|(_, at)| *at <= paused);
        before.any(|(id, _)| *id == incident_id)
    }

    pub(super) fn note_role_decided(&mut self, now: Time, decision: &Decision) {
        if decision.commands.iter().any(|c| c.kind().irreversible()) {
            self.role_decided_at = Some(now);
        }
    }

    /// What cannot be undone leaves soon after its decision: what was seen then may be over.
    fn is_recent(&mut self, now: Time, command: &Command) {
        let decided = self.role_decided_at;
        let recent = decided.is_some_and(|at| now - at <= LEAVES_WITHIN);
        self.require(recent, "S5", now, || {
            let age = decided.map(|at| now - at);
            format!("{} leaves {age:?} after its decision", command.kind())
        });
    }

    /// A request leaves, or is carried out here: the world as it is now is what it is judged by.
    pub fn acts(&mut self, world: &World, policy: &Policy, command: &Command) {
        let now = world.now;
        if command.kind().irreversible() {
            self.is_recent(now, command);
            if !self.people.ordered(command) || self.is_old_order(policy, command, now) {
                self.is_needed(world, command);
            }
        }
        let follows =
            world.replica_connected || world.role_change.is_some() || toward_writer(world, command);
        let changes = command.kind().irreversible();
        self.require(!changes || follows, "S1", now, || {
            format!("{} to a side that follows nobody", command.kind())
        });
        self.moves(world, command);
    }

    /// Whether an operator's order is over: whoever gave it looks for another way by then, and drd goes on by
    /// itself only with what an act of its own needs.
    fn is_old_order(&self, policy: &Policy, command: &Command, now: Time) -> bool {
        let lives = objective(policy, command.kind() != Kind::Promote) + ORDER_SLACK;
        let given = self.people.given_at();
        given.is_none_or(|at| now - at > lives)
    }

    /// The truth at the moment of an automatic role change: users are not served, and what may lose
    /// writes is not done to a database that lives. With a quorum that is wrong nobody could know.
    fn is_needed(&mut self, world: &World, command: &Command) {
        if toward_writer(world, command) || world.role_change.is_some() {
            return;
        }
        let now = world.now;
        let since = self.alive_since;
        let lied_to = !world.faults.wrong_sensors.is_empty();
        let known = if lied_to {
            JUST_BACK_LIED_TO
        } else {
            JUST_BACK
        };
        let just_back = self.bad.is_some() && since.is_none_or(|t| now - t <= known);
        let lossy = command.kind() == Kind::Promote && lives(world);
        let deceived = self.is_deceived(now);
        self.lossy_of_living += u32::from(lossy);
        self.require(!lossy || just_back || deceived, "S2", now, || {
            "a promotion that may lose writes of a database that lives".to_owned()
        });
        let served = world.takes_writes(world.answer)
            && self.bad.is_none_or(|(_, until)| now - until > SERVED);
        self.require(!served || deceived, "S3", now, || {
            format!(
                "{} is sent although users have been served for {SERVED}",
                command.kind()
            )
        });
    }

    pub(super) fn commits(&mut self, world: &World, setup: &Setup, command: &Command) {
        let Some(to) = towards(command).filter(|_| command.kind().irreversible()) else {
            return;
        };
        self.recovering_to = Some(to);
        if self.people.ordered(command) {
            return;
        }
        let (now, incident_id) = (world.now, command.incident_id());
        if self.committed.iter().any(|(e, _)| *e == incident_id) {
            return;
        }
        let from = to.other();
        let down = self.domains_down(from);
        // 10 s of slack: drd's word is dated by when the sensor looked, this book by its arrival.
        // What ended within a second may be on its way to the daemon.
        let lost = self.quorum_lost.filter(|(_, at)| now - *at <= IN_FLIGHT);
        let since = self.quorum_since[from.index()].or(lost.map(|(since, _)| since));
        let held =
            since.is_some_and(|since| now - since >= setup.policy.hold_down - Span::secs(10));
        self.require(held, "S2", now, || {
            format!("role change without a quorum for the hold-down: {down:?}")
        });
        let truly_down = self.bad.is_some_and(|(from, until)| {
            now - until <= RECOVERED && until - from >= setup.policy.hold_down - Span::secs(5)
        });
        let deceived = self.is_deceived(now);
        self.require(truly_down || deceived, "S3", now, || {
            "role change although the endpoint was well within the hold-down".to_owned()
        });
        if command.kind() == Kind::Promote {
            let within = self.loss_is_within(setup, world);
            self.require(within || deceived, "S2", now, || {
                "promotion beyond the RPO gate".to_owned()
            });
        }
        let cooled = world
            .role_changes
            .iter()
            .all(|(at, _, _)| now - *at >= setup.policy.cool_down);
        let changes = !toward_writer(world, command);
        self.require(cooled || !changes, "S1", now, || {
            "a second automatic role change within the cool-down".to_owned()
        });
        self.committed.push((incident_id, now));
    }

    fn moves(&mut self, world: &World, command: &Command) {
        if let Command::Redirect { to, .. } = command {
            let (to, now) = (*to, world.now);
            // Who moves the roles back by hand at that moment takes the proof with them.
            let proven = world.is_proven(to) && world.writer == to || world.by_hand;
            self.require(proven, "S6", now, || {
                format!("traffic sent to {to} before a write was proven")
            });
            if self.redirected_to.replace(to) != Some(to) {
                (self.turned_at, self.one_store) = (Some(now), false);
            }
            self.redirected_at = Some(now);
        }
        let asks = cloud::endpoint(world, command);
        let critical = matches!(
            command.kind(),
            Kind::Promote | Kind::Scale | Kind::ProveWrite
        );
        let to = self.recovering_to.filter(|_| critical);
        let answers = to.is_none_or(|to| asks == to) || world.takes_writes(asks);
        self.require(answers, "S8", world.now, || {
            format!("{} is sent to {asks}, the side that failed", command.kind())
        });
    }
}
