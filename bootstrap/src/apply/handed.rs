//! Puts the daemon's configuration where a daemon in the standby's region finds it.
//!
//! Deliberately absent: its text (`handover`).

use super::Site;
use crate::call::{Class, call};
use crate::error::Error;
use crate::handover::{CONFIG_KEY, config_bucket};
use crate::stacks::Role;
use aws_sdk_s3::primitives::ByteStream;

/// Puts the text, unless it is there already: the bucket is versioned, and a version a run says
/// nothing.
///
/// # Errors
/// What AWS said.
pub async fn put(site: &Site, text: &str) -> Result<(), Error> {
    let bucket = config_bucket(site.settings.suffix());
    let s3 = site.aws.at(site.settings.region(Role::Standby)).s3;
    let object = format!("{bucket}/{CONFIG_KEY}");
    let found = call("s3:GetObject", &object, || {
        s3.get_object().bucket(&bucket).key(CONFIG_KEY).send()
    })
    .await;
    match found {
        Ok(found) => {
            let body = found.body.collect().await.map(|b| b.into_bytes());
            if body.is_ok_and(|body| body == text.as_bytes()) {
                return Ok(());
            }
        }
        Err(error) if error.class == Class::Gone => {}
        Err(error) => return Err(error.into()),
    }
    call("s3:PutObject", &object, || {
        let body = ByteStream::from(text.as_bytes().to_vec());
        s3.put_object()
            .bucket(&bucket)
            .key(CONFIG_KEY)
            .content_type("application/toml")
            .body(body)
            .send()
    })
    .await?;
    Ok(())
}
