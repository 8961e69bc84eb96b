//! What a host answers when its engine wants to look: at the estate, a sensor, the lag, readiness;
//! and its heartbeat.
//!
//! Deliberately absent: when (the engine's plan), and what is made of it.

use crate::engine::port::{Answer, Input, Parts};
use crate::lab::asked::AskedFor;
use crate::lab::install::Install;
use crate::lab::looks;
use crate::lab::simulation::Simulation;
use crate::lab::timing::{ANSWER, CALL_TIMEOUT, LAG_WINDOW, ONE_CALL, READINESS};
use drd_state_machine::event::{LagSample, Side, Signal, Vantage, Verdict};
use drd_state_machine::time::{Span, Time};
use std::collections::VecDeque;

impl Simulation<'_> {
    fn answer_in(&mut self, who: Install, after: Span, term: u64, answer: Answer) {
        self.give_in(who, after, Input::Answered { term, answer });
    }

    /// The world's own counters of what this install asks for.
    pub(super) fn asked(&mut self, who: Install) -> &mut AskedFor {
        &mut self.world.asked[who.index()]
    }

    fn is_cut_off(&self, who: Install) -> bool {
        self.world.faults.isolated[who.index()]
    }

    /// What an answer of a region takes: some hundred milliseconds, or the whole deadline.
    fn takes(&mut self, silent: bool) -> Span {
        let quick = self.look_chance.span(ANSWER.0, ANSWER.1);
        if silent { CALL_TIMEOUT } else { quick }
    }

    pub(super) fn look(&mut self, who: Install, term: u64, active: Side, parts: Parts) {
        let now = self.world.now;
        for (side, wanted) in [(active, parts.active), (active.other(), parts.other)] {
            if wanted {
                self.asked(who).described[side.index()] = now;
            }
        }
        let seen = looks::look(&self.world, who, active, parts);
        let dark = parts == Parts::ACTIVE && !self.world.faults.answers(who, active, "rds");
        let silent = self.is_cut_off(who) || dark;
        let after = self.takes(silent);
        self.answer_in(who, after, term, Answer::Looked { parts, seen });
    }

    /// A probe answers at once; a control plane that is silent costs its deadline, and nothing
    /// else waits for it.
    pub(super) fn sense(
        &mut self,
        who: Install,
        term: u64,
        vantage: Vantage,
        side: Side,
        inputs: &mut VecDeque<Input>,
    ) {
        let (now, local) = (self.world.now, self.local(who));
        let answer = |signals: Vec<Signal>| Answer::Sensed {
            vantage,
            side,
            signals,
        };
        match vantage {
            Vantage::Probe => {
                self.asked(who).probed[side.index()] = now;
                let signal = looks::probe(&self.world, who, side, local);
                self.judge_own(who, &signal);
                let answer = answer(vec![signal]);
                inputs.push_back(Input::Answered { term, answer });
            }
            Vantage::ControlPlane => {
                self.asked(who).control_plane[side.index()] = now;
                let signal = looks::control_plane(&self.world, who, side, local);
                let after = self.takes(signal.verdict != Verdict::Healthy);
                self.answer_in(who, after, term, answer(vec![signal]));
            }
            Vantage::Route53 | Vantage::Inside | Vantage::Witness => {
                let read = self
                    .sensors
                    .alarm_state(&self.world, who, vantage, side, local);
                if let Some(signal) = &read {
                    self.judge_own(who, signal);
                }
                let after = self.takes(read.is_none());
                self.answer_in(who, after, term, answer(read.into_iter().collect()));
            }
            Vantage::Replication => {
                self.answer_in(who, Span::ZERO, term, answer(Vec::new()));
            }
        }
    }

    fn judge_own(&mut self, who: Install, signal: &Signal) {
        let now = self.world.now;
        if self.is_cut_off(who) {
            self.judge.blind(now);
            return;
        }
        let sensors = &self.setup.sensors;
        if let Some(spec) = sensors.iter().find(|s| s.name == signal.sensor) {
            // What is stored was seen earlier.
            let looked = if spec.vantage == Vantage::Witness {
                signal.observed_at
            } else {
                now
            };
            self.judge
                .received(looked, &spec.name, spec, signal.verdict);
        }
    }

    /// CloudWatch has what was sampled in the last ten minutes.
    pub(super) fn read_lag(&mut self, who: Install, term: u64) {
        self.asked(who).lag = self.world.now;
        let refused = self.world.faults.refusal("cloudwatch", "GetMetricData");
        if self.is_cut_off(who) || refused.is_some() {
            self.answer_in(who, CALL_TIMEOUT, term, Answer::LagRead(None));
            return;
        }
        let from = self.world.now - LAG_WINDOW;
        let (now, samples) = (self.world.now, self.samples.iter());
        let recent = samples.filter(|(given_out, s)| *given_out <= now && s.taken_at >= from);
        let recent: Vec<LagSample> = recent.map(|(_, sample)| *sample).collect();
        self.answer_in(who, ONE_CALL, term, Answer::LagRead(Some(recent)));
    }

    pub(super) fn check_readiness(&mut self, who: Install, term: u64, active: Side) {
        self.asked(who).examined[active.other().index()] = self.world.now;
        let checks = looks::readiness(&self.world, who, active);
        self.answer_in(who, READINESS, term, Answer::Checked(checks));
    }

    pub(super) fn heartbeat(&mut self, who: Install, term: u64, sent: (Time, &str)) {
        if self
            .world
            .faults
            .reads(who, Side::Standby, "events", "PutEvents")
        {
            self.asked(who).heartbeat = self.world.now;
            let message = self.sensors.heartbeat(&self.world, sent);
            self.send(Some(message));
        }
        self.answer_in(who, ONE_CALL, term, Answer::HeartbeatSent);
    }
}
