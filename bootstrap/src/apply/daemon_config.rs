//! Hands the estate over to the daemon: its configuration, in the standby's configuration bucket.
//!
//! Deliberately absent: the primary's region; a daemon must be able to start while that is dark.

use super::ending::in_words;
use super::latch::keep_readable;
use super::site::Site;
use crate::aws::call::call;
use crate::aws::error::Class;
use crate::error::Error;
use crate::estate::daemon_config::{self, CONFIG_KEY, DaemonFacts, config_bucket};
use crate::estate::settings::Settings;
use crate::estate::side::Role;
use crate::estate::stacks::StackId;
use crate::estate::templates::Template;
use crate::estate::values::StackOutputs;
use aws_sdk_s3::primitives::ByteStream;

/// Writes the configuration to the bucket, unless it is there as it should be, and gives its text;
/// and the object by which the daemon sees that outsiders may read the latch.
///
/// # Errors
/// Outputs that are missing, or the failed call.
pub async fn hand_over(site: &Site, outputs: &StackOutputs) -> Result<String, Error> {
    let text = text(&site.settings, outputs)?;
    keep(site, &text).await.map_err(in_words)?;
    if let Some(latch) = outputs.get(&StackId::once(Template::Latch)) {
        keep_readable(site, latch).await.map_err(in_words)?;
    }
    Ok(text)
}

fn text(settings: &Settings, outputs: &StackOutputs) -> Result<String, Error> {
    let facts = DaemonFacts::of(settings);
    let named = outputs
        .iter()
        .map(|(id, values)| (id.name(settings.suffix()), values.clone()))
        .collect();
    let topology = daemon_config::topology(&facts, &named)
        .map_err(|missing| Error::Failed(missing.to_string()))?;
    Ok(daemon_config::toml(&facts, &topology))
}

async fn keep(site: &Site, text: &str) -> Result<(), Error> {
    let bucket = config_bucket(site.settings.suffix());
    if copy(site, &bucket).await?.as_deref() == Some(text.as_bytes()) {
        return Ok(());
    }
    let s3 = site.aws.at(site.settings.region(Role::Standby)).s3;
    call("s3:PutObject", &format!("{bucket}/{CONFIG_KEY}"), || {
        s3.put_object()
            .bucket(&bucket)
            .key(CONFIG_KEY)
            .body(ByteStream::from(text.as_bytes().to_vec()))
            .send()
    })
    .await?;
    Ok(())
}

async fn copy(site: &Site, bucket: &str) -> Result<Option<Vec<u8>>, Error> {
    let s3 = site.aws.at(site.settings.region(Role::Standby)).s3;
    let object = format!("{bucket}/{CONFIG_KEY}");
    let answer = call("s3:GetObject", &object, || {
        s3.get_object().bucket(bucket).key(CONFIG_KEY).send()
    })
    .await;
    match answer {
        // A body that breaks off is as good as none: the object is written again.
        Ok(found) => Ok(found.body.collect().await.ok().map(|b| b.to_vec())),
        Err(error) if error.class == Class::Gone => Ok(None),
        Err(error) => Err(error.into()),
    }
}
