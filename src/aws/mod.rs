//! The only part that speaks to AWS: one file per thing that drd touches, each call named, timed
//! and classed in one place.
//!
//! Deliberately absent: decisions, retries, waiters. What an answer means is judged by pure
//! functions beside the calls; what to do about it is decided elsewhere.

pub mod alarms;
pub mod capacity;
pub mod clients;
pub mod database;
pub mod error;
pub mod fence;
pub mod keys;
pub mod ledger;
pub mod notify;
pub mod queue;
pub mod quotas;
pub mod traffic;
pub mod wiring;

pub use clients::{Clients, Meter, Timers};
pub use error::{AwsError, Class, Reached};
pub use fence::Fence;

use drd_bootstrap::topology::{SideTopology, Topology};
use drd_state_machine::event::Side;

/// What is configured for a side.
pub fn place(topology: &Topology, side: Side) -> &SideTopology {
    match side {
        Side::Primary => &topology.sides.primary,
        Side::Standby => &topology.sides.standby,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    //! The estate that unit tests speak about.

    use drd_bootstrap::naming::Suffix;
    use drd_bootstrap::topology::{Dns, Latch, SideTopology, Sides, Topology};

    fn side(role: &str, region: &str) -> SideTopology {
        SideTopology {
            region: region.to_owned(),
            cluster_arn: format!("arn:aws:rds:{region}:123456789012:cluster:aurora-{role}-shop1"),
            asg: format!("asg-{role}-shop1"),
            target_group_arn: None,
            endpoint: format!("https://{role}.shop1.example.com/health/trading"),
            traffic_target: format!("alb-{role}-shop1-1.{region}.elb.amazonaws.com"),
            write_check: format!("https://{role}.shop1.example.com/health/write"),
        }
    }

    pub(crate) fn topology() -> Topology {
        Topology {
            suffix: Suffix::new("shop1").expect("a suffix"),
            sides: Sides {
                primary: side("primary", "eu-central-1"),
                standby: side("standby", "eu-central-2"),
            },
            global_cluster: "global-aurora-shop1".to_owned(),
            dns: Dns {
                record: "api.shop1.example.com.".to_owned(),
                hosted_zone_id: "Z1".to_owned(),
                latch: Latch {
                    bucket: "bucket-latch-standby-shop1".to_owned(),
                    key: "active-side".to_owned(),
                },
                resolvers: Vec::new(),
            },
            queue_url: "https://sqs.eu-central-2.amazonaws.com/123456789012/queue".to_owned(),
            event_bus: "bus-shop1".to_owned(),
            references: Vec::new(),
        }
    }
}
