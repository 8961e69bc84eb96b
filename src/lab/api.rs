//! Services and operations, as faults name them.
//!
//! Deliberately absent: what a call does (`cloud`).

use drd_state_machine::command::Command;
use drd_state_machine::event::Side;

/// The services that the lab's drd asks, as faults name them.
pub const SERVICES: [&str; 7] = [
    "rds",
    "autoscaling",
    "s3",
    "sqs",
    "events",
    "application",
    "dynamodb",
];
/// The operations that [`api`] gives, and those of the ledger's table.
pub const OPERATIONS: [&str; 11] = [
    "FailoverGlobalCluster",
    "SwitchoverGlobalCluster",
    "UpdateAutoScalingGroup",
    "PutObject",
    "DeleteObject",
    "PutEvents",
    "GET",
    "GetItem",
    "PutItem",
    "Query",
    "TransactWriteItems",
];

/// Service and operation, as faults name them.
pub fn api(command: &Command) -> (&'static str, &'static str) {
    match command {
        Command::Prescale { .. }
        | Command::ScaleBack { .. }
        | Command::Scale { .. }
        | Command::Fence { .. } => ("autoscaling", "UpdateAutoScalingGroup"),
        Command::Promote { .. } => ("rds", "FailoverGlobalCluster"),
        Command::Switchover { .. } => ("rds", "SwitchoverGlobalCluster"),
        Command::ProveWrite { .. } => ("application", "GET"),
        Command::Redirect {
            to: Side::Standby, ..
        } => ("s3", "PutObject"),
        Command::Redirect {
            to: Side::Primary, ..
        } => ("s3", "DeleteObject"),
        Command::Page { .. } => ("events", "PutEvents"),
    }
}
