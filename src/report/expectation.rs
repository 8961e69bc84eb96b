//! Whether a rehearsal came out as its scenario expects, and whether the policy's objectives were met:
//! two questions, since a scenario may be right to end late.
//!
//! Deliberately absent: promises. The judge checks them at every step, whatever is expected.

use super::clocks::Clocks;
use crate::lab::scenario::{
    At, Expect, ExpectedArmed, ExpectedPage, ExpectedService, FaultKind, Outcome, Scenario,
};
use crate::lab::simulation::{DeliveredPage, Rehearsed};
use drd_state_machine::command::Severity;
use drd_state_machine::time::Span;
use serde::Serialize;

/// Whether an objective was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attainment {
    /// It was.
    Met,
    /// It was not.
    Missed,
}

impl Attainment {
    fn of(met: bool) -> Attainment {
        if met {
            Attainment::Met
        } else {
            Attainment::Missed
        }
    }
}

/// The policy's objectives; `None` where no role changed and users did not wait for longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Attained {
    /// Recovery time: of the move that was made, else of a client that waited for longer than the
    /// objective, whatever the reason for which nothing was moved.
    pub rto: Option<Attainment>,
    /// Loss.
    pub rpo: Option<Attainment>,
}

/// The recovery time objective of what happened.
pub(super) fn rto(done: &Rehearsed) -> Span {
    let policy = &done.setup.policy;
    let asked = done.incident.as_ref();
    match done.outcome {
        Outcome::SwitchedOver => policy.rto_lossless,
        // What was asked for and did not come about.
        Outcome::Held => asked.map_or(policy.rto, |incident| incident.objective(policy)),
        Outcome::FailedOver | Outcome::NoAction | Outcome::Unfinished => policy.rto,
    }
}

impl Attained {
    pub(super) fn of(done: &Rehearsed, clocks: &Clocks) -> Attained {
        let moved = |met: bool| done.outcome.moved().then(|| Attainment::of(met));
        let slowest = clocks.slowest();
        let waited = (done.client_outage > rto(done)).then_some(Attainment::Missed);
        Attained {
            rto: moved(slowest.is_some_and(|s| s <= rto(done).as_secs_f64())).or(waited),
            rpo: moved(done.loss <= done.setup.policy.rpo),
        }
    }

    /// Whether any was missed.
    pub fn missed(self) -> bool {
        [self.rto, self.rpo].contains(&Some(Attainment::Missed))
    }
}

/// What of the expectation did not come about, each in one sentence.
pub(super) fn unmet(scenario: &Scenario, done: &Rehearsed, clocks: &Clocks) -> Vec<String> {
    let expect = &scenario.expect;
    let mut unmet = Vec::new();
    if !expect.accepts(done.outcome) {
        unmet.push(format!("the outcome is {}", done.outcome.name()));
    }
    if done.outcome.moved() {
        late(&mut unmet, expect, done, clocks);
        let rpo = expect.rpo.unwrap_or(done.setup.policy.rpo);
        if done.loss > rpo {
            unmet.push(format!("{} of writes are lost, {rpo} at most", done.loss));
        }
    }
    if let Some(bound) = expect.client.filter(|bound| done.client_outage > *bound) {
        unmet.push(format!(
            "a client waited {}, {bound} at most",
            done.client_outage
        ));
    }
    if let Some(most) = expect.writes_lost.filter(|most| done.writes_lost > *most) {
        let lost = done.writes_lost;
        unmet.push(format!(
            "{lost} acknowledged writes are lost, {most} at most"
        ));
    }
    for act in expect
        .never
        .iter()
        .filter(|act| done.sent.contains(&act.kind()))
    {
        unmet.push(format!(
            "{} was asked for, never expected",
            act.kind().name()
        ));
    }
    unmet.extend(never_struck(scenario, done));
    unmet.extend(pages(scenario, done));
    unmet.extend(answered(expect, &done.answers));
    unmet.extend(
        expect
            .served
            .iter()
            .filter_map(|e| served(e, &done.outages)),
    );
    unmet.extend(expect.armed.iter().filter_map(|e| armed(e, &done.armed)));
    unmet
}

/// Faults that waited for a state which was never entered: what was to be rehearsed was not.
fn never_struck(scenario: &Scenario, done: &Rehearsed) -> Vec<String> {
    let waited = scenario.faults.iter().zip(&done.began).enumerate();
    waited
        .filter_map(|(place, (fault, began))| match &fault.at {
            At::Step(phase) if began.is_none() => Some(format!(
                "fault {} ({}) never struck: the state {phase} was not entered",
                place + 1,
                fault.kind.name()
            )),
            At::Step(_) | At::Time(_) => None,
        })
        .collect()
}

fn late(unmet: &mut Vec<String>, expect: &Expect, done: &Rehearsed, clocks: &Clocks) {
    let bound = expect.rto.unwrap_or(rto(done));
    let own = [clocks.detected_seconds, clocks.decided_seconds];
    let client = expect.client.is_none().then_some(clocks.client_seconds);
    for clock in own.into_iter().chain(client.map(Some)) {
        match clock {
            None => unmet.push("the recovery did not end".to_owned()),
            Some(seconds) if seconds > bound.as_secs_f64() => {
                unmet.push(format!("{seconds:.0} s to recover, {bound} at most"));
            }
            Some(_) => {}
        }
    }
    unmet.dedup();
}

fn pages(scenario: &Scenario, done: &Rehearsed) -> Vec<String> {
    let mut unmet: Vec<String> = scenario
        .expect
        .page
        .iter()
        .filter(|page| !was_delivered(page, scenario, done))
        .map(missing)
        .collect();
    let loud = |page: &&DeliveredPage| page.severity != Severity::Info;
    if let Some(page) = done
        .pages
        .iter()
        .find(loud)
        .filter(|_| scenario.expect.no_page)
    {
        unmet.push(format!("a page came, none expected: {}", page.text));
    }
    unmet
}

fn missing(page: &ExpectedPage) -> String {
    let within = page
        .within
        .map_or_else(String::new, |t| format!(" within {t}"));
    let (severity, contains) = (page.severity.name(), &page.contains);
    format!("no page of severity {severity} that contains {contains:?} was delivered{within}")
}

fn was_delivered(page: &ExpectedPage, scenario: &Scenario, done: &Rehearsed) -> bool {
    let Some(from) = fault_of(page, scenario, &done.began) else {
        return false;
    };
    done.pages.iter().any(|came| {
        came.severity == page.severity
            && came.text.contains(&page.contains)
            && came.t >= from
            && page.within.is_none_or(|within| came.t - from <= within)
    })
}

/// When the fault began that a page is counted from: the one it names, or else the first that takes
/// service away, or else the first.
fn fault_of(page: &ExpectedPage, scenario: &Scenario, began: &[Option<Span>]) -> Option<Span> {
    if let Some(named) = page.fault {
        return began.get(named - 1).copied().flatten();
    }
    let takes_service = |kind: FaultKind| {
        matches!(
            kind,
            FaultKind::RegionDark
                | FaultKind::DatabaseDown
                | FaultKind::DatabaseHung
                | FaultKind::ApplicationDown
                | FaultKind::ApplicationWrongData
                | FaultKind::EdgeDown
        )
    };
    let outages = scenario.faults.iter().zip(began);
    let first = outages
        .filter(|(fault, _)| takes_service(fault.kind))
        .filter_map(|(_, at)| *at)
        .min();
    first.or_else(|| began.iter().flatten().min().copied())
}

fn answered(expect: &Expect, answers: &[String]) -> Option<String> {
    let wanted = expect.answer.as_ref()?;
    let given = answers
        .iter()
        .any(|answer| answer.contains(wanted.as_str()));
    (!given).then(|| format!("no answer to an operator contains {wanted:?}; {answers:?}"))
}

/// `outages`: when a client's writes were not acknowledged, from when until when.
fn served(expect: &ExpectedService, outages: &[(Span, Span)]) -> Option<String> {
    let (from, until) = (expect.at, expect.at + expect.lasts);
    let mut within = outages.iter();
    let (since, end) = within.find(|(since, end)| *since < until && *end > from)?;
    Some(format!(
        "a client was not served all the time from {from} to {until}: not from {since} to {end}"
    ))
}

/// `known`: from when on drd was armed or not, in order.
fn armed(expect: &ExpectedArmed, known: &[(Span, bool)]) -> Option<String> {
    let (from, until) = (expect.at, expect.at + expect.lasts);
    let ends = known.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
    let wrong = known
        .iter()
        .zip(ends)
        .any(|((at, is), end)| *is != expect.is && *at < until && end.is_none_or(|end| end > from));
    let is = if expect.is { "armed" } else { "not armed" };
    wrong.then(|| format!("not {is} all the time from {from} to {until}"))
}
