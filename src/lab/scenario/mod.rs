//! Scenario files: what goes wrong when, and what must come of it (DESIGN section 12).
//!
//! Deliberately absent: what a fault does to the world. `faults` and `world` know.

mod at;
pub mod builtin;
mod expect;
mod fault;
mod fault_bounds;
mod fault_check;
mod fault_keys;
mod read;

pub use at::At;
pub use expect::{Expect, ExpectedArmed, ExpectedPage, ExpectedService, ForbiddenAct, Outcome};
pub use fault::{Fault, FaultKind, Manner, StruckDaemon};

use drd_state_machine::time::Span;
use serde::Deserialize;

/// The longest scenario: a day. A rehearsal is bounded like everything else.
const DURATION_MAX: Span = Span::secs(24 * 3600);
/// The most faults in one scenario.
const FAULTS_MAX: usize = 64;

/// A scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, e.g. `region-dark`.
    pub name: String,
    /// One line on what it shows.
    pub about: String,
    /// How long it runs.
    #[serde(deserialize_with = "read::span")]
    pub duration: Span,
    /// What must come of it.
    pub expect: Expect,
    /// What goes wrong.
    #[serde(default, rename = "fault")]
    pub faults: Vec<Fault>,
    /// The file that it is in, as it was given; `None` for a built-in one.
    #[serde(skip)]
    pub file: Option<String>,
}

/// Why a scenario was refused.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file is not a scenario.
    #[error("scenario {name} is not one that drd can rehearse")]
    Unreadable {
        /// Name or path.
        name: String,
        /// The parser's error, with the line.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The file cannot be read.
    #[error(
        "scenario {name} is neither built in nor a file that can be read; `drd gameday list` names the built-in ones"
    )]
    Io {
        /// Name or path.
        name: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// It asks for something impossible.
    #[error("scenario {name}: {what}")]
    Impossible {
        /// Name or path.
        name: String,
        /// What is wrong and what to do.
        what: String,
    },
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// When it is not one, or asks for something that the lab does not have.
    pub fn parse(name: &str, text: &str) -> Result<Scenario, ScenarioError> {
        let scenario: Scenario = toml::from_str(text).map_err(|e| ScenarioError::Unreadable {
            name: name.to_owned(),
            source: Box::new(e),
        })?;
        match scenario.problem() {
            None => Ok(scenario),
            Some(what) => Err(ScenarioError::Impossible {
                name: name.to_owned(),
                what,
            }),
        }
    }

    /// Why no rehearsal can be made of it, if that is so.
    pub fn problem(&self) -> Option<String> {
        if self.duration <= Span::ZERO || self.duration > DURATION_MAX {
            return Some(format!("duration must be within 0 and {DURATION_MAX}"));
        }
        if self.faults.len() > FAULTS_MAX {
            return Some(format!("at most {FAULTS_MAX} faults"));
        }
        if let Some(problem) = self.expect.problem(self.faults.len(), self.duration) {
            return Some(format!("expect: {problem}"));
        }
        let seconds = self.seconds();
        if seconds > 1 {
            return Some("at most one second_daemon: there is no third".to_owned());
        }
        let of_a_file = [FaultKind::FsyncHangs, FaultKind::LedgerReplaced];
        if seconds > 0
            && self
                .faults
                .iter()
                .any(|fault| of_a_file.contains(&fault.kind))
        {
            return Some(
                "two daemons share a table: fsync_hangs and ledger_replaced strike a file"
                    .to_owned(),
            );
        }
        self.faults.iter().enumerate().find_map(|(i, fault)| {
            let problem = self.problem_of(fault);
            problem.map(|p| format!("fault {} ({}): {p}", i + 1, fault.kind.name()))
        })
    }

    /// What is wrong with one fault, by itself or in this scenario.
    fn problem_of(&self, fault: &Fault) -> Option<String> {
        let lonely = || {
            let text = "there is only one daemon; add a fault of kind second_daemon";
            (fault.needs_two() && self.seconds() == 0).then(|| text.to_owned())
        };
        let by_hand = self.faults.iter().filter_map(|other| other.desired).max();
        let problem = fault.problem().or_else(|| self.too_late(fault));
        problem
            .or_else(lonely)
            .or_else(|| fault.never_short(by_hand.unwrap_or(0)))
    }

    /// A fault that begins when the rehearsal is over.
    fn too_late(&self, fault: &Fault) -> Option<String> {
        let (At::Time(at), end) = (&fault.at, self.duration) else {
            return None;
        };
        let within = *at >= Span::ZERO && *at < end;
        (!within).then(|| {
            format!(
                "`at` = {at} is outside of the rehearsal: use 0 s to less than its duration, {end}"
            )
        })
    }

    fn seconds(&self) -> usize {
        let second = |fault: &&Fault| fault.kind == FaultKind::SecondDaemon;
        self.faults.iter().filter(second).count()
    }

    /// Whether two daemons share the ledger. One that is alone by configuration needs no lease.
    pub fn is_shared(&self) -> bool {
        self.seconds() > 0
    }
}
