//! What is used of a service quota: the CloudWatch metric that the quota itself names.
//!
//! Deliberately absent: the call; doctor and the daemon make it in ways of their own.

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_sdk_servicequotas::types::MetricInfo;

/// AWS/Usage has a figure every 5 min (CloudWatch User Guide, usage metrics), often late: three
/// hours are enough to find one.
pub const WINDOW_SECONDS: i64 = 3 * 3600;
const PERIOD_SECONDS: i32 = 300;

/// The question for the metric, when the quota names it whole.
pub fn query(metric: &MetricInfo) -> Option<MetricDataQuery> {
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

/// The newest figure: newest first is the service's default order.
pub fn newest(answer: &GetMetricDataOutput) -> Option<f64> {
    answer
        .metric_data_results()
        .first()?
        .values()
        .first()
        .copied()
}
