//! What is to be done, as a value: from what is wanted and what is there.
//!
//! Pure: the same estate gives the same plan. Deliberately absent: doing it, and the words that
//! people read (`plan/show.rs`).

mod show;
pub mod teardown;

use crate::estate::observed::{Observed, Phase, StackState, Writer};
use crate::estate::settings::Settings;
use crate::estate::side::Role;
use crate::estate::stacks::StackId;
use crate::estate::template_shape;
use crate::estate::templates::Template;
use crate::estate::values::{StackOutputs, differing, parameters};
use std::collections::BTreeMap;

/// What a step works on. The storage stacks have two: they are made without replication, since
/// the other side's bucket is not there yet, and get it once both are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// A stack.
    Stack(StackId),
    /// The sample application in a side's artefact bucket.
    Artefact(Role),
    /// Replication from a side's buckets.
    Replicate(Role),
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes the stack.
    Create,
    /// Removes what a failed creation left, and makes the stack.
    Recreate,
    /// Brings the stack up to date, by a change set.
    Update(Vec<String>),
    /// Waits for what is under way, then looks again.
    Await,
    /// Uploads the sample application, if it is not there.
    Upload,
    /// Nothing: it is as it should be.
    Keep,
    /// Nothing, though something should be: and why.
    Hold(String),
    /// Nothing at all may be done before a person has looked: and at what.
    Refuse(String),
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it works on.
    pub work: Work,
    /// What it does.
    pub action: Action,
    /// The steps that must be done first.
    pub after: Vec<Work>,
    /// Resources that its stack always has, and those that it has under a condition.
    pub resources: (usize, usize),
}

/// Everything that is to be done, in an order in which it can be done one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The estate.
    pub settings: Settings,
    /// The steps.
    pub steps: Vec<Step>,
    /// Who writes now.
    pub writer: Writer,
}

/// What is to be done for this estate.
pub fn plan(settings: &Settings, observed: &Observed) -> Plan {
    let planner = Planner {
        settings,
        observed,
        outputs: outputs(observed),
        held: held(observed.writer),
    };
    let mut steps: Vec<Step> = Vec::new();
    for id in StackId::all() {
        let action = planner.action(id, &steps);
        steps.push(Step {
            work: Work::Stack(id),
            action,
            after: needed(id),
            resources: resources(id),
        });
        if id.template == Template::Storage && id.role == Some(Role::Standby) {
            steps.extend(Role::BOTH.map(|role| planner.upload(role, &steps)));
            steps.extend(Role::BOTH.map(|role| planner.replicate(role, &steps)));
        }
    }
    Plan {
        settings: settings.clone(),
        steps,
        writer: observed.writer,
    }
}

/// The outputs of stacks that can be relied on.
pub fn outputs(observed: &Observed) -> StackOutputs {
    let ready = observed
        .stacks
        .iter()
        .filter(|(_, s)| s.phase() == Phase::Ready);
    ready
        .map(|(id, seen)| (*id, seen.outputs.clone()))
        .collect()
}

/// Why stacks are left alone while the roles are not those of the templates.
fn held(writer: Writer) -> Option<&'static str> {
    match writer {
        Writer::Nobody | Writer::Side(Role::Primary) => None,
        Writer::Side(Role::Standby) => Some(
            "the standby side is the writer: an update would work against the roles as they are; \
             switch back first",
        ),
        Writer::Moving => Some("a failover or switchover of the database is under way"),
        Writer::Foreign => Some("the global cluster's writer is a cluster of no side"),
    }
}

fn needed(id: StackId) -> Vec<Work> {
    let mut after: Vec<Work> = id.after().into_iter().map(Work::Stack).collect();
    if let (Template::App, Some(role)) = (id.template, id.role) {
        after.push(Work::Artefact(role));
    }
    after
}

fn resources(id: StackId) -> (usize, usize) {
    let shape = template_shape::shape(id.template.source());
    (shape.always, shape.sometimes)
}

struct Planner<'a> {
    settings: &'a Settings,
    observed: &'a Observed,
    outputs: StackOutputs,
    held: Option<&'static str>,
}

impl Planner<'_> {
    fn action(&self, id: StackId, before: &[Step]) -> Action {
        let action = match self.observed.stacks.get(&id) {
            None => Action::Create,
            Some(seen) => self.for_seen(id, seen),
        };
        match (&action, self.held) {
            // The anchor too: settings that were not applied are not remembered.
            (Action::Create | Action::Recreate | Action::Update(_), Some(why)) => {
                Action::Hold(why.to_owned())
            }
            (Action::Create | Action::Recreate, None) if waits_for_held(id, before) => {
                Action::Hold("a stack that it needs is held back".to_owned())
            }
            _ => action,
        }
    }

    fn for_seen(&self, id: StackId, seen: &StackState) -> Action {
        let name = id.name(self.settings.suffix());
        if !seen.belongs_to(self.settings.suffix()) {
            return Action::Refuse(format!(
                "a stack {name} is there that drd did not make (no tag drd:suffix = {}): choose \
                 another --suffix",
                self.settings.suffix()
            ));
        }
        match seen.phase() {
            Phase::Moving => Action::Await,
            Phase::Dead => Action::Recreate,
            Phase::HalfDeleted if id.template.is_stateful() => Action::Refuse(format!(
                "{name} was being deleted and holds data: finish with `drd destroy --suffix {}` \
                 first",
                self.settings.suffix()
            )),
            Phase::HalfDeleted => Action::Recreate,
            Phase::Stuck => Action::Refuse(format!(
                "{name} is in {} ({}): continue its rollback in CloudFormation first",
                seen.status, seen.reason
            )),
            Phase::Ready => self.update(id, seen),
        }
    }

    fn update(&self, id: StackId, seen: &StackState) -> Action {
        let mut wanted = parameters(id, self.settings, &self.outputs);
        if id.template == Template::Storage {
            // A step of its own: both buckets must be there.
            wanted.remove("Replicate");
        }
        let mut changes: Vec<String> = Vec::new();
        if seen
            .body
            .as_deref()
            .is_some_and(|b| !same_text(b, &id.template.body()))
        {
            changes.push("template".to_owned());
        }
        changes.extend(
            differing(&wanted, &seen.parameters)
                .iter()
                .map(|n| (*n).to_owned()),
        );
        match changes.is_empty() {
            true => Action::Keep,
            false => Action::Update(changes),
        }
    }

    fn upload(&self, role: Role, before: &[Step]) -> Step {
        let storage = Work::Stack(StackId::sided(Template::Storage, role));
        let action = match (is_held(before, storage), self.held) {
            (true, _) | (_, Some(_)) => Action::Keep,
            (false, None) => Action::Upload,
        };
        Step {
            work: Work::Artefact(role),
            action,
            after: vec![storage],
            resources: (0, 0),
        }
    }

    fn replicate(&self, role: Role, before: &[Step]) -> Step {
        let storages = Role::BOTH.map(|r| Work::Stack(StackId::sided(Template::Storage, r)));
        let seen = self
            .observed
            .stacks
            .get(&StackId::sided(Template::Storage, role));
        let on = seen.is_some_and(|s| s.parameters.get("Replicate").is_some_and(|v| v == "yes"));
        let action = match self.held {
            _ if on => Action::Keep,
            Some(why) => Action::Hold(why.to_owned()),
            None if storages.iter().any(|s| is_held(before, *s)) => {
                Action::Hold("a stack that it needs is held back".to_owned())
            }
            None => Action::Update(vec!["Replicate".to_owned()]),
        };
        // The artefact first: CloudFormation must not be at work on the stack while its bucket is
        // being filled, and the peer gets its own copy either way.
        let after = [storages.to_vec(), vec![Work::Artefact(role)]].concat();
        Step {
            work: Work::Replicate(role),
            action,
            after,
            resources: (0, 0),
        }
    }
}

fn waits_for_held(id: StackId, before: &[Step]) -> bool {
    needed(id).into_iter().any(|work| is_held(before, work))
}

fn is_held(steps: &[Step], work: Work) -> bool {
    let held = |s: &&Step| matches!(s.action, Action::Hold(_) | Action::Refuse(_));
    steps.iter().filter(held).any(|s| s.work == work)
}

/// Emulators and CloudFormation may trim what they give back.
pub(crate) fn same_text(left: &str, right: &str) -> bool {
    left.trim() == right.trim()
}

impl Plan {
    /// How many steps change something.
    pub fn changes(&self) -> usize {
        let idle = |a: &Action| {
            matches!(
                a,
                Action::Keep | Action::Hold(_) | Action::Refuse(_) | Action::Upload
            )
        };
        self.steps.iter().filter(|s| !idle(&s.action)).count()
    }

    /// What is held back, and why, each reason once with its stacks.
    pub fn held(&self) -> BTreeMap<&str, Vec<String>> {
        let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for step in &self.steps {
            if let Action::Hold(why) = &step.action {
                found.entry(why).or_default().push(step.work.to_string());
            }
        }
        found
    }

    /// Why nothing may be done at all.
    pub fn refusals(&self) -> Vec<&str> {
        let reasons = self.steps.iter().filter_map(|step| {
            let Action::Refuse(why) = &step.action else {
                return None;
            };
            Some(why.as_str())
        });
        reasons.collect()
    }
}

#[cfg(test)]
mod tests;
