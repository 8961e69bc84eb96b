//! What a teardown does to the database beside CloudFormation: waits while it changes sides, and
//! takes a cluster away that CloudFormation could not.
//!
//! CloudFormation takes a member out of its global cluster before it deletes it. Where that fails
//! (a member that is being rebuilt, one that was taken out by hand), its stack stays in
//! DELETE_FAILED for ever; without its cluster it can be deleted. Deliberately absent: promotion.

use super::progress::News;
use super::site::Site;
use crate::aws::call::call;
use crate::aws::error::{AwsError, Class};
use crate::error::Error;
use crate::estate::observed::Writer;
use crate::estate::side::Role;
use crate::estate::stacks::StackId;
use crate::estate::templates::Template;
use crate::observe::writer;
use std::time::Duration;

const PACE: Duration = Duration::from_secs(5);
/// 30 minutes: a failover takes minutes, and so does the deletion of an instance.
const LOOKS_MAX: u32 = 360;

/// Waits while a failover or switchover is under way.
pub(super) async fn wait_until_steady(site: &Site, id: StackId) -> Result<(), Error> {
    for look in 0..LOOKS_MAX {
        if writer(&site.aws, &site.settings).await? != Writer::Moving {
            return Ok(());
        }
        if look == 0 {
            site.report(
                id,
                News::Begun("waits: the database is changing sides".to_owned()),
            );
        }
        tokio::time::sleep(PACE).await;
    }
    Err(Error::InProgress(
        "the database has been changing sides for half an hour; run the command again when it is \
         done"
            .to_owned(),
    ))
}

/// Takes a side's cluster away: out of the global cluster, its instances, itself.
pub(super) async fn take_away(site: &Site, role: Role) -> Result<(), Error> {
    let rds = site.aws.at(site.settings.region(role)).rds;
    let suffix = site.settings.suffix();
    let (global, id) = (
        suffix.name("global-aurora"),
        suffix.name(&format!("aurora-{}", role.name())),
    );
    let work = StackId::sided(Template::Data, role);
    let found = call("rds:DescribeDBClusters", &id, || {
        rds.describe_db_clusters().db_cluster_identifier(&id).send()
    })
    .await;
    let Some(found) = unless_gone(found)? else {
        return Ok(());
    };
    let Some(cluster) = found.db_clusters().first().cloned() else {
        return Ok(());
    };
    site.report(
        work,
        News::Begun(format!("taking {id} away beside CloudFormation")),
    );
    let arn = cluster.db_cluster_arn().unwrap_or_default().to_owned();
    let removed = call("rds:RemoveFromGlobalCluster", &global, || {
        rds.remove_from_global_cluster()
            .global_cluster_identifier(&global)
            .db_cluster_identifier(&arn)
            .send()
    })
    .await;
    unless_gone_or_alone(removed)?;
    for member in cluster.db_cluster_members() {
        let instance = member.db_instance_identifier().unwrap_or_default();
        let deleted = call("rds:DeleteDBInstance", instance, || {
            rds.delete_db_instance()
                .db_instance_identifier(instance)
                .skip_final_snapshot(true)
                .send()
        })
        .await;
        unless_gone_or_going(deleted)?;
    }
    let deleted = call("rds:DeleteDBCluster", &id, || {
        rds.delete_db_cluster()
            .db_cluster_identifier(&id)
            .skip_final_snapshot(true)
            .send()
    })
    .await;
    unless_gone_or_going(deleted)?;
    wait_until_gone(site, role, &id).await
}

async fn wait_until_gone(site: &Site, role: Role, id: &str) -> Result<(), Error> {
    let rds = site.aws.at(site.settings.region(role)).rds;
    for _ in 0..LOOKS_MAX {
        let found = call("rds:DescribeDBClusters", id, || {
            rds.describe_db_clusters().db_cluster_identifier(id).send()
        })
        .await;
        if unless_gone(found)?.is_none() {
            return Ok(());
        }
        tokio::time::sleep(PACE).await;
    }
    Err(Error::InProgress(format!(
        "{id} is still being deleted; run the command again"
    )))
}

fn unless_gone<T>(result: Result<T, AwsError>) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.class == Class::Gone => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `InvalidParameterValue ... is not found in global cluster`: it was taken out before.
fn unless_gone_or_alone<T>(result: Result<T, AwsError>) -> Result<(), Error> {
    match result {
        Err(error) if error.message.contains("not found in global cluster") => Ok(()),
        other => unless_gone(other).map(|_| ()),
    }
}

/// `InvalidDB...State`: it is being deleted already; the wait at the end shows whether it goes.
fn unless_gone_or_going<T>(result: Result<T, AwsError>) -> Result<(), Error> {
    match result {
        Err(error) if error.has_code("InvalidDB") => Ok(()),
        other => unless_gone(other).map(|_| ()),
    }
}
