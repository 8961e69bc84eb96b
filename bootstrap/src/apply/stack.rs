//! Brings one stack to what it should be: made, updated, or found to be so already.

use super::progress::News;
use super::request::{StackRequest, listed, tag, token};
use super::site::Site;
use super::{change, watch};
use crate::aws::call::call;
use crate::error::Error;
use crate::estate::observed::{Phase, StackState};
use crate::estate::stacks::StackId;
use crate::estate::template_shape::shape;
use crate::estate::templates::Template;
use crate::estate::values::{StackOutputs, parameters};
use crate::observe::stacks::{describe, first_cause};
use crate::plan::Work;
use aws_sdk_cloudformation::types::Capability;

/// Looks, removes, makes, updates, looks: more rounds than that mean that another process is at work.
const ROUNDS_MAX: usize = 8;

/// What this run has done to the stack: after it, a bad end is this run's failure and is reported; a
/// bad end that was found at first is what another run left, and is cleared away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acted {
    Not,
    Created,
    Updated,
}

/// Brings the stack to what it should be.
///
/// # Errors
/// The first cause in AWS's words.
pub(super) async fn bring(
    site: &Site,
    work: Work,
    outputs: &StackOutputs,
) -> Result<StackState, Error> {
    let id = work.stack();
    let (name, region) = (site.name(id), site.region(id).to_owned());
    let mut acted = Acted::Not;
    let mut arn: Option<String> = None;
    let mut is_second = false;
    for _ in 0..ROUNDS_MAX {
        let at = arn.as_deref().unwrap_or(&name);
        let seen = describe(&site.aws, &region, at).await?;
        let Some(seen) = seen else {
            if acted != Acted::Not {
                return Err(Error::Failed(format!(
                    "{name} was deleted by another process meanwhile"
                )));
            }
            let wanted = wanted(site, work, outputs, None)?;
            let word = if is_second { "create-again" } else { "create" };
            arn = create(site, id, word, &wanted).await?;
            acted = Acted::Created;
            let expected = shape(id.template.source()).always;
            watch::settle(site, work, arn.as_deref().unwrap_or(&name), expected).await?;
            continue;
        };
        if !seen.belongs_to(site.settings.suffix()) {
            return Err(Error::Refused(format!(
                "a stack {name} is there that drd did not make"
            )));
        }
        match (seen.phase(), acted) {
            (Phase::Moving, _) => {
                site.report(work, News::Begun(format!("waits: {}", seen.status)));
                let expected = shape(id.template.source()).always;
                watch::settle(site, work, &seen.arn, expected).await?;
            }
            (Phase::Dead | Phase::HalfDeleted, Acted::Not) => remove(site, work, &seen).await?,
            (Phase::Dead | Phase::HalfDeleted | Phase::Stuck, _) => {
                let error = failed(site, &region, &name, &seen).await?;
                let was_created = seen.phase() == Phase::Dead && acted == Acted::Created;
                if is_second || !was_created || !is_about_a_new_role(&error.to_string()) {
                    return Err(error);
                }
                (is_second, acted) = (true, Acted::Not);
                remove(site, work, &seen).await?;
            }
            (Phase::Ready, Acted::Updated) if seen.status.contains("ROLLBACK") => {
                return Err(failed(site, &region, &name, &seen).await?);
            }
            (Phase::Ready, Acted::Not) => {
                let wanted = wanted(site, work, outputs, Some(&seen))?;
                if !change::update(site, work, &seen, &wanted).await? {
                    site.report(work, News::Done("as it should be".to_owned()));
                    return Ok(seen);
                }
                acted = Acted::Updated;
                watch::settle(site, work, &seen.arn, 0).await?;
            }
            (Phase::Ready, _) => {
                site.report(work, News::Done(seen.status.clone()));
                return Ok(seen);
            }
        }
    }
    Err(Error::Failed(format!(
        "{name} does not come to rest: is another process at work on it?"
    )))
}

/// What the stack should be. Replication is off until its own step turns it on.
fn wanted(
    site: &Site,
    work: Work,
    outputs: &StackOutputs,
    has: Option<&StackState>,
) -> Result<StackRequest, Error> {
    let id = work.stack();
    let mut values = parameters(id, &site.settings, outputs);
    if id.template == Template::Storage && !matches!(work, Work::Replicate(_)) {
        let now = has.and_then(|seen| seen.parameters.get("Replicate").cloned());
        values.insert("Replicate", Some(now.unwrap_or_else(|| "no".to_owned())));
    }
    let missing: Vec<&str> = values
        .iter()
        .filter(|(_, v)| v.is_none())
        .map(|(n, _)| *n)
        .collect();
    if !missing.is_empty() {
        return Err(Error::Failed(format!(
            "no stack has its {}: an output is missing",
            missing.join(", ")
        )));
    }
    let known = values
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    Ok(StackRequest {
        body: id.template.body(),
        parameters: known.collect(),
    })
}

/// Its ARN, or none when the stack is there already: an answer was lost, and the next look shows.
async fn create(
    site: &Site,
    id: StackId,
    word: &str,
    wanted: &StackRequest,
) -> Result<Option<String>, Error> {
    let (name, region) = (site.name(id), site.region(id));
    site.report(id, News::Begun("creating".to_owned()));
    let client = site.aws.at(region).cloudformation;
    let answer = call("cloudformation:CreateStack", &name, || {
        client
            .create_stack()
            .stack_name(&name)
            .template_body(&wanted.body)
            .set_parameters(Some(listed(wanted)))
            .capabilities(Capability::CapabilityNamedIam)
            .client_request_token(token(site, word, id))
            .tags(tag(site))
            .send()
    })
    .await;
    match answer {
        Ok(answer) => Ok(answer.stack_id().map(str::to_owned)),
        Err(error) if error.is_existing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn remove(site: &Site, work: Work, seen: &StackState) -> Result<(), Error> {
    let id = work.stack();
    site.report(
        work,
        News::Begun(format!("removing what is left ({})", seen.status)),
    );
    delete(site, id, &seen.arn).await?;
    match watch::settle(site, work, &seen.arn, 0).await? {
        None => Ok(()),
        Some(left) => Err(failed(site, site.region(id), &site.name(id), &left).await?),
    }
}

/// Asks for a stack's deletion.
pub(super) async fn delete(site: &Site, id: StackId, arn: &str) -> Result<(), Error> {
    let client = site.aws.at(site.region(id)).cloudformation;
    call("cloudformation:DeleteStack", arn, || {
        client.delete_stack().stack_name(arn).send()
    })
    .await?;
    Ok(())
}

/// Whether a service did not find the role that it had just made for itself: the first cluster of an
/// account fails so, the second does not (ECS: "Unable to assume the service linked role"; RDS:
/// "Verify that you have permission to create service linked role. Otherwise wait and try again
/// later").
fn is_about_a_new_role(cause: &str) -> bool {
    let cause = cause.to_ascii_lowercase().replace('-', " ");
    cause.contains("service linked role")
}

/// The failure of a stack: its status and the first cause in AWS's words.
pub(super) async fn failed(
    site: &Site,
    region: &str,
    name: &str,
    seen: &StackState,
) -> Result<Error, Error> {
    let cause = first_cause(&site.aws, region, &seen.arn).await?;
    let cause = cause.unwrap_or_else(|| match seen.reason.is_empty() {
        true => "AWS gives no reason".to_owned(),
        false => seen.reason.clone(),
    });
    Ok(Error::Failed(format!(
        "{cause} ({name} in {region} is {})",
        seen.status
    )))
}

#[cfg(test)]
mod tests {
    use super::is_about_a_new_role;

    #[test]
    fn only_a_missing_role_of_the_service_itself_is_worth_a_second_stack() {
        for cause in [
            "Unable to assume the service linked role. Please verify that the ECS service linked \
             role exists.",
            "Verify that you have permission to create service linked role. Otherwise wait and \
             try again later",
            "The service-linked role AWSServiceRoleForAutoScaling is not ready",
        ] {
            assert!(is_about_a_new_role(cause), "{cause}");
        }
        assert!(!is_about_a_new_role(
            "Unable to assume the role role-daemon-shop1"
        ));
    }
}
