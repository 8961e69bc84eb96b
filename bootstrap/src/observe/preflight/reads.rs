//! The single reads: one call each, reduced to what is judged.
//!
//! Deliberately absent: EC2. Its SDK is larger than drd; quotas are counted by CloudWatch.

use super::ask::{Asker, ask};
use crate::aws::error::{AwsError, Class};
use crate::checks::ReadResult;
use crate::checks::account::{Identity, Skew};
use crate::checks::names::{BucketOwner, Location, StackOwner};
use crate::checks::quota::{Level, Quota};
use crate::checks::zone::Zone;
use crate::estate::side::GLOBAL_REGION;
use crate::observe::usage;
use aws_sdk_rds::types::Filter;
use aws_sdk_servicequotas::types::MetricInfo;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use std::sync::{Arc, Mutex, PoisonError};

/// Reads the `Date` header of an answer: AWS's clock, to the second.
#[derive(Clone, Debug, Default)]
struct DateHeader(Arc<Mutex<Option<i64>>>);

#[dyn_dispatch_hint]
impl Intercept for DateHeader {
    fn name(&self) -> &'static str {
        "Dated"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let stamp = date.and_then(|d| DateTime::from_str(d, Format::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            stamp.and_then(|s| s.to_millis().ok());
        Ok(())
    }
}

/// A date header is cut to the second: on average it is half a second behind.
const HEADER_MS: i64 = 500;

/// Who the credentials belong to, by a region's own STS.
pub(in crate::observe) async fn identity(asker: &Asker, region: &str) -> ReadResult<Identity> {
    let client = aws_sdk_sts::Client::new(&asker.at(region));
    let dated = DateHeader::default();
    let sent = asker.now_ms();
    let request = client
        .get_caller_identity()
        .customize()
        .interceptor(dated.clone());
    let answer = ask("sts:GetCallerIdentity", region, request.send()).await?;
    let received = asker.now_ms();
    let date = *dated.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Identity {
        account: answer.account().unwrap_or_default().to_owned(),
        arn: answer.arn().unwrap_or_default().to_owned(),
        skew: date.map(|date| Skew {
            ahead_ms: date + HEADER_MS - (sent + received) / 2,
            error_ms: (received - sent) / 2 + HEADER_MS,
        }),
    })
}

/// Whether a region is enabled, in the account service's word.
pub(super) async fn opted(asker: &Asker, region: &str) -> ReadResult<String> {
    let client = aws_sdk_account::Client::new(&asker.at(GLOBAL_REGION));
    let request = client.get_region_opt_status().region_name(region);
    let answer = ask("account:GetRegionOptStatus", region, request.send()).await?;
    answer
        .region_opt_status()
        .map(|status| status.as_str().to_owned())
        .ok_or_else(|| AwsError::gone("account:GetRegionOptStatus", region))
}

/// A stack, if there is one of that name.
pub(super) async fn stack(asker: &Asker, place: &Location) -> ReadResult<Option<StackOwner>> {
    const OPERATION: &str = "cloudformation:DescribeStacks";
    let client = aws_sdk_cloudformation::Client::new(&asker.at(&place.region));
    let request = client.describe_stacks().stack_name(&place.name);
    let answer = match ask(OPERATION, &place.region, request.send()).await {
        Ok(answer) => answer,
        Err(error) if error.class == Class::Gone => return Ok(None),
        Err(error) => return Err(error),
    };
    let named = |s: &&aws_sdk_cloudformation::types::Stack| s.stack_name() == Some(&place.name);
    Ok(answer.stacks().iter().find(named).map(stack_of))
}

fn stack_of(found: &aws_sdk_cloudformation::types::Stack) -> StackOwner {
    let tag = found.tags().iter().find(|t| t.key() == Some("drd:suffix"));
    let parameter = found
        .parameters()
        .iter()
        .find(|p| p.parameter_key() == Some("Suffix"));
    let suffix = tag
        .and_then(|t| t.value())
        .or_else(|| parameter.and_then(|p| p.parameter_value()));
    StackOwner {
        suffix: suffix.map(str::to_owned),
        status: found
            .stack_status()
            .map_or_else(String::new, |s| s.as_str().to_owned()),
    }
}

/// An emulator has no host name per bucket, AWS has: path style only where an endpoint is given.
pub(in crate::observe) fn s3(asker: &Asker, region: &str) -> aws_sdk_s3::Client {
    let config = asker.at(region);
    let elsewhere =
        config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    let config = aws_sdk_s3::config::Builder::from(&config)
        .force_path_style(elsewhere)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// Who has a bucket's name. S3 answers HEAD without a body, so the status is all there is.
pub(super) async fn bucket(
    asker: &Asker,
    place: &Location,
    account: Option<&str>,
) -> ReadResult<BucketOwner> {
    let request = s3(asker, &place.region)
        .head_bucket()
        .bucket(&place.name)
        .set_expected_bucket_owner(account.map(str::to_owned));
    // `ask` alone would lose the status.
    let mut status = None;
    let noting = async {
        let answer = request.send().await;
        let error = answer.as_ref().err().and_then(|e| e.raw_response());
        status = error.map(|r| r.status().as_u16());
        answer
    };
    // IAM's name of HeadBucket.
    let read = ask("s3:ListBucket", &place.name, noting).await;
    match (read, status) {
        (Ok(_), _) => Ok(BucketOwner::Ours),
        (Err(_), Some(404)) => Ok(BucketOwner::Free),
        (Err(_), Some(code @ (301 | 403))) => Ok(BucketOwner::Taken(code)),
        (Err(error), _) => Err(error),
    }
}

/// Whether the global database of that suffix exists.
pub(super) async fn global_database(asker: &Asker, region: &str, suffix: &str) -> ReadResult<bool> {
    let id = format!("global-aurora-{suffix}");
    let client = aws_sdk_rds::Client::new(&asker.at(region));
    let request = client
        .describe_global_clusters()
        .global_cluster_identifier(&id);
    match ask("rds:DescribeGlobalClusters", region, request.send()).await {
        Ok(answer) => Ok(answer
            .global_clusters()
            .iter()
            .any(|g| g.global_cluster_identifier() == Some(&id))),
        Err(error) if error.class == Class::Gone => Ok(false),
        Err(error) => Err(error),
    }
}

/// The zones of each offer of a class with a version.
pub(super) async fn offers(
    asker: &Asker,
    region: &str,
    version: &str,
    class: &str,
) -> ReadResult<Vec<Vec<String>>> {
    const OPERATION: &str = "rds:DescribeOrderableDBInstanceOptions";
    let client = aws_sdk_rds::Client::new(&asker.at(region));
    let request = client
        .describe_orderable_db_instance_options()
        .engine("aurora-postgresql")
        .engine_version(version)
        .db_instance_class(class);
    let answer = ask(OPERATION, region, request.send()).await?;
    let fits = |o: &&aws_sdk_rds::types::OrderableDbInstanceOption| {
        o.db_instance_class() == Some(class) && o.engine_version() == Some(version)
    };
    let zones = |o: &aws_sdk_rds::types::OrderableDbInstanceOption| {
        let names = o.availability_zones().iter().filter_map(|z| z.name());
        names.map(str::to_owned).collect()
    };
    Ok(answer
        .orderable_db_instance_options()
        .iter()
        .filter(fits)
        .map(zones)
        .collect())
}

/// Version and class of a cluster's first instance.
pub(super) async fn member(
    asker: &Asker,
    region: &str,
    cluster: &str,
) -> ReadResult<(String, String)> {
    const OPERATION: &str = "rds:DescribeDBInstances";
    let client = aws_sdk_rds::Client::new(&asker.at(region));
    let filter = Filter::builder()
        .name("db-cluster-id")
        .values(cluster)
        .build();
    let request = client.describe_db_instances().filters(filter);
    let answer = ask(OPERATION, cluster, request.send()).await?;
    let of = |i: &aws_sdk_rds::types::DbInstance| {
        (i.db_cluster_identifier() == Some(cluster)).then(|| {
            Some((
                i.engine_version()?.to_owned(),
                i.db_instance_class()?.to_owned(),
            ))
        })?
    };
    answer
        .db_instances()
        .iter()
        .find_map(of)
        .ok_or_else(|| AwsError::gone(OPERATION, cluster))
}

/// A zone and its servers.
pub(super) async fn zone(asker: &Asker, id: &str) -> ReadResult<Zone> {
    const OPERATION: &str = "route53:GetHostedZone";
    let client = aws_sdk_route53::Client::new(&asker.at(GLOBAL_REGION));
    let answer = ask(OPERATION, id, client.get_hosted_zone().id(id).send()).await?;
    let zone = answer
        .hosted_zone()
        .ok_or_else(|| AwsError::gone(OPERATION, id))?;
    let servers = answer.delegation_set().map(|d| d.name_servers().to_vec());
    Ok(Zone {
        id: id.to_owned(),
        name: zone.name().to_owned(),
        private: zone.config().is_some_and(|c| c.private_zone()),
        name_servers: servers.unwrap_or_default(),
    })
}

/// A key's state, in KMS's word.
pub(super) async fn key(asker: &Asker, region: &str, id: &str) -> ReadResult<String> {
    const OPERATION: &str = "kms:DescribeKey";
    let client = aws_sdk_kms::Client::new(&asker.at(region));
    let answer = ask(OPERATION, id, client.describe_key().key_id(id).send()).await?;
    answer
        .key_metadata()
        .and_then(|m| m.key_state())
        .map(|state| state.as_str().to_owned())
        .ok_or_else(|| AwsError::gone(OPERATION, id))
}

/// A quota and, where the quota names its metric, what is used of it.
pub(super) async fn level(asker: &Asker, region: &str, quota: Quota) -> ReadResult<Level> {
    const OPERATION: &str = "servicequotas:GetServiceQuota";
    let client = aws_sdk_servicequotas::Client::new(&asker.at(region));
    let request = client
        .get_service_quota()
        .service_code(quota.service)
        .quota_code(quota.code);
    let answer = ask(OPERATION, quota.code, request.send()).await?;
    let found = answer
        .quota()
        .ok_or_else(|| AwsError::gone(OPERATION, quota.code))?;
    let limit = found.value().ok_or_else(|| {
        let text = "the answer holds no value".to_owned();
        AwsError::said(OPERATION, quota.code, None, text)
    })?;
    let used = match found.usage_metric() {
        Some(metric) => used(asker, region, metric).await,
        None => None,
    };
    Ok(Level { limit, used })
}

/// The newest figure of a usage metric. A failure is no figure: the limit alone is judged then.
async fn used(asker: &Asker, region: &str, metric: &MetricInfo) -> Option<f64> {
    let query = usage::query(metric)?;
    let now = asker.now_ms() / 1000;
    let client = aws_sdk_cloudwatch::Client::new(&asker.at(region));
    let request = client
        .get_metric_data()
        .start_time(DateTime::from_secs(now - usage::WINDOW_SECONDS))
        .end_time(DateTime::from_secs(now))
        .metric_data_queries(query);
    let answer = ask("cloudwatch:GetMetricData", region, request.send())
        .await
        .ok()?;
    usage::newest(&answer)
}
