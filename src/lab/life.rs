//! The daemon's life in a rehearsal: the loops of `daemon`, on virtual time, with the shipped
//! conductor in the middle. With two daemons it is the life of one term.
//!
//! `looks` has its eyes, `sending` its hands. Deliberately absent: decisions. What comes back
//! from the conductor is carried out, as is.

mod looks;
mod sending;
mod spoken;

use super::at_once;
use super::crash::Phase;
use super::daemon::{Daemon, Office, Place, Process};
use super::reached::Milestone;
use super::rehearsal::{Happening, Rehearsal, Turn};
use super::senses::Message;
use super::term::{AGAIN, Duty};
use crate::clock::Clock;
use crate::conductor::Conductor;
use crate::intake::envelope::{self, Parsed};
use crate::lease::{Term, Watch};
use crate::ledger::{Entry, Ledger, LedgerError, MemoryLedger, Trouble};
use drd_state_machine::Decision;
use drd_state_machine::event::{Event, LagSample, Side};
use drd_state_machine::evidence::Noted;
use drd_state_machine::state::State;
use drd_state_machine::time::{Span, Time};

/// One term, from its first line to its end. A daemon that is alone has one for its whole life.
pub(super) struct Life {
    pub(super) conductor: Conductor,
    pub(super) generation: u64,
    /// Attempts whose end is awaited.
    pub(super) under_way: u32,
    /// Mutating calls that were decided and have not left.
    pub(super) unsent: u32,
    /// Nothing was decided yet.
    starting: bool,
    /// When the next look is due; a look that was scheduled for another moment is superseded.
    look_at: Time,
}

const TICK_EVERY: Span = Span::secs(1);
/// How far back the lag is read (`aws::alarms`).
const LAG_WINDOW: Span = Span::secs(600);
/// One call to CloudWatch.
const LAG_READ: Span = Span::millis(300);
/// A daemon whose ledger cannot be opened stops, and systemd starts it again (RestartSec).
const START_AGAIN: Span = Span::secs(5);

impl Rehearsal<'_> {
    /// A process starts. Alone, it goes on at once on what the ledger holds; one of two asks for
    /// the lease first.
    pub(super) fn start(&mut self, who: Place) {
        if self.process(who).is_some() {
            return;
        }
        let now = self.world.now;
        self.generation += 1;
        let daemon: &Daemon = &self.daemons[who.index()];
        let process = Process {
            incarnation: self.generation,
            clock: Clock::at(now + daemon.wall_skew, daemon.boot(now)),
            frozen_until: now,
            stopping_since: None,
            watch: Watch::default(),
            office: if self.shared {
                Office::Follower
            } else {
                Office::Alone
            },
            life: None,
            asked: 0,
            seen: None,
            stuck_since: None,
            trouble: Trouble::default(),
        };
        self.daemons[who.index()].process = Some(process);
        if self.shared {
            let called = self.called(who);
            self.say("daemon", format!("{called} starts"));
            self.duty_in(who, Span::ZERO, Duty::Look);
        } else {
            self.open(who, None);
        }
    }

    /// A lease was taken, and everything that is durable was read under it.
    pub(super) fn begin_term(&mut self, who: Place, term: Term) {
        let Some(process) = self.process_mut(who) else {
            return;
        };
        if process.stopping_since.is_some() {
            return;
        }
        let epoch = term.row.epoch;
        process.office = Office::Leader(term);
        let called = self.called(who);
        self.say("daemon", format!("{called} leads, epoch {epoch}"));
        self.duty_in(who, Span::ZERO, Duty::Over);
        self.duty_in(who, crate::lease::Terms::default().renew, Duty::Renew);
        self.open(who, Some(epoch));
    }

    /// Opens the conductor on what the ledger holds, as JSON, the way a real one reads it.
    fn open(&mut self, who: Place, epoch: Option<u64>) {
        let entries = through_json(from_here(&self.store().entries, epoch.is_some()));
        let first = entries.is_empty();
        let mut ledger = MemoryLedger::sharing(self.store.clone(), epoch);
        let fare = self.fare(who);
        ledger.set_way(fare.way);
        let Some(local) = self.local(who) else { return };
        let opening = Conductor::open(
            self.setup.clone(),
            Ledger::Memory(ledger),
            &entries,
            self.metrics.clone(),
            local,
        );
        let Some(opened) = at_once(opening) else {
            return;
        };
        self.fared(&fare, opened.is_err());
        if self.sprung().is_some() {
            // There are no commands yet: every phase of this append is the same death.
            self.crash(who, self.absence());
            return;
        }
        match opened {
            Ok(conductor) => self.live(who, conductor, first),
            Err(_) if epoch.is_some() => {
                self.end_term(who, "the ledger did not take its first line", AGAIN);
                self.stuck(who);
            }
            Err(_) => {
                self.ever_held = true;
                self.daemons[who.index()].process = None;
                self.say(
                    "daemon",
                    "the ledger cannot be opened: the daemon stops".to_owned(),
                );
                self.after(START_AGAIN, Happening::Start(who));
            }
        }
    }

    fn live(&mut self, who: Place, conductor: Conductor, first: bool) {
        self.generation += 1;
        let (now, generation) = (self.world.now, self.generation);
        let alone = !self.shared;
        let Some(process) = self.process_mut(who) else {
            return;
        };
        process.life = Some(Life {
            conductor,
            generation,
            under_way: 0,
            unsent: 0,
            starting: true,
            look_at: now,
        });
        if !first && alone {
            self.say("daemon", "a new daemon starts on the ledger".to_owned());
        }
        self.note_takeover(who);
        self.tell(who, Event::Started);
        if self.whose(generation).is_none() {
            return;
        }
        for turn in [
            Turn::Look,
            Turn::Readiness,
            Turn::Probe,
            Turn::Heartbeat,
            Turn::Tick,
        ] {
            self.next(generation, Span::millis(10), turn);
        }
        self.read_lag(generation);
        self.receive();
    }

    /// The first reading of the lag: CloudWatch has what nobody read meanwhile.
    fn read_lag(&mut self, generation: u64) {
        let from = self.world.now - LAG_WINDOW;
        let recent = self.samples.iter().filter(|s| s.taken_at >= from);
        let recent: Vec<LagSample> = recent.copied().collect();
        for sample in recent {
            self.next(generation, LAG_READ, Turn::Tell(Event::Sampled(sample)));
        }
    }

    fn note_takeover(&mut self, who: Place) {
        let before = self.last_leader.replace(who);
        let Some(life) = self.life(who) else { return };
        let promoting = matches!(life.conductor.record().state, State::Promoting(_));
        if before.is_some_and(|before| before != who) {
            self.reached.note(Milestone::Takeover);
            if promoting {
                self.reached.note(Milestone::TakeoverInPromoting);
            }
        } else if before == Some(who) && self.shared {
            self.reached.note(Milestone::OwnLeaseReclaimed);
        }
    }

    /// How long a daemon that a trap killed stays away: long enough for the other one to lead.
    pub(super) fn absence(&self) -> Span {
        if self.shared {
            Span::secs(60)
        } else {
            Span::secs(5)
        }
    }

    pub(super) fn crash(&mut self, who: Place, restart_after: Span) {
        if self.daemons[who.index()].process.take().is_none() {
            return;
        }
        let text = if self.shared {
            format!(
                "{} dies; it starts again in {restart_after}",
                self.called(who)
            )
        } else {
            format!("the daemon dies; a new one comes in {restart_after}")
        };
        self.say("daemon", text);
        self.after(restart_after, Happening::Start(who));
    }

    pub(super) fn freeze(&mut self, who: Place, lasts: Span) {
        let until = self.world.now + lasts;
        let called = self.called(who);
        if let Some(process) = self.process_mut(who) {
            process.frozen_until = process.frozen_until.max(until);
        }
        self.say("daemon", format!("{called} is frozen for {lasts}"));
    }

    pub(super) fn next(&mut self, generation: u64, after: Span, turn: Turn) {
        self.after(after, Happening::Daemon(generation, turn));
    }

    /// What its clock shows.
    pub(super) fn local(&self, who: Place) -> Option<Time> {
        let process = self.process(who)?;
        Some(process.clock.now(self.boot(who)))
    }

    /// Whether drd looks every few seconds: while it acts, and as soon as one sample was bad.
    fn looks_closely(&self, who: Place) -> bool {
        self.life(who).is_some_and(|life| {
            let record = life.conductor.record();
            record.state.is_acting() || record.facts.evidence.first_bad_at.is_some()
        })
    }

    pub(super) fn turn(&mut self, generation: u64, turn: Turn) {
        let Some(who) = self.whose(generation) else {
            return;
        };
        let Some(process) = self.process(who) else {
            return;
        };
        if process.is_frozen(self.world.now) {
            let wait = process.frozen_until - self.world.now;
            self.next(generation, wait, turn);
            return;
        }
        if !self.holds(who) {
            self.end_term(who, "its lease is over", Span::ZERO);
            return;
        }
        let stopping = self
            .process(who)
            .is_some_and(|p| p.stopping_since.is_some());
        if stopping && !matches!(turn, Turn::Tell(Event::Finished(_))) {
            return;
        }
        self.take_turn(who, generation, turn);
    }

    fn take_turn(&mut self, who: Place, generation: u64, turn: Turn) {
        match turn {
            Turn::Probe => self.probe(who),
            Turn::Look if self.life(who).is_some_and(|l| l.look_at > self.world.now) => {}
            Turn::Look => self.look(who),
            Turn::Readiness => self.check(who),
            Turn::Heartbeat => self.heartbeat(who),
            Turn::Tick => {
                self.receive();
                if self.looks_closely(who) {
                    self.tell(who, Event::Tick);
                }
                self.next(generation, TICK_EVERY, Turn::Tick);
            }
            Turn::Tell(event) => {
                match &event {
                    Event::Sampled(sample) => self.judge.sampled(*sample),
                    Event::Finished(done) => {
                        self.judge.answered(generation, done);
                        if let Some(life) = self.life_mut(who) {
                            life.under_way = life.under_way.saturating_sub(1);
                        }
                    }
                    Event::Tick
                    | Event::Started
                    | Event::Signalled(_)
                    | Event::Observed(_)
                    | Event::Checked { .. }
                    | Event::HeartbeatReturned { .. }
                    | Event::Ordered { .. } => {}
                }
                self.tell(who, event);
            }
        }
    }

    pub(super) fn active(&self, who: Place) -> Side {
        self.life(who)
            .map_or(Side::Primary, |l| l.conductor.record().facts.active)
    }

    /// Whoever leads takes what is on the queue, while it lives and hears.
    pub(super) fn receive(&mut self) {
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
            self.judge.settled();
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
        let parsed = envelope::parse(&message.body, self.known, local);
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

    /// Decide, write down, count; then carry out. `None` when the ledger refused.
    pub(super) fn tell(&mut self, who: Place, event: Event) -> Option<Noted> {
        let local = self.local(who)?;
        let before = self.life(who)?.conductor.record().facts.active;
        let closely = self.looks_closely(who);
        let fare = self.fare(who);
        let conductor = &mut self.life_mut(who)?.conductor;
        if let Ledger::Memory(memory) = conductor.ledger_mut() {
            memory.set_way(fare.way);
        }
        let result = at_once(conductor.conduct(local, event))?;
        self.fared(&fare, result.is_err());
        let sprung = self.sprung();
        if matches!(sprung, Some(Phase::Before | Phase::After)) {
            self.crash(who, self.absence());
            return None;
        }
        let decision = match result {
            Ok(decision) => decision,
            Err(refused) => return self.refused(who, &refused.error, refused.page.as_ref()),
        };
        if sprung == Some(Phase::Frozen) {
            self.freeze(who, self.absence());
        }
        if !closely && self.looks_closely(who) {
            // As the daemon's loops do: a change of stance ends the pause.
            self.look_in(who, Span::ZERO);
        }
        self.witness_decision(who, &decision, before);
        if sprung == Some(Phase::Sent) {
            self.carry_out(who, &decision.commands, fare.delay, true);
            self.crash(who, self.absence());
            return Some(decision.noted);
        }
        self.follow(who, &decision, fare.delay);
        Some(decision.noted)
    }

    fn refused(
        &mut self,
        who: Place,
        error: &LedgerError,
        page: Option<&drd_state_machine::command::Command>,
    ) -> Option<Noted> {
        if error.ends_term() && self.shared {
            if matches!(error, LedgerError::Deposed) {
                self.reached.note(Milestone::StaleLeaderRefused);
            }
            self.end_term(who, &error.to_string(), AGAIN);
            if !matches!(error, LedgerError::Deposed) {
                self.stuck(who);
            }
            return None;
        }
        let works = self.life(who).is_some_and(|l| l.conductor.ledger_works());
        self.ever_held |= !works;
        self.reached.note(Milestone::HeldByLedger);
        if let Some(page) = page {
            self.page_by_itself(who, page.clone());
        }
        None
    }

    /// Half of the faults that wait for a state strike before its commands leave, half after.
    fn follow(&mut self, who: Place, decision: &Decision, delay: Span) {
        if !decision.is_transition() {
            self.carry_out(who, &decision.commands, delay, false);
            return;
        }
        let late = self.chance.happens(0.5);
        let waited_for = self.is_waited_for(&decision.to);
        if !late && self.entered(who, &decision.to) {
            return;
        }
        self.carry_out(who, &decision.commands, delay, late && waited_for);
        if late {
            self.entered(who, &decision.to);
        }
    }

    fn witness_decision(&mut self, who: Place, decision: &Decision, active_before: Side) {
        let Some(life) = self.daemons[who.index()]
            .process
            .as_mut()
            .and_then(|p| p.life.as_mut())
        else {
            return;
        };
        let starting = std::mem::take(&mut life.starting);
        let record = life.conductor.record();
        self.judge
            .decided(&self.world, record, decision, self.setup);
        if starting {
            self.judge.started(self.world.now, record, decision);
        }
        self.reached.decided(record, decision);
        self.ever_held |= matches!(record.state, State::Held { .. });
        if record.facts.active != active_before {
            self.moved = record.facts.incident.clone();
        }
        if decision.is_transition() {
            self.say(
                "state",
                format!("{} -> {}: {}", decision.from, decision.to, decision.because),
            );
        }
    }
}

/// What a start reads: a file wholly, a table back to the newest line that holds the record.
fn from_here(entries: &[Entry], table: bool) -> &[Entry] {
    let holds = |entry: &Entry| match entry {
        Entry::Opened { record, .. } => record.is_some(),
        Entry::Noted { .. } | Entry::Decided { .. } => false,
    };
    let newest = entries.iter().rposition(holds).filter(|_| table);
    entries.get(newest.unwrap_or(0)..).unwrap_or_default()
}

/// A real daemon reads JSON: so does this one.
fn through_json(entries: &[Entry]) -> Vec<Entry> {
    entries
        .iter()
        .filter_map(|entry| serde_json::to_string(entry).ok())
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect()
}
