//! One client per service and region, and the one way through which every call goes.
//!
//! Deliberately absent: SDK retries (one attempt per command; retries are visible states) and
//! SDK waiters (they answer 45 s late on average). Each region has its own clients, so that a
//! dead one cannot hold up the other.

use super::error::AwsError;
use super::fenced::{fenced, unfenced};
use super::lease_gate::CheckLease;
use crate::estate::lease_gate::LeaseGate;
use crate::estate::meter::Meter;
use crate::estate::side::configured;
use crate::estate::timers::Timers;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use drd_bootstrap::aws::outsider::Outsider;
use drd_bootstrap::topology::{Latch, SideTopology, Topology};
use drd_state_machine::event::Side;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// All clients of an estate; cheap to clone.
#[derive(Clone)]
pub struct Clients(Arc<Inner>);

struct Inner {
    topology: Topology,
    timers: Timers,
    meter: Arc<dyn Meter>,
    primary: Regional,
    standby: Regional,
    dynamodb: aws_sdk_dynamodb::Client,
    events: aws_sdk_eventbridge::Client,
    route53: aws_sdk_route53::Client,
    /// Where Route 53's metrics and their alarms are.
    route53_alarms: aws_sdk_cloudwatch::Client,
    latch_stores: Vec<LatchStore>,
    sqs: aws_sdk_sqs::Client,
}

/// One store of the latch.
pub(super) struct LatchStore {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) s3: aws_sdk_s3::Client,
    /// Who reads it without credentials.
    pub(super) outsider: Outsider,
}

/// What both sides have.
pub(super) struct Regional {
    pub(super) autoscaling: aws_sdk_autoscaling::Client,
    pub(super) balancing: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) kms: aws_sdk_kms::Client,
    pub(super) quotas: aws_sdk_servicequotas::Client,
    pub(super) rds: aws_sdk_rds::Client,
}

impl Regional {
    fn new(config: &SdkConfig, gate: &CheckLease) -> Regional {
        Regional {
            autoscaling: fenced(config, gate),
            balancing: unfenced(config),
            cloudwatch: unfenced(config),
            kms: unfenced(config),
            quotas: unfenced(config),
            rds: fenced(config, gate),
        }
    }
}

impl Clients {
    /// Builds the clients. Makes no call; `AWS_PROFILE`, `AWS_ENDPOINT_URL*` and the other AWS
    /// variables are honoured by the SDK itself.
    pub async fn connect(
        topology: &Topology,
        timers: Timers,
        meter: Arc<dyn Meter>,
        gate: Arc<LeaseGate>,
    ) -> Clients {
        // Loaded once: one set of credentials and one cache of them for all regions. The timeouts
        // below are for our calls alone: the credentials' own sources keep the SDK's retries.
        let found = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(topology.sides.standby.region.clone()))
            .load()
            .await;
        let at = |region: &str, attempt| for_region(&found, region, &timers, attempt);
        let primary = at(&topology.sides.primary.region, timers.act);
        let standby = at(&topology.sides.standby.region, timers.act);
        let polled = at(&topology.sides.standby.region, timers.poll);
        let gate = CheckLease(gate);
        Clients(Arc::new(Inner {
            topology: topology.clone(),
            timers,
            meter,
            primary: Regional::new(&primary, &gate),
            standby: Regional::new(&standby, &gate),
            dynamodb: unfenced(&standby),
            events: unfenced(&standby),
            route53: unfenced(&at(ROUTE53_REGION, timers.act)),
            route53_alarms: unfenced(&at(ROUTE53_REGION, timers.act)),
            latch_stores: stores(topology, |region| at(region, timers.act), &gate),
            sqs: unfenced(&polled),
        }))
    }

    /// The estate that these clients were built for.
    pub fn topology(&self) -> &Topology {
        &self.0.topology
    }

    /// What is configured for a side.
    pub fn place(&self, side: Side) -> &SideTopology {
        configured(&self.0.topology, side)
    }

    /// The deadlines.
    pub fn timers(&self) -> &Timers {
        &self.0.timers
    }

    pub(super) fn at(&self, side: Side) -> &Regional {
        match side {
            Side::Primary => &self.0.primary,
            Side::Standby => &self.0.standby,
        }
    }

    pub(super) fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        &self.0.dynamodb
    }

    pub(super) fn events(&self) -> &aws_sdk_eventbridge::Client {
        &self.0.events
    }

    pub(super) fn route53(&self) -> &aws_sdk_route53::Client {
        &self.0.route53
    }

    /// The alarms of this region: a side's, or else Route 53's.
    pub(super) fn cloudwatch(&self, region: &str) -> &aws_sdk_cloudwatch::Client {
        let side = Side::BOTH
            .into_iter()
            .find(|side| self.place(*side).region == region);
        side.map_or(&self.0.route53_alarms, |side| &self.at(side).cloudwatch)
    }

    /// The latch's stores: the standby region's, then the witness's region's where one is configured.
    pub(super) fn latch_stores(&self) -> &[LatchStore] {
        &self.0.latch_stores
    }

    pub(super) fn sqs(&self) -> &aws_sdk_sqs::Client {
        &self.0.sqs
    }

    /// One read.
    ///
    /// # Errors
    /// The failed call; no answer within [`Timers::attempt`] is one.
    pub(super) async fn read<T, E>(
        &self,
        operation: &'static str,
        object: &str,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> Result<T, AwsError>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        self.call(self.0.timers.attempt, operation, object, request)
            .await
    }

    /// One mutating call.
    ///
    /// # Errors
    /// The failed call; without an answer within [`Timers::act`] its effect is unknown.
    pub(super) async fn act<T, E>(
        &self,
        operation: &'static str,
        object: &str,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> Result<T, AwsError>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        self.call(self.0.timers.act, operation, object, request)
            .await
    }

    /// The one way through which every call goes: a deadline, a name, a class, a count.
    pub(super) async fn call<T, E>(
        &self,
        deadline: Duration,
        operation: &'static str,
        object: &str,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> Result<T, AwsError>
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let sent_at = Instant::now();
        // Boxed: unboxed, the SDK's futures grow into every caller's, at minutes of compile time.
        let request: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(request);
        let result = match tokio::time::timeout(deadline, request).await {
            Ok(answer) => answer.map_err(|e| AwsError::from_sdk(operation, object, &e)),
            Err(_) => Err(AwsError::no_answer(operation, object, deadline)),
        };
        let (api, name) = operation.split_once(':').unwrap_or(("aws", operation));
        let failed = result.as_ref().err().map(|e| e.class.name());
        self.0
            .meter
            .request(api, name, sent_at.elapsed().as_secs_f64(), failed);
        result
    }
}

fn stores(
    topology: &Topology,
    config_of: impl Fn(&str) -> SdkConfig,
    gate: &CheckLease,
) -> Vec<LatchStore> {
    let Latch::S3 {
        bucket,
        key,
        second,
    } = &topology.dns.latch;
    let first = (bucket, &topology.sides.standby.region);
    let second = second.as_ref().map(|store| (&store.bucket, &store.region));
    let places = std::iter::once(first).chain(second);
    places
        .map(|(bucket, region)| {
            let config = config_of(region);
            LatchStore {
                bucket: bucket.clone(),
                key: key.clone(),
                s3: fenced(&config, gate),
                outsider: Outsider::new(&config),
            }
        })
        .collect()
}

/// Route 53 has one endpoint, signed for us-east-1 (Route 53 endpoints and quotas).
const ROUTE53_REGION: &str = "us-east-1";

fn for_region(found: &SdkConfig, region: &str, timers: &Timers, attempt: Duration) -> SdkConfig {
    // The SDK's own deadlines only back up the ones of `call`, which also cover credentials.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(timers.connect)
        .operation_attempt_timeout(attempt)
        .operation_timeout(attempt)
        .build();
    found
        .to_builder()
        .region(Region::new(region.to_owned()))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::disabled())
        .build()
}
