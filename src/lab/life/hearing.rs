//! What a daemon hears: messages from the queue, and answers that come a second time.
//!
//! Deliberately absent: who sends them (`senses`), what they mean (`crate::intake`).

use super::{Life, TICK_EVERY};
use crate::intake::{self, Parsed};
use crate::lab::daemon::Place;
use crate::lab::rehearsal::Rehearsal;
use crate::lab::senses::Message;
use drd_state_machine::event::{Completion, Event, Side};
use drd_state_machine::evidence::Noted;
use drd_state_machine::step;
use drd_state_machine::time::Time;

impl Rehearsal<'_> {
    /// Whoever leads takes what is on the queue, while it lives and hears.
    pub(in crate::lab) fn receive(&mut self) {
        for who in Place::BOTH {
            while self.hears(who) {
                let Some(message) = self.queue.pop_front() else {
                    return;
                };
                self.judge.handed_out();
                self.take(who, message);
            }
        }
    }

    fn hears(&self, who: Place) -> bool {
        let awake = self.process(who).is_some_and(|p| {
            p.life.is_some() && p.stopping_since.is_none() && !p.is_frozen(self.world.now)
        });
        awake && self.holds(who) && self.world.faults.answers(who, Side::Standby, "sqs")
    }

    fn take(&mut self, who: Place, message: Message) {
        let Some(local) = self.local(who) else { return };
        let Some(generation) = self.life(who).map(|l| l.generation) else {
            return;
        };
        let Parsed::Signal(signal) = self.read_message(who, &message, local) else {
            self.judge.settled();
            return;
        };
        let id = signal.id.clone();
        if let Some((sensor, verdict, looked)) = &message.says
            && let Some(spec) = self.setup.sensors.iter().find(|s| s.name == *sensor)
        {
            self.judge
                .heard(self.world.now, *looked, sensor, spec, *verdict);
        }
        let noted = self.tell(who, Event::Signalled(signal));
        let accepted = matches!(noted, Some(Noted::Changed | Noted::Refreshed));
        self.judge.took(self.world.now, &id, accepted);
        if self.whose(generation).is_some() && noted.is_some() {
            let store = self.store.clone();
            let store = crate::lab::locked(&store);
            let entries = &store.entries;
            self.judge.deleted(self.world.now, &id, noted, entries);
            return;
        }
        // Died, or the ledger refused: never deleted, so SQS hands it out again.
        self.judge.returned(1);
        self.queue.push_back(message);
        let soon = self.world.now + TICK_EVERY;
        if self.whose(generation).is_some()
            && let Some(process) = self.process_mut(who)
        {
            process.frozen_until = process.frozen_until.max(soon);
        }
    }

    fn read_message(&mut self, who: Place, message: &Message, local: Time) -> Parsed {
        let parsed = intake::parse(&message.body, self.known, local);
        if let Parsed::Heartbeat {
            sent_at,
            stamped_at,
            ..
        } = &parsed
        {
            let (sent_at, stamped_at) = (*sent_at, *stamped_at);
            self.tell(
                who,
                Event::HeartbeatReturned {
                    sent_at,
                    stamped_at,
                },
            );
        }
        parsed
    }

    /// An answer that was heard before comes once more.
    pub(super) fn hear_again(&mut self, who: Place, done: Completion) {
        let (Some(local), Some(life)) = (self.local(who), self.life(who)) else {
            return;
        };
        let generation = life.generation;
        let mut ticked = life.conductor.record().clone();
        let _ = step(&mut ticked, self.setup, local, &Event::Tick);
        // A ledger that refuses lets nothing count, not even the tick.
        let counted = self.tell(who, Event::Finished(done.clone())).is_some();
        let same_life = |life: &&Life| counted && life.generation == generation;
        if let Some(life) = self.life(who).filter(same_life) {
            let stands = life.conductor.record();
            let same =
                stands.state == ticked.state && stands.facts.incident == ticked.facts.incident;
            self.judge.heard_again(self.world.now, &done, same);
        }
    }
}
