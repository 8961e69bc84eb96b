//! What a failover needs besides a fit database: a key that opens the data, and room for the
//! instances that will serve. The same judgement as `drd doctor`'s.
//!
//! Deliberately absent: a place among the denied reads of `permissions`. A role that was written
//! before these checks were does not know them, and must not disarm drd by that alone.

use super::reading::AwsRead;
use crate::aws::capacity::ScalingGroup;
use crate::aws::clients::Clients;
use crate::aws::database::Cluster;
use crate::aws::{keys, quotas};
use drd_bootstrap::checks::database::key;
use drd_bootstrap::checks::quota::{Level, VCPU, fits, vcpus};
use drd_bootstrap::checks::{Check, Gates, Judged};
use drd_state_machine::event::Side;
use drd_state_machine::time::Time;

/// Reads and judges both.
pub(super) async fn check(
    aws: &Clients,
    standby: Side,
    (cluster, group): (&AwsRead<Cluster>, &AwsRead<ScalingGroup>),
    desired: u32,
    now: Time,
) -> Vec<Check> {
    let key = cluster.as_ref().ok().and_then(|c| c.key.as_deref());
    let state = async {
        match key {
            Some(arn) => Some((arn, keys::state(aws, standby, arn).await)),
            None => None,
        }
    };
    let (state, level) = tokio::join!(state, quotas::level(aws, standby, VCPU, now));
    let region = &aws.place(standby).region;
    vec![
        key_state(state).named("key", Gates::Failover),
        room(region, level, group, desired).named("vcpu_quota", Gates::Failover),
    ]
}

fn key_state(read: Option<(&str, AwsRead<String>)>) -> Judged {
    match read {
        Some((arn, state)) => key(arn, &state),
        None => Judged::unknown(
            "AWS names no key of the cluster",
            "is its storage encrypted?",
        ),
    }
}

/// Whether the instances that are missing fit under the quota. The type that a group without an
/// instance would launch is not known.
fn room(
    region: &str,
    level: AwsRead<Level>,
    group: &AwsRead<ScalingGroup>,
    desired: u32,
) -> Judged {
    let need = group.as_ref().ok().and_then(|group| {
        let each = group.instance_type.as_deref().and_then(vcpus)?;
        Some(each.saturating_mul(desired.saturating_sub(group.in_service)))
    });
    fits(VCPU, region, &level, need)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::AwsError;
    use drd_bootstrap::checks::Verdict;

    fn with(limit: f64, used: Option<f64>, instance_type: Option<&str>) -> Verdict {
        let group = Ok(ScalingGroup {
            min: 1,
            desired: 2,
            max: 9,
            in_service: 2,
            suspended: Vec::new(),
            instance_type: instance_type.map(str::to_owned),
        });
        room("eu-central-2", Ok(Level { limit, used }), &group, 6).verdict()
    }

    #[test]
    fn only_the_instances_that_are_missing_need_room() {
        assert_eq!(with(12.0, Some(4.0), Some("t4g.small")), Verdict::Green);
        assert_eq!(with(11.0, Some(4.0), Some("t4g.small")), Verdict::Red);
    }

    #[test]
    fn a_quota_gates_only_when_it_is_known_and_too_small() {
        assert_eq!(with(5.0, None, Some("t4g.small")), Verdict::Red);
        assert_eq!(with(64.0, None, Some("t4g.small")), Verdict::Unknown);
        assert_eq!(
            with(5.0, None, None),
            Verdict::Unknown,
            "no instance has a type"
        );
        let denied = AwsError::said("servicequotas:GetX", "q", Some("AccessDenied"), "no".into());
        let group = Err(AwsError::gone("autoscaling:X", "asg"));
        let judged = room("eu-central-2", Err(denied), &group, 6).verdict();
        assert_eq!(judged, Verdict::Unknown);
    }

    #[test]
    fn a_disabled_key_is_red_and_an_unread_one_is_not() {
        let state = |read| key_state(Some(("arn:aws:kms:r:1:key/k", read))).verdict();
        assert_eq!(state(Ok("Enabled".to_owned())), Verdict::Green);
        assert_eq!(state(Ok("Disabled".to_owned())), Verdict::Red);
        let denied = AwsError::said("kms:DescribeX", "k", Some("AccessDenied"), "no".into());
        assert_eq!(state(Err(denied)), Verdict::Unknown);
        assert_eq!(key_state(None).verdict(), Verdict::Unknown);
    }
}
