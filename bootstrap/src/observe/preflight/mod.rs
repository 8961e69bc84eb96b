//! What doctor and preflight read, and the checks made of it.
//!
//! Every call is a read: nothing is created, received or tried. Deliberately absent: judgement
//! ([`crate::checks`]) and IAM's policy simulator, which is not among drd's SDKs.

pub(super) mod ask;
pub(super) mod reads;

use crate::aws::error::AwsError;
use crate::checks::account::{self, Identity};
use crate::checks::names::{self, BucketOwner, Location, StackOwner};
use crate::checks::quota::{self, Level, Quota};
use crate::checks::{Check, Gates, ReadResult, Requirements, SideRequirements, database, zone};
pub use ask::Asker;
use aws_config::SdkConfig;
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// The answers of each region.
type Regions = BTreeMap<String, (ReadResult<String>, ReadResult<Identity>)>;
type Stacks = Vec<(Location, ReadResult<Option<StackOwner>>)>;

/// Everything that `drd bootstrap` must know before it creates anything; [`crate::checks::refusals`]
/// picks what keeps it from beginning. `now` is the host's wall clock in Unix milliseconds.
pub async fn preflight(config: &SdkConfig, wanted: &Requirements, now: i64) -> Vec<Check> {
    let suffix = names::suffix(&wanted.suffix).named("suffix", Gates::Building);
    if suffix.is_gating() {
        return vec![suffix];
    }
    let asker = Asker::new(config, now);
    let identity = reads::identity(&asker, &wanted.sides[0].region).await;
    let credentials = account::credentials(&identity, None).named("credentials", Gates::Building);
    if account::nobody(&identity) {
        return vec![suffix, credentials];
    }
    let clock = account::clock(&identity).named("clock", Gates::Failover);
    let account = identity.as_ref().ok().map(|i| i.account.clone());
    let (regions, stacks, free_names, held, offers, zone) = tokio::join!(
        regions(&asker, wanted.regions()),
        stacks(&asker, names::stacks(wanted)),
        buckets(&asker, wanted, account),
        reads::global_database(&asker, &wanted.sides[0].region, &wanted.suffix),
        offers(&asker, wanted),
        named_zone(&asker, wanted.hosted_zone_id.as_deref()),
    );
    let (quotas, keys) = tokio::join!(
        quotas(&asker, wanted, &stacks),
        keys(&asker, wanted, &stacks)
    );
    let mut checks = vec![suffix, credentials, clock];
    checks.extend(judged_regions(&regions, Gates::Building));
    checks.push(permissions(&stacks, &held, zone.as_ref()));
    checks.extend(judged_names(wanted, &stacks, &free_names, &held));
    checks.extend(judged_zone(wanted, zone.as_ref()));
    for (side, offers) in wanted.sides.iter().zip(&offers) {
        let (version, class) = (&wanted.engine_version, &wanted.instance_class);
        checks.push(
            database::orderable(&side.region, version, class, offers)
                // Not for building: a listing that is behind must not stop what RDS would accept,
                // and RDS itself refuses at the stack.
                .named(format!("database_class_{}", side.role), Gates::Failover),
        );
    }
    checks.extend(quotas);
    checks.extend(keys);
    checks
}

/// The checks of an estate's surroundings: whose account, which regions, which clock, and its
/// zone, which the caller may ask resolvers about.
pub async fn surroundings(
    config: &SdkConfig,
    account: &str,
    (standby, primary): (&str, &str),
    (zone_id, record): (&str, &str),
    now: i64,
) -> (Vec<Check>, ReadResult<zone::Zone>) {
    let asker = Asker::new(config, now);
    // The standby's region first: doctor must work while the primary's is dark.
    let identity = reads::identity(&asker, standby).await;
    let credentials = account::credentials(&identity, Some(account));
    let mut checks = vec![credentials.named("credentials", Gates::Failover)];
    let (regions, zone) = tokio::join!(
        regions(&asker, vec![standby, primary]),
        reads::zone(&asker, zone_id),
    );
    checks.push(account::clock(&identity).named("clock", Gates::Failover));
    checks.extend(judged_regions(&regions, Gates::Failover));
    checks.push(zone::usable(zone_id, record, &zone).named("hosted_zone", Gates::Failover));
    (checks, zone)
}

/// Whether what a cluster consists of can be ordered in both regions, so that a lost instance can
/// be replaced.
pub async fn replaceable(
    config: &SdkConfig,
    cluster: (&str, &str),
    sides: [(&'static str, &str); 2],
    now: i64,
) -> Vec<Check> {
    let asker = Asker::new(config, now);
    let (region, id) = cluster;
    let member = reads::member(&asker, region, id).await;
    let mut checks = Vec::new();
    for (role, region) in sides {
        let check = format!("database_class_{role}");
        let judged = match &member {
            Ok((version, class)) => {
                let offers = reads::offers(&asker, region, version, class).await;
                database::orderable(region, version, class, &offers)
            }
            Err(error) => crate::checks::not_known(error),
        };
        checks.push(judged.named(check, Gates::Nothing));
    }
    checks
}

/// The state of the key behind a side's alias, where the foundation that makes it exists.
async fn keys(asker: &Asker, wanted: &Requirements, stacks: &Stacks) -> Vec<Check> {
    let suffix = &wanted.suffix;
    let mut checks = Vec::new();
    for side in &wanted.sides {
        let role = side.role;
        if names::exists(stacks, &format!("stack-foundation-{role}-{suffix}"), suffix) {
            let alias = format!("alias/key-{role}-{suffix}");
            let state = reads::key(asker, &side.region, &alias).await;
            let judged = database::key(&alias, &state);
            checks.push(judged.named(format!("key_{role}"), Gates::Failover));
        }
    }
    checks
}

async fn regions(asker: &Asker, names: Vec<&str>) -> Regions {
    let mut asked = JoinSet::new();
    for name in names {
        let (asker, name) = (asker.clone(), name.to_owned());
        asked.spawn(async move {
            let (opted, there) =
                tokio::join!(reads::opted(&asker, &name), reads::identity(&asker, &name));
            (name, (opted, there))
        });
    }
    asked.join_all().await.into_iter().collect()
}

fn judged_regions(regions: &Regions, gates: Gates) -> Vec<Check> {
    let judge = |(name, (opted, there)): (&String, &(ReadResult<String>, ReadResult<Identity>))| {
        account::region(name, opted, there)
            .named(format!("region_{}", name.replace('-', "_")), gates)
    };
    regions.iter().map(judge).collect()
}

/// One region after another would take seconds; within a region one call at a time, because
/// DescribeStacks is throttled early.
async fn stacks(asker: &Asker, places: Vec<Location>) -> Stacks {
    let mut by_region: BTreeMap<String, Vec<Location>> = BTreeMap::new();
    for place in places {
        by_region
            .entry(place.region.clone())
            .or_default()
            .push(place);
    }
    let mut asked = JoinSet::new();
    for places in by_region.into_values() {
        let asker = asker.clone();
        asked.spawn(async move {
            let mut found = Vec::new();
            for place in places {
                let read = reads::stack(&asker, &place).await;
                found.push((place, read));
            }
            found
        });
    }
    let mut all: Stacks = asked.join_all().await.into_iter().flatten().collect();
    all.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    all
}

async fn buckets(
    asker: &Asker,
    wanted: &Requirements,
    account: Option<String>,
) -> Vec<(Location, ReadResult<BucketOwner>, String)> {
    let mut asked = JoinSet::new();
    for (place, stack) in names::buckets(wanted) {
        let (asker, account) = (asker.clone(), account.clone());
        asked.spawn(async move {
            let read = reads::bucket(&asker, &place, account.as_deref()).await;
            (place, read, stack)
        });
    }
    let mut all = asked.join_all().await;
    all.sort_by(|(a, ..), (b, ..)| a.name.cmp(&b.name));
    all
}

async fn offers(asker: &Asker, wanted: &Requirements) -> [ReadResult<Vec<Vec<String>>>; 2] {
    let (version, class) = (&wanted.engine_version, &wanted.instance_class);
    let [primary, standby] = &wanted.sides;
    let (a, b) = tokio::join!(
        reads::offers(asker, &primary.region, version, class),
        reads::offers(asker, &standby.region, version, class),
    );
    [a, b]
}

async fn named_zone(asker: &Asker, id: Option<&str>) -> Option<ReadResult<zone::Zone>> {
    match id {
        Some(id) => Some(reads::zone(asker, id).await),
        None => None,
    }
}

/// What `drd bootstrap` itself will read as well: where that is denied, nothing can be built.
fn permissions(
    stacks: &Stacks,
    held: &ReadResult<bool>,
    zone: Option<&ReadResult<zone::Zone>>,
) -> Check {
    let errors: Vec<&AwsError> = stacks
        .iter()
        .filter_map(|(_, read)| read.as_ref().err())
        .chain(held.as_ref().err())
        .chain(zone.and_then(|z| z.as_ref().err()))
        .collect();
    account::permissions(&errors).named("permissions", Gates::Building)
}

fn judged_names(
    wanted: &Requirements,
    stacks: &Stacks,
    buckets: &[(Location, ReadResult<BucketOwner>, String)],
    held: &ReadResult<bool>,
) -> Vec<Check> {
    let suffix = &wanted.suffix;
    let owned: Vec<_> = buckets
        .iter()
        .map(|(p, read, stack)| {
            (
                p.clone(),
                read.clone(),
                names::exists(stacks, stack, suffix),
            )
        })
        .collect();
    let id = format!("global-aurora-{suffix}");
    let global = names::exists(stacks, &format!("stack-global-{suffix}"), suffix);
    vec![
        names::stacks_free(stacks, suffix).named("names_stacks", Gates::Building),
        names::buckets_free(&owned).named("names_buckets", Gates::Building),
        names::database_free(&id, held, global).named("names_database", Gates::Building),
    ]
}

fn judged_zone(wanted: &Requirements, zone: Option<&ReadResult<zone::Zone>>) -> Option<Check> {
    let id = wanted.hosted_zone_id.as_deref()?;
    Some(zone::usable(id, &wanted.domain, zone?).named("hosted_zone", Gates::Building))
}

/// What a side still needs of each quota. What exists already is counted in the usage.
fn needs(
    wanted: &Requirements,
    side: &SideRequirements,
    stacks: &Stacks,
) -> [(Quota, Option<u32>, Gates); 4] {
    let suffix = &wanted.suffix;
    let exists = |template: &str| {
        names::exists(
            stacks,
            &format!("stack-{template}-{}-{suffix}", side.role),
            suffix,
        )
    };
    let each = quota::vcpus(&wanted.instance_type);
    let (network, running) = (
        exists("network"),
        if exists("app") { side.built } else { 0 },
    );
    let vcpu = |instances: u32| each.map(|v| v * instances.saturating_sub(running));
    let unless = |built: bool, count: u32| Some(if built { 0 } else { count });
    [
        (quota::VCPU, vcpu(side.built), Gates::Building),
        (quota::VCPU, vcpu(side.serving), Gates::Failover),
        (
            quota::ADDRESSES,
            unless(network, side.nat_gateways),
            Gates::Building,
        ),
        (quota::VPCS, unless(network, 1), Gates::Building),
    ]
}

async fn quotas(asker: &Asker, wanted: &Requirements, stacks: &Stacks) -> Vec<Check> {
    let mut asked = JoinSet::new();
    for side in &wanted.sides {
        for quota in [quota::VCPU, quota::ADDRESSES, quota::VPCS] {
            let (asker, region) = (asker.clone(), side.region.clone());
            asked.spawn(async move {
                let level = reads::level(&asker, &region, quota).await;
                ((region, quota.code), level)
            });
        }
    }
    let levels: BTreeMap<(String, &str), ReadResult<Level>> =
        asked.join_all().await.into_iter().collect();
    let mut checks = Vec::new();
    for side in &wanted.sides {
        for (quota, need, gates) in needs(wanted, side, stacks) {
            let Some(level) = levels.get(&(side.region.clone(), quota.code)) else {
                continue;
            };
            let what = if gates == Gates::Failover {
                "_serving"
            } else {
                ""
            };
            checks.push(
                quota::fits(quota, &side.region, level, need)
                    .named(format!("quota_{}{what}_{}", quota.name, side.role), gates),
            );
        }
    }
    checks
}
