//! One stack: how it is, what it is made of, and why it failed.

use crate::aws::call::call;
use crate::aws::clients::Aws;
use crate::aws::error::{AwsError, Class};
use crate::estate::observed::{StackState, TAG};
use aws_sdk_cloudformation::types::{Stack, StackEvent};

/// A page of events holds a hundred; the first cause of a failed creation is in the last ten.
const EVENT_PAGES_MAX: usize = 20;

/// How a stack is; none when there is none (a deleted one is none, too).
///
/// # Errors
/// The failed call.
pub async fn describe(aws: &Aws, region: &str, name: &str) -> Result<Option<StackState>, AwsError> {
    let client = aws.at(region).cloudformation;
    let answer = call("cloudformation:DescribeStacks", name, || {
        client.describe_stacks().stack_name(name).send()
    })
    .await;
    match answer {
        Ok(answer) => Ok(answer
            .stacks()
            .first()
            .map(seen)
            .filter(|s| s.status != DELETED)),
        Err(error) if error.class == Class::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

const DELETED: &str = "DELETE_COMPLETE";

fn seen(stack: &Stack) -> StackState {
    let text = |t: Option<&str>| t.unwrap_or_default().to_owned();
    let parameters = stack.parameters().iter();
    let outputs = stack.outputs().iter();
    let tag = stack.tags().iter().find(|t| t.key() == Some(TAG));
    StackState {
        arn: text(stack.stack_id()),
        status: stack
            .stack_status()
            .map(|s| s.as_str().to_owned())
            .unwrap_or_default(),
        reason: text(stack.stack_status_reason()),
        parameters: parameters
            .map(|p| (text(p.parameter_key()), text(p.parameter_value())))
            .collect(),
        outputs: outputs
            .map(|o| (text(o.output_key()), text(o.output_value())))
            .collect(),
        tagged: tag.and_then(|t| t.value()).map(str::to_owned),
        body: None,
    }
}

/// The template that a stack was made from.
///
/// # Errors
/// The failed call.
pub async fn body(aws: &Aws, region: &str, name: &str) -> Result<Option<String>, AwsError> {
    let client = aws.at(region).cloudformation;
    let answer = call("cloudformation:GetTemplate", name, || {
        client.get_template().stack_name(name).send()
    })
    .await;
    match answer {
        Ok(answer) => Ok(answer.template_body().map(str::to_owned)),
        // A stack that was never executed has no template.
        Err(error) if error.class == Class::Gone || error.has_code("Validation") => Ok(None),
        Err(error) => Err(error),
    }
}

/// How far a stack is: resources at rest, resources in all, and what it waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceCount {
    /// Resources that are as they should be.
    pub done: usize,
    /// Resources that CloudFormation has begun with.
    pub begun: usize,
    /// One that it is at work on.
    pub waits_for: Option<String>,
}

/// Counts a stack's resources. `deleting`: whether they are being removed.
///
/// # Errors
/// The failed call.
pub async fn count(
    aws: &Aws,
    region: &str,
    arn: &str,
    deleting: bool,
) -> Result<ResourceCount, AwsError> {
    let client = aws.at(region).cloudformation;
    let answer = call("cloudformation:DescribeStackResources", arn, || {
        client.describe_stack_resources().stack_name(arn).send()
    })
    .await;
    let answer = match answer {
        Err(error) if error.class == Class::Gone => return Ok(ResourceCount::default()),
        other => other?,
    };
    let mut count = ResourceCount::default();
    for resource in answer.stack_resources() {
        let status = resource.resource_status().map_or("", |s| s.as_str());
        count.begun += 1;
        if status.ends_with("_COMPLETE") && status.starts_with("DELETE") == deleting {
            count.done += 1;
        } else if status.ends_with("_IN_PROGRESS") && count.waits_for.is_none() {
            let (id, kind) = (resource.logical_resource_id(), resource.resource_type());
            count.waits_for = Some(format!(
                "{} {}",
                kind.unwrap_or_default(),
                id.unwrap_or_default()
            ));
        }
    }
    Ok(count)
}

/// One resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// E.g. `AWS::S3::Bucket`.
    pub kind: String,
    /// The name or id that its service gave it.
    pub physical: String,
    /// E.g. `DELETE_COMPLETE`.
    pub status: String,
}

/// The resources of a stack; those of a deleted one when asked by its ARN.
///
/// # Errors
/// The failed call.
pub async fn resources(aws: &Aws, region: &str, arn: &str) -> Result<Vec<Resource>, AwsError> {
    let client = aws.at(region).cloudformation;
    let answer = call("cloudformation:DescribeStackResources", arn, || {
        client.describe_stack_resources().stack_name(arn).send()
    })
    .await;
    let answer = match answer {
        Err(error) if error.class == Class::Gone => return Ok(Vec::new()),
        other => other?,
    };
    let resource = |r: &aws_sdk_cloudformation::types::StackResource| {
        Some(Resource {
            kind: r.resource_type()?.to_owned(),
            physical: r.physical_resource_id()?.to_owned(),
            status: r.resource_status()?.as_str().to_owned(),
        })
    };
    Ok(answer
        .stack_resources()
        .iter()
        .filter_map(resource)
        .collect())
}

/// Why the last operation on a stack failed: the first resource that failed, in AWS's words.
///
/// # Errors
/// The failed call.
pub async fn first_cause(aws: &Aws, region: &str, arn: &str) -> Result<Option<String>, AwsError> {
    let client = aws.at(region).cloudformation;
    let mut cause = None;
    let mut next: Option<String> = None;
    for _ in 0..EVENT_PAGES_MAX {
        let token = next.clone();
        let answer = call("cloudformation:DescribeStackEvents", arn, || {
            client
                .describe_stack_events()
                .stack_name(arn)
                .set_next_token(token.clone())
                .send()
        })
        .await?;
        // Newest first: the last failure seen before the operation's own start is the first one.
        for event in answer.stack_events() {
            if begins_operation(event) {
                return Ok(cause);
            }
            if let Some(text) = failure(event) {
                cause = Some(text);
            }
        }
        next = answer.next_token().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    Ok(cause)
}

fn status(event: &StackEvent) -> &str {
    event.resource_status().map_or("", |s| s.as_str())
}

fn begins_operation(event: &StackEvent) -> bool {
    let own = event.resource_type() == Some("AWS::CloudFormation::Stack")
        && event.physical_resource_id() == event.stack_id();
    let begins = [
        "CREATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "DELETE_IN_PROGRESS",
    ];
    own && begins.contains(&status(event))
}

/// A failure with a reason of its own; "cancelled" ones follow from another.
fn failure(event: &StackEvent) -> Option<String> {
    if !status(event).ends_with("_FAILED") {
        return None;
    }
    let reason = event.resource_status_reason().unwrap_or_default();
    if reason.is_empty() || reason.contains("cancelled") {
        return None;
    }
    Some(format!(
        "{} {}: {reason}",
        event.resource_type().unwrap_or_default(),
        event.logical_resource_id().unwrap_or_default()
    ))
}
