//! Empties a versioned bucket: every version and every delete marker, so that its stack can be
//! deleted.

use super::site::Site;
use crate::aws::call::call;
use crate::aws::error::{AwsError, Class};
use crate::error::Error;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

/// Pages of a thousand: ten million versions; more is no estate of drd's.
const PAGES_MAX: usize = 10_000;

/// Stops replication out of a bucket: what is deleted here must not be filled up from there, and
/// what arrives there must come to an end.
pub(super) async fn stop_replication(site: &Site, region: &str, bucket: &str) -> Result<(), Error> {
    let s3 = site.aws.at(region).s3;
    let answer = call("s3:PutReplicationConfiguration", bucket, || {
        s3.delete_bucket_replication().bucket(bucket).send()
    })
    .await;
    gone_is_fine(answer.map(|_| ()))
}

/// Deletes every version and delete marker; returns how many.
pub(super) async fn empty(site: &Site, region: &str, bucket: &str) -> Result<usize, Error> {
    let s3 = site.aws.at(region).s3;
    let mut count = 0;
    for _ in 0..PAGES_MAX {
        // From the beginning each time: what was listed before is gone.
        let answer = call("s3:ListBucketVersions", bucket, || {
            s3.list_object_versions().bucket(bucket).send()
        })
        .await;
        let page = match answer {
            Err(error) if error.class == Class::Gone => return Ok(count),
            other => other?,
        };
        let versions = page.versions().iter().map(|v| (v.key(), v.version_id()));
        let markers = page
            .delete_markers()
            .iter()
            .map(|m| (m.key(), m.version_id()));
        let all: Vec<ObjectIdentifier> = versions
            .chain(markers)
            .filter_map(|(key, version)| identifier(key, version))
            .collect();
        if all.is_empty() {
            return Ok(count);
        }
        count += all.len();
        delete(site, region, bucket, all).await?;
    }
    Err(Error::Failed(format!(
        "bucket {bucket} does not become empty: stop what writes to it"
    )))
}

fn identifier(key: Option<&str>, version: Option<&str>) -> Option<ObjectIdentifier> {
    let version = version.map(str::to_owned);
    ObjectIdentifier::builder()
        .key(key?)
        .set_version_id(version)
        .build()
        .ok()
}

async fn delete(
    site: &Site,
    region: &str,
    bucket: &str,
    all: Vec<ObjectIdentifier>,
) -> Result<(), Error> {
    let s3 = site.aws.at(region).s3;
    let batch = Delete::builder().set_objects(Some(all)).quiet(true).build();
    let batch = batch.map_err(|e| Error::Failed(format!("list what to delete: {e}")))?;
    let answer = call("s3:DeleteObjectVersion", bucket, || {
        s3.delete_objects()
            .bucket(bucket)
            .delete(batch.clone())
            .send()
    })
    .await?;
    match answer.errors().first() {
        None => Ok(()),
        Some(error) => Err(Error::Failed(format!(
            "s3:DeleteObjectVersion {bucket}/{}: {}: {}",
            error.key().unwrap_or_default(),
            error.code().unwrap_or_default(),
            error.message().unwrap_or_default()
        ))),
    }
}

fn gone_is_fine(result: Result<(), AwsError>) -> Result<(), Error> {
    match result {
        Err(error) if error.class != Class::Gone => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}
