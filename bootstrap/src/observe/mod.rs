//! Asks AWS what is there: stacks, the writer, what bears our tag. Changes nothing.
//!
//! Deliberately absent: judgement; `plan` and `teardown` draw the conclusions.

pub mod daemon_config;
pub mod leftovers;
pub mod preflight;
pub mod stacks;
pub mod usage;

use crate::aws::call::call;
use crate::aws::clients::Aws;
use crate::aws::error::{AwsError, Class};
use crate::error::Error;
use crate::estate::naming::Suffix;
use crate::estate::observed::{Observed, Writer};
use crate::estate::settings::{Said, Settings};
use crate::estate::side::{GLOBAL_REGION, Role};
use crate::estate::stacks::StackId;
use crate::estate::templates::Template;
use std::collections::BTreeMap;

/// Everything that is there of an estate; with the stacks' templates when `bodies`.
///
/// # Errors
/// The failed call.
pub async fn observe(aws: &Aws, settings: &Settings, bodies: bool) -> Result<Observed, Error> {
    let mut asked = tokio::task::JoinSet::new();
    for id in StackId::all() {
        let (aws, settings) = (aws.clone(), settings.clone());
        asked.spawn(async move {
            let region = id.region(&settings);
            let name = id.name(settings.suffix());
            let mut seen = stacks::describe(&aws, region, &name).await?;
            if let Some(seen) = seen.as_mut().filter(|_| bodies) {
                seen.body = stacks::body(&aws, region, &name).await?;
            }
            Ok::<_, AwsError>((id, seen))
        });
    }
    let writer = writer(aws, settings).await?;
    let mut found = BTreeMap::new();
    while let Some(answer) = asked.join_next().await {
        let (id, seen) =
            answer.map_err(|e| Error::Failed(format!("look at the stacks: {e}")))??;
        if let Some(seen) = seen {
            found.insert(id, seen);
        }
    }
    Ok(Observed {
        stacks: found,
        writer,
    })
}

/// The settings that the anchor stack remembers, if the estate is there.
///
/// # Errors
/// The failed call, or that the stack is not ours.
pub async fn recall(aws: &Aws, suffix: &Suffix) -> Result<Option<Said>, Error> {
    let name = StackId::once(Template::Anchor).name(suffix);
    let Some(seen) = stacks::describe(aws, GLOBAL_REGION, &name).await? else {
        return Ok(None);
    };
    if !seen.belongs_to(suffix) {
        return Err(Error::Refused(format!(
            "a stack {name} is in {GLOBAL_REGION} that drd did not make (no tag drd:suffix = \
             {suffix}).\nNothing was changed. Choose another --suffix."
        )));
    }
    let text = seen.parameters.get("Settings").cloned().unwrap_or_default();
    let map: BTreeMap<String, String> = serde_json::from_str(&text).map_err(|e| {
        Error::Failed(format!(
            "read the settings in stack {name} ({GLOBAL_REGION}): {e}"
        ))
    })?;
    Ok(Some(Settings::recall(&map)))
}

/// The side that writes now. The standby region is asked first: it answers in a disaster of the primary.
///
/// # Errors
/// The failed call, when neither region answers.
pub async fn writer(aws: &Aws, settings: &Settings) -> Result<Writer, AwsError> {
    let id = settings.suffix().name("global-aurora");
    match writer_from(aws, settings, Role::Standby, &id).await {
        Err(error) if error.class == Class::Gone => Ok(Writer::Nobody),
        Err(_) => match writer_from(aws, settings, Role::Primary, &id).await {
            Err(error) if error.class == Class::Gone => Ok(Writer::Nobody),
            other => other,
        },
        found => found,
    }
}

async fn writer_from(
    aws: &Aws,
    settings: &Settings,
    side: Role,
    id: &str,
) -> Result<Writer, AwsError> {
    let client = aws.at(settings.region(side)).rds.clone();
    let answer = call("rds:DescribeGlobalClusters", id, || {
        client
            .describe_global_clusters()
            .global_cluster_identifier(id)
            .send()
    })
    .await?;
    let Some(cluster) = answer.global_clusters().first() else {
        return Ok(Writer::Nobody);
    };
    let moving = ["failing-over", "switching-over", "promoting"];
    if cluster.status().is_some_and(|s| moving.contains(&s)) {
        return Ok(Writer::Moving);
    }
    let members = cluster.global_cluster_members();
    let writer = members.iter().find(|m| m.is_writer() == Some(true));
    let Some(arn) = writer.and_then(|m| m.db_cluster_arn()) else {
        return Ok(Writer::Nobody);
    };
    let of = |role: &Role| {
        let cluster = settings.suffix().name(&format!("aurora-{}", role.name()));
        arn.rsplit(':').next() == Some(cluster.as_str())
    };
    Ok(Role::BOTH
        .into_iter()
        .find(|r| of(r))
        .map_or(Writer::Foreign, Writer::Side))
}

/// The account whose credentials these are.
///
/// # Errors
/// The failed call: the first one of every command, so bad credentials show here.
pub async fn account(aws: &Aws) -> Result<String, AwsError> {
    let client = aws.sts();
    let answer = call("sts:GetCallerIdentity", "the caller", || {
        client.get_caller_identity().send()
    })
    .await?;
    Ok(answer.account().unwrap_or_default().to_owned())
}
