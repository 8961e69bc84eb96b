//! Which sensors report, and when: every sensor keeps its rhythm while time passes.
//!
//! Deliberately absent: what is true (`world`).

use super::{Estate, START, Unhealthy, completion, name};
use drd_state_machine::command::Kind;
use drd_state_machine::event::{
    Check, Event, LagSample, LagSource, Observation, Outcome, Side, Signal, Vantage, Verdict, Word,
};
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Decision, step};
use std::sync::Arc;

impl Estate {
    /// Gives the machine one event, now.
    pub fn give(&mut self, event: Event) -> &Decision {
        self.give_once(&event);
        let (times, tick_instead) = self.again;
        for _ in 0..times {
            let tick = tick_instead || !is_delivery(&event);
            self.give_once(if tick { &Event::Tick } else { &event });
        }
        self.decisions.last().expect("just pushed")
    }

    fn give_once(&mut self, event: &Event) {
        let before = self.book.is_some().then(|| self.record.clone());
        let decision = step(&mut self.record, &self.setup, self.now, event);
        if let (Some(book), Some(before)) = (&mut self.book, before) {
            book.check(&self.setup, &before, event, &decision, &self.record);
        }
        if self.reads_its_own_record {
            crate::book::survives_json(&self.record);
            let text = serde_json::to_string(&self.record).expect("a record is JSON");
            self.record = serde_json::from_str(&text).expect("a record can be read");
        }
        self.decisions.push(decision);
    }

    /// A second later every sensor reports, and there is a poll.
    pub fn poll_all(&mut self) {
        self.now = self.now + Span::secs(1);
        for vantage in Vantage::ALL {
            self.report_all(vantage);
        }
        self.look();
    }

    fn report_all(&mut self, vantage: Vantage) {
        for side in Side::BOTH {
            if let Some(verdict) = self.verdicts.get(&(vantage, side)).copied() {
                self.signal(&name(vantage, side), vantage, verdict, self.now);
            }
        }
    }

    /// From now on this sensor of the active side reports this, for the first time a second later.
    pub fn reports(&mut self, vantage: Vantage, verdict: Verdict) {
        let side = self.active();
        self.now = self.now + Span::secs(1);
        self.verdicts.insert((vantage, side), verdict);
        self.signal(&name(vantage, side), vantage, verdict, self.now);
    }

    /// One report of one sensor. Only what is pushed has an identity.
    pub fn signal(&mut self, sensor: &str, vantage: Vantage, verdict: Verdict, looked: Time) {
        let own = matches!(vantage, Vantage::Probe | Vantage::ControlPlane);
        self.deliveries += 1;
        let id = if own {
            String::new()
        } else {
            self.deliveries.to_string()
        };
        self.give(Event::Signalled(Signal {
            id: Arc::from(id),
            sensor: Arc::from(sensor),
            verdict,
            observed_at: looked,
            good_at: None,
        }));
    }

    pub fn look(&mut self) {
        self.view.references = self.references;
        let view = if self.references == Unhealthy {
            // Cut off: nothing that is far away answers.
            Observation {
                references: Unhealthy,
                ..Observation::default()
            }
        } else {
            self.view
        };
        self.give(Event::Observed(view));
    }

    pub fn sample(&mut self, taken_at: Time, lag: Span) {
        self.sample_of(LagSource::Events, taken_at, lag);
    }

    /// A sample of this source arrives, or is read.
    pub fn sample_of(&mut self, source: LagSource, taken_at: Time, lag: Span) {
        let sample = LagSample {
            source,
            taken_at,
            lag,
        };
        self.give(match source {
            LagSource::Events => Event::Sampled(sample),
            LagSource::Metric | LagSource::Aws => Event::LagRead(sample),
        });
    }

    pub fn check(&mut self) {
        let checks = vec![Check {
            name: Arc::from("engine_parity"),
            verdict: self.readiness,
            detail: Arc::from("16.4 and 16.3"),
            gates: true,
        }];
        self.give(Event::Checked { checks });
    }

    /// Time passes, second by second, and every sensor keeps its rhythm.
    pub fn wait(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.now = self.now + Span::secs(1);
            self.second();
            self.end_prescales();
        }
    }

    fn end_prescales(&mut self) {
        let asked = self.decisions[self.answered..]
            .iter()
            .flat_map(|d| &d.commands);
        let ended = asked.filter(|c| c.kind() == Kind::Prescale);
        let outcome = self.prescale_ends.clone();
        let ended: Vec<_> = ended
            .zip(outcome.into_iter().cycle())
            .map(|(command, outcome)| completion(command, outcome))
            .collect();
        self.answered = self.decisions.len();
        for event in ended {
            self.give(event);
        }
    }

    fn second(&mut self) {
        let second = (self.now - START).0 / 1000;
        let every = |period: i64| second.rem_euclid(period) == 0;
        if every(5) {
            self.report_all(Vantage::Probe);
            self.report_all(Vantage::ControlPlane);
            self.look();
        }
        if every(10) {
            self.report_all(Vantage::Witness);
            self.report_all(Vantage::Route53);
            self.report_all(Vantage::Inside);
        }
        if let Some(lag) = self.lag.filter(|_| every(30)) {
            self.sample(self.now, lag);
        }
        if every(60) {
            let (sent_at, stamped_at) = (self.now, self.now);
            self.give(Event::HeartbeatReturned {
                sent_at,
                stamped_at,
                earlier_lost: false,
            });
        }
        if every(300) {
            self.check();
        }
        self.give(Event::Tick);
    }

    /// Time passes until this state is reached, for so many seconds at most.
    pub fn wait_for(&mut self, state: &str, seconds: i64) {
        for _ in 0..seconds {
            if self.state() == state {
                return;
            }
            self.wait(1);
        }
        assert_eq!(self.state(), state, "after {seconds} s: {}", self.story());
    }

    pub fn order(&mut self, word: Word) {
        self.give(Event::Ordered {
            word,
            lasts: None,
            by: None,
        });
    }

    /// The newest attempt of this command ends, if there was one.
    pub fn ends_if_asked(&mut self, kind: Kind, outcome: Outcome) {
        if !self.asked(kind).is_empty() {
            self.ends(kind, outcome);
        }
    }

    /// The newest attempt of this command ends.
    pub fn ends(&mut self, kind: Kind, outcome: Outcome) {
        let newest = self.asked(kind).last().copied();
        let command = newest.unwrap_or_else(|| panic!("{kind} was never asked"));
        let done = completion(command, outcome);
        self.give(done);
    }
}

/// Whether it is delivered from outside, perhaps twice. A start and a poll are drd's own,
/// and an operator's order has no identity yet.
fn is_delivery(event: &Event) -> bool {
    match event {
        Event::Signalled(_)
        | Event::Sampled(_)
        | Event::LagRead(_)
        | Event::Checked { .. }
        | Event::Finished(_)
        | Event::HeartbeatReturned { .. } => true,
        Event::Tick | Event::Started | Event::Observed(_) | Event::Ordered { .. } => false,
    }
}
