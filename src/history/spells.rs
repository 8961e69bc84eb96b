//! Times in which drd was paused, and times in which it was not armed, each with its reason.
//!
//! Deliberately absent: how a reason came about later in the same time: a line is written when `armed` changes, and the
//! reason is the one of then.

use super::dates::{moment, seconds_since};
use super::runs::OrderOrigin;
use super::walk::FoldedLine;
use drd_state_machine::event::{Event, Word};
use drd_state_machine::gates::not_armed;
use drd_state_machine::time::Time;
use drd_state_machine::{Phase, assess};
use serde::Serialize;

/// A time in which no run could begin by itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PauseSpell {
    /// When it began.
    pub began_at: String,
    /// When it ended; `None` where it lasts to the end of the ledger.
    pub ended_at: Option<String>,
    /// For how long.
    pub seconds: f64,
    /// Whose order it was.
    pub by: OrderOrigin,
    /// The line that it began with.
    pub line: u64,
    #[serde(skip)]
    began: Time,
}

/// Why drd was not armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnarmedKind {
    /// It was acting on an outage already, or moved roles as ordered.
    Recovering,
    /// It was held.
    Held,
    /// There was no standby to fail over to.
    Exposed,
    /// An operator had paused it.
    Paused,
    /// A gate was closed.
    NotReady,
    /// No daemon wrote a line: whether one ran is not known.
    NoLine,
}

impl UnarmedKind {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            UnarmedKind::Recovering => "recovering",
            UnarmedKind::Held => "held",
            UnarmedKind::Exposed => "exposed",
            UnarmedKind::Paused => "paused",
            UnarmedKind::NotReady => "not ready",
            UnarmedKind::NoLine => "NOT KNOWN",
        }
    }
}

/// A time in which drd was not armed, or nobody knows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnarmedSpell {
    /// When it began.
    pub began_at: String,
    /// When it ended; `None` where it lasts to the end of the ledger.
    pub ended_at: Option<String>,
    /// For how long.
    pub seconds: f64,
    /// Why, in one word.
    pub kind: UnarmedKind,
    /// Why, with its figures.
    pub because: String,
    /// The line that it began with.
    pub line: u64,
    #[serde(skip)]
    began: Time,
}

/// Finds them, line by line.
#[derive(Default)]
pub(super) struct SpellTracker {
    pauses: Vec<PauseSpell>,
    unarmed: Vec<UnarmedSpell>,
    newest: Option<Time>,
}

impl SpellTracker {
    pub(super) fn take(&mut self, line: &FoldedLine<'_>) {
        if line.begins {
            self.gap(line);
        }
        self.last_until(line.now());
        if line.decided().is_some() || line.begins {
            self.pause(line);
            self.arm(line);
        }
        self.newest = Some(line.now());
    }

    /// What has begun and not ended lasts until now.
    fn last_until(&mut self, now: Time) {
        let pause = self.pauses.last_mut().filter(|p| p.ended_at.is_none());
        if let Some(open) = pause {
            open.seconds = seconds_since(open.began, now);
        }
        let unarmed = self.unarmed.last_mut().filter(|s| s.ended_at.is_none());
        if let Some(open) = unarmed {
            open.seconds = seconds_since(open.began, now);
        }
    }

    /// From the newest line of one daemon to the first of the next.
    fn gap(&mut self, line: &FoldedLine<'_>) {
        let Some(newest) = self.newest else { return };
        self.close(newest);
        let now = line.now();
        if now <= newest {
            return;
        }
        self.unarmed.push(UnarmedSpell {
            began_at: moment(newest),
            ended_at: Some(moment(now)),
            seconds: (now - newest).as_secs_f64(),
            kind: UnarmedKind::NoLine,
            because: "from the last line of one daemon to the first of the next".to_owned(),
            line: line.number,
            began: newest,
        });
    }

    fn close(&mut self, at: Time) {
        if let Some(open) = self.unarmed.last_mut().filter(|s| s.ended_at.is_none()) {
            open.ended_at = Some(moment(at));
            open.seconds = seconds_since(open.began, at);
        }
    }

    fn pause(&mut self, line: &FoldedLine<'_>) {
        let now = line.now();
        let open = self.pauses.last_mut().filter(|p| p.ended_at.is_none());
        match (line.after.facts.paused, open) {
            (true, Some(_)) | (false, None) => {}
            (true, None) => self.pauses.push(PauseSpell {
                began_at: moment(now),
                ended_at: None,
                seconds: 0.0,
                by: paused_by(line),
                line: line.number,
                began: now,
            }),
            (false, Some(open)) => open.ended_at = Some(moment(now)),
        }
    }

    fn arm(&mut self, line: &FoldedLine<'_>) {
        let now = line.now();
        if line.after.facts.armed {
            self.close(now);
            return;
        }
        let kind = kind(line);
        let open = self.unarmed.last().filter(|s| s.ended_at.is_none());
        if open.is_some_and(|open| open.kind == kind) {
            return;
        }
        self.close(now);
        self.unarmed.push(UnarmedSpell {
            began_at: moment(now),
            ended_at: None,
            seconds: 0.0,
            kind,
            because: because(line, kind),
            line: line.number,
            began: now,
        });
    }

    /// Newest first.
    pub(super) fn finish(mut self) -> (Vec<PauseSpell>, Vec<UnarmedSpell>) {
        self.pauses.reverse();
        self.unarmed
            .retain(|s| s.seconds > 0.0 || s.ended_at.is_none());
        self.unarmed.reverse();
        (self.pauses, self.unarmed)
    }
}

fn paused_by(line: &FoldedLine<'_>) -> OrderOrigin {
    match line.event() {
        Some(Event::Ordered {
            word: Word::Pause | Word::Abandon,
            by,
            ..
        }) => OrderOrigin::of(by.as_ref()),
        _ => OrderOrigin::of(None),
    }
}

fn kind(line: &FoldedLine<'_>) -> UnarmedKind {
    match line.after.state.phase() {
        Phase::Held => UnarmedKind::Held,
        Phase::Exposed => UnarmedKind::Exposed,
        Phase::Fencing
        | Phase::Promoting
        | Phase::Redirecting
        | Phase::Verifying
        | Phase::Switching => UnarmedKind::Recovering,
        Phase::Watching | Phase::Suspecting if line.after.facts.paused => UnarmedKind::Paused,
        Phase::Watching | Phase::Suspecting => UnarmedKind::NotReady,
    }
}

fn because(line: &FoldedLine<'_>, kind: UnarmedKind) -> String {
    let facts = &line.after.facts;
    let run = facts.incident_id;
    match kind {
        UnarmedKind::Recovering => format!("run {run} was under way"),
        UnarmedKind::Held => format!("run {run} was held"),
        UnarmedKind::Exposed => format!("no standby followed after run {run}"),
        UnarmedKind::Paused => "by an operator".to_owned(),
        UnarmedKind::NotReady | UnarmedKind::NoLine => {
            let seen = assess(line.after, line.setup, line.now());
            not_armed(facts, line.setup, line.now(), &seen).join("; ")
        }
    }
}
