//! The states of declared alarms, as CloudWatch keeps them: an event about them may be lost or late.
//!
//! Deliberately absent: when they changed. A state that is read is as fresh as its reading (DESIGN
//! section 4, rule 2), and the machine dates a change by when it first reads it.

use super::clients::Clients;
use super::error::AwsError;
use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use drd_state_machine::event::Verdict;

/// An alarm's state; `None` when there is no such alarm, or its actions are suppressed.
///
/// # Errors
/// The failed call.
pub async fn state(aws: &Clients, alarm_arn: &str) -> Result<Option<Verdict>, AwsError> {
    const OPERATION: &str = "cloudwatch:DescribeAlarms";
    // arn:PARTITION:cloudwatch:REGION:ACCOUNT:alarm:NAME
    let mut parts = alarm_arn.splitn(7, ':').skip(3);
    let (region, name) = (parts.next().unwrap_or_default(), parts.nth(2));
    let Some(name) = name else { return Ok(None) };
    let request = aws
        .cloudwatch(region)
        .describe_alarms()
        .alarm_names(name)
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm);
    let answer = aws.read(OPERATION, name, request.send()).await?;
    let metric = answer.metric_alarms().first();
    let composite = answer.composite_alarms().first();
    let suppressed = composite.is_some_and(|alarm| alarm.actions_suppressed_by().is_some());
    let value = metric
        .and_then(|alarm| alarm.state_value())
        .or_else(|| composite.and_then(|alarm| alarm.state_value()));
    Ok(value.filter(|_| !suppressed).map(verdict))
}

fn verdict(value: &StateValue) -> Verdict {
    if *value == StateValue::Ok {
        Verdict::Healthy
    } else if *value == StateValue::Alarm {
        Verdict::Unhealthy
    } else {
        Verdict::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ok_is_well_and_only_alarm_is_down() {
        let verdicts = ["OK", "ALARM", "INSUFFICIENT_DATA", "NEW_IN_2030"]
            .map(|text| verdict(&StateValue::from(text)));
        assert_eq!(
            verdicts,
            [
                Verdict::Healthy,
                Verdict::Unhealthy,
                Verdict::Unknown,
                Verdict::Unknown
            ]
        );
    }
}
