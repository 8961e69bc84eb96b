//! What the sensors send, on its way: to the queue, to CloudWatch.
//!
//! Deliberately absent: what they send (`crate::lab::sensors`).

use crate::lab::sensors::SentMessage;
use crate::lab::simulation::{Happening, Simulation};
use crate::lab::timing;
use drd_state_machine::time::Span;

impl Simulation<'_> {
    /// Puts a message on its way to the queue.
    pub(in crate::lab) fn send(&mut self, message: Option<SentMessage>) {
        if let Some(message) = message {
            self.send_after(Span::ZERO, message);
        }
    }

    fn send_after(&mut self, wait: Span, message: SentMessage) {
        let Some(delays) = self.sensors.transport(&self.world) else {
            return;
        };
        for delay in delays {
            self.after(wait + delay, Happening::Queued(message.clone()));
        }
    }

    /// What the alarms report arrives after their evaluation.
    pub(super) fn alarm(&mut self) {
        if self.world.faults.alarm_flap.is_none() {
            for message in self.sensors.alarm(&self.world) {
                let evaluation = self.chance.span(timing::EVALUATION.0, timing::EVALUATION.1);
                self.send_after(evaluation, message);
            }
        }
        self.after(timing::ALARM, Happening::Alarm);
    }

    pub(super) fn flap(&mut self) {
        let Some(period) = self.world.faults.alarm_flap else {
            return;
        };
        let message = self.sensors.flap(&self.world);
        self.send(message);
        self.after(period, Happening::Flap);
    }

    /// The lag monitor takes a sample, if it can.
    pub(super) fn lag(&mut self) {
        let (lost, delay) = (self.world.faults.lag_lost, self.world.faults.lag_delay);
        let taken = lost == 0.0 || !self.chance.happens(lost);
        if let Some(sample) = self.world.lag_sample().filter(|_| taken) {
            let delivery = self.chance.span(timing::DATAPOINT.0, timing::DATAPOINT.1);
            self.samples
                .push((self.world.now + delivery + delay, sample));
            let message = self.sensors.lag(self.world.writer.other(), sample);
            self.send_after(delay, message);
        }
        self.after(timing::LAG_SAMPLE, Happening::Lag);
    }
}
