//! What the sensors send, on its way: to the queue, to CloudWatch.
//!
//! Deliberately absent: what they send (`crate::lab::sensors`).

use crate::lab::lag_samples::is_new;
use crate::lab::sensors::SentMessage;
use crate::lab::simulation::{Happening, Simulation};
use crate::lab::timing;
use drd_state_machine::event::LagSource;
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

    /// The lag monitor takes a sample, if it can, and sends it both ways; AWS takes its own once a minute.
    pub(super) fn lag(&mut self) {
        let (lost, delay) = (self.world.faults.lag_lost, self.world.faults.lag_delay);
        let [events, metric, _] = lost;
        let sent = events == 0.0 || !self.chance.happens(events);
        let together = metric == events;
        let stored = if together { sent } else { self.comes(metric) };
        if let Some(sample) = self.world.lag_sample(LagSource::Metric).filter(|_| stored) {
            let delivery = self.chance.span(timing::DATAPOINT.0, timing::DATAPOINT.1);
            let given_out = self.world.now + delivery + delay[LagSource::Metric.index()];
            self.samples.push((given_out, sample));
        }
        if let Some(sample) = self.world.lag_sample(LagSource::Events).filter(|_| sent) {
            let message = self.sensors.lag(self.world.writer.other(), sample);
            self.send_after(delay[LagSource::Events.index()], message);
        }
        self.aws_lag();
        self.after(timing::LAG_SAMPLE, Happening::Lag);
    }

    fn aws_lag(&mut self) {
        let place = LagSource::Aws.index();
        let (lost, delay) = (
            self.world.faults.lag_lost[place],
            self.world.faults.lag_delay[place],
        );
        let Some(sample) = self.world.lag_sample(LagSource::Aws) else {
            return;
        };
        let known = self.samples.iter().rev().map(|(_, known)| known);
        if !is_new(&sample, known) || !self.comes(lost) {
            return;
        }
        let (soon, late) = timing::AWS_DATAPOINT;
        let delivery = self.lag_chance.span(soon, late);
        let given_out = (sample.taken_at + delivery).max(self.world.now) + delay;
        self.samples.push((given_out, sample));
    }

    fn comes(&mut self, lost: f64) -> bool {
        lost == 0.0 || !self.lag_chance.happens(lost)
    }
}
