//! The control loop: one event at a time through the conductor, then its commands, each once.
//!
//! Deliberately absent: anything slow. Performing runs beside it; a graceful stop waits for
//! every attempt's outcome and writes it down, so that no intent is left without one.

use super::{News, Parts, Stance, story};
use crate::conductor::Conductor;
use crate::perform::perform;
use crate::status::LeaderStatus;
use crate::status::build::{LedgerHealth, StatusInput, build};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Check, Completion, Event, Outcome, Verdict};
use drd_state_machine::record::Record;
use drd_state_machine::time::Time;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// One second: the machine's own deadlines are whole seconds.
const TURN: Duration = Duration::from_secs(1);
/// While nothing happens a turn only proves that the loop lives: a third of `/healthz`'s 15 s.
const TURN_AT_REST: Duration = Duration::from_secs(5);
/// A stop waits for outcomes at most this long: a command's deadline of 15 s and its line.
const STOP_MAX: Duration = Duration::from_secs(20);

/// How a term ended.
pub(super) enum Ended {
    /// The process was asked to stop, and did what was left to do.
    Asked,
    /// This daemon may not lead any more, and why.
    TermOver(String),
}

pub(super) struct Control {
    parts: Parts,
    conductor: Conductor,
    stance: watch::Sender<Stance>,
    leader: Option<LeaderStatus>,
    performing: JoinSet<Completion>,
    over: Option<String>,
    armed: bool,
}

/// What the loops must know.
pub(super) fn stance(record: &Record) -> Stance {
    Stance {
        active: record.facts.active,
        closely: record.state.phase().polls_closely()
            || record.facts.evidence.first_bad_at.is_some(),
        state: record.state.name(),
    }
}

impl Control {
    pub(super) fn new(
        parts: Parts,
        conductor: Conductor,
        stance: watch::Sender<Stance>,
        leader: Option<LeaderStatus>,
    ) -> Control {
        Control {
            parts,
            conductor,
            stance,
            leader,
            performing: JoinSet::new(),
            over: None,
            armed: false,
        }
    }

    /// Turns until a signal asks for a stop, or the ledger says that the term is over.
    pub(super) async fn run(
        mut self,
        mut news: mpsc::Receiver<News>,
        asked: impl Future<Output = &'static str>,
        stop: watch::Sender<bool>,
    ) -> Ended {
        tokio::pin!(asked);
        self.take(Event::Started.into()).await;
        loop {
            if let Some(why) = self.over.take() {
                return Ended::TermOver(why);
            }
            let wait = self.wait();
            tokio::select! {
                biased;
                signal = &mut asked => {
                    tracing::info!(signal, "asked to stop");
                    break;
                }
                Some(ended) = self.performing.join_next(), if !self.performing.is_empty() => {
                    self.performed(ended).await;
                }
                Some(next) = news.recv() => self.take(next).await,
                () = tokio::time::sleep(wait) => self.take(Event::Tick.into()).await,
            }
        }
        stop.send_replace(true);
        self.wind_down().await;
        Ended::Asked
    }

    fn wait(&self) -> Duration {
        let closely = self.stance.borrow().closely;
        let usual = if closely { TURN } else { TURN_AT_REST };
        self.parts.manager.wait_at_most(usual)
    }

    /// Every attempt under way ends, and its outcome is written down. The loop lives meanwhile.
    async fn wind_down(&mut self) {
        let all = async {
            while !self.performing.is_empty() {
                tokio::select! {
                    Some(ended) = self.performing.join_next() => {
                        if let Ok(done) = ended {
                            self.note(Event::Finished(done)).await;
                        }
                    }
                    () = tokio::time::sleep(TURN) => {}
                }
                self.parts.turned();
            }
        };
        if tokio::time::timeout(STOP_MAX, all).await.is_err() {
            tracing::warn!("an attempt did not end in time; the next daemon looks before it acts");
        }
        tracing::info!(state = self.conductor.record().state.name(), "stopped");
    }

    fn now(&self) -> Time {
        self.parts.clock.read()
    }

    async fn performed(&mut self, ended: Result<Completion, tokio::task::JoinError>) {
        match ended {
            Ok(done) => {
                story::performed(&done);
                self.take(Event::Finished(done).into()).await;
            }
            // The machine counts an attempt that never reports as lost, and asks again.
            Err(error) => tracing::error!(%error, "an attempt broke off"),
        }
    }

    async fn take(&mut self, news: News) {
        let mut event = news.event;
        if let Event::Checked { checks } = &mut event {
            checks.push(self.ledger_check());
        }
        let commands = self.note(event).await;
        let durable = commands.is_some();
        if let Some(held) = news.held {
            // The intake may have stopped waiting; the message is then delivered again.
            let _ = held.send(durable);
        }
        for command in commands.into_iter().flatten() {
            self.begin(command);
        }
        self.show();
    }

    /// Through the conductor. `None`: the ledger refused, and nothing may act.
    async fn note(&mut self, event: Event) -> Option<Vec<Command>> {
        let now = self.now();
        match self.conductor.conduct(now, event).await {
            Ok(decision) => {
                if decision.is_transition() {
                    story::changed(&decision, self.conductor.record());
                }
                Some(decision.commands)
            }
            Err(refused) => {
                let error = refused.error;
                story::ledger_refused(&error, self.conductor.record());
                if error.ends_term() {
                    self.over = Some(error.to_string());
                }
                if let Some(page) = refused.page {
                    self.begin(page);
                }
                None
            }
        }
    }

    fn ledger_check(&self) -> Check {
        Check {
            name: "ledger".into(),
            verdict: if self.conductor.ledger_works() {
                Verdict::Healthy
            } else {
                Verdict::Unhealthy
            },
            detail: "the newest append".into(),
            gates: true,
        }
    }

    /// Carries out one command beside the loop. A command of an older incident is stale.
    fn begin(&mut self, command: Command) {
        if command.kind().mutates()
            && command.incident_id() != self.conductor.record().facts.incident_id
        {
            tracing::warn!(command = %command.kind(), "stale, not performed");
            return;
        }
        story::performing(&command, self.conductor.record());
        let (estate, metrics) = (self.parts.estate.clone(), self.parts.metrics.clone());
        self.performing.spawn(async move {
            let done = estate.perform(&command).await;
            if done.kind == Kind::Page {
                metrics.paged(matches!(done.outcome, Outcome::Done));
            }
            done
        });
    }

    fn show(&mut self) {
        let now = self.now();
        let stance = stance(self.conductor.record());
        self.stance
            .send_if_modified(|old| std::mem::replace(old, stance) != stance);
        self.parts.turned();
        let input = StatusInput {
            record: self.conductor.record(),
            setup: self.conductor.setup(),
            seq: self.conductor.ledger().seq(),
            ledger: LedgerHealth::of(self.conductor.ledger_works()),
            leader: self.leader.clone(),
        };
        let view = build(&input, &self.parts.config, now);
        if std::mem::replace(&mut self.armed, view.armed) != view.armed {
            story::armed(&view);
        }
        self.parts.publish(view);
        self.parts.manager.ready();
    }
}
