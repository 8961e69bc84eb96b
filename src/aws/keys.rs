//! The key that a side's data is encrypted under: without it a promoted cluster cannot be read.
//!
//! Deliberately absent: any use of the key. Its state is enough to know.

use super::clients::Clients;
use super::error::AwsError;
use drd_state_machine::event::Side;

/// The key's state in KMS's word, e.g. `Enabled`, asked in the side's own region.
///
/// # Errors
/// The failed call.
pub async fn state(aws: &Clients, side: Side, arn: &str) -> Result<String, AwsError> {
    const OPERATION: &str = "kms:DescribeKey";
    let request = aws.at(side).kms.describe_key().key_id(arn);
    let answer = aws.read(OPERATION, arn, request.send()).await?;
    answer
        .key_metadata()
        .and_then(|m| m.key_state())
        .map(|state| state.as_str().to_owned())
        .ok_or_else(|| AwsError::gone(OPERATION, arn))
}
