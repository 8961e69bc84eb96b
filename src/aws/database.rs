//! The Aurora Global Database: who writes, whether a role change runs, and the two calls that
//! change roles.
//!
//! Deliberately absent: detaching and deleting, and any guess. A status that AWS does not
//! document as up or down stays unknown.

use super::clients::Clients;
use super::error::AwsError;
use crate::estate::side::configured;
use aws_sdk_rds::types::{DbCluster, FailoverState, GlobalCluster, GlobalClusterMember};
use drd_bootstrap::topology::Topology;
use drd_state_machine::event::{GlobalView, RoleChange, Side};

/// The global database as that side's region reports it. Any member's region answers
/// (Aurora User Guide, disaster recovery: the describe call has no home region).
///
/// # Errors
/// The failed call; [`super::error::Class::Gone`] when there is no such global database.
pub async fn global_view(aws: &Clients, region_of: Side) -> Result<GlobalView, AwsError> {
    const OPERATION: &str = "rds:DescribeGlobalClusters";
    let id = aws.topology().global_cluster.as_str();
    let request = aws
        .at(region_of)
        .rds
        .describe_global_clusters()
        .global_cluster_identifier(id);
    let answer = aws.read(OPERATION, id, request.send()).await?;
    let found = answer.global_clusters().iter().find(|g| {
        g.global_cluster_identifier()
            .is_some_and(|found| same(found, id))
    });
    let view = found.map(|g| view_of(g, aws.topology()));
    let view = view.ok_or_else(|| AwsError::gone(OPERATION, id))?;
    if view.writers == 0 && view.role_change == RoleChange::Idle {
        let cause = "the answer names no writer and no role change: it is not whole".to_owned();
        return Err(AwsError::said(OPERATION, id, None, cause));
    }
    Ok(view)
}

/// What is judged of one side's cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// `DBCluster.Status`, as AWS reports it.
    pub status: String,
    /// Instances in the cluster; none means headless.
    pub members: usize,
    /// Whether one of them has `IsClusterWriter`.
    pub has_writer: bool,
    /// `EngineVersion`, e.g. `16.6`.
    pub engine_version: String,
    /// ARN of the key that its storage is encrypted under, when it is.
    pub key: Option<String>,
}

/// The cluster of a side, asked in its own region.
///
/// # Errors
/// The failed call; [`super::error::Class::Gone`] when there is no such cluster.
pub async fn cluster(aws: &Clients, side: Side) -> Result<Cluster, AwsError> {
    const OPERATION: &str = "rds:DescribeDBClusters";
    let id = aws.place(side).cluster_id();
    let request = aws
        .at(side)
        .rds
        .describe_db_clusters()
        .db_cluster_identifier(id);
    let answer = aws.read(OPERATION, id, request.send()).await?;
    answer
        .db_clusters()
        .iter()
        .find(|c| {
            c.db_cluster_identifier()
                .is_some_and(|found| same(found, id))
        })
        .map(cluster_of)
        .ok_or_else(|| AwsError::gone(OPERATION, id))
}

/// Promotes `to` and accepts the loss of what was not replicated. Sent to the region of the new
/// primary, never to the old one (Aurora User Guide, disaster recovery: managed failover).
///
/// # Errors
/// The failed call; a lost answer leaves the effect unknown.
pub async fn failover(aws: &Clients, to: Side) -> Result<(), AwsError> {
    let (id, target) = (
        aws.topology().global_cluster.as_str(),
        aws.place(to).cluster_arn(),
    );
    let request = aws
        .at(to)
        .rds
        .failover_global_cluster()
        .global_cluster_identifier(id)
        .target_db_cluster_identifier(target)
        .allow_data_loss(true);
    aws.act("rds:FailoverGlobalCluster", id, request.send())
        .await
        .map(drop)
}

/// Swaps roles without loss. Sent to the region of the present `writer`, which must be healthy
/// (Aurora User Guide, disaster recovery: switchover).
///
/// # Errors
/// The failed call; a lost answer leaves the effect unknown.
pub async fn switchover(aws: &Clients, writer: Side, to: Side) -> Result<(), AwsError> {
    let (id, target) = (
        aws.topology().global_cluster.as_str(),
        aws.place(to).cluster_arn(),
    );
    let request = aws
        .at(writer)
        .rds
        .switchover_global_cluster()
        .global_cluster_identifier(id)
        .target_db_cluster_identifier(target);
    aws.act("rds:SwitchoverGlobalCluster", id, request.send())
        .await
        .map(drop)
}

/// Reads a `GlobalCluster`. Two configured writers give no writer, and are counted in `writers`.
pub fn view_of(global: &GlobalCluster, topology: &Topology) -> GlobalView {
    let members = global.global_cluster_members();
    let writes = |m: &&GlobalClusterMember| m.is_writer() == Some(true);
    let mut configured = members
        .iter()
        .filter(writes)
        .filter_map(|m| side_of(m.db_cluster_arn(), topology));
    let writer = configured.next().filter(|_| configured.next().is_none());
    let writers = members.iter().filter(writes).count();
    GlobalView {
        writer,
        writers: u8::try_from(writers).unwrap_or(u8::MAX),
        role_change: role_change(global.failover_state(), writer, topology),
        replica_connected: members.iter().any(|m| {
            m.is_writer() != Some(true)
                && side_of(m.db_cluster_arn(), topology).is_some()
                && connected(m)
        }),
    }
}

/// A member without a `SynchronizationStatus` is connected by being a member: older answers have
/// no such field. Whether it really follows is proven by lag samples, not by this field.
fn connected(member: &GlobalClusterMember) -> bool {
    member
        .synchronization_status()
        .is_none_or(|s| s.as_str() == "connected")
}

/// Any status string counts (the SDK's enum lacks `switching-over`). A change towards a cluster
/// that is not ours is reported as towards the writer, so that drd never takes it for its own.
fn role_change(
    state: Option<&FailoverState>,
    writer: Option<Side>,
    topology: &Topology,
) -> RoleChange {
    let Some(state) = state else {
        return RoleChange::Idle;
    };
    let present = |text: Option<&str>| text.is_some_and(|t| !t.is_empty());
    let to = state.to_db_cluster_arn();
    if !present(state.status().map(|s| s.as_str())) && !present(to) {
        return RoleChange::Idle;
    }
    let from = side_of(state.from_db_cluster_arn(), topology);
    let guessed = if present(to) {
        writer
    } else {
        from.map(Side::other).or(writer)
    };
    let towards = side_of(to, topology).or(guessed).unwrap_or(Side::Primary);
    RoleChange::Underway(towards)
}

fn side_of(arn: Option<&str>, topology: &Topology) -> Option<Side> {
    let arn = arn?;
    Side::BOTH
        .into_iter()
        .find(|side| same(configured(topology, *side).cluster_arn(), arn))
}

/// RDS keeps identifiers in lower case, whatever was typed.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn cluster_of(found: &DbCluster) -> Cluster {
    let members = found.db_cluster_members();
    Cluster {
        status: found.status().unwrap_or_default().to_owned(),
        members: members.len(),
        has_writer: members.iter().any(|m| m.is_cluster_writer() == Some(true)),
        engine_version: found.engine_version().unwrap_or_default().to_owned(),
        key: found.kms_key_id().map(str::to_owned),
    }
}

impl Cluster {
    /// Whether it can do what its role needs; `writes` for the global writer. `None` for a status
    /// that means neither: a cluster that is being modified is not thereby down.
    pub fn available(&self, writes: bool) -> Option<bool> {
        if self.members == 0 {
            return Some(false);
        }
        match up(&self.status) {
            Some(true) => Some(!writes || self.has_writer),
            known => known,
        }
    }
}

/// What a status means (Aurora User Guide, viewing DB cluster status).
fn up(status: &str) -> Option<bool> {
    match status {
        "available" | "backing-up" | "storage-optimization" | "update-iam-db-auth" => Some(true),
        "creating"
        | "deleting"
        | "failing-over"
        | "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable"
        | "migration-failed"
        | "promoting"
        | "starting"
        | "stopped"
        | "stopping" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::side::tests::topology;
    use aws_sdk_rds::types::{FailoverStatus, GlobalClusterMemberSynchronizationStatus};

    fn member(side: Side, writes: bool, sync: Option<&str>) -> GlobalClusterMember {
        GlobalClusterMember::builder()
            .db_cluster_arn(configured(&topology(), side).cluster_arn())
            .is_writer(writes)
            .set_synchronization_status(sync.map(GlobalClusterMemberSynchronizationStatus::from))
            .build()
    }

    fn pair(writer: Side) -> aws_sdk_rds::types::builders::GlobalClusterBuilder {
        GlobalCluster::builder()
            .global_cluster_members(member(writer, true, None))
            .global_cluster_members(member(writer.other(), false, Some("connected")))
    }

    fn changing(status: &str, to: &str) -> RoleChange {
        let state = FailoverState::builder()
            .status(FailoverStatus::from(status))
            .to_db_cluster_arn(to)
            .build();
        view_of(
            &pair(Side::Primary).failover_state(state).build(),
            &topology(),
        )
        .role_change
    }

    #[test]
    fn members_are_known_by_their_arns() {
        let view = view_of(&pair(Side::Standby).build(), &topology());
        assert_eq!(view.writer, Some(Side::Standby));
        assert_eq!((view.writers, view.replica_connected), (1, true));
        assert_eq!(view.role_change, RoleChange::Idle);
    }

    #[test]
    fn a_replica_that_resynchronises_is_no_standby() {
        let global = GlobalCluster::builder()
            .global_cluster_members(member(Side::Standby, true, None))
            .global_cluster_members(member(Side::Primary, false, Some("pending-resync")))
            .build();
        assert!(!view_of(&global, &topology()).replica_connected);
    }

    #[test]
    fn two_writers_are_counted_and_neither_is_the_writer() {
        let global = GlobalCluster::builder()
            .global_cluster_members(member(Side::Primary, true, None))
            .global_cluster_members(member(Side::Standby, true, None))
            .build();
        let view = view_of(&global, &topology());
        assert_eq!((view.writer, view.writers), (None, 2));
    }

    #[test]
    fn any_failover_status_means_underway() {
        let topology = topology();
        let standby = topology.sides.standby.cluster_arn();
        for status in [
            "pending",
            "failing-over",
            "switching-over",
            "cancelling",
            "new-word",
        ] {
            let expected = RoleChange::Underway(Side::Standby);
            assert_eq!(changing(status, standby), expected, "{status}");
        }
        assert_eq!(
            changing("", ""),
            RoleChange::Idle,
            "an empty element is no role change"
        );
    }

    #[test]
    fn a_role_change_towards_a_stranger_is_never_taken_for_ones_own() {
        let stranger = "arn:aws:rds:us-east-1:123456789012:cluster:third";
        assert_eq!(
            changing("failing-over", stranger),
            RoleChange::Underway(Side::Primary)
        );
    }

    #[test]
    fn an_undocumented_status_is_neither_up_nor_down() {
        let cluster = |status: &str, members, has_writer| Cluster {
            status: status.to_owned(),
            members,
            has_writer,
            engine_version: String::new(),
            key: None,
        };
        assert_eq!(cluster("available", 1, true).available(true), Some(true));
        assert_eq!(cluster("available", 2, false).available(true), Some(false));
        assert_eq!(cluster("available", 2, false).available(false), Some(true));
        assert_eq!(
            cluster("available", 0, false).available(false),
            Some(false),
            "headless"
        );
        assert_eq!(cluster("promoting", 1, true).available(true), Some(false));
        assert_eq!(cluster("modifying", 1, true).available(true), None);
        assert_eq!(cluster("", 1, true).available(true), None);
    }
}
