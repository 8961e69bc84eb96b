//! Blue/green deployments that replace a cluster at this moment: its writer is away and its names move.
//!
//! Deliberately absent: starting, switching or deleting one.

use super::clients::Clients;
use super::error::AwsError;
use aws_sdk_rds::types::BlueGreenDeployment;
use drd_state_machine::event::Side;

/// The status while the two environments change places (RDS API, `BlueGreenDeployment.Status`).
const SWITCHES: &str = "SWITCHOVER_IN_PROGRESS";

/// The names of the deployments that switch over this side's cluster now, asked in its own region. AWS gives
/// up to 100 at once; a region has 20 at most (RDS quotas).
///
/// # Errors
/// The failed call.
pub async fn switching(aws: &Clients, side: Side) -> Result<Vec<String>, AwsError> {
    const OPERATION: &str = "rds:DescribeBlueGreenDeployments";
    let arn = aws.place(side).cluster_arn();
    let request = aws.at(side).rds.describe_blue_green_deployments();
    let answer = aws.read(OPERATION, arn, request.send()).await?;
    let found = answer.blue_green_deployments().iter();
    Ok(found
        .filter(|deployment| switches(deployment, arn))
        .map(|deployment| {
            deployment
                .blue_green_deployment_name()
                .unwrap_or("?")
                .to_owned()
        })
        .collect())
}

/// Its ends are named by ARN, and the names move in the middle of it.
fn switches(deployment: &BlueGreenDeployment, cluster_arn: &str) -> bool {
    let ends = [deployment.source(), deployment.target()];
    deployment.status() == Some(SWITCHES) && ends.contains(&Some(cluster_arn))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:rds:eu-central-1:123456789012:cluster:aurora-primary-shop1";

    fn deployment(status: &str, source: &str, target: &str) -> BlueGreenDeployment {
        BlueGreenDeployment::builder()
            .status(status)
            .source(source)
            .target(target)
            .build()
    }

    #[test]
    fn only_one_that_changes_places_with_this_cluster_counts() {
        let other = "arn:aws:rds:eu-central-1:123456789012:cluster:other";
        assert!(switches(&deployment(SWITCHES, ARN, other), ARN));
        assert!(switches(&deployment(SWITCHES, other, ARN), ARN));
        assert!(!switches(&deployment(SWITCHES, other, other), ARN));
        for status in [
            "PROVISIONING",
            "AVAILABLE",
            "SWITCHOVER_COMPLETED",
            "DELETING",
        ] {
            assert!(!switches(&deployment(status, ARN, other), ARN), "{status}");
        }
    }
}
