//! Calls to AWS, counted by service and operation.
//!
//! Deliberately absent: which region was asked. Two regions would double every series, and the
//! region that does not answer is named in the log.

use super::register::{Family, Register, counters, histograms};
use prometheus::{HistogramVec, IntCounter, IntCounterVec, Result};

/// One call: a long poll lasts 20 s, everything else has a deadline of 5 to 10 s.
const CALL_BUCKETS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0];

/// Every call that the daemon makes, so that each is there at zero.
const AWS_CALLS: [(&str, &str); 20] = [
    ("autoscaling", "DescribeAutoScalingGroups"),
    ("autoscaling", "UpdateAutoScalingGroup"),
    ("cloudwatch", "DescribeAlarms"),
    ("cloudwatch", "GetMetricData"),
    ("elasticloadbalancing", "DescribeTargetHealth"),
    ("events", "PutEvents"),
    ("kms", "DescribeKey"),
    ("rds", "DescribeDBClusters"),
    ("rds", "DescribeGlobalClusters"),
    ("rds", "FailoverGlobalCluster"),
    ("rds", "SwitchoverGlobalCluster"),
    ("route53", "GetHealthCheck"),
    ("route53", "ListResourceRecordSets"),
    ("s3", "DeleteObject"),
    ("s3", "GetObject"),
    ("s3", "PutObject"),
    ("servicequotas", "GetServiceQuota"),
    ("sqs", "DeleteMessage"),
    ("sqs", "GetQueueAttributes"),
    ("sqs", "ReceiveMessage"),
];
/// The classes of `aws::error`.
const AWS_FAILURES: [&str; 4] = ["transient", "denied", "gone", "conflict"];

#[derive(Debug)]
pub(super) struct AwsMetrics {
    calls: Vec<((&'static str, &'static str), IntCounter)>,
    requests: IntCounterVec,
    failed: IntCounterVec,
    duration: HistogramVec,
}

impl AwsMetrics {
    pub fn new(r: &Register) -> Result<AwsMetrics> {
        let labels = &["api", "operation"];
        let failed = (
            "drd_aws_requests_failed_total",
            "Calls to AWS that failed, by class.",
        );
        let duration = (
            "drd_aws_request_duration_seconds",
            "How long calls to AWS took.",
        );
        Ok(AwsMetrics {
            calls: Vec::new(),
            requests: counters(r, ("drd_aws_requests_total", "Calls to AWS."), labels)?,
            failed: counters(r, failed, &["api", "operation", "reason"])?,
            duration: histograms(r, duration, &["api"], &CALL_BUCKETS)?,
        })
    }

    /// Makes every known call visible at zero.
    pub fn known_from_the_start(&mut self) -> Result<()> {
        for (api, operation) in AWS_CALLS {
            self.calls
                .push(((api, operation), self.requests.child(&[api, operation])?));
            self.duration.child(&[api])?;
            for reason in AWS_FAILURES {
                self.failed.child(&[api, operation, reason])?;
            }
        }
        Ok(())
    }

    /// A call ended after `seconds`; `failed` is the class of its error.
    pub fn ended(&self, call: (&str, &str), seconds: f64, failed: Option<&str>) {
        match self.calls.iter().find(|(known, _)| *known == call) {
            Some((_, counter)) => counter.inc(),
            None => self.requests.with_label_values(&[call.0, call.1]).inc(),
        }
        self.duration.with_label_values(&[call.0]).observe(seconds);
        if let Some(reason) = failed {
            self.failed
                .with_label_values(&[call.0, call.1, reason])
                .inc();
        }
    }
}
