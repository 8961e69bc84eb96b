//! What the daemon must know about an estate: ARNs, names and addresses, no numbers of policy.
//!
//! What every estate has are plain fields; what depends on how it is built are tagged kinds, so
//! that a second kind of database, capacity, queue or latch is a variant. Deliberately absent:
//! how the estate came to be. Bootstrap's outputs and a file written by hand (DESIGN section 10)
//! give the same value.

use crate::estate::naming::Suffix;

/// A side's database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A member of an Aurora Global Database.
    Aurora {
        /// ARN of the Aurora cluster.
        cluster_arn: String,
    },
}

/// What serves on a side, and is scaled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// An EC2 Auto Scaling group.
    AutoScalingGroup {
        /// Its name.
        name: String,
        /// ARN of the load balancer's target group, when its health should count.
        target_group_arn: Option<String>,
    },
}

/// Where signals arrive, and heartbeats and pages leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Events {
    /// An SQS queue fed by an EventBridge bus.
    Sqs {
        /// The queue in the standby side's region.
        queue_url: String,
        /// The event bus for heartbeats and pages, in the standby side's region.
        event_bus: String,
        /// SNS topics whose alarm notifications count; empty: those of declared alarms' places.
        topics: Vec<String>,
        /// The region that the witness reports from; `None`: any.
        witness_region: Option<String>,
        /// The table in the standby side's region that keeps the witness's newest verdicts; `None`:
        /// they come by the queue alone.
        verdict_table: Option<String>,
    },
}

/// What sends traffic to the standby.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Latch {
    /// One S3 object in each store, whose presence in any of them does.
    S3 {
        /// Bucket in the standby side's region.
        bucket: String,
        /// Key of the object, the same in both stores.
        key: String,
        /// The second store, in the witness's region: with it the loss of one region's S3 moves nobody
        /// back (DESIGN section 7).
        second: Option<SecondStore>,
    },
}

/// The latch's second store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondStore {
    /// Its bucket.
    pub bucket: String,
    /// Its region: neither side's.
    pub region: String,
}

/// One side of the estate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideTopology {
    /// AWS region, e.g. `eu-central-1`.
    pub region: String,
    /// URL that answers 200 and `"trading_data":"valid"` while the side can serve.
    pub endpoint: String,
    /// URL that answers 200 only after a row was written and read back.
    pub write_check: String,
    /// Name or address that the record resolves to while this side serves.
    pub traffic_target: String,
    /// Its database.
    pub database: Database,
    /// What serves there: one entry, until a policy of several exists.
    pub capacity: Vec<Capacity>,
}

/// Both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides {
    /// Where the estate serves when all is well.
    pub primary: SideTopology,
    /// Where it serves after a failover.
    pub standby: SideTopology,
}

/// How traffic moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// Fully qualified name of the failover record.
    pub record: String,
    /// Route 53 hosted zone.
    pub hosted_zone_id: String,
    /// The latch.
    pub latch: Latch,
    /// Resolvers to query, `host:port`; empty: the host's own and the zone's name servers.
    pub resolvers: Vec<String>,
}

/// The whole estate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// The estate's suffix.
    pub suffix: Suffix,
    /// Both sides.
    pub sides: Sides,
    /// Identifier of the Aurora Global Database.
    pub global_cluster: String,
    /// How traffic moves.
    pub dns: Dns,
    /// Where signals arrive.
    pub events: Events,
    /// URLs outside the active region that must answer for the observer to count.
    pub references: Vec<String>,
}

impl SideTopology {
    /// ARN of the side's database.
    pub fn cluster_arn(&self) -> &str {
        let Database::Aurora { cluster_arn } = &self.database;
        cluster_arn
    }

    /// The account in the cluster's ARN (`arn:aws:rds:REGION:ACCOUNT:cluster:ID`).
    pub fn account(&self) -> Option<&str> {
        self.cluster_arn()
            .split(':')
            .nth(4)
            .filter(|account| !account.is_empty())
    }

    /// The cluster's identifier: the last part of its ARN.
    pub fn cluster_id(&self) -> &str {
        self.cluster_arn().rsplit(':').next().unwrap_or_default()
    }

    /// The Auto Scaling group that serves, and the target group whose health counts, if any.
    pub fn scaling_group(&self) -> Option<(&str, Option<&str>)> {
        let Capacity::AutoScalingGroup {
            name,
            target_group_arn,
        } = self.capacity.first()?;
        Some((name, target_group_arn.as_deref()))
    }
}
