//! How a daemon comes to life: a process starts, a term begins, the ledger is read.
//!
//! Deliberately absent: what it does with its life (`life`).

use super::Life;
use crate::clock::Clock;
use crate::conductor::Conductor;
use crate::lab::at_once;
use crate::lab::daemon::{Daemon, Office, Place, Process};
use crate::lab::reached::Milestone;
use crate::lab::rehearsal::{Happening, Rehearsal, Turn};
use crate::lab::term::{AGAIN, Duty};
use crate::lease::{Term, Terms, Watch};
use crate::ledger::{Entry, Ledger, MemoryLedger, Trouble};
use drd_state_machine::event::{Event, LagSample};
use drd_state_machine::state::State;
use drd_state_machine::time::Span;

/// How far back the lag is read (`aws::alarms`).
const LAG_WINDOW: Span = Span::secs(600);
/// One call to CloudWatch.
const LAG_READ: Span = Span::millis(300);
/// A daemon whose ledger cannot be opened stops, and systemd starts it again (RestartSec).
const START_AGAIN: Span = Span::secs(5);

impl Rehearsal<'_> {
    /// A process starts. Alone, it goes on at once on what the ledger holds; one of two asks for
    /// the lease first.
    pub(in crate::lab) fn start(&mut self, who: Place) {
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
    pub(in crate::lab) fn begin_term(&mut self, who: Place, term: Term) {
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
        self.duty_in(who, Terms::default().renew, Duty::Renew);
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
