//! Replication lag as CloudWatch has it, in the region that receives the replication.
//!
//! Deliberately absent: alarms' states (`alarm_states`). Missing points stay missing: silence is not
//! zero lag.

use super::clients::Clients;
use super::error::AwsError;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use aws_smithy_types::DateTime;
use drd_state_machine::event::{LagSample, LagSource, Side};
use drd_state_machine::time::{Span, Time};

/// How far back is read: CloudWatch delivers minutes late, and the RPO gate wants the highest
/// lag of the two minutes before the onset.
const WINDOW: Span = Span::secs(600);

/// Source, namespace, metric and period in seconds. Aurora publishes once a minute, drd's own monitor
/// every 30 s with a resolution that allows 10 (Aurora User Guide, CloudWatch metrics for Aurora:
/// "available only in secondary AWS Regions", so the dimension is the secondary's identifier).
const METRICS: [(LagSource, &str, &str, i32); 2] = [
    (LagSource::Aws, "AWS/RDS", "AuroraGlobalDBRPOLag", 60),
    (LagSource::Metric, "DRD", "ReplicationLagMs", 10),
];

/// Lag samples of the last ten minutes, oldest first. The role decides where they are: in the
/// region of the side that is not `active`.
///
/// # Errors
/// The failed call.
pub async fn lag(aws: &Clients, active: Side, now: Time) -> Result<Vec<LagSample>, AwsError> {
    const OPERATION: &str = "cloudwatch:GetMetricData";
    let secondary = active.other();
    let id = aws.place(secondary).cluster_id();
    let request = aws
        .at(secondary)
        .cloudwatch
        .get_metric_data()
        .start_time(DateTime::from_millis((now - WINDOW).0))
        .end_time(DateTime::from_millis(now.0))
        .set_metric_data_queries(Some(queries(id)));
    let answer = aws.read(OPERATION, id, request.send()).await?;
    let results = answer.metric_data_results();
    match results
        .iter()
        .find(|r| r.status_code().is_some_and(|s| s.as_str() == "Forbidden"))
    {
        Some(_) => {
            let cause = "a metric is forbidden".to_owned();
            Err(AwsError::said(OPERATION, id, Some("AccessDenied"), cause))
        }
        None => Ok(samples(results)),
    }
}

fn queries(cluster_id: &str) -> Vec<MetricDataQuery> {
    let dimension = Dimension::builder()
        .name("DBClusterIdentifier")
        .value(cluster_id)
        .build();
    METRICS
        .iter()
        .enumerate()
        .map(|(i, (_, namespace, name, period))| {
            let metric = Metric::builder()
                .namespace(*namespace)
                .metric_name(*name)
                .dimensions(dimension.clone())
                .build();
            let stat = MetricStat::builder()
                .metric(metric)
                .period(*period)
                .stat("Maximum")
                .build();
            MetricDataQuery::builder()
                .id(query_id(i))
                .metric_stat(stat)
                .build()
        })
        .collect()
}

/// The name under which the answer gives the points of a metric, by its place in [`METRICS`].
fn query_id(place: usize) -> String {
    format!("m{place}")
}

/// The source of a result's points; `None` for one that was not asked for.
fn source_of(result: &MetricDataResult) -> Option<LagSource> {
    let mut all = METRICS.iter().enumerate();
    let asked = all.find(|(i, _)| result.id() == Some(query_id(*i).as_str()));
    asked.map(|(_, (source, ..))| *source)
}

/// A point's time is the start of its period: an honest lower bound of when the lag was seen.
fn samples(results: &[MetricDataResult]) -> Vec<LagSample> {
    let of_source = results.iter().filter_map(|r| Some((source_of(r)?, r)));
    let mut all: Vec<LagSample> = of_source
        .flat_map(|(source, r)| {
            let points = r.timestamps().iter().zip(r.values());
            points.map(move |point| (source, point))
        })
        .filter_map(|(source, (at, lag_ms))| {
            let usable = lag_ms.is_finite() && *lag_ms >= 0.0;
            let taken_at = Time(at.to_millis().ok()?);
            usable.then(|| LagSample {
                source,
                taken_at,
                lag: Span::millis(lag_ms.ceil() as i64),
            })
        })
        .collect();
    all.sort_by_key(|s| s.taken_at);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_senseless_points_are_not_zero_lag() {
        let at = |s| DateTime::from_secs(s);
        let aurora = MetricDataResult::builder()
            .id("m0")
            .set_timestamps(Some(vec![at(120), at(60), at(180)]))
            .set_values(Some(vec![800.4, 700.0, f64::NAN]))
            .build();
        let ours = MetricDataResult::builder()
            .id("m1")
            .set_timestamps(Some(vec![at(90), at(100)]))
            .set_values(Some(vec![650.0, -1.0]))
            .build();
        let seen: Vec<(LagSource, i64, i64)> =
            samples(&[aurora, ours, MetricDataResult::builder().build()])
                .iter()
                .map(|s| (s.source, s.taken_at.0, s.lag.0))
                .collect();
        let wanted = [
            (LagSource::Aws, 60_000, 700),
            (LagSource::Metric, 90_000, 650),
            (LagSource::Aws, 120_000, 801),
        ];
        assert_eq!(seen, wanted);
    }

    #[test]
    fn the_secondary_is_asked_by_its_own_identifier() {
        let queries = queries("aurora-standby-shop1");
        let metric = queries[0]
            .metric_stat()
            .and_then(|s| s.metric())
            .expect("a metric");
        assert_eq!(metric.dimensions()[0].value(), Some("aurora-standby-shop1"));
        assert_eq!(queries.len(), 2);
    }
}
