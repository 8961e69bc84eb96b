//! Puts an object where there is none: looks first, and puts on the condition that it is still so.
//!
//! Deliberately absent: objects whose content may change; `daemon_config` compares those.

use super::site::Site;
use crate::aws::call::call;
use crate::aws::error::Class;
use crate::error::Error;
use aws_sdk_s3::primitives::ByteStream;

/// Whether it was put; not where it was there already.
///
/// # Errors
/// The failed call.
pub(super) async fn put_if_absent(
    site: &Site,
    region: &str,
    (bucket, key): (&str, &str),
    text: &'static str,
) -> Result<bool, Error> {
    let s3 = site.aws.at(region).s3;
    let object = format!("{bucket}/{key}");
    let there = call("s3:HeadObject", &object, || {
        s3.head_object().bucket(bucket).key(key).send()
    })
    .await;
    match there {
        Ok(_) => return Ok(false),
        Err(error) if error.class == Class::Gone => {}
        Err(error) => return Err(error.into()),
    }
    let put = call("s3:PutObject", &object, || {
        let body = ByteStream::from_static(text.as_bytes());
        let request = s3.put_object().bucket(bucket).key(key).body(body);
        request.if_none_match("*").send()
    })
    .await;
    match put {
        Ok(_) => Ok(true),
        Err(error) if error.class == Class::Conflict => Ok(false),
        Err(error) => Err(error.into()),
    }
}
