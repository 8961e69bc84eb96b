//! What the sensors say, on its way: to the queue, to CloudWatch.
//!
//! Deliberately absent: what they say (`senses`).

use super::{Happening, Rehearsal, Turn};
use crate::lab::daemon::Place;
use crate::lab::senses::Message;
use drd_state_machine::event::{Event, LagSample};
use drd_state_machine::time::Span;

impl Rehearsal<'_> {
    /// Puts a message on its way to the queue.
    pub(in crate::lab) fn send(&mut self, message: Option<Message>) {
        if let Some(message) = message {
            self.send_after(Span::ZERO, message);
        }
    }

    fn send_after(&mut self, wait: Span, message: Message) {
        let Some(delays) = self.senses.transport(&self.world) else {
            return;
        };
        for delay in delays {
            self.after(wait + delay, Happening::Queued(message.clone()));
        }
    }

    /// Evaluation takes 5 to 40 s after the metric (aws-facts 1.4: several minutes may elapse).
    pub(super) fn alarm(&mut self) {
        if self.world.faults.alarm_flap.is_none() {
            for message in self.senses.alarm(&self.world) {
                let evaluation = self.chance.span(Span::secs(5), Span::secs(40));
                self.send_after(evaluation, message);
            }
        }
        self.after(Span::secs(60), Happening::Alarm);
    }

    pub(super) fn flap(&mut self) {
        let Some(period) = self.world.faults.alarm_flap else {
            return;
        };
        let message = self.senses.flap(&self.world);
        self.send(message);
        self.after(period, Happening::Flap);
    }

    /// The lag monitor samples every 30 s; drd reads it within 10 s.
    pub(super) fn lag(&mut self) {
        if self.world.lag_is_sampled() {
            let lag = self.world.now - self.world.replica_position();
            let sample = LagSample {
                taken_at: self.world.now,
                lag,
            };
            self.samples.push(sample);
            let read = self.chance.span(Span::secs(2), Span::secs(10));
            for who in Place::BOTH {
                let Some(life) = self.life(who) else { continue };
                let generation = life.generation;
                if !self.world.faults.isolated[who.index()] {
                    let turn = Turn::Tell(Event::Sampled(sample));
                    self.after(read, Happening::Daemon(generation, turn));
                }
            }
        }
        self.after(Span::secs(30), Happening::Lag);
    }
}
