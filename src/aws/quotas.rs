//! A service quota of a side's region, and what is used of it.
//!
//! Deliberately absent: requesting more. That takes AWS hours to days, and a person.

use super::clients::Clients;
use super::error::AwsError;
use aws_sdk_cloudwatch::types::MetricDataQuery;
use aws_smithy_types::DateTime;
use drd_bootstrap::checks::quota::{Level, Quota};
use drd_bootstrap::observe::usage;
use drd_state_machine::event::Side;
use drd_state_machine::time::{Span, Time};

/// The limit and, where the quota names its metric and that has a figure, what is used.
///
/// # Errors
/// The failed call about the limit.
pub async fn level(aws: &Clients, side: Side, quota: Quota, now: Time) -> Result<Level, AwsError> {
    const OPERATION: &str = "servicequotas:GetServiceQuota";
    let request = aws
        .at(side)
        .quotas
        .get_service_quota()
        .service_code(quota.service)
        .quota_code(quota.code);
    let answer = aws.read(OPERATION, quota.code, request.send()).await?;
    let found = answer
        .quota()
        .ok_or_else(|| AwsError::gone(OPERATION, quota.code))?;
    let limit = found
        .value()
        .ok_or_else(|| AwsError::gone(OPERATION, quota.code))?;
    let used = match found.usage_metric().and_then(usage::query) {
        Some(query) => newest(aws, side, query, now).await,
        None => None,
    };
    Ok(Level { limit, used })
}

/// The newest figure; a failure is none, and then the limit alone is judged.
async fn newest(aws: &Clients, side: Side, query: MetricDataQuery, now: Time) -> Option<f64> {
    let request = aws
        .at(side)
        .cloudwatch
        .get_metric_data()
        .start_time(DateTime::from_millis(
            (now - Span::secs(usage::WINDOW_SECONDS)).0,
        ))
        .end_time(DateTime::from_millis(now.0))
        .metric_data_queries(query);
    let answer = aws
        .read("cloudwatch:GetMetricData", "AWS/Usage", request.send())
        .await
        .ok()?;
    usage::newest(&answer)
}
