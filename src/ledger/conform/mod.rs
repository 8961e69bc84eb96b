//! Checks a ledger against what the machine promises, whatever code wrote it: `drd replay --conform`.
//!
//! It reads what was written down and nothing else; it makes no decision again (`replay` does), so a
//! machine that decides wrongly in the same way twice is found here. Deliberately absent: the world, which
//! the lab's judge reads, and the chain, which is checked when the file is read.

mod clock;
mod read_evidence;
mod rule;

pub use rule::{Deviation, LedgerRule};

use super::entry::Entry;
use clock::ReadClock;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Event, Outcome, Side};
use drd_state_machine::policy::QUARANTINE;
use drd_state_machine::record::{Incident, Operation, Trigger};
use drd_state_machine::state::{State, Stopped};
use drd_state_machine::time::{Span, Time};
use drd_state_machine::{Decision, Phase, Record, Setup};
use read_evidence::ReadEvidence;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Clock errors under this are transport, and are not corrected by the machine either: EventBridge and SQS
/// take up to 10 s.
const HOLD_DOWN_SLACK: Span = Span::secs(10);

/// What does not conform, in the order of the lines.
pub fn conform(entries: &[Entry]) -> Vec<Deviation> {
    let mut reader = ConformReader::default();
    let first = entries.first();
    let opens = matches!(first, Some(Entry::Opened { .. }));
    let now = first.map(Entry::now).unwrap_or_default();
    reader.line = 1;
    reader.require(opens, now, LedgerRule::Opening, || {
        "no line with which a daemon begins: nothing says under what was decided".to_owned()
    });
    for (place, entry) in entries.iter().enumerate() {
        reader.line = place + 1;
        reader.read(entry);
    }
    reader.deviations
}

/// One decided line.
struct DecidedLine<'e> {
    now: Time,
    event: &'e Event,
    decision: &'e Decision,
    before: &'e Record,
}

impl DecidedLine<'_> {
    /// The incident that the lines before this one opened, of this number.
    fn incident(&self, id: u64) -> Option<&Incident> {
        let known = self.before.facts.incident.as_ref();
        known.filter(|incident| incident.incident_id == id)
    }

    /// Whether it enters this state.
    fn enters(&self, phase: Phase) -> bool {
        self.decision.to == phase && self.decision.is_transition()
    }

    /// Whether users may be sent there: a write on it is proven, or nothing is under way and it serves.
    fn may_serve(&self, to: Side) -> bool {
        let facts = &self.before.facts;
        let incident = facts.incident.as_ref();
        let Some(running) = incident.filter(|i| i.committed && i.ended_at.is_none()) else {
            return to == facts.active;
        };
        let proves = self.event.finished().is_some_and(|done| {
            done.kind == Kind::ProveWrite && matches!(done.outcome, Outcome::Done)
        });
        running.to == to && (proves || running.proven_at.is_some())
    }

    /// Whether a role change may be asked for on the way that this line takes.
    fn is_for_roles(&self) -> bool {
        let acts = |phase| matches!(phase, Phase::Promoting | Phase::Switching);
        let Decision { from, to, .. } = self.decision;
        if let State::Held { stage, .. } = &self.before.state {
            // What is held in its middle is asked for again, there or on the way out.
            let middle = matches!(stage, Stopped::Promoting(_));
            return middle && (acts(*to) || *to == Phase::Held);
        }
        // Held in its middle because the objective is used up, it is asked for all the same (rule 13).
        let goes_on = acts(*from) && *to == Phase::Held;
        goes_on || ((*from == Phase::Fencing || acts(*from)) && acts(*to))
    }
}

#[derive(Default)]
struct ConformReader {
    line: usize,
    setup: Option<Arc<Setup>>,
    phase: Option<Phase>,
    incident_id: u64,
    /// The newest attempt of each kind in the current incident.
    attempts: BTreeMap<Kind, u32>,
    /// The side that serves.
    active: Option<Side>,
    clock: ReadClock,
    evidence: ReadEvidence,
    /// Incidents in which a role change was asked for.
    roles_asked: BTreeSet<u64>,
    deviations: Vec<Deviation>,
}

impl ConformReader {
    fn require(&mut self, holds: bool, now: Time, rule: LedgerRule, what: impl FnOnce() -> String) {
        if !holds {
            let (line, what) = (self.line, what());
            self.deviations.push(Deviation {
                line,
                now,
                rule,
                what,
            });
        }
    }

    fn read(&mut self, entry: &Entry) {
        match entry {
            Entry::Opened {
                now, setup, record, ..
            } => {
                self.setup = Some(setup.clone());
                self.opens(*now, record.as_deref());
            }
            Entry::Noted { now, event } => {
                self.goes_on(*now);
                self.evidence.takes(*now, event);
            }
            Entry::Decided {
                now,
                event,
                decision,
                before,
            } => {
                self.goes_on(*now);
                self.evidence.takes(*now, event);
                self.decided(&DecidedLine {
                    now: *now,
                    event,
                    decision,
                    before,
                });
            }
        }
    }

    /// A daemon begins here, maybe on a clock that was set meanwhile, or on another host.
    fn opens(&mut self, now: Time, record: Option<&Record>) {
        let host = record.and_then(|record| record.facts.host.as_ref());
        let (back, other_clock) = self.clock.opens(now, host);
        self.is_forward(now, back);
        if let Some(record) = record.filter(|_| self.line == 1) {
            self.evidence.begins(record);
        }
        if other_clock {
            self.evidence.changes_clock();
        }
        if let Some(record) = record {
            self.continues(now, record);
        }
    }

    fn goes_on(&mut self, now: Time) {
        let back = self.clock.goes_back(now);
        self.is_forward(now, back);
    }

    fn is_forward(&mut self, now: Time, back: Option<Span>) {
        self.require(back.is_none(), now, LedgerRule::Clock, || {
            let back = back.unwrap_or_default();
            format!("{back} before the line before it, and no clock was set in between")
        });
    }

    /// The record goes on from where the lines before it ended.
    fn continues(&mut self, now: Time, record: &Record) {
        let (found, id) = (record.state.phase(), record.facts.incident_id);
        let phase = self.phase.replace(found).unwrap_or(found);
        self.require(phase == found, now, LedgerRule::Continuity, || {
            format!("in {found}, but the line before it ended in {phase}")
        });
        let known = self.incident_id;
        self.require(id >= known, now, LedgerRule::IncidentNumber, || {
            format!("incident {id} after incident {known}")
        });
        self.reaches(id);
        self.serves(now, record);
    }

    /// Another side serves only after a role change to it, or when it was seen to be the writer.
    fn serves(&mut self, now: Time, record: &Record) {
        let side = record.facts.active;
        let before = self.active.replace(side).unwrap_or(side);
        let incident = record.facts.incident.as_ref();
        let moved = incident.is_some_and(|i| i.to == side && i.committed);
        let known = before == side || moved || self.evidence.has_been_writer(side);
        self.require(known, now, LedgerRule::Direction, || {
            format!("{side} serves instead of {before}, and no line shows why")
        });
    }

    /// The number of the newest incident; a new one counts its attempts anew.
    fn reaches(&mut self, id: u64) {
        if id > self.incident_id {
            self.incident_id = id;
            self.attempts.clear();
        }
    }

    fn decided(&mut self, line: &DecidedLine<'_>) {
        let DecidedLine { now, decision, .. } = *line;
        self.continues(now, line.before);
        let (from, phase) = (decision.from, line.before.state.phase());
        self.require(from == phase, now, LedgerRule::Continuity, || {
            format!("decided in {from}, on a record in {phase}")
        });
        self.phase = Some(decision.to);
        let reason = !decision.because.is_empty();
        self.require(reason, now, LedgerRule::Reason, || {
            "a decision without a reason".to_owned()
        });
        self.begins(line);
        self.holds(line);
        for command in &decision.commands {
            self.commands(line, command);
        }
    }

    /// drd itself begins an incident.
    fn begins(&mut self, line: &DecidedLine<'_>) {
        let facts = &line.before.facts;
        if !line.enters(Phase::Fencing) || line.event.word().is_some() {
            return;
        }
        let cools = line.now < facts.cool_down_until;
        self.require(
            !facts.paused && !cools,
            line.now,
            LedgerRule::Restraint,
            || {
                let why = if cools {
                    "it cools down"
                } else {
                    "it is paused"
                };
                format!("an incident begins by itself while {why}")
            },
        );
    }

    fn holds(&mut self, line: &DecidedLine<'_>) {
        let holds = line.enters(Phase::Held);
        let mut commands = line.decision.commands.iter();
        let paged = commands.any(|command| command.kind() == Kind::Page);
        self.require(!holds || paged, line.now, LedgerRule::Paged, || {
            "held, and no page was decided".to_owned()
        });
    }

    fn commands(&mut self, line: &DecidedLine<'_>, command: &Command) {
        let (id, kind) = (command.incident_id(), command.kind());
        let known = line.before.facts.incident_id;
        // A decision that opens an incident has commands of the new one.
        let current = id == known || id == known + 1;
        self.require(current, line.now, LedgerRule::IncidentNumber, || {
            format!("{kind} of incident {id}, while {known} is the newest")
        });
        self.reaches(id);
        if kind == Kind::Page {
            return;
        }
        self.attempt(line, command);
        if let Command::Promote { to, .. } | Command::Switchover { to, .. } = command {
            self.changes_roles(line, command, *to);
        }
        if let Command::Redirect { to, .. } = command {
            let fit = line.may_serve(*to);
            self.require(fit, line.now, LedgerRule::ProvenWrite, || {
                format!("users are sent to {to}, where no write was proven")
            });
        }
    }

    fn attempt(&mut self, line: &DecidedLine<'_>, command: &Command) {
        let (kind, attempt) = (command.kind(), command.attempt());
        // Commands that are made once have no numbers.
        let numbered = !matches!(kind, Kind::Prescale | Kind::ScaleBack);
        let before = self.attempts.insert(kind, attempt).filter(|_| numbered);
        let rises = before.is_none_or(|before| attempt > before);
        self.require(rises, line.now, LedgerRule::Attempts, || {
            format!(
                "attempt {attempt} of {kind} after attempt {}",
                before.unwrap_or_default()
            )
        });
    }

    /// The first role change of an incident has its cause in the lines.
    fn is_caused(&mut self, line: &DecidedLine<'_>, incident: &Incident, to: Side) {
        let now = line.now;
        if incident.trigger == Trigger::Operator {
            let ordered = self.evidence.is_ordered();
            self.require(ordered, now, LedgerRule::Quorum, || {
                "a role change that an operator ordered, in no line".to_owned()
            });
            return;
        }
        let Some(setup) = self.setup.clone() else {
            return;
        };
        let clock_error = line.before.facts.clock_error;
        let from = to.other();
        let hold_down = setup.policy.hold_down(incident.diagnosis);
        let at = now - hold_down;
        let since = self.evidence.quorum_since(&setup, from, clock_error, at);
        let held = since.is_some_and(|since| now - since >= hold_down - HOLD_DOWN_SLACK);
        self.require(held, now, LedgerRule::Quorum, || {
            let (quorum, for_long) = (setup.policy.quorum, since.map(|since| now - since));
            let for_long = for_long.map_or_else(|| "never".to_owned(), |long| format!("for {long}"));
            format!("a role change by itself: {quorum} fault domains reported {from} down {for_long}, {hold_down} are needed")
        });
    }

    fn changes_roles(&mut self, line: &DecidedLine<'_>, command: &Command, to: Side) {
        let (now, kind, id) = (line.now, command.kind(), command.incident_id());
        let Decision { from, to: then, .. } = line.decision;
        let fit = line.is_for_roles();
        self.require(fit, now, LedgerRule::RoleState, || {
            format!("{kind} is asked for on the way from {from} to {then}")
        });
        let active = line.before.facts.active;
        self.require(to != active, now, LedgerRule::Direction, || {
            format!("{kind} to {to}, which serves")
        });
        let incident = line.incident(id);
        if let Some(incident) = incident.filter(|_| self.roles_asked.insert(id)) {
            self.is_caused(line, incident, to);
        }
        self.require(incident.is_some(), now, LedgerRule::ClaimedBefore, || {
            format!("{kind} of incident {id}, which no line before it opened")
        });
        let unanswered = line.before.facts.unanswered;
        let against = unanswered.is_some_and(|u| u.to != to && now - u.until < QUARANTINE);
        self.require(!against, now, LedgerRule::Opposite, || {
            format!(
                "{kind} to {to} while one to {} may be on its way",
                to.other()
            )
        });
        // A lossless move that turns lossy in this line says what it may lose from the next line on.
        let lossy = |i: &&Incident| kind == Kind::Promote && i.operation == Operation::Failover;
        let Some(incident) = incident.filter(lossy) else {
            return;
        };
        let rpo = self.setup.as_ref().map(|setup| setup.policy.rpo);
        let within = incident
            .loss
            .zip(rpo)
            .is_some_and(|(loss, rpo)| loss <= rpo);
        let operator = incident.trigger == Trigger::Operator;
        self.require(within || operator, now, LedgerRule::Loss, || {
            let loss = incident.loss.map(|loss| loss.to_string());
            format!(
                "a promotion by itself that may lose {}",
                loss.as_deref().unwrap_or("nobody knows how much")
            )
        });
    }
}
