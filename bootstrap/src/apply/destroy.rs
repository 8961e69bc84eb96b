//! Takes an estate away, and proves that nothing is left.
//!
//! Looks first, each time: whatever an interrupted run left is where the next one begins. Only
//! stacks that bear the estate's tag are deleted, and only buckets that those stacks made are
//! emptied. Deliberately absent: asking whether one is sure; the command line does.

use super::ending::{conclude, in_words};
use super::progress::News;
use super::site::Site;
use super::{buckets, database, schedule, stack, watch, zone};
use crate::error::Error;
use crate::estate::observed::{Observed, Phase, StackState};
use crate::estate::side::Role;
use crate::estate::stacks::StackId;
use crate::estate::templates::Template;
use crate::observe::leftovers::{self, Leftovers};
use crate::observe::stacks::{describe, resources};
use crate::plan::Work;
use crate::plan::teardown::order;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// A deletion that fails is tried again after its cause was cleared away.
const ATTEMPTS_MAX: usize = 3;
/// How often the tag index is asked until it knows that what is gone is gone.
const LOOKS_MAX: u32 = 14;
const PACE_MAX: Duration = Duration::from_secs(5);

/// What a destroy did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destroyed {
    /// The stacks that were there.
    pub stacks: Vec<String>,
    /// Keys that AWS deletes after their waiting period.
    pub pending: Vec<String>,
    /// What CloudFormation has deleted and the tag index still lists.
    pub listed: Vec<String>,
    /// What ends with its group, instance or service, none of which is left, and the tag index
    /// still lists.
    pub without_owner: Vec<String>,
}

/// Physical names that CloudFormation lists as deleted.
type DeletedNames = Arc<Mutex<BTreeSet<String>>>;

/// Takes the estate away.
///
/// # Errors
/// [`Error::Refused`] before anything was done; [`Error::Failed`] with the first cause first, or
/// with what is left.
pub async fn destroy(
    site: &Site,
    observed: &Observed,
    stop: Receiver<bool>,
) -> Result<Destroyed, Error> {
    let foreign = observed.foreign(site.settings.suffix());
    if !foreign.is_empty() {
        return Err(Error::Refused(format!(
            "drd did not make {} (no tag drd:suffix = {}).\nNothing was changed.",
            foreign.join(", "),
            site.settings.suffix()
        )));
    }
    if let Some(refusal) = zone::foreign_records(site).await?.refusal() {
        return Err(refusal);
    }
    let anchor = StackId::once(Template::Anchor);
    let gone = DeletedNames::default();
    let mut present: BTreeSet<StackId> = observed.stacks.keys().copied().collect();
    let anchored = present.remove(&anchor);
    take_all(site, order(&present, observed.writer), &gone, stop.clone()).await?;
    // The anchor knows the regions: it goes when there is nothing left to find in them.
    let mut found = prove(site, &gone, anchored).await?;
    if anchored {
        take_all(site, BTreeMap::from([(anchor, Vec::new())]), &gone, stop).await?;
        found = prove(site, &gone, false).await?;
    }
    let names = observed.stacks.keys().map(|id| site.name(*id));
    found.stacks = names.collect();
    Ok(found)
}

async fn take_all(
    site: &Site,
    jobs: BTreeMap<StackId, Vec<StackId>>,
    gone: &DeletedNames,
    stop: Receiver<bool>,
) -> Result<(), Error> {
    let ended = schedule::run(&jobs, stop, |id| {
        let (site, gone) = (site.clone(), Arc::clone(gone));
        async move {
            let result = take(&site, id, &gone).await.map_err(in_words);
            if let Err(error) = &result {
                site.report(id, News::Failed(error.to_string()));
            }
            result
        }
    })
    .await;
    for id in &ended.not_begun {
        site.report(
            id,
            News::Skipped("something that needs it is still there".to_owned()),
        );
    }
    conclude(ended, "destroy", site.settings.suffix().as_str())
}

/// Takes one stack away.
async fn take(site: &Site, id: StackId, gone: &DeletedNames) -> Result<(), Error> {
    let (name, region) = (site.name(id), site.region(id).to_owned());
    let mut last = None;
    for attempt in 0..ATTEMPTS_MAX {
        let Some(mut seen) = at_rest(site, id).await? else {
            site.report(id, News::Done("gone".to_owned()));
            return Ok(());
        };
        if !seen.belongs_to(site.settings.suffix()) {
            return Err(Error::Refused(format!(
                "a stack {name} is there that drd did not make"
            )));
        }
        clear(site, id, &seen, attempt).await?;
        site.report(id, News::Begun("deleting".to_owned()));
        stack::delete(site, id, &seen.arn).await?;
        let left = watch::settle(site, Work::Stack(id), &seen.arn, 0).await?;
        note_gone(site, &region, &seen.arn, gone).await?;
        let Some(left) = left else {
            site.report(id, News::Done("gone".to_owned()));
            return Ok(());
        };
        seen = left;
        last = Some(stack::failed(site, &region, &name, &seen).await?);
    }
    Err(last.unwrap_or_else(|| Error::Failed(format!("{name} does not go"))))
}

/// The stack once CloudFormation is done with whatever it is doing.
async fn at_rest(site: &Site, id: StackId) -> Result<Option<StackState>, Error> {
    let (name, region) = (site.name(id), site.region(id).to_owned());
    match describe(&site.aws, &region, &name).await? {
        Some(seen) if seen.phase() == Phase::Moving => {
            site.report(id, News::Begun(format!("waits: {}", seen.status)));
            Ok(watch::settle(site, Work::Stack(id), &seen.arn, 0).await?)
        }
        found => Ok(found),
    }
}

/// Clears away what keeps a stack from being deleted.
async fn clear(site: &Site, id: StackId, seen: &StackState, attempt: usize) -> Result<(), Error> {
    if matches!(id.template, Template::Storage | Template::Latch) {
        empty_buckets(site, id, seen).await?;
    }
    if id.template == Template::Edge {
        for name in zone::foreign_records(site)
            .await?
            .take_validations(site)
            .await?
        {
            site.report(id, News::Begun(format!("took away ACM's {name}")));
        }
    }
    if let (Template::Data, Some(role)) = (id.template, id.role) {
        database::wait_until_steady(site, id).await?;
        if attempt > 0 {
            // CloudFormation could not take the cluster out of the global cluster by itself.
            database::take_away(site, role).await?;
        }
    }
    Ok(())
}

async fn empty_buckets(site: &Site, id: StackId, seen: &StackState) -> Result<(), Error> {
    if id.template == Template::Storage {
        // Both sides': what is emptied here must not be filled from there.
        for role in Role::BOTH {
            let peer = StackId::sided(Template::Storage, role);
            for bucket in buckets_of(site, peer, &site.name(peer)).await? {
                buckets::stop_replication(site, site.settings.region(role), &bucket).await?;
            }
        }
    }
    let mut emptied = tokio::task::JoinSet::new();
    for bucket in buckets_of(site, id, &seen.arn).await? {
        let (site, region) = (site.clone(), site.region(id).to_owned());
        site.report(id, News::Begun(format!("emptying {bucket}")));
        emptied.spawn(async move { buckets::empty(&site, &region, &bucket).await });
    }
    while let Some(result) = emptied.join_next().await {
        result.map_err(|e| Error::Failed(format!("empty the buckets: {e}")))??;
    }
    Ok(())
}

async fn buckets_of(site: &Site, id: StackId, stack: &str) -> Result<Vec<String>, Error> {
    let all = resources(&site.aws, site.region(id), stack).await?;
    let there = all
        .into_iter()
        .filter(|r| r.kind == "AWS::S3::Bucket" && r.status != "DELETE_COMPLETE");
    Ok(there.map(|r| r.physical).collect())
}

async fn note_gone(site: &Site, region: &str, arn: &str, gone: &DeletedNames) -> Result<(), Error> {
    let all = resources(&site.aws, region, arn).await?;
    let deleted = all.into_iter().filter(|r| r.status == "DELETE_COMPLETE");
    gone.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(deleted.map(|r| r.physical));
    Ok(())
}

/// Asks every region for stacks and tagged resources until none is left that matters.
async fn prove(site: &Site, gone: &DeletedNames, anchored: bool) -> Result<Destroyed, Error> {
    let mut pause = Duration::from_millis(200);
    for look in 1.. {
        let mut left = leftovers::look(&site.aws, &site.settings)
            .await
            .map_err(|error| unproven(site, &error))?;
        if anchored {
            leave_out_anchor(site, &mut left);
        }
        let listed = {
            let gone = gone.lock().unwrap_or_else(PoisonError::into_inner);
            split_listed(&mut left, &gone)
        };
        let without_owner = split_without_owner(&mut left);
        if left.is_nothing() {
            return Ok(Destroyed {
                pending: left.pending,
                listed,
                without_owner,
                ..Destroyed::default()
            });
        }
        if look == LOOKS_MAX {
            return Err(still_there(site, &left));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PACE_MAX);
    }
    Err(Error::Failed("the looks ended".to_owned()))
}

fn unproven(site: &Site, error: &crate::aws::error::AwsError) -> Error {
    Error::InProgress(format!(
        "the stacks of estate {} are gone, but whether nothing is left could not be asked: {error}\n\
         Run `drd destroy --suffix {}` again.",
        site.settings.suffix(),
        site.settings.suffix()
    ))
}

fn leave_out_anchor(site: &Site, left: &mut Leftovers) {
    let name = site.name(StackId::once(Template::Anchor));
    let setting = site.settings.suffix().name("/drd/settings");
    left.stacks.retain(|s| !s.ends_with(&format!("/{name}")));
    left.resources
        .retain(|arn| !arn.ends_with(&setting) && !arn.contains(&format!("stack/{name}/")));
}

/// Takes out what CloudFormation has deleted: the tag index may list it for a while.
fn split_listed(left: &mut Leftovers, gone: &BTreeSet<String>) -> Vec<String> {
    let is_gone = |arn: &String| {
        let last = arn.rsplit(['/', ':']).next().unwrap_or_default();
        gone.contains(arn) || gone.contains(last)
    };
    let (listed, kept) = left.resources.iter().cloned().partition(is_gone);
    left.resources = kept;
    listed
}

/// Takes out what no stack makes and what ends with what a stack made: instances with their group,
/// volumes and interfaces with their instance, tasks with their service. The tag index lists them
/// for minutes to hours after their end (aws/aws-cli issue 4173), and no look there can tell
/// whether they have ended: the caller is given their names.
fn split_without_owner(left: &mut Leftovers) -> Vec<String> {
    const OWNED: [(&str, &str); 4] = [
        (":ec2:", ":instance/"),
        (":ec2:", ":volume/"),
        (":ec2:", ":network-interface/"),
        (":ecs:", ":task/"),
    ];
    if !left.stacks.is_empty() {
        return Vec::new();
    }
    let owned = |arn: &String| {
        OWNED
            .iter()
            .any(|(of, kind)| arn.contains(of) && arn.contains(kind))
    };
    let (owned, kept) = left.resources.iter().cloned().partition(owned);
    left.resources = kept;
    owned
}

fn still_there(site: &Site, left: &Leftovers) -> Error {
    let all: Vec<&str> = left
        .stacks
        .iter()
        .chain(&left.resources)
        .map(String::as_str)
        .collect();
    Error::Failed(format!(
        "every stack of estate {} that was found was deleted, but this is still there:\n  {}\n\
         Run `drd destroy --suffix {}` again in some minutes (AWS's tag index is late), and delete \
         by hand what stays.",
        site.settings.suffix(),
        all.join("\n  "),
        site.settings.suffix()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cloudformation_deleted_is_told_apart_from_what_is_left() {
        let arn = |tail: &str| format!("arn:aws:rds:eu-central-1:123456789012:{tail}");
        let mut left = Leftovers {
            resources: vec![arn("cluster:aurora-primary-s"), arn("cluster:other-s")],
            ..Leftovers::default()
        };
        let gone = ["aurora-primary-s".to_owned()].into();
        assert_eq!(
            split_listed(&mut left, &gone),
            [arn("cluster:aurora-primary-s")]
        );
        assert_eq!(left.resources, [arn("cluster:other-s")]);
        assert!(!left.is_nothing());
    }

    #[test]
    fn what_ends_with_its_owner_is_told_apart_once_no_stack_is_left() {
        let arn = |service: &str, tail: &str| format!("arn:aws:{service}:eu-central-1:1:{tail}");
        let owned = vec![
            arn("ec2", "instance/i-1"),
            arn("ec2", "volume/vol-1"),
            arn("ec2", "network-interface/eni-1"),
            arn("ecs", "task/cluster-daemon-s/1"),
        ];
        let kept = vec![arn("ec2", "vpc/vpc-1"), arn("ecs", "cluster/task")];
        let mut left = Leftovers {
            stacks: vec!["eu-central-1/stack-app-primary-s".to_owned()],
            resources: owned.iter().chain(&kept).cloned().collect(),
            ..Leftovers::default()
        };
        assert!(split_without_owner(&mut left).is_empty());
        left.stacks.clear();
        assert_eq!(split_without_owner(&mut left), owned);
        assert_eq!(left.resources, kept);
    }
}
