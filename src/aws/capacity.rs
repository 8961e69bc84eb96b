//! A side's Auto Scaling group and its load balancer targets.
//!
//! Deliberately absent: policies, instances, launch templates. drd moves three numbers.

use super::clients::Clients;
use super::error::AwsError;
use aws_sdk_autoscaling::types::{AutoScalingGroup, Instance};
use drd_state_machine::event::Side;

/// What is judged of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalingGroup {
    /// MinSize.
    pub min: u32,
    /// DesiredCapacity.
    pub desired: u32,
    /// MaxSize.
    pub max: u32,
    /// Instances that are `InService` and not found unhealthy.
    pub in_service: u32,
    /// Names of suspended processes, e.g. `Launch`.
    pub suspended: Vec<String>,
    /// The type of an instance in it, e.g. `t4g.small`; `None` while it has none.
    pub instance_type: Option<String>,
}

/// The numbers of one UpdateAutoScalingGroup; what is absent stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// MinSize.
    pub min: u32,
    /// DesiredCapacity.
    pub desired: Option<u32>,
    /// MaxSize.
    pub max: Option<u32>,
}

impl ScalingGroup {
    /// What raises MinSize to `min`; `None` when it is that high. Never lowers anything: desired
    /// is named only where it would have to follow, so a policy's higher figure survives.
    pub fn raised(&self, min: u32) -> Option<Sizes> {
        (self.min < min).then(|| Sizes {
            min,
            desired: (self.desired < min).then_some(min),
            max: (self.max < min).then_some(min),
        })
    }

    /// What makes the group serve at this size; `None` when it is there. MinSize goes along, so
    /// that no scale-in policy works against a recovery; MaxSize never goes down.
    pub fn serving(&self, min: u32, desired: u32) -> Option<Sizes> {
        (self.min < min || self.desired < desired).then(|| Sizes {
            min: self.min.max(min),
            desired: Some(self.desired.max(desired).max(min)),
            max: Some(self.max.max(desired).max(min)),
        })
    }

    /// What puts MinSize back to `min`; `None` when it is that low. Desired goes along only where
    /// it equals the raised floor: above it something else wanted more.
    pub fn lowered(&self, min: u32) -> Option<Sizes> {
        (self.min > min).then(|| Sizes {
            min,
            desired: (self.desired == self.min).then_some(min),
            max: None,
        })
    }

    /// What takes every instance away; `None` when there is none to take.
    pub fn fenced(&self) -> Option<Sizes> {
        (self.min > 0 || self.desired > 0).then_some(Sizes {
            min: 0,
            desired: Some(0),
            max: None,
        })
    }
}

/// The group of a side.
///
/// # Errors
/// The failed call; [`super::error::Class::Gone`] when there is no such group.
pub async fn group(aws: &Clients, side: Side) -> Result<ScalingGroup, AwsError> {
    const OPERATION: &str = "autoscaling:DescribeAutoScalingGroups";
    let name = group_name(aws, side, OPERATION)?;
    let request = aws
        .at(side)
        .autoscaling
        .describe_auto_scaling_groups()
        .auto_scaling_group_names(name);
    let answer = aws.read(OPERATION, name, request.send()).await?;
    answer
        .auto_scaling_groups()
        .iter()
        .find(|g| g.auto_scaling_group_name() == Some(name))
        .map(group_of)
        .ok_or_else(|| AwsError::gone(OPERATION, name))
}

/// Moves the numbers with ONE call: separate ones can be refused half-way, and a raised MinSize
/// alone is what keeps policies from scaling in (EC2 Auto Scaling API reference).
///
/// # Errors
/// The failed call; `ScalingActivityInProgress` and `ResourceContention` are conflicts.
pub async fn update(aws: &Clients, side: Side, to: Sizes) -> Result<(), AwsError> {
    const OPERATION: &str = "autoscaling:UpdateAutoScalingGroup";
    let name = group_name(aws, side, OPERATION)?;
    let request = aws
        .at(side)
        .autoscaling
        .update_auto_scaling_group()
        .auto_scaling_group_name(name)
        .min_size(signed(to.min))
        .set_desired_capacity(to.desired.map(signed))
        .set_max_size(to.max.map(signed));
    aws.act(OPERATION, name, request.send()).await.map(drop)
}

/// Targets that the load balancer reports healthy; `None` when no target group is configured.
/// An instance in service is not yet one that serves.
///
/// # Errors
/// The failed call.
pub async fn healthy_targets(aws: &Clients, side: Side) -> Result<Option<u32>, AwsError> {
    let Some((_, Some(arn))) = aws.place(side).scaling_group() else {
        return Ok(None);
    };
    let request = aws
        .at(side)
        .balancing
        .describe_target_health()
        .target_group_arn(arn);
    let answer = aws
        .read(
            "elasticloadbalancing:DescribeTargetHealth",
            arn,
            request.send(),
        )
        .await?;
    let healthy = answer
        .target_health_descriptions()
        .iter()
        .filter_map(|d| d.target_health()?.state())
        .filter(|state| state.as_str() == "healthy")
        .count();
    Ok(Some(count(healthy)))
}

/// The configuration has one group a side; a side without one has nothing to scale.
fn group_name<'a>(
    aws: &'a Clients,
    side: Side,
    operation: &'static str,
) -> Result<&'a str, AwsError> {
    let group = aws.place(side).scaling_group();
    group.map_or_else(
        || Err(AwsError::gone(operation, side.name())),
        |(name, _)| Ok(name),
    )
}

fn group_of(found: &AutoScalingGroup) -> ScalingGroup {
    ScalingGroup {
        min: unsigned(found.min_size()),
        desired: unsigned(found.desired_capacity()),
        max: unsigned(found.max_size()),
        in_service: count(found.instances().iter().filter(|i| in_service(i)).count()),
        suspended: found
            .suspended_processes()
            .iter()
            .filter_map(|p| p.process_name().map(str::to_owned))
            .collect(),
        instance_type: found
            .instances()
            .iter()
            .find_map(|i| i.instance_type().map(str::to_owned)),
    }
}

fn in_service(instance: &Instance) -> bool {
    let stage = instance.lifecycle_state().map(|s| s.as_str());
    let ill = instance
        .health_status()
        .is_some_and(|h| h.eq_ignore_ascii_case("unhealthy"));
    stage == Some("InService") && !ill
}

fn count(found: usize) -> u32 {
    u32::try_from(found).unwrap_or(u32::MAX)
}

/// Sizes are required, non-negative members of the answer.
fn unsigned(size: Option<i32>) -> u32 {
    size.and_then(|s| u32::try_from(s).ok()).unwrap_or(0)
}

fn signed(size: u32) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(min: u32, desired: u32, max: u32) -> ScalingGroup {
        ScalingGroup {
            min,
            desired,
            max,
            in_service: desired,
            suspended: Vec::new(),
            instance_type: None,
        }
    }

    fn sizes(min: u32, desired: Option<u32>, max: Option<u32>) -> Option<Sizes> {
        Some(Sizes { min, desired, max })
    }

    #[test]
    fn prescale_only_raises() {
        assert_eq!(group(1, 1, 6).raised(3), sizes(3, Some(3), None));
        assert_eq!(
            group(1, 5, 6).raised(3),
            sizes(3, None, None),
            "a policy wanted five"
        );
        assert_eq!(group(1, 1, 2).raised(3), sizes(3, Some(3), Some(3)));
        assert_eq!(group(4, 4, 6).raised(3), None);
    }

    #[test]
    fn scale_back_leaves_alone_what_a_policy_wanted() {
        assert_eq!(group(3, 3, 6).lowered(1), sizes(1, Some(1), None));
        assert_eq!(group(3, 5, 6).lowered(1), sizes(1, None, None));
        assert_eq!(group(1, 1, 6).lowered(1), None);
        assert_eq!(group(0, 0, 6).lowered(1), None, "already lower");
    }

    #[test]
    fn scaling_to_serve_moves_the_three_numbers_at_once() {
        assert_eq!(group(1, 1, 2).serving(6, 6), sizes(6, Some(6), Some(6)));
        assert_eq!(group(1, 8, 9).serving(6, 6), sizes(6, Some(8), Some(9)));
        assert_eq!(group(6, 7, 9).serving(6, 6), None);
    }

    #[test]
    fn a_fence_takes_everything_and_leaves_the_maximum() {
        assert_eq!(group(6, 6, 9).fenced(), sizes(0, Some(0), None));
        assert_eq!(group(0, 0, 9).fenced(), None);
    }

    #[test]
    fn instances_on_the_way_do_not_count() {
        let instance = |stage: &str, health: &str| {
            Instance::builder()
                .lifecycle_state(stage.into())
                .health_status(health)
                .build()
        };
        let found = AutoScalingGroup::builder()
            .min_size(1)
            .max_size(6)
            .desired_capacity(4)
            .instances(instance("InService", "Healthy"))
            .instances(instance("InService", "Unhealthy"))
            .instances(instance("Pending", "Healthy"))
            .instances(instance("Warmed:Stopped", "Healthy"))
            .build();
        assert_eq!(group_of(&found).in_service, 1);
    }
}
