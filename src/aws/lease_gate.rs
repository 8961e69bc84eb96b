//! The lease's last check before a request leaves: signed, then the gate read, then sent.
//!
//! RDS, Auto Scaling and S3 know no fencing token. A daemon that was frozen between its decision
//! and its request must not send it once another leads; a request that is already signed ages,
//! and AWS refuses it after some minutes (IAM user guide, Signature Version 4). Deliberately
//! absent: until when the gate is open (`crate::estate::lease_gate`), and which clients have it
//! (`fenced`).

use crate::engine::unsent::ROLE_CHANGE_LEAVES;
use crate::estate::lease_gate::LeaseGate;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::sync::Arc;

/// How the names of reads begin, in every AWS API that drd calls through a gate.
const READS: [&str; 4] = ["Describe", "Get", "Head", "List"];

/// The lease was over when the request was ready to leave.
#[derive(Debug, thiserror::Error)]
#[error("not sent: this daemon's lease is over, another one may lead")]
pub struct LeaseOver;

/// The decision was old when the request was ready to leave: what was seen then may be over.
#[derive(Debug, thiserror::Error)]
#[error("not sent: the decision is older than {ROLE_CHANGE_LEAVES}")]
pub struct DecisionOld;

/// The operations that change the roles of a global database, and cannot be undone.
const ROLE_CHANGES: [&str; 2] = ["FailoverGlobalCluster", "SwitchoverGlobalCluster"];

/// Whether an operation changes the estate. Unknown ones do.
fn mutates(operation: &str) -> bool {
    !READS.iter().any(|read| operation.starts_with(read))
}

/// Reads the gate after signing.
#[derive(Clone, Debug)]
pub struct CheckLease(pub Arc<LeaseGate>);

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for CheckLease {
    fn name(&self) -> &'static str {
        "CheckLease"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = bag.load::<Metadata>().map_or("", Metadata::name);
        if mutates(operation) && !self.0.is_open() {
            return Err(LeaseOver.into());
        }
        if ROLE_CHANGES.contains(&operation) && !self.0.takes_role_changes() {
            return Err(DecisionOld.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_known_to_be_harmless_is_fenced() {
        for operation in [
            "FailoverGlobalCluster",
            "SwitchoverGlobalCluster",
            "UpdateAutoScalingGroup",
            "PutObject",
            "DeleteObject",
            "SomethingNew",
        ] {
            assert!(mutates(operation), "{operation}");
        }
        for operation in ["DescribeGlobalClusters", "GetObject"] {
            assert!(!mutates(operation), "{operation}");
        }
    }
}
