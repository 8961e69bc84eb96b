//! One way for every read: a deadline, a name, and how it failed.
//!
//! Deliberately absent: the daemon's clients. Those never retry, because a retry of theirs is a
//! visible state; a doctor may ask twice before it reports no answer.

use crate::aws::call::once;
use crate::checks::ReadResult;
use aws_config::{Region, SdkConfig};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use std::error::Error;
use std::time::Duration;
use tokio::time::Instant;

/// A healthy regional API answers within 1 s.
const ATTEMPT: Duration = Duration::from_secs(5);
/// TCP and TLS: one lost SYN is survived.
const CONNECT: Duration = Duration::from_secs(3);
/// Two attempts and the pause between them: a person waits for this.
const DEADLINE: Duration = Duration::from_secs(12);
const ATTEMPTS: u32 = 2;

/// Asks; cheap to clone.
#[derive(Clone, Debug)]
pub struct Asker {
    config: SdkConfig,
    began_at_ms: i64,
    began: Instant,
}

impl Asker {
    /// `now` is the host's wall clock in Unix milliseconds, at this moment.
    pub fn new(config: &SdkConfig, now: i64) -> Asker {
        Asker {
            config: config.clone(),
            began_at_ms: now,
            began: Instant::now(),
        }
    }

    /// The host's wall clock, in Unix milliseconds.
    pub(super) fn now_ms(&self) -> i64 {
        let since = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.began_at_ms.saturating_add(since)
    }

    /// The configuration for a region.
    pub(super) fn at(&self, region: &str) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(DEADLINE)
            .build();
        self.config
            .to_builder()
            .region(Region::new(region.to_owned()))
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .build()
    }
}

/// One read within the deadline.
pub(in crate::observe) async fn ask<T, E>(
    operation: &'static str,
    object: &str,
    request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
) -> ReadResult<T>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    once(operation, object, DEADLINE, request).await
}
