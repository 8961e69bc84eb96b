//! The configuration file as bootstrap left it in the standby's region.
//!
//! Deliberately absent: any other region. This is read when the primary's may be dark.

use super::preflight::Asker;
use super::preflight::ask::ask;
use super::preflight::reads::{identity, s3};
use crate::aws::error::AwsError;
use crate::checks::ReadResult;
use crate::estate::daemon_config::{CONFIG_KEY, config_bucket};
use crate::estate::naming::Suffix;
use aws_config::SdkConfig;

/// The file's text. Asked with the account that the credentials are of: bucket names are
/// world-wide, and a name that an estate gave up may belong to a stranger by now.
///
/// # Errors
/// The failed call.
pub async fn fetch(
    config: &SdkConfig,
    region: &str,
    suffix: &Suffix,
    now: i64,
) -> ReadResult<String> {
    const OPERATION: &str = "s3:GetObject";
    let asker = Asker::new(config, now);
    let account = identity(&asker, region).await?.account;
    let bucket = config_bucket(suffix);
    let object = format!("{bucket}/{CONFIG_KEY} in {region}");
    let request = s3(&asker, region)
        .get_object()
        .bucket(&bucket)
        .key(CONFIG_KEY)
        .expected_bucket_owner(account);
    let answer = ask(OPERATION, &object, request.send()).await?;
    let unread = |text: String| AwsError::said(OPERATION, &object, None, text);
    let body = answer
        .body
        .collect()
        .await
        .map_err(|e| unread(e.to_string()))?;
    let text = String::from_utf8(body.to_vec()).map_err(|e| unread(e.to_string()))?;
    match text.is_empty() {
        true => Err(AwsError::gone(OPERATION, &object)),
        false => Ok(text),
    }
}
