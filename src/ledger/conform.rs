//! Checks a ledger against what the machine promises, whatever code wrote it: `drd replay --conform`.
//!
//! It reads what was written down and nothing else; it makes no decision again (`replay` does), so a
//! machine that decides wrongly in the same way twice is found here. Deliberately absent: the world, which
//! the lab's judge reads, and the chain, which is checked when the file is read.

use super::entry::Entry;
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Event, Outcome, Side};
use drd_state_machine::policy::QUARANTINE;
use drd_state_machine::record::{Incident, Operation, Trigger};
use drd_state_machine::state::{State, Stopped};
use drd_state_machine::time::Time;
use drd_state_machine::{Decision, Phase, Record, Setup};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What must hold in every ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LedgerRule {
    /// A line goes on from the state in which the line before it ended.
    Continuity,
    /// Numbers of incidents never go back, and a command carries the current one (S5).
    IncidentNumber,
    /// A role change is asked for only in an incident that an earlier line opened (S5).
    ClaimedBefore,
    /// A role change is asked for only in the states that are for it.
    RoleState,
    /// An attempt has a higher number than the ones before it, but where a daemon starts anew (S4).
    Attempts,
    /// drd begins no incident by itself while it is paused or cools down (S1, S7).
    Restraint,
    /// drd loses by itself no more than the objective (S2).
    Loss,
    /// No role change against one that may still be on its way (S1).
    Opposite,
    /// Users are sent only to a side on which a write was proven, or which served already (S6).
    ProvenWrite,
    /// A hold is paged as it begins (L1).
    Paged,
    /// Every decision has a reason.
    Reason,
}

impl LedgerRule {
    /// Every rule.
    pub const ALL: [LedgerRule; 11] = [
        LedgerRule::Continuity,
        LedgerRule::IncidentNumber,
        LedgerRule::ClaimedBefore,
        LedgerRule::RoleState,
        LedgerRule::Attempts,
        LedgerRule::Restraint,
        LedgerRule::Loss,
        LedgerRule::Opposite,
        LedgerRule::ProvenWrite,
        LedgerRule::Paged,
        LedgerRule::Reason,
    ];

    /// As people read it.
    pub const fn name(self) -> &'static str {
        match self {
            LedgerRule::Continuity => "continuity",
            LedgerRule::IncidentNumber => "incident number",
            LedgerRule::ClaimedBefore => "claimed before",
            LedgerRule::RoleState => "role state",
            LedgerRule::Attempts => "attempts",
            LedgerRule::Restraint => "restraint",
            LedgerRule::Loss => "loss",
            LedgerRule::Opposite => "opposite",
            LedgerRule::ProvenWrite => "proven write",
            LedgerRule::Paged => "paged",
            LedgerRule::Reason => "reason",
        }
    }
}

/// One line that does not conform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Its number in the ledger, from 1.
    pub line: usize,
    /// When it was made.
    pub now: Time,
    /// What does not hold.
    pub rule: LedgerRule,
    /// What was written.
    pub what: String,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.rule.name(), self.what)
    }
}

/// What does not conform, in the order of the lines.
pub fn conform(entries: &[Entry]) -> Vec<Deviation> {
    let mut reader = ConformReader::default();
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
                if let Some(record) = record {
                    self.continues(*now, record);
                }
            }
            Entry::Noted { .. } => {}
            Entry::Decided {
                now,
                event,
                decision,
                before,
            } => self.decided(&DecidedLine {
                now: *now,
                event,
                decision,
                before,
            }),
        }
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

    fn changes_roles(&mut self, line: &DecidedLine<'_>, command: &Command, to: Side) {
        let (now, kind, id) = (line.now, command.kind(), command.incident_id());
        let Decision { from, to: then, .. } = line.decision;
        let fit = line.is_for_roles();
        self.require(fit, now, LedgerRule::RoleState, || {
            format!("{kind} is asked for on the way from {from} to {then}")
        });
        let incident = line.incident(id);
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
