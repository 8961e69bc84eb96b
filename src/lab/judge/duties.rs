//! What is owed in time: watching (`watch`), users kept with the writer (`staying`), and making again what
//! failed (`retries`).
//!
//! Deliberately absent: the promises about acts, and what is made of an answer.

use super::requests::Sender;
use super::staying::STAYING_BOUND;
use super::watch::{Leader, WatchDuty};
use super::{Judge, PAGE_LATE, objective};
use crate::lab::world::World;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::policy::{Policy, Serving};
use drd_state_machine::time::{Span, Time};

/// Time is given to the machine every second; then a line is written, and a request is signed.
const LATE: Span = Span::secs(2);

/// Traffic that does not move is asked for again every 45 s; then the bound of the duty itself.
const MOVING: Span = Span::secs(45 + 315);
/// How long a client may keep an answer that is wrong by now: a TTL of 60 s, 40 s of checkers, and a
/// resolver that keeps it for 120 s more.
const DNS_KEPT: Span = Span::secs(60 + 40 + 120);

impl Judge {
    /// Something changed, or time passed. `messages`: some are visible in the queue.
    pub fn watches(&mut self, world: &World, leader: Option<Leader>, messages: bool) {
        let owed = self.watch.look(world, leader, messages);
        for (duty, owed) in WatchDuty::ALL.into_iter().zip(owed) {
            let Some(owed) = owed else { continue };
            // While traffic is still being moved the side that was left is no standby yet.
            let moving = self
                .redirected_at
                .is_some_and(|at| world.now - at <= MOVING);
            if duty == WatchDuty::Examine && moving {
                continue;
            }
            self.require(owed <= duty.bound(), duty.promise(), world.now, || {
                format!("{} was not asked for in {owed}", duty.name())
            });
        }
    }

    /// Users have been without service for so long. Once that is longer than the objective of what was
    /// asked for, a daemon that was on duty all the time has had a critical page delivered.
    pub fn serves(&mut self, now: Time, failing_for: Span, policy: &Policy) {
        let lossless = self.requests.newest_is(Kind::Switchover);
        let bound = objective(policy, lossless) + PAGE_LATE;
        let on_duty = self
            .watch
            .on_duty_since()
            .is_some_and(|at| now - at > bound);
        if failing_for <= bound || !on_duty || !self.pages_arrive(now) {
            return;
        }
        // Who pages at once may page before the first client's answer from DNS has run out.
        let since = now - failing_for - DNS_KEPT;
        let told = self.pages.critical_at.is_some_and(|at| at >= since);
        self.require(told, "L1", now, || {
            format!(
                "users have been without service for {failing_for}, and no critical page was delivered"
            )
        });
    }

    /// Users stay with the writer, or somebody was told within a minute (L5).
    pub fn stays(&mut self, world: &World, serving: Serving, leader: Option<Leader>) {
        let Some((since, seen_for)) = self.staying.look(world, serving, leader) else {
            return;
        };
        let now = world.now;
        if seen_for <= STAYING_BOUND || !self.pages_arrive(now) {
            return;
        }
        let told = self.pages.any_at.is_some_and(|at| at >= since);
        self.require(told, "L5", now, || {
            format!(
                "users are not sent to {}, or not served there, for {}, and nobody was told",
                world.writer,
                now - since
            )
        });
    }

    /// A request leaves. A further attempt that is late is right where the roles would change (it waits
    /// for what is seen and for its gates), where people were asked in between (the run is held), and
    /// where the daemon was not on duty all the time.
    pub(super) fn tries_again(&mut self, now: Time, sender: Sender, command: &Command) {
        let Some(failed) = self.retries.take(sender, command) else {
            return;
        };
        let since = failed.answered_at;
        let asked_people = self.pages.any_at.is_some_and(|at| at >= since);
        let on_duty = self.watch.on_duty_since().is_some_and(|at| at <= since);
        if command.kind().irreversible() || asked_people || !on_duty {
            return;
        }
        self.require(now - failed.again_at <= LATE, "L1", now, || {
            format!(
                "{} is tried again {} after its attempt {} failed",
                failed.kind,
                now - since,
                failed.attempt
            )
        });
    }
}
