//! Shows that the latch can be read from outside, before anything expensive is built: the networks'
//! stacks come after this one.
//!
//! Deliberately absent: the latch object itself; only the daemon writes that.

use super::object::put_if_absent;
use super::site::Site;
use crate::aws::outsider::{Outsider, READABLE_KEY};
use crate::checks::latch::public;
use crate::checks::{Gates, ReadResult};
use crate::error::Error;
use crate::estate::observed::Values;
use crate::estate::side::Role;
use std::time::Duration;

/// One read; a healthy S3 answers within 1 s.
const ATTEMPT: Duration = Duration::from_secs(5);
/// A policy that was just put may take some seconds until every host of S3 has it.
const ATTEMPTS: u32 = 6;
/// Between two reads.
const BETWEEN: Duration = Duration::from_secs(5);

/// Puts the object that is always there, unless it is. `outputs` are those of the latch's stack.
pub(super) async fn keep_readable(site: &Site, outputs: &Values) -> Result<(), Error> {
    let text = "What outsiders read here, they read of the latch.\n";
    let region = site.settings.region(Role::Standby);
    let object = (bucket(outputs)?, READABLE_KEY);
    put_if_absent(site, region, object, text).await.map(drop)
}

fn bucket(outputs: &Values) -> Result<&str, Error> {
    let found = outputs.get("LatchBucket").map(String::as_str);
    found.ok_or_else(|| Error::Failed("the latch's stack has no output LatchBucket".to_owned()))
}

/// Puts the object that is always there, and reads it as an outsider does.
pub(super) async fn show(site: &Site, outputs: &Values) -> Result<(), Error> {
    keep_readable(site, outputs).await?;
    let read = read(site, bucket(outputs)?).await;
    let check = public(&read).named("latch_public", Gates::Building);
    match read {
        Ok(()) => Ok(()),
        Err(_) if check.is_gating() => Err(Error::Failed(check.text())),
        Err(error) => Err(error.into()),
    }
}

async fn read(site: &Site, bucket: &str) -> ReadResult<()> {
    let region = site.settings.region(Role::Standby);
    let outsider = Outsider::new(&site.aws.in_region(region));
    let mut attempt = 1;
    loop {
        let read = outsider.read(bucket, ATTEMPT).await;
        if read.is_ok() || attempt == ATTEMPTS {
            return read;
        }
        attempt += 1;
        tokio::time::sleep(BETWEEN).await;
    }
}
