//! Uploads the sample application to a side's artefact bucket, if it is not there.

use super::progress::News;
use super::site::Site;
use crate::aws::call::call;
use crate::aws::error::Class;
use crate::error::Error;
use crate::estate::artefact::{FILES, folder};
use crate::estate::side::Role;
use crate::plan::Work;
use aws_sdk_s3::primitives::ByteStream;

/// Uploads each file under the folder that their content names.
pub(super) async fn upload(site: &Site, role: Role, bucket: &str) -> Result<(), Error> {
    let work = Work::Artefact(role);
    let s3 = site.aws.at(site.settings.region(role)).s3;
    let mut sent = 0;
    for (name, text) in FILES {
        let key = format!("{}/{name}", folder());
        let object = format!("{bucket}/{key}");
        let there = call("s3:HeadObject", &object, || {
            s3.head_object().bucket(bucket).key(&key).send()
        })
        .await;
        match there {
            Ok(_) => continue,
            Err(error) if error.class == Class::Gone => {}
            Err(error) => return Err(error.into()),
        }
        call("s3:PutObject", &object, || {
            let body = ByteStream::from_static(text.as_bytes());
            s3.put_object().bucket(bucket).key(&key).body(body).send()
        })
        .await?;
        sent += 1;
    }
    let how = match sent {
        0 => "there already".to_owned(),
        _ => format!("{sent} files to {bucket}/{}", folder()),
    };
    site.report(work, News::Done(how));
    Ok(())
}
