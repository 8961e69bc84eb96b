//! What happened, from a ledger alone: runs, episodes without an act, pauses, and the time in which drd was not
//! armed. Every daemon may be dead.
//!
//! Facts that no line has are found as a daemon finds them: the lines are folded through the state machine.
//! Deliberately absent: reading and verifying a ledger (`ledger`), and the document of one run (`report`).

mod dates;
mod episodes;
mod runs;
mod spells;
mod text;
mod walk;
mod wrap;

pub use dates::moment;
pub use episodes::NearMiss;
pub use runs::{Goal, OrderOrigin, RunOutcome, RunSummary};
pub use spells::{PauseSpell, UnarmedKind, UnarmedSpell};
pub use walk::{FoldedLine, walk};
pub use wrap::wrap;

use crate::ledger::{Entry, VerifiedLedger, replay};
use episodes::EpisodeTracker;
use runs::RunTracker;
use serde::Serialize;
use spells::SpellTracker;

/// The schema of the JSON.
pub const SCHEMA: &str = "drd.history/1.0";

/// What a ledger has of itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LedgerExtent {
    /// Its name, as it was asked for.
    pub name: String,
    /// Its lines, all of which follow each other.
    pub lines: usize,
    /// When the first was written.
    pub from: String,
    /// When the newest was.
    pub to: String,
    /// Decisions in it.
    pub decisions: usize,
    /// Decisions that this drd would have made otherwise.
    pub decided_otherwise: usize,
    /// The hash of the newest line.
    pub head: String,
    /// Bytes of a torn last line: a write that never returned. 0 for none.
    pub torn_bytes: usize,
    /// It was written on the virtual clock of a rehearsal, or by a demonstration.
    pub simulated: bool,
}

/// The history of one ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct History {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What it was read from.
    pub ledger: LedgerExtent,
    /// Recoveries, newest first.
    pub runs: Vec<RunSummary>,
    /// Episodes without an act, newest first.
    pub near_misses: Vec<NearMiss>,
    /// Pauses, newest first.
    pub pauses: Vec<PauseSpell>,
    /// For how long drd was armed.
    pub armed_seconds: f64,
    /// For how long it was not, pauses and recoveries included.
    pub not_armed_seconds: f64,
    /// Between the last line of one daemon and the first of the next: whether one ran is not known.
    pub unknown_seconds: f64,
    /// Each time in which drd was not armed, or nobody knows, newest first.
    pub not_armed: Vec<UnarmedSpell>,
}

/// The name and the newest hash of a ledger, and what was torn off its end.
#[derive(Clone, Copy, Debug)]
pub struct LedgerIdentity<'a> {
    /// Its name.
    pub name: &'a str,
    /// The newest hash.
    pub head: &'a str,
    /// Bytes of a torn last line.
    pub torn_bytes: usize,
}

impl History {
    /// Of a ledger that was read, under this name.
    pub fn of_ledger(name: &str, ledger: &VerifiedLedger) -> History {
        let identity = LedgerIdentity {
            name,
            head: ledger.head(),
            torn_bytes: ledger.torn_bytes,
        };
        History::of(identity, &ledger.entries)
    }

    /// Of a whole ledger, oldest entry first.
    pub fn of(identity: LedgerIdentity<'_>, entries: &[Entry]) -> History {
        let mut runs = RunTracker::default();
        let mut episodes = EpisodeTracker::default();
        let mut spells = SpellTracker::default();
        let mut simulated = false;
        walk(entries, &mut |line| {
            simulated |= line.is_simulated();
            runs.take(line);
            episodes.take(line);
            spells.take(line);
        });
        let runs = runs.finish();
        let (pauses, not_armed) = spells.finish();
        let decided = replay(entries);
        let (first, last) = (entries.first(), entries.last());
        let whole = first.zip(last).map(|(a, b)| b.now() - a.now());
        let total = |unknown: bool| -> f64 {
            let of = not_armed.iter();
            of.filter(|s| (s.kind == UnarmedKind::NoLine) == unknown)
                .map(|s| s.seconds)
                .sum()
        };
        let (not_armed_seconds, unknown_seconds) = (total(false), total(true));
        let whole = whole.map_or(0.0, drd_state_machine::time::Span::as_secs_f64);
        History {
            schema: SCHEMA,
            ledger: LedgerExtent {
                name: identity.name.to_owned(),
                lines: entries.len(),
                from: first.map_or_else(String::new, |e| moment(e.now())),
                to: last.map_or_else(String::new, |e| moment(e.now())),
                decisions: decided.len(),
                decided_otherwise: decided.iter().filter(|one| !one.is_same()).count(),
                head: identity.head.to_owned(),
                torn_bytes: identity.torn_bytes,
                simulated,
            },
            near_misses: episodes.finish(&runs),
            runs,
            pauses,
            armed_seconds: (whole - not_armed_seconds - unknown_seconds).max(0.0),
            not_armed_seconds,
            unknown_seconds,
            not_armed,
        }
    }
}
