//! What is left of an estate: stacks by name, resources by tag, in every region of it.
//!
//! Deliberately absent: removing it.

use crate::aws::call::call;
use crate::aws::clients::Aws;
use crate::aws::error::{AwsError, Class};
use crate::estate::naming::Suffix;
use crate::estate::observed::TAG;
use crate::estate::settings::Settings;

/// What bears the estate's tag or name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Stacks, `<region>/<name>`.
    pub stacks: Vec<String>,
    /// ARNs of resources.
    pub resources: Vec<String>,
    /// Keys that AWS deletes after their waiting period: unusable and free of charge.
    pub pending: Vec<String>,
}

impl Leftovers {
    /// Whether nothing is left that could be used or is charged for.
    pub fn is_nothing(&self) -> bool {
        self.stacks.is_empty() && self.resources.is_empty()
    }
}

/// Looks in every region of the estate.
///
/// # Errors
/// The failed call.
pub async fn look(aws: &Aws, settings: &Settings) -> Result<Leftovers, AwsError> {
    let mut left = Leftovers::default();
    for region in settings.regions() {
        let stacks = stacks(aws, region, settings.suffix()).await?;
        left.stacks
            .extend(stacks.iter().map(|name| format!("{region}/{name}")));
        for arn in tagged(aws, region, settings.suffix()).await? {
            let into = match pending_key(aws, region, &arn).await? {
                Some(KeyEnd::Pending) => &mut left.pending,
                Some(KeyEnd::Gone) => continue,
                None => &mut left.resources,
            };
            if !into.contains(&arn) {
                into.push(arn);
            }
        }
    }
    Ok(left)
}

/// The names of the stacks in a region that end in the suffix and bear its tag.
async fn stacks(aws: &Aws, region: &str, suffix: &Suffix) -> Result<Vec<String>, AwsError> {
    let client = aws.at(region).cloudformation;
    let mut found = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let token = next.clone();
        let answer = call("cloudformation:DescribeStacks", region, || {
            client
                .describe_stacks()
                .set_next_token(token.clone())
                .send()
        })
        .await?;
        for stack in answer.stacks() {
            let ours = stack
                .tags()
                .iter()
                .any(|t| t.key() == Some(TAG) && t.value() == Some(suffix.as_str()));
            let there = stack
                .stack_status()
                .is_some_and(|s| s.as_str() != "DELETE_COMPLETE");
            if let Some(name) = stack.stack_name().filter(|_| ours && there) {
                found.push(name.to_owned());
            }
        }
        next = answer.next_token().map(str::to_owned);
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// ARNs of what bears the tag in a region.
async fn tagged(aws: &Aws, region: &str, suffix: &Suffix) -> Result<Vec<String>, AwsError> {
    use aws_sdk_resourcegroupstagging::types::TagFilter;
    let client = aws.at(region).tagging;
    let filter = TagFilter::builder()
        .key(TAG)
        .values(suffix.as_str())
        .build();
    let mut found = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let token = next.clone();
        let answer = call("tag:GetResources", region, || {
            client
                .get_resources()
                .tag_filters(filter.clone())
                .set_pagination_token(token.clone())
                .send()
        })
        .await?;
        let arns = answer.resource_tag_mapping_list().iter();
        found.extend(arns.filter_map(|m| m.resource_arn()).map(str::to_owned));
        next = answer
            .pagination_token()
            .filter(|t| !t.is_empty())
            .map(str::to_owned);
        if next.is_none() {
            return Ok(found);
        }
    }
}

enum KeyEnd {
    Pending,
    Gone,
}

async fn pending_key(aws: &Aws, region: &str, arn: &str) -> Result<Option<KeyEnd>, AwsError> {
    if !arn.contains(":kms:") || !arn.contains(":key/") {
        return Ok(None);
    }
    let client = aws.at(region).kms;
    let answer = call("kms:DescribeKey", arn, || {
        client.describe_key().key_id(arn).send()
    })
    .await;
    match answer {
        Err(error) if error.class == Class::Gone => Ok(Some(KeyEnd::Gone)),
        Err(error) => Err(error),
        Ok(answer) => {
            let state = answer.key_metadata().and_then(|k| k.key_state());
            let pending = state.is_some_and(|s| s.as_str().contains("Pending"));
            Ok(pending.then_some(KeyEnd::Pending))
        }
    }
}
