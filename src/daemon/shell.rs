//! The control loop: one input at a time through the engine, then its actions, each beside the
//! loop. Nothing here waits for anything but the next input.
//!
//! Deliberately absent: decisions, plans, retries. Dropping a term's tasks at its end is the
//! engine's wish, expressed by closing the gate.

use super::incident_log;
use super::parts::DaemonParts;
use super::store::LedgerStore;
use crate::clock::{boot, duration};
use crate::engine::lease::Terms;
use crate::engine::port::{Action, Answer, Ask, Gate, Input, Message, Order, OrderReply, Receipt};
use crate::engine::unsent::not_sent;
use crate::engine::{Engine, Environment};
use crate::estate::{Estate, SensorSource};
use crate::ledger::LedgerError;
use drd_state_machine::Record;
use drd_state_machine::command::Command;
use drd_state_machine::event::{Outcome, Side, Vantage};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};

/// Between two turns where nothing is due: `/healthz` counts as turned what turned within 15 s.
const TURN_MAX: Duration = Duration::from_secs(5);
/// Orders that wait for the loop: as many as the engine lets wait.
pub(super) const ORDERS_MAX: usize = 8;
/// Deletions under way while messages arrive in crowds: reading them comes first, since the news is
/// behind them. At 10 ms a call that is 2,000 messages a second.
const DELETES_MAX: usize = 2;
/// Deletions that may wait for that; beyond, all are sent. 4,000 of 10 receipts are about 20 MB, and
/// are done within the minute for which a message is hidden.
const DELETES_WAIT_MAX: usize = 4000;

/// An order and the channel that its answer goes to.
pub(super) struct OrderCall {
    pub(super) order: Order,
    pub(super) answer: oneshot::Sender<OrderReply>,
}

/// Why the loop ended by itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShellError {
    /// The ledger failed verification, or is another daemon's.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A task broke off: half a daemon is worse than none.
    #[error("{0}")]
    Broken(String),
}

/// How a daemon ended that was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is under way.
    Done,
    /// A run is: the next daemon goes on with it.
    Unfinished,
}

/// What a task ends with.
type Done = Result<Input, LedgerError>;

/// The loop.
pub(super) struct Shell {
    pub(super) parts: DaemonParts,
    pub(super) engine: Engine,
    pub(super) terms: Option<Terms>,
    pub(super) store: LedgerStore,
    /// A follower's reading of what the leader wrote.
    pub(super) reads: JoinSet<Option<(Record, u64)>>,
    /// What a term asked for; dropped with it.
    asks: JoinSet<Done>,
    /// Calls to the store, deletions and pages: they outlive a term.
    calls: JoinSet<Option<Done>>,
    deletes: Arc<Semaphore>,
    orders: HashMap<u64, oneshot::Sender<OrderReply>>,
    pub(super) shown: super::shown::Shown,
    stopped: bool,
}

impl Shell {
    pub(super) fn new(parts: DaemonParts, env: Arc<Environment>, store: LedgerStore) -> Shell {
        let terms = env.terms;
        let engine = Engine::new(env, parts.clock, boot());
        Shell {
            parts,
            engine,
            terms,
            store,
            reads: JoinSet::new(),
            asks: JoinSet::new(),
            calls: JoinSet::new(),
            deletes: Arc::new(Semaphore::new(DELETES_MAX)),
            orders: HashMap::new(),
            shown: super::shown::Shown::default(),
            stopped: false,
        }
    }

    /// Turns until a signal asked for a stop and everything under way has ended.
    ///
    /// # Errors
    /// See [`ShellError`].
    pub(super) async fn run(
        mut self,
        asked: impl Future<Output = &'static str>,
        mut orders: mpsc::Receiver<OrderCall>,
    ) -> Result<Ended, ShellError> {
        tokio::pin!(asked);
        let mut stopping = false;
        self.turn(Input::Timer);
        while !self.stopped {
            let wait = self.wait();
            tokio::select! {
                biased;
                signal = &mut asked, if !stopping => {
                    tracing::info!(signal, "asked to stop");
                    stopping = true;
                    self.turn(Input::StopRequested);
                }
                Some(done) = self.asks.join_next(), if !self.asks.is_empty() => {
                    self.done(done)?;
                }
                Some(done) = self.calls.join_next(), if !self.calls.is_empty() => {
                    if let Some(done) = done.map_err(broken)? {
                        self.turn(done?);
                    }
                }
                Some(read) = self.reads.join_next(), if !self.reads.is_empty() => {
                    if let Some(read) = read.map_err(broken)? {
                        self.shown.read = Some(read);
                    }
                }
                Some(call) = orders.recv() => {
                    self.orders.insert(call.order.id, call.answer);
                    self.turn(Input::Ordered(call.order));
                }
                () = tokio::time::sleep(wait) => self.turn(Input::Timer),
            }
        }
        Ok(self.ended())
    }

    /// A run that this daemon leaves unfinished is its last word.
    fn ended(&self) -> Ended {
        let record = self.engine.record();
        let state = record.map_or("following", |record| record.state.name());
        let open = record.and_then(|record| {
            let incident = record.facts.incident.as_ref()?;
            incident.ended_at.is_none().then_some(incident.incident_id)
        });
        let Some(incident_id) = open else {
            tracing::info!(state, "stopped");
            return Ended::Done;
        };
        tracing::error!(
            state,
            "stopped in {state}: run {incident_id} is unfinished, start drd again"
        );
        Ended::Unfinished
    }

    fn done(&mut self, done: Result<Done, JoinError>) -> Result<(), ShellError> {
        match done {
            Err(error) if error.is_cancelled() => {}
            done => self.turn(done.map_err(broken)??),
        }
        Ok(())
    }

    fn wait(&self) -> Duration {
        let due = self.engine.next_wakeup().map(|at| duration(at - boot()));
        let usual = due.unwrap_or(TURN_MAX).min(TURN_MAX);
        self.parts.manager.wait_at_most(usual)
    }

    fn turn(&mut self, input: Input) {
        if let Input::Answered {
            answer: Answer::Finished(done),
            ..
        } = &input
        {
            incident_log::performed(done);
        }
        for action in self.engine.handle(boot(), input) {
            self.carry_out(action);
        }
        self.show();
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Ask { term, ask } => self.ask(term, ask),
            Action::Store { call, ask } => {
                let store = self.store.clone();
                self.calls.spawn(async move {
                    let answer = store.call(ask).await;
                    Some(answer.map(|answer| Input::Stored { call, answer }))
                });
            }
            Action::Delete(receipts) => self.delete(receipts),
            Action::Page { command, .. } => self.page(command),
            Action::Gate(gate) => self.set_gate(gate),
            Action::Reply { order, reply } => {
                if let Some(waits) = self.orders.remove(&order) {
                    // The caller may have gone: the order is in the ledger all the same.
                    let _ = waits.send(reply);
                }
            }
            Action::Notice(notice) => incident_log::noticed(&notice, self.engine.record()),
            Action::Stopped => self.stopped = true,
        }
    }

    /// A closed gate is the end of a term: what it asked for is dropped.
    fn set_gate(&mut self, gate: Gate) {
        match gate {
            Gate::OpenUntil(until) => self.parts.gate.open_until(until),
            Gate::Closed => {
                self.parts.gate.close();
                self.asks.abort_all();
                self.asks = JoinSet::new();
            }
        }
    }

    fn ask(&mut self, term: u64, ask: Ask) {
        if let Ask::Perform { command, until } = &ask {
            if command.kind().irreversible() {
                self.parts.gate.role_changes_until(*until);
            }
            incident_log::performing(command, self.engine.record());
        }
        let (parts, store) = (self.parts.clone(), self.store.clone());
        self.asks.spawn(async move {
            let answer = answer(&parts, &store, ask).await;
            Ok(Input::Answered { term, answer })
        });
    }

    fn delete(&mut self, receipts: Vec<Receipt>) {
        let estate = self.parts.estate.clone();
        let waits = self.calls.len() < DELETES_WAIT_MAX;
        let turns = waits.then(|| self.deletes.clone());
        self.calls.spawn(async move {
            let _turn = match turns {
                Some(turns) => turns.acquire_owned().await.ok(),
                None => None,
            };
            if let Err(error) = estate.settle(&receipts).await {
                tracing::warn!(%error, "not deleted: it is delivered again, with the effect of once");
            }
            None
        });
    }

    fn page(&mut self, command: Command) {
        incident_log::performing(&command, self.engine.record());
        let (estate, metrics) = (self.parts.estate.clone(), self.parts.metrics.clone());
        self.calls.spawn(async move {
            let done = estate.perform(&command).await;
            incident_log::performed(&done);
            let taken = matches!(done.outcome, Outcome::Done);
            metrics.paged(taken);
            Some(Ok(Input::Paged { command, taken }))
        });
    }
}

fn broken(error: JoinError) -> ShellError {
    ShellError::Broken(format!("a task broke off ({error})"))
}

/// What the world answers to one wish; never fails, since a failure is an answer.
async fn answer(parts: &DaemonParts, store: &LedgerStore, ask: Ask) -> Answer {
    let estate = &parts.estate;
    let now = parts.clock.read();
    match ask {
        Ask::Append(lines) => Answer::Appended(store.append(lines).await),
        Ask::Perform { command, until } => Answer::Finished(if boot() < until {
            estate.perform(&command).await
        } else {
            not_sent(&command)
        }),
        Ask::Look { active, parts } => Answer::Looked {
            parts,
            seen: estate.look(active, parts).await,
        },
        Ask::Sense { vantage, side } => Answer::Sensed {
            vantage,
            side,
            signals: estate.sense(sensors(parts, vantage, side), now).await,
        },
        Ask::ReadLag { active } => Answer::LagRead(
            estate
                .lag(active, now)
                .await
                .inspect_err(|error| {
                    tracing::warn!(%error, "replication lag cannot be read: unknown, not zero");
                })
                .ok(),
        ),
        Ask::CheckReadiness { active } => {
            let desired = parts.config.serving.desired;
            Answer::Checked(estate.readiness(active, desired, now).await)
        }
        Ask::SendHeartbeat { sent_at, nonce } => {
            if let Err(error) = estate.heartbeat(sent_at, &nonce).await {
                tracing::warn!(%error, "the heartbeat was not accepted: the event path may be broken");
            }
            Answer::HeartbeatSent
        }
        Ask::Receive => Answer::Received(receive(estate).await),
    }
}

async fn receive(estate: &Estate) -> Option<Vec<Message>> {
    estate
        .receive()
        .await
        .inspect_err(|error| {
            tracing::warn!(%error, "the queue cannot be read; observation goes on");
        })
        .ok()
}

/// The configured sensors of this vantage and side.
fn sensors(parts: &DaemonParts, vantage: Vantage, side: Side) -> Vec<SensorSource> {
    let of = parts.config.sensors.iter();
    of.filter(|s| s.vantage == vantage && s.side == side)
        .map(|s| SensorSource {
            name: Arc::from(s.name.as_str()),
            vantage,
            side,
            alarm_arn: s.alarm_arn.as_deref().map(Arc::from),
        })
        .collect()
}
