//! What is configured for one side, by the machine's name of it.
//!
//! Deliberately absent: which side serves.

use drd_bootstrap::topology::{SideTopology, Topology};
use drd_state_machine::event::Side;

/// What is configured for a side.
pub fn configured(topology: &Topology, side: Side) -> &SideTopology {
    match side {
        Side::Primary => &topology.sides.primary,
        Side::Standby => &topology.sides.standby,
    }
}

#[cfg(all(test, feature = "aws"))]
pub(crate) mod tests {
    //! The estate of the unit tests.

    use drd_bootstrap::naming::Suffix;
    use drd_bootstrap::topology::{
        Capacity, Database, Dns, Events, Latch, SideTopology, Sides, Topology,
    };

    fn side(role: &str, region: &str) -> SideTopology {
        SideTopology {
            region: region.to_owned(),
            database: Database::Aurora {
                cluster_arn: format!(
                    "arn:aws:rds:{region}:123456789012:cluster:aurora-{role}-shop1"
                ),
            },
            capacity: vec![Capacity::AutoScalingGroup {
                name: format!("asg-{role}-shop1"),
                target_group_arn: None,
            }],
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
                latch: Latch::S3 {
                    bucket: "bucket-latch-standby-shop1".to_owned(),
                    key: "active-side".to_owned(),
                    second: None,
                },
                resolvers: Vec::new(),
            },
            events: Events::Sqs {
                queue_url: "https://sqs.eu-central-2.amazonaws.com/123456789012/queue".to_owned(),
                event_bus: "bus-shop1".to_owned(),
                topics: Vec::new(),
                witness_region: None,
                verdict_table: None,
            },
            references: Vec::new(),
        }
    }
}
