//! What somebody without credentials reads: whether Route 53's checkers can read the latch.
//!
//! Block Public Access of the account or the organisation makes S3 refuse outsiders whatever the
//! bucket's policy allows, and S3 refuses them an object that is not there with the same 403. So the
//! bucket holds one object beside the latch that is always there. Deliberately absent: the settings
//! of those blocks (`s3control`): what an outsider is answered is what counts.

use super::call::once;
use super::clients::s3_builder;
use super::error::AwsError;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use std::time::Duration;

/// The key of the object that is always there.
pub const READABLE_KEY: &str = "readable";

/// Reads without credentials; cheap to clone.
#[derive(Clone, Debug)]
pub struct Outsider(Client);

impl Outsider {
    /// `config` of the bucket's region; its credentials are left away.
    pub fn new(config: &SdkConfig) -> Outsider {
        let mut nobody = config.to_builder();
        nobody.set_credentials_provider(None);
        let unsigned = s3_builder(&nobody.build()).allow_no_auth();
        Outsider(Client::from_conf(unsigned.build()))
    }

    /// Reads the object that is always there, in one attempt.
    ///
    /// # Errors
    /// The failed call. [`super::error::Class::Denied`] where outsiders are refused.
    pub async fn read(&self, bucket: &str, deadline: Duration) -> Result<(), AwsError> {
        let object = format!("{bucket}/{READABLE_KEY} without credentials");
        let request = self.0.get_object().bucket(bucket).key(READABLE_KEY).send();
        once("s3:GetObject", &object, deadline, request)
            .await
            .map(drop)
    }
}
