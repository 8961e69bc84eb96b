//! A service quota of a side's region, and what is used of it.
//!
//! Deliberately absent: asking for more. That takes AWS hours to days, and a person.

use super::clients::Clients;
use super::error::AwsError;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_sdk_servicequotas::types::MetricInfo;
use aws_smithy_types::DateTime;
use drd_bootstrap::doctor::quota::{Level, Quota};
use drd_state_machine::event::Side;
use drd_state_machine::time::{Span, Time};

/// AWS/Usage has a figure every 5 min (CloudWatch User Guide, usage metrics), often late.
const WINDOW: Span = Span::secs(3 * 3600);
const PERIOD_SECONDS: i32 = 300;

/// The limit and, where the quota names its metric and that has a figure, what is used.
///
/// # Errors
/// What AWS said about the limit.
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
    let used = match found.usage_metric().and_then(query) {
        Some(query) => newest(aws, side, query, now).await,
        None => None,
    };
    Ok(Level { limit, used })
}

fn query(metric: &MetricInfo) -> Option<MetricDataQuery> {
    let dimensions = metric.metric_dimensions().into_iter().flatten();
    let dimensions = dimensions
        .map(|(name, value)| Dimension::builder().name(name).value(value).build())
        .collect();
    let wanted = Metric::builder()
        .namespace(metric.metric_namespace()?)
        .metric_name(metric.metric_name()?)
        .set_dimensions(Some(dimensions))
        .build();
    let stat = metric
        .metric_statistic_recommendation()
        .unwrap_or("Maximum");
    let stat = MetricStat::builder()
        .metric(wanted)
        .period(PERIOD_SECONDS)
        .stat(stat)
        .build();
    Some(
        MetricDataQuery::builder()
            .id("used")
            .metric_stat(stat)
            .build(),
    )
}

/// The newest figure; a failure is none, and then the limit alone is judged.
async fn newest(aws: &Clients, side: Side, query: MetricDataQuery, now: Time) -> Option<f64> {
    let request = aws
        .at(side)
        .cloudwatch
        .get_metric_data()
        .start_time(DateTime::from_millis((now - WINDOW).0))
        .end_time(DateTime::from_millis(now.0))
        .metric_data_queries(query);
    let answer = aws
        .read("cloudwatch:GetMetricData", "AWS/Usage", request.send())
        .await
        .ok()?;
    // Newest first is the service's default order.
    answer
        .metric_data_results()
        .first()?
        .values()
        .first()
        .copied()
}
