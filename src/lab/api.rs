//! Services and operations, as faults name them.
//!
//! Deliberately absent: what a call does (`cloud`).

use drd_state_machine::command::Command;
use drd_state_machine::event::Side;

/// The services that the lab's drd asks, each with its operations, as faults name them.
const OPERATIONS_OF: [(&str, &[&str]); 8] = [
    (
        "rds",
        &[
            "FailoverGlobalCluster",
            "SwitchoverGlobalCluster",
            "DescribeGlobalClusters",
            "DescribeDBClusters",
        ],
    ),
    (
        "autoscaling",
        &["UpdateAutoScalingGroup", "DescribeAutoScalingGroups"],
    ),
    ("s3", &["PutObject", "DeleteObject", "GetObject"]),
    ("sqs", &["ReceiveMessage"]),
    ("events", &["PutEvents"]),
    ("application", &["GET"]),
    (
        "dynamodb",
        &["GetItem", "PutItem", "Query", "TransactWriteItems"],
    ),
    ("cloudwatch", &["DescribeAlarms", "GetMetricData"]),
];
/// The readiness checks of the lab's estate.
pub const CHECKS: [&str; 5] = [
    "engine_parity",
    "standby_members",
    "permissions",
    "failover_pair",
    "deployment",
];

/// The operations of one service; none of an unknown one.
pub fn operations(service: &str) -> &'static [&'static str] {
    let of = OPERATIONS_OF.iter().find(|(name, _)| *name == service);
    of.map_or(&[], |(_, operations)| operations)
}

/// Every service.
pub fn services() -> Vec<&'static str> {
    OPERATIONS_OF.iter().map(|(name, _)| *name).collect()
}

/// Every operation.
pub fn all_operations() -> Vec<&'static str> {
    OPERATIONS_OF
        .iter()
        .flat_map(|(_, of)| of.iter().copied())
        .collect()
}

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
