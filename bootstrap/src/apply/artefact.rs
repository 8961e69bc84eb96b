//! Uploads the sample application to a side's artefact bucket, if it is not there.

use super::object::put_if_absent;
use super::progress::News;
use super::site::Site;
use crate::error::Error;
use crate::estate::artefact::{FILES, folder};
use crate::estate::side::Role;
use crate::plan::Work;

/// Uploads each file under the folder that their content names.
pub(super) async fn upload(site: &Site, role: Role, bucket: &str) -> Result<(), Error> {
    let work = Work::Artefact(role);
    let region = site.settings.region(role);
    let mut sent = 0;
    for (name, text) in FILES {
        let key = format!("{}/{name}", folder());
        let put = put_if_absent(site, region, (bucket, &key), text).await?;
        sent += usize::from(put);
    }
    let how = match sent {
        0 => "there already".to_owned(),
        _ => format!("{sent} files to {bucket}/{}", folder()),
    };
    site.report(work, News::Done(how));
    Ok(())
}
