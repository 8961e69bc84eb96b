//! What is owed in time: watching (`watch`), and making again what failed (`retries`).
//!
//! Deliberately absent: the promises about acts, and what is made of an answer.

use super::Judge;
use super::requests::Sender;
use super::watch::{Leader, WatchDuty};
use crate::lab::world::World;
use drd_state_machine::command::Command;
use drd_state_machine::time::{Span, Time};

/// Time is given to the machine every second; then a line is written, and a request is signed.
const LATE: Span = Span::secs(2);

impl Judge {
    /// Something changed, or time passed. `messages`: some are visible in the queue.
    pub fn watches(&mut self, world: &World, leader: Option<Leader>, messages: bool) {
        let owed = self.watch.look(world, leader, messages);
        for (duty, owed) in WatchDuty::ALL.into_iter().zip(owed) {
            let Some(owed) = owed else { continue };
            self.require(owed <= duty.bound(), duty.promise(), world.now, || {
                format!("{} was not asked for in {owed}", duty.name())
            });
        }
    }

    /// A request leaves. A further attempt that is late is right where the roles would change (it waits
    /// for what is seen and for its gates), where people were asked in between (the run is held), and
    /// where the daemon was not on duty all the time.
    pub(super) fn tries_again(&mut self, now: Time, sender: Sender, command: &Command) {
        let Some(failed) = self.retries.take(sender, command) else {
            return;
        };
        let since = failed.answered_at;
        let asked_people = self.paged_at.is_some_and(|at| at >= since);
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
