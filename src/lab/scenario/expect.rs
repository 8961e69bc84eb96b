//! `[expect]` of a scenario file: what must come of it.
//!
//! Deliberately absent: whether it did (`crate::report`).

use super::read;
use drd_state_machine::command::{Kind, Severity};
use drd_state_machine::time::Span;
use serde::Deserialize;

/// How an incident can come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The other side serves, after a failover that may have lost the newest writes.
    FailedOver,
    /// The other side serves, nothing was lost.
    SwitchedOver,
    /// No role was changed and none was begun.
    NoAction,
    /// drd stopped and paged.
    Held,
    /// The scenario ended in the middle of a recovery. Never expected.
    Unfinished,
}

impl Outcome {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::FailedOver => "failed_over",
            Outcome::SwitchedOver => "switched_over",
            Outcome::NoAction => "no_action",
            Outcome::Held => "held",
            Outcome::Unfinished => "unfinished",
        }
    }

    /// Whether the other side serves.
    pub const fn moved(self) -> bool {
        matches!(self, Outcome::FailedOver | Outcome::SwitchedOver)
    }
}

/// The expectation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The outcome.
    pub outcome: Outcome,
    /// Outcomes that are right as well: what is drawn from the seed decides which.
    #[serde(default)]
    pub accept: Vec<Outcome>,
    /// Bound on the clocks, when a role changed; the policy's objective when absent.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub rto: Option<Span>,
    /// Bound on the loss, when a role changed; the policy's objective when absent.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub rpo: Option<Span>,
    /// Bound on what a client saw, whatever the outcome; that of the other clocks when absent.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub client: Option<Span>,
    /// The most acknowledged rows that may be lost.
    pub writes_lost: Option<usize>,
    /// Acts that may not even be asked for.
    #[serde(default)]
    pub never: Vec<ForbiddenAct>,
    /// Pages that must be delivered.
    #[serde(default)]
    pub page: Vec<ExpectedPage>,
    /// No page of warning or more may be delivered.
    #[serde(default)]
    pub no_page: bool,
    /// What an answer to an operator's word must contain.
    pub answer: Option<String>,
    /// When drd must be armed, or must not be.
    #[serde(default)]
    pub armed: Vec<ExpectedArmed>,
    /// When a client's writes must all be acknowledged: a bound on one of several outages.
    #[serde(default)]
    pub served: Vec<ExpectedService>,
}

/// An act that changes the estate, by the name that people give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForbiddenAct {
    /// A role change that may lose writes.
    Failover,
    /// A role change that loses nothing.
    Switchover,
    /// The other side's group is raised while something is only suspected.
    Prescale,
    /// The new side's group is raised.
    Scale,
    /// The old side's group is set to nothing.
    Fence,
    /// Traffic is moved.
    Redirect,
}

impl ForbiddenAct {
    /// The command that asks for it.
    pub const fn kind(self) -> Kind {
        match self {
            ForbiddenAct::Failover => Kind::Promote,
            ForbiddenAct::Switchover => Kind::Switchover,
            ForbiddenAct::Prescale => Kind::Prescale,
            ForbiddenAct::Scale => Kind::Scale,
            ForbiddenAct::Fence => Kind::Fence,
            ForbiddenAct::Redirect => Kind::Redirect,
        }
    }
}

/// A page that somebody must have been delivered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedPage {
    /// Its severity.
    pub severity: Severity,
    /// How soon after the fault; any time after it when absent.
    #[serde(default, deserialize_with = "read::optional_span")]
    pub within: Option<Span>,
    /// What its text contains.
    #[serde(default)]
    pub contains: String,
    /// From which fault it counts, 1 for the first in the file; the first that takes service away
    /// when absent.
    pub fault: Option<usize>,
}

/// Whether drd is armed over a stretch of time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedArmed {
    /// From when, since the start.
    #[serde(deserialize_with = "read::span")]
    pub at: Span,
    /// For how long.
    #[serde(rename = "for", deserialize_with = "read::span")]
    pub lasts: Span,
    /// Whether it is.
    pub is: bool,
}

/// A stretch of time in which every write of a client is acknowledged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedService {
    /// From when, since the start.
    #[serde(deserialize_with = "read::span")]
    pub at: Span,
    /// For how long.
    #[serde(rename = "for", deserialize_with = "read::span")]
    pub lasts: Span,
}

impl Expect {
    /// An outcome and nothing else: the policy's objectives.
    pub fn outcome(outcome: Outcome) -> Expect {
        Expect {
            outcome,
            accept: Vec::new(),
            rto: None,
            rpo: None,
            client: None,
            writes_lost: None,
            never: Vec::new(),
            page: Vec::new(),
            no_page: false,
            answer: None,
            armed: Vec::new(),
            served: Vec::new(),
        }
    }

    /// Whether this outcome is right.
    pub fn accepts(&self, outcome: Outcome) -> bool {
        outcome == self.outcome || self.accept.contains(&outcome)
    }

    /// What can never hold, or always would, if anything.
    pub(super) fn problem(&self, faults: usize, duration: Span) -> Option<String> {
        if self.outcome == Outcome::Unfinished || self.accept.contains(&Outcome::Unfinished) {
            return Some("unfinished is never expected".to_owned());
        }
        let counts = self.page.iter().filter_map(|page| page.fault);
        let unknown = |n: &usize| !(1..=faults).contains(n);
        let uncounted = counts.into_iter().find(unknown).map(|n| {
            format!("a page counts from fault {n}, and there are {faults}: 1 is the first")
        });
        uncounted
            .or_else(|| self.negative())
            .or_else(|| self.outside(duration))
    }

    fn negative(&self) -> Option<String> {
        let bounds = [
            ("rto", self.rto),
            ("rpo", self.rpo),
            ("client", self.client),
        ];
        let within = self.page.iter().map(|page| ("page within", page.within));
        let all = bounds.into_iter().chain(within);
        let mut given = all.filter_map(|(key, bound)| Some((key, bound?)));
        let (key, bound) = given.find(|(_, bound)| *bound < Span::ZERO)?;
        Some(format!(
            "`{key}` = {bound}: use 0 s or more; nothing ends before it begins"
        ))
    }

    /// A stretch of time of which the rehearsal sees nothing, or not all.
    fn outside(&self, duration: Span) -> Option<String> {
        let armed = self.armed.iter().map(|armed| (armed.at, armed.lasts));
        let served = self.served.iter().map(|served| (served.at, served.lasts));
        let armed = armed
            .enumerate()
            .map(|(place, span)| ("armed", place, span));
        let served = served
            .enumerate()
            .map(|(place, span)| ("served", place, span));
        let outside = |(at, lasts): (Span, Span)| {
            at < Span::ZERO || lasts <= Span::ZERO || at + lasts > duration
        };
        let (key, place, (at, lasts)) = armed.chain(served).find(|(.., span)| outside(*span))?;
        Some(format!(
            "{key} {}: `at` = {at}, `for` = {lasts}: it is not within the rehearsal; use an `at` of 0 s or more, a `for` of more than 0 s, and a sum of at most the duration, {duration}",
            place + 1
        ))
    }
}
