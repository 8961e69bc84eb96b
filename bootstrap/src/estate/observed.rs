//! What is there: stacks and the writer, as values.
//!
//! Deliberately absent: how it was found out; `observe` asks AWS.

use crate::estate::naming::Suffix;
use crate::estate::side::Role;
use crate::estate::stacks::StackId;
use std::collections::BTreeMap;

/// The tag that names the estate of a stack or resource.
pub const TAG: &str = "drd:suffix";

/// Names to values: a stack's parameters, or its outputs.
pub type Values = BTreeMap<String, String>;

/// One stack as CloudFormation describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackState {
    /// Its name or ARN: the ARN outlives the stack.
    pub arn: String,
    /// E.g. `CREATE_COMPLETE`.
    pub status: String,
    /// AWS's reason for the status.
    pub reason: String,
    /// Its parameters.
    pub parameters: Values,
    /// Its outputs.
    pub outputs: Values,
    /// The value of the tag `drd:suffix`.
    pub tagged: Option<String>,
    /// The template it was made from, where it was asked for.
    pub body: Option<String>,
}

/// What a status means for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// At rest, usable.
    Ready,
    /// CloudFormation is at work on it.
    Moving,
    /// Its creation failed: it can only be removed.
    Dead,
    /// Its deletion failed.
    HalfDeleted,
    /// A failed update could not be taken back: CloudFormation wants a person.
    Stuck,
}

impl StackState {
    /// What its status means.
    pub fn phase(&self) -> Phase {
        match self.status.as_str() {
            // Made by a change set that was never executed: an empty shell.
            "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" | "REVIEW_IN_PROGRESS" => {
                Phase::Dead
            }
            "DELETE_FAILED" => Phase::HalfDeleted,
            "UPDATE_FAILED" | "UPDATE_ROLLBACK_FAILED" | "IMPORT_ROLLBACK_FAILED" => Phase::Stuck,
            other if other.ends_with("_IN_PROGRESS") => Phase::Moving,
            _ => Phase::Ready,
        }
    }

    /// Whether drd made it for this suffix.
    pub fn belongs_to(&self, suffix: &Suffix) -> bool {
        self.tagged.as_deref() == Some(suffix.as_str())
    }
}

/// The side that writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writer {
    /// There is no global cluster, or nothing has joined it.
    #[default]
    Nobody,
    /// This side.
    Side(Role),
    /// A failover or switchover is under way.
    Moving,
    /// A cluster that is not of this estate.
    Foreign,
}

/// All that is there of an estate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Its stacks, and those of others that have its names.
    pub stacks: BTreeMap<StackId, StackState>,
    /// The side that writes.
    pub writer: Writer,
}

impl Observed {
    /// The names of stacks that bear our names and are not ours.
    pub fn foreign(&self, suffix: &Suffix) -> Vec<String> {
        let foreign = self.stacks.iter().filter(|(_, s)| !s.belongs_to(suffix));
        foreign.map(|(id, _)| id.name(suffix)).collect()
    }
}
