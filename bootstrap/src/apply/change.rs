//! Updates by change set: looked at before it is executed, so that no database, key, bucket,
//! table or secret is replaced by surprise.

use super::progress::News;
use super::request::{StackRequest, listed, tag};
use super::site::Site;
use crate::aws::call::call;
use crate::aws::error::Class;
use crate::error::Error;
use crate::estate::observed::StackState;
use crate::observe::stacks::body;
use crate::plan::{Work, same_text};
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, ResourceChange};
use std::time::Duration;

/// What holds data: replaced means lost.
const STATEFUL: [&str; 6] = [
    "AWS::RDS::",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::DynamoDB::",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
];

/// A change set of fifty resources is computed within seconds; 5 minutes mean that it never is.
const LOOKS_MAX: u32 = 150;
const PACE: Duration = Duration::from_secs(2);

/// Begins an update; false when there is nothing to change.
pub(super) async fn update(
    site: &Site,
    work: Work,
    seen: &StackState,
    wanted: &StackRequest,
) -> Result<bool, Error> {
    let region = site.region(work.stack()).to_owned();
    // The name, not the ARN: emulators look change sets up by it, and the stack is there.
    let name = site.name(work.stack());
    if is_same(site, &region, seen, wanted).await? {
        return Ok(false);
    }
    site.report(work, News::Begun("updating".to_owned()));
    let set = format!("drd-{work}-{}", site.run);
    prepare(site, &region, &name, wanted, &set).await?;
    let changes = match computed(site, &region, &name, &set).await? {
        ComputedChanges::Nothing => {
            discard(site, &region, &name, &set).await?;
            return Ok(false);
        }
        ComputedChanges::Changes(changes) => changes,
    };
    let refused = replaced(&changes, &site.allow_replacement);
    if !refused.is_empty() {
        discard(site, &region, &name, &set).await?;
        return Err(Error::Refused(format!(
            "the update would replace or remove {}, and what it holds would be lost; name it with \
             --allow-replacement LOGICALID if that is what you want",
            refused.join(", ")
        )));
    }
    let client = site.aws.at(&region).cloudformation;
    let answer = call("cloudformation:ExecuteChangeSet", &name, || {
        client
            .execute_change_set()
            .change_set_name(&set)
            .stack_name(&name)
            .send()
    })
    .await;
    match answer {
        // A repeated request whose first answer was lost finds it executed.
        Err(error) if error.has_code("InvalidChangeSetStatus") => Ok(true),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(true),
    }
}

async fn is_same(
    site: &Site,
    region: &str,
    seen: &StackState,
    wanted: &StackRequest,
) -> Result<bool, Error> {
    let same = |(name, value): (&&str, &String)| seen.parameters.get(*name) == Some(value);
    if !wanted.parameters.iter().all(same) {
        return Ok(false);
    }
    let has = body(&site.aws, region, &seen.arn).await?;
    Ok(has.is_some_and(|has| same_text(&has, &wanted.body)))
}

async fn prepare(
    site: &Site,
    region: &str,
    name: &str,
    wanted: &StackRequest,
    set: &str,
) -> Result<(), Error> {
    let client = site.aws.at(region).cloudformation;
    let answer = call("cloudformation:CreateChangeSet", name, || {
        client
            .create_change_set()
            .stack_name(name)
            .change_set_name(set)
            .change_set_type(ChangeSetType::Update)
            .template_body(&wanted.body)
            .set_parameters(Some(listed(wanted)))
            .capabilities(Capability::CapabilityNamedIam)
            .tags(tag(site))
            .send()
    })
    .await;
    match answer {
        Err(error) if error.is_existing() => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

enum ComputedChanges {
    Nothing,
    Changes(Vec<ResourceChange>),
}

async fn computed(
    site: &Site,
    region: &str,
    arn: &str,
    set: &str,
) -> Result<ComputedChanges, Error> {
    let client = site.aws.at(region).cloudformation;
    let mut changes = Vec::new();
    let mut next: Option<String> = None;
    for look in 0..LOOKS_MAX {
        let token = next.clone();
        let answer: DescribeChangeSetOutput = call("cloudformation:DescribeChangeSet", arn, || {
            client
                .describe_change_set()
                .change_set_name(set)
                .stack_name(arn)
                .set_next_token(token.clone())
                .send()
        })
        .await?;
        let status = answer.status().map_or("", |s| s.as_str());
        if status == "FAILED" {
            let reason = answer.status_reason().unwrap_or_default();
            return match is_empty(reason) {
                true => Ok(ComputedChanges::Nothing),
                false => Err(Error::Failed(format!(
                    "AWS computes no change set: {reason}"
                ))),
            };
        }
        if status == "CREATE_COMPLETE" {
            let page = answer.changes().iter().filter_map(|c| c.resource_change());
            changes.extend(page.cloned());
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(ComputedChanges::Changes(changes));
            }
            continue;
        }
        // Soon at first: an emulator has it at once.
        tokio::time::sleep(if look == 0 { PACE / 10 } else { PACE }).await;
    }
    Err(Error::InProgress(
        "AWS is still computing the change set; run the command again".to_owned(),
    ))
}

fn is_empty(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

/// The stateful resources that a change set would replace, or may, or removes.
fn replaced(
    changes: &[ResourceChange],
    allowed: &std::collections::BTreeSet<String>,
) -> Vec<String> {
    let is_bad = |change: &&ResourceChange| {
        let kind = change.resource_type().unwrap_or_default();
        let removed = change.action().is_some_and(|a| a.as_str() == "Remove");
        let replaced = match change.replacement().map(|r| r.as_str()) {
            Some("True") => true,
            Some("Conditional") => !touches_harmless_only(change),
            _ => false,
        };
        let id = change.logical_resource_id().unwrap_or_default();
        STATEFUL.iter().any(|s| kind.starts_with(s))
            && (removed || replaced)
            && !allowed.contains(id)
    };
    let named = changes.iter().filter(is_bad).map(|c| {
        let (id, kind) = (c.logical_resource_id(), c.resource_type());
        format!("{} ({})", id.unwrap_or_default(), kind.unwrap_or_default())
    });
    named.collect()
}

/// Properties that never replace what they belong to, whatever a change set is unsure of.
const HARMLESS: [&str; 5] = [
    "BucketEncryption",
    "LifecycleConfiguration",
    "ReplicationConfiguration",
    "Tags",
    "VersioningConfiguration",
];

fn touches_harmless_only(change: &ResourceChange) -> bool {
    let names = change.details().iter().filter_map(|d| d.target()?.name());
    let mut named = names.peekable();
    named.peek().is_some() && named.all(|name| HARMLESS.contains(&name))
}

async fn discard(site: &Site, region: &str, arn: &str, set: &str) -> Result<(), Error> {
    let client = site.aws.at(region).cloudformation;
    let answer = call("cloudformation:DeleteChangeSet", arn, || {
        client
            .delete_change_set()
            .change_set_name(set)
            .stack_name(arn)
            .send()
    })
    .await;
    match answer {
        Err(error) if error.class != Class::Gone => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::{ChangeAction, Replacement};

    fn change(
        id: &str,
        kind: &str,
        action: ChangeAction,
        replacement: Replacement,
    ) -> ResourceChange {
        ResourceChange::builder()
            .logical_resource_id(id)
            .resource_type(kind)
            .action(action)
            .replacement(replacement)
            .build()
    }

    #[test]
    fn a_database_is_replaced_only_when_it_is_named() {
        let changes = [
            change(
                "Cluster",
                "AWS::RDS::DBCluster",
                ChangeAction::Modify,
                Replacement::True,
            ),
            change(
                "Table",
                "AWS::DynamoDB::Table",
                ChangeAction::Modify,
                Replacement::False,
            ),
            change(
                "Bucket",
                "AWS::S3::Bucket",
                ChangeAction::Remove,
                Replacement::False,
            ),
            change(
                "Group",
                "AWS::AutoScaling::AutoScalingGroup",
                ChangeAction::Modify,
                Replacement::True,
            ),
        ];
        let none = std::collections::BTreeSet::new();
        assert_eq!(
            replaced(&changes, &none),
            ["Cluster (AWS::RDS::DBCluster)", "Bucket (AWS::S3::Bucket)"]
        );
        let named = ["Cluster".to_owned(), "Bucket".to_owned()].into();
        assert!(replaced(&changes, &named).is_empty());
    }
}
