//! What the daemon must know about an estate: ARNs, names and addresses, no numbers of policy.
//!
//! Deliberately absent: how the estate came to be. Bootstrap's outputs and a file written by
//! hand (DESIGN section 10) give the same value.

use crate::estate::naming::Suffix;
use serde::{Deserialize, Serialize};

/// One side of the estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideTopology {
    /// AWS region, e.g. `eu-central-1`.
    pub region: String,
    /// ARN of the Aurora cluster.
    pub cluster_arn: String,
    /// Name of the Auto Scaling group.
    pub asg: String,
    /// ARN of the load balancer's target group, when its health should count.
    #[serde(default)]
    pub target_group_arn: Option<String>,
    /// URL that answers 200 and `"trading_data":"valid"` while the side can serve.
    pub endpoint: String,
    /// Name or address that the record resolves to while this side serves.
    pub traffic_target: String,
    /// URL that answers 200 only after a row was written and read back.
    pub write_check: String,
}

/// Both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sides {
    /// Where the estate serves when all is well.
    pub primary: SideTopology,
    /// Where it serves after a failover.
    pub standby: SideTopology,
}

/// The latch object: its presence sends traffic to the standby.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latch {
    /// Bucket in the standby side's region.
    pub bucket: String,
    /// Key of the one object.
    pub key: String,
}

/// How traffic moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// Fully qualified name of the failover record.
    pub record: String,
    /// Route 53 hosted zone.
    pub hosted_zone_id: String,
    /// The latch.
    pub latch: Latch,
    /// Resolvers to ask, `host:port`; empty: the host's own and the zone's name servers.
    #[serde(default)]
    pub resolvers: Vec<String>,
}

/// The whole estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// The estate's suffix.
    pub suffix: Suffix,
    /// Both sides.
    pub sides: Sides,
    /// Identifier of the Aurora Global Database.
    pub global_cluster: String,
    /// How traffic moves.
    pub dns: Dns,
    /// The queue in the standby side's region.
    pub queue_url: String,
    /// The event bus for heartbeats and pages, in the standby side's region.
    pub event_bus: String,
    /// URLs outside the active region that must answer for the observer to count.
    pub references: Vec<String>,
}

impl SideTopology {
    /// The account in the cluster's ARN (`arn:aws:rds:REGION:ACCOUNT:cluster:ID`).
    pub fn account(&self) -> Option<&str> {
        self.cluster_arn.split(':').nth(4).filter(|a| !a.is_empty())
    }

    /// The cluster's identifier: the last part of its ARN.
    pub fn cluster_id(&self) -> &str {
        self.cluster_arn.rsplit(':').next().unwrap_or_default()
    }
}
