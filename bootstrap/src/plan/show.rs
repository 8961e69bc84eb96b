//! A plan as people and programs read it.

use super::{Action, Plan, Step, Work};
use crate::estate::observed::Writer;
use crate::estate::side::Role;
use crate::estate::stacks::StackId;
use crate::estate::templates::Template;
use serde_json::{Value, json};
use std::fmt;

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::Stack(id) => id.fmt(f),
            Work::Artefact(role) => f.pad(&format!("artefact-{}", role.name())),
            Work::Replicate(role) => f.pad(&format!("replication-{}", role.name())),
        }
    }
}

impl Work {
    /// The stack that it works on, or in.
    pub fn stack(self) -> StackId {
        match self {
            Work::Stack(id) => id,
            Work::Artefact(role) | Work::Replicate(role) => StackId::sided(Template::Storage, role),
        }
    }
}

impl Action {
    /// One word.
    pub const fn word(&self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Recreate => "recreate",
            Action::Update(_) => "update",
            Action::Await => "await",
            Action::Upload => "upload",
            Action::Keep => "keep",
            Action::Hold(_) => "hold",
            Action::Refuse(_) => "refuse",
        }
    }

    fn why(&self) -> String {
        match self {
            Action::Update(changes) => changes.join(", "),
            Action::Recreate => "what a failed attempt left is removed first".to_owned(),
            Action::Await => "CloudFormation is at work on it".to_owned(),
            Action::Hold(why) | Action::Refuse(why) => why.clone(),
            Action::Upload => "unless it is there".to_owned(),
            Action::Create | Action::Keep => String::new(),
        }
    }
}

impl Step {
    fn count(&self) -> String {
        match self.resources {
            (0, 0) => String::new(),
            (always, 0) => always.to_string(),
            (always, sometimes) => format!("{always}..{}", always + sometimes),
        }
    }
}

impl Plan {
    /// For people.
    pub fn table(&self) -> String {
        let suffix = self.settings.suffix();
        let mut out = format!("Estate {suffix}; {}.\n\n", self.who_writes());
        out.push_str("ACTION    STACK                REGION          RESOURCES  WHY\n");
        for step in &self.steps {
            let line = format!(
                "{:<9} {:<20} {:<15} {:>9}  {}",
                step.action.word(),
                step.work,
                step.work.stack().region(&self.settings),
                step.count(),
                step.action.why()
            );
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out.push('\n');
        out.push_str(&self.sum());
        out.push('\n');
        out
    }

    fn who_writes(&self) -> &'static str {
        match self.writer {
            Writer::Nobody => "no database yet",
            Writer::Side(Role::Primary) => "the primary side writes",
            Writer::Side(Role::Standby) => "the STANDBY side writes",
            Writer::Moving => "the database is changing sides",
            Writer::Foreign => "a cluster of no side writes",
        }
    }

    /// One line.
    pub fn sum(&self) -> String {
        let count = |words: &[&str]| {
            let found = self
                .steps
                .iter()
                .filter(|s| words.contains(&s.action.word()));
            found.count()
        };
        let making = self
            .steps
            .iter()
            .filter(|s| matches!(s.action, Action::Create | Action::Recreate));
        let resources: usize = making.map(|s| s.resources.0).sum();
        let held = count(&["hold", "refuse"]);
        if self.changes() == 0 && held == 0 {
            return "Nothing to change.".to_owned();
        }
        let creating = match count(&["create", "recreate"]) {
            0 => "0 to create".to_owned(),
            n => format!("{n} to create ({resources} resources and more)"),
        };
        let mut parts = vec![
            creating,
            format!("{} to update", count(&["update"])),
            format!("{} to keep", count(&["keep"])),
        ];
        if count(&["await"]) > 0 {
            parts.push(format!("{} under way", count(&["await"])));
        }
        if held > 0 {
            parts.push(format!("{held} left alone"));
        }
        format!("{}.", parts.join(", "))
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let step = |step: &Step| {
            json!({
                "stack": step.work.stack().name(self.settings.suffix()),
                "step": step.work.to_string(),
                "region": step.work.stack().region(&self.settings),
                "action": step.action.word(),
                "why": step.action.why(),
                "resources": step.resources.0,
                "resources_conditional": step.resources.1,
                "after": step.after.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        };
        let writer = match self.writer {
            Writer::Side(role) => json!(role.name()),
            Writer::Moving => json!("moving"),
            Writer::Foreign => json!("foreign"),
            Writer::Nobody => Value::Null,
        };
        json!({
            "schema": "drd.plan/1.0",
            "suffix": self.settings.suffix().as_str(),
            "writer": writer,
            "changes": self.changes(),
            "settings": self.settings.remembered(),
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
        })
    }
}
