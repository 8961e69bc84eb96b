//! One set of clients a region, made when first asked for.
//!
//! Deliberately absent: SDK retries (`call` has them, for every service the same).

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// TCP and TLS: a second SYN leaves after 1 s, so one lost packet is survived.
const CONNECT: Duration = Duration::from_secs(5);

/// The services of one region.
#[derive(Clone, Debug)]
pub struct Regional {
    /// Stacks.
    pub cloudformation: aws_sdk_cloudformation::Client,
    /// Keys.
    pub kms: aws_sdk_kms::Client,
    /// The database.
    pub rds: aws_sdk_rds::Client,
    /// Zones; the service is one for all regions.
    pub route53: aws_sdk_route53::Client,
    /// Buckets.
    pub s3: aws_sdk_s3::Client,
    /// What bears a tag.
    pub tagging: aws_sdk_resourcegroupstagging::Client,
}

/// AWS as the caller's credentials see it; cheap to clone.
#[derive(Clone, Debug)]
pub struct Aws(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: SdkConfig,
    regions: Mutex<BTreeMap<String, Regional>>,
}

impl Aws {
    /// Loads the credentials' chain. Makes no call; `AWS_PROFILE`, `AWS_ENDPOINT_URL*` and the
    /// other AWS variables are honoured by the SDK itself.
    pub async fn connect() -> Aws {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build())
            .load()
            .await;
        Aws(Arc::new(Inner {
            config,
            regions: Mutex::default(),
        }))
    }

    /// What was loaded; preflight makes clients of its own from it.
    pub fn config(&self) -> &SdkConfig {
        &self.0.config
    }

    /// The clients of a region.
    pub fn at(&self, region: &str) -> Regional {
        let mut regions = self
            .0
            .regions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = regions.get(region) {
            return found.clone();
        }
        let made = regional(&self.in_region(region));
        regions.insert(region.to_owned(), made.clone());
        made
    }

    pub(crate) fn in_region(&self, region: &str) -> SdkConfig {
        let region = Region::new(region.to_owned());
        self.0.config.to_builder().region(region).build()
    }

    /// Who we are. `AWS_REGION` is honoured; without one, the global region answers too.
    pub(crate) fn sts(&self) -> aws_sdk_sts::Client {
        if self.0.config.region().is_some() {
            return aws_sdk_sts::Client::new(&self.0.config);
        }
        aws_sdk_sts::Client::new(&self.in_region(crate::estate::side::GLOBAL_REGION))
    }
}

/// An emulator has no host name per bucket, AWS has: path style only where an endpoint is given.
pub fn s3_builder(config: &SdkConfig) -> aws_sdk_s3::config::Builder {
    let elsewhere =
        config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    aws_sdk_s3::config::Builder::from(config).force_path_style(elsewhere)
}

fn regional(config: &SdkConfig) -> Regional {
    Regional {
        cloudformation: aws_sdk_cloudformation::Client::new(config),
        kms: aws_sdk_kms::Client::new(config),
        rds: aws_sdk_rds::Client::new(config),
        route53: aws_sdk_route53::Client::new(config),
        s3: aws_sdk_s3::Client::from_conf(s3_builder(config).build()),
        tagging: aws_sdk_resourcegroupstagging::Client::new(config),
    }
}
