//! The SDK's configuration for one region, from what it finds in the environment.
//!
//! Deliberately absent: clients and timeouts; `clients` sets the daemon's own.

use aws_config::{BehaviorVersion, Region, SdkConfig};

/// Credentials, endpoints and the other AWS variables, for a region. Makes no call.
pub async fn sdk_config(region: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .load()
        .await
}
