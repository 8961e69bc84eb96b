//! An estate that exists in this process only: the lab's world on the real clock, so that the
//! daemon, its HTTP interface and its operators' commands run without AWS.
//!
//! `state` has what is so; here is only what takes time. Deliberately absent: the lab's judge and
//! its virtual time (`crate::lab`), and faults of the daemon, its host or its ledger: those are real.

mod state;

use super::error::{EstateError, FailureClass};
use super::lease_gate::LeaseGate;
use super::sensor_source::SensorSource;
use crate::clock::{Clock, duration};
use crate::engine::port::{Message, Parts, Receipt};
use crate::lab::cloud::DEADLINE;
use crate::lab::message_queue::LONG_POLL;
use crate::lab::scenario::Fault;
use crate::lab::simulation::Moment;
use crate::lab::timing;
use drd_state_machine::command::Command;
use drd_state_machine::event::{Check, Completion, LagSample, Observation, Outcome, Side, Signal};
use drd_state_machine::time::{Span, Time};
use state::SimulatedState;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Between two ticks: messages travel for seconds, so a quarter of one is not noticed.
pub const TICK: Duration = Duration::from_millis(250);

/// The handles of a simulated estate. Its owner calls [`Simulated::tick`] every [`TICK`].
#[derive(Debug)]
pub struct Simulated {
    clock: Clock,
    gate: Arc<LeaseGate>,
    state: Mutex<SimulatedState>,
    /// Messages arrived in the queue.
    arrived: Notify,
}

impl Simulated {
    /// The estate as bootstrap leaves it. `seed` decides every duration and chance in it; `clock`
    /// is the daemon's, and `gate` stays closed while the daemon may not change the estate.
    pub fn new(seed: u64, clock: Clock, gate: Arc<LeaseGate>) -> Simulated {
        Simulated {
            clock,
            gate,
            state: Mutex::new(SimulatedState::new(seed, clock.read())),
            arrived: Notify::new(),
        }
    }

    /// The clock of the estate and of the daemon that uses it.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The gate that the daemon opens and closes.
    pub fn gate(&self) -> Arc<LeaseGate> {
        self.gate.clone()
    }

    /// What the estate does by itself until `now`: role changes end, sensors report, messages
    /// arrive. Receives that wait for messages are woken.
    pub fn tick(&self, now: Time) {
        let mut state = self.locked();
        state.advance(now);
        if state.has_messages() {
            self.arrived.notify_waiters();
        }
    }

    /// Begins a fault now, whatever its `at` is; it ends after its `lasts`, or when it is healed.
    /// Gives its number. Kinds that strike a daemon, its clock or its ledger change nothing here.
    pub fn strike(&self, fault: Fault) -> usize {
        self.now().strike(fault)
    }

    /// Ends the fault of this number.
    pub fn heal(&self, number: usize) {
        self.now().heal(number);
    }

    /// What happened since this was called last, oldest first, the newest thousand: `fault`,
    /// `world` and `page`.
    pub fn take_moments(&self) -> Vec<Moment> {
        self.now().take_moments()
    }

    fn locked(&self) -> MutexGuard<'_, SimulatedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as it is now.
    fn now(&self) -> MutexGuard<'_, SimulatedState> {
        self.tick(self.clock.read());
        self.locked()
    }

    pub(super) async fn perform(&self, command: &Command) -> Completion {
        Completion {
            kind: command.kind(),
            incident_id: command.incident_id(),
            attempt: command.attempt(),
            outcome: self.attempt(command).await,
        }
    }

    /// The request travels, takes effect when it arrives, and is answered within the deadline or
    /// not at all.
    async fn attempt(&self, command: &Command) -> Outcome {
        let (there, added) = self.now().travel(command);
        if command.kind().mutates() && !self.gate.is_open() {
            let why = "not sent: the lease is over".to_owned();
            return Outcome::Unknown { why };
        }
        pause(there.min(DEADLINE)).await;
        let act = self.now().act(command);
        if added >= DEADLINE {
            pause(DEADLINE - there.min(DEADLINE)).await;
            let why = format!("no answer within {DEADLINE}");
            return Outcome::Unknown { why };
        }
        pause(act.after + (added - there)).await;
        act.outcome
    }

    pub(super) async fn look(&self, active: Side, parts: Parts) -> Observation {
        let (seen, takes) = self.now().look(active, parts);
        pause(takes).await;
        seen
    }

    /// All sensors are read beside each other.
    pub(super) async fn sense(&self, sensors: Vec<SensorSource>, now: Time) -> Vec<Signal> {
        let (mut signals, mut longest) = (Vec::new(), Span::ZERO);
        for source in sensors {
            if let Some((signal, takes)) = self.now().sense(source.vantage, source.side, now) {
                longest = longest.max(takes);
                let sensor = source.name;
                signals.push(Signal { sensor, ..signal });
            }
        }
        pause(longest).await;
        signals
    }

    pub(super) async fn lag(&self, _: Side, _: Time) -> Result<Vec<LagSample>, EstateError> {
        let samples = self.now().lag();
        answered(samples, "cloudwatch:GetMetricData").await
    }

    pub(super) async fn readiness(&self, active: Side, _desired: u32, _: Time) -> Vec<Check> {
        let checks = self.now().readiness(active);
        pause(timing::READINESS).await;
        checks
    }

    pub(super) async fn receive(&self) -> Result<Vec<Message>, EstateError> {
        if !self.now().queue_answers() {
            return answered(None, "sqs:ReceiveMessage").await;
        }
        let until = self.clock.read() + LONG_POLL;
        loop {
            // Before the look at the queue: what arrives after it wakes this receive.
            let arrived = self.arrived.notified();
            let batch = self.now().take_batch();
            let rest = until - self.clock.read();
            if !batch.is_empty() || rest <= Span::ZERO {
                return Ok(batch);
            }
            let _ = tokio::time::timeout(duration(rest), arrived).await;
        }
    }

    pub(super) async fn settle(&self, receipts: &[Receipt]) -> Result<(), EstateError> {
        let answer = {
            let mut state = self.now();
            let answers = state.queue_answers();
            answers.then(|| state.delete(receipts))
        };
        answered(answer, "sqs:DeleteMessageBatch").await
    }

    pub(super) async fn heartbeat(&self, sent_at: Time, nonce: &str) -> Result<(), EstateError> {
        let answers = self.now().heartbeat((sent_at, nonce));
        answered(answers.then_some(()), "events:PutEvents").await
    }
}

/// One call's answer, after what it takes; without one, after the deadline of a call.
async fn answered<T>(answer: Option<T>, operation: &'static str) -> Result<T, EstateError> {
    if let Some(answer) = answer {
        pause(timing::ONE_CALL).await;
        return Ok(answer);
    }
    pause(timing::CALL_TIMEOUT).await;
    let why = format!("no answer within {}", timing::CALL_TIMEOUT);
    Err(failed(operation, why))
}

fn failed(operation: &'static str, cause: String) -> EstateError {
    EstateError {
        class: FailureClass::Transient,
        operation,
        object: "the simulated estate".to_owned(),
        cause,
    }
}

async fn pause(span: Span) {
    tokio::time::sleep(duration(span)).await;
}
