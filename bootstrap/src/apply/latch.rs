//! Shows that the latch can be read from outside, before anything expensive is built: the networks'
//! stacks come after this one.
//!
//! Deliberately absent: the latch object itself; only the daemon writes that.

use super::site::Site;
use crate::aws::call::call;
use crate::aws::error::Class;
use crate::aws::outsider::{Outsider, READABLE_KEY};
use crate::checks::latch::BLOCKED;
use crate::error::Error;
use crate::estate::observed::Values;
use crate::estate::side::Role;
use aws_sdk_s3::primitives::ByteStream;
use std::time::Duration;

/// One read; a healthy S3 answers within 1 s.
const ATTEMPT: Duration = Duration::from_secs(5);
/// A policy that was just put may take some seconds until every host of S3 has it.
const ATTEMPTS: u32 = 6;
/// Between two reads.
const BETWEEN: Duration = Duration::from_secs(5);

/// Puts the object that is always there, unless it is. `outputs` are those of the latch's stack.
pub(super) async fn keep_readable(site: &Site, outputs: &Values) -> Result<(), Error> {
    let bucket = bucket(outputs)?;
    let region = site.settings.region(Role::Standby);
    let s3 = site.aws.at(region).s3;
    let object = format!("{bucket}/{READABLE_KEY}");
    let there = call("s3:HeadObject", &object, || {
        s3.head_object().bucket(bucket).key(READABLE_KEY).send()
    })
    .await;
    match there {
        Ok(_) => return Ok(()),
        Err(error) if error.class == Class::Gone => {}
        Err(error) => return Err(error.into()),
    }
    let put = call("s3:PutObject", &object, || {
        let body = ByteStream::from_static(b"What outsiders read here, they read of the latch.\n");
        let request = s3.put_object().bucket(bucket).key(READABLE_KEY).body(body);
        request.if_none_match("*").send()
    })
    .await;
    match put {
        Err(error) if error.class != Class::Conflict => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn bucket(outputs: &Values) -> Result<&str, Error> {
    let found = outputs.get("LatchBucket").map(String::as_str);
    found.ok_or_else(|| Error::Failed("the latch's stack has no output LatchBucket".to_owned()))
}

/// Puts the object that is always there, and reads it as an outsider does.
pub(super) async fn show(site: &Site, outputs: &Values) -> Result<(), Error> {
    keep_readable(site, outputs).await?;
    let bucket = bucket(outputs)?;
    let region = site.settings.region(Role::Standby);
    let outsider = Outsider::new(&site.aws.in_region(region));
    let mut read = outsider.read(bucket, ATTEMPT).await;
    for _ in 1..ATTEMPTS {
        if read.is_ok() {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
        read = outsider.read(bucket, ATTEMPT).await;
    }
    match read {
        Ok(()) => Ok(()),
        Err(error) if error.class == Class::Denied => {
            Err(Error::Failed(format!("{error}: {BLOCKED}")))
        }
        Err(error) => Err(error.into()),
    }
}
