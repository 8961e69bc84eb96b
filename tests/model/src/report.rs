//! Runs one check and prints what was found, in lines that can be read in a log.
//!
//! Deliberately absent: judgement. `battery` has what must be found and what must not.

use crate::model::{Met, Protocol};
use drd_state_machine::time::Span;
use stateright::{Checker, HasDiscoveries, Model};
use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Ten times what the longest check takes on two idle cores. One that is cut off proves nothing, and
/// is reported as such.
const LASTS_MAX: Span = Span::secs(600);
/// As many as CI's machine has.
const THREADS: usize = 2;

/// A rule that was broken, and how.
#[derive(Debug)]
pub struct Found {
    /// The rule.
    pub rule: &'static str,
    /// The moves that led there.
    pub trace: Vec<String>,
}

/// What a run found.
#[derive(Debug)]
pub struct Ran {
    /// What was run.
    pub name: &'static str,
    /// Different states.
    pub unique: usize,
    /// Moves made.
    pub generated: usize,
    /// The longest story.
    pub depth: usize,
    /// Wall time.
    pub took: Span,
    /// It did not come to its end.
    pub cut_off: bool,
    /// Distinct states and turns of the shipped engine.
    pub turns: (usize, usize),
    /// States that were healed and followed to their end.
    pub healed: usize,
    /// Every rule.
    pub rules: Vec<&'static str>,
    /// Broken ones, the shortest trace first.
    pub found: Vec<Found>,
    /// Faults that were met.
    pub met: Vec<&'static str>,
}

/// When a check is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Every state was seen.
    End,
    /// One rule is broken.
    FirstFound,
}

/// Runs the model to its end; a broken one, to the first rule that is broken.
pub fn check(name: &'static str, model: Protocol, until: Until) -> Ran {
    let began = drd::clock::boot();
    let finish = match until {
        Until::End => HasDiscoveries::AllFailures,
        Until::FirstFound => HasDiscoveries::AnyFailures,
    };
    let checker = model
        .checker()
        .threads(THREADS)
        .finish_when(finish)
        .timeout(Duration::from_millis(LASTS_MAX.0.unsigned_abs()))
        .spawn_bfs()
        .join();
    let model = checker.model();
    let discoveries = checker.discoveries();
    let mut found: Vec<Found> = discoveries
        .into_iter()
        .map(|(rule, path)| Found {
            rule,
            trace: path
                .into_actions()
                .iter()
                .map(|a| format!("{a:?}"))
                .collect(),
        })
        .collect();
    found.sort_by_key(|f| (f.trace.len(), f.rule));
    let took = drd::clock::boot() - began;
    Ran {
        name,
        unique: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth(),
        took,
        cut_off: took >= LASTS_MAX,
        turns: model.engines.met(),
        healed: model.healed.load(Ordering::Relaxed),
        rules: model.properties().iter().map(|p| p.name).collect(),
        met: Met::ALL
            .into_iter()
            .filter(|(met, _)| model.has_met(*met))
            .map(|(_, words)| words)
            .collect(),
        found,
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (engines, turns) = self.turns;
        write!(
            f,
            "model: {}: {} states, {} moves, {} deep, in {}; the shipped engine took {turns} turns in {engines} states",
            self.name, self.unique, self.generated, self.depth, self.took,
        )?;
        if self.healed > 0 {
            write!(
                f,
                "; {} states were healed and followed to their end",
                self.healed
            )?;
        }
        writeln!(f)?;
        if self.cut_off {
            writeln!(f, "  CUT OFF after {LASTS_MAX}: this proves nothing")?;
        }
        let Some(found) = self.found.first() else {
            return writeln!(f, "  all {} rules hold", self.rules.len());
        };
        for found in &self.found {
            writeln!(
                f,
                "  VIOLATED {}, in {} moves",
                found.rule,
                found.trace.len()
            )?;
        }
        for action in &found.trace {
            writeln!(f, "    {action}")?;
        }
        Ok(())
    }
}
