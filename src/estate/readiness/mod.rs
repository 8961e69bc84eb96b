//! Whether the standby could take over now: reads, then pure judgement of each.
//!
//! Deliberately absent: calls that change anything, even as a dry run. What the active region
//! does not answer stays unknown: readiness is about the standby, and judged before it is needed.

mod key_and_quota;
mod reading;
mod record;

use super::aurora::Aurora;
use super::dns::RecordKnown;
use crate::aws::capacity::ScalingGroup;
use crate::aws::database::Cluster;
use crate::aws::error::{AwsError, Class};
use crate::aws::latch::StoresFound;
use crate::aws::queue::{self, QueueAttributes};
use crate::aws::route53::{self, Wiring};
use crate::aws::{alarms, capacity, database, deployments, latch};
use drd_bootstrap::checks::latch::public;
use drd_bootstrap::checks::{Check, Gates, Judged, not_known};
use drd_bootstrap::topology::Topology;
use drd_state_machine::event::{GlobalView, LagSample, RoleChange, Side};
use drd_state_machine::time::Time;
use reading::{AwsRead, on};

pub(crate) use reading::recorded;

/// Processes without which a group cannot take load: new instances, their health, their traffic
/// (EC2 Auto Scaling User Guide, suspending processes).
const NEEDED: [&str; 3] = ["Launch", "HealthCheck", "AddToLoadBalancer"];

/// Everything that is read for one run.
#[derive(Debug)]
struct Reads {
    active_cluster: AwsRead<Cluster>,
    cluster: AwsRead<Cluster>,
    global: AwsRead<GlobalView>,
    group: AwsRead<ScalingGroup>,
    targets: AwsRead<Option<u32>>,
    wiring: AwsRead<Wiring>,
    latch: StoresFound,
    queue: AwsRead<QueueAttributes>,
    lag: AwsRead<Vec<LagSample>>,
    record: Result<RecordKnown, String>,
    /// Of each store of the latch.
    outsider: Vec<AwsRead<()>>,
    /// Of each side, the deployments that switch over.
    deployments: [AwsRead<Vec<String>>; 2],
}

/// Runs every check. `desired` is the size that the serving side must reach.
pub async fn check(estate: &Aurora, active: Side, desired: u32, now: Time) -> Vec<Check> {
    let (aws, standby) = (&estate.clients, active.other());
    let (
        active_cluster,
        cluster,
        global,
        group,
        targets,
        wiring,
        latch,
        queue,
        lag,
        record,
        outsider,
        primary_deployments,
        standby_deployments,
    ) = tokio::join!(
        database::cluster(aws, active),
        database::cluster(aws, standby),
        database::global_view(aws, standby),
        capacity::group(aws, standby),
        capacity::healthy_targets(aws, standby),
        route53::read(aws),
        latch::find(aws),
        queue::attributes(aws),
        alarms::lag(aws, active, now),
        estate
            .resolvers
            .record_known(aws.topology(), estate.timers().dns),
        latch::read_as_outsider(aws),
        deployments::switching(aws, Side::Primary),
        deployments::switching(aws, Side::Standby),
    );
    let reads = Reads {
        active_cluster,
        cluster,
        global,
        group,
        targets,
        wiring,
        latch,
        queue,
        lag,
        record,
        outsider,
        deployments: [primary_deployments, standby_deployments],
    };
    let mut checks = judge(&reads, active, desired, aws.topology());
    // After the others: the key's name is in the cluster's answer.
    checks.extend(
        key_and_quota::check(aws, standby, (&reads.cluster, &reads.group), desired, now).await,
    );
    checks
}

fn judge(reads: &Reads, active: Side, desired: u32, topology: &Topology) -> Vec<Check> {
    let gate = |name: &str, found: Judged| found.named(name, Gates::Failover);
    let note = |name: &str, found: Judged| found.named(name, Gates::Nothing);
    let (group, wiring) = (&reads.group, &reads.wiring);
    let connected = on(&reads.global, |g| replica_connected(g, active));
    vec![
        gate("engine_parity", engine_parity(reads)),
        gate("standby_members", on(&reads.cluster, standby_members)),
        gate("replica_connected", connected),
        gate("suspended_processes", on(group, suspended_processes)),
        gate("failover_pair", on(wiring, |w| failover_pair(w, topology))),
        gate("latch_public", latch_public(&reads.outsider)),
        gate("dns_record", record::known(&reads.record, topology)),
        gate("permissions", permissions(reads)),
        deployment(&reads.deployments),
        note("group_max", on(group, |g| group_max(g, desired))),
        note("latch_wired", on(wiring, |w| latch_wired(w, topology))),
        note("latch_state", latch_state(&reads.latch, active)),
        note("latch_stores", latch_stores(&reads.outsider)),
        note("queue", on(&reads.queue, queue_state)),
    ]
}

fn judged(right: bool, detail: String, remedy: &str) -> Judged {
    match right {
        true => Judged::green(detail),
        false => Judged::red(detail, remedy),
    }
}

fn wrongs(wrong: Vec<String>, right: &str, remedy: &str) -> Judged {
    match wrong.is_empty() {
        true => Judged::green(right),
        false => Judged::red(wrong.join("; "), remedy),
    }
}

/// A managed failover needs the same major and minor engine version on both members; patch levels
/// may differ (Aurora User Guide, upgrading a global database). The active region may be silent.
fn engine_parity(reads: &Reads) -> Judged {
    let active = match &reads.active_cluster {
        Ok(cluster) => cluster,
        Err(error) => return not_known(error),
    };
    on(&reads.cluster, |standby| {
        let (ours, theirs) = (&standby.engine_version, &active.engine_version);
        let detail = format!("standby {ours}, active {theirs}");
        match (major_minor(ours), major_minor(theirs)) {
            (Some(ours), Some(theirs)) => judged(
                ours == theirs,
                detail,
                "bring both members to one minor version, the standby first",
            ),
            (None, _) | (_, None) => Judged::unknown(detail, "compare the two versions by hand"),
        }
    })
}

/// `16.6` and `16.6.2` give (16, 6); `8.0.mysql_aurora.3.04.1` gives (3, 4).
fn major_minor(version: &str) -> Option<(u32, u32)> {
    let own = version.rsplit("mysql_aurora.").next()?;
    let mut parts = own.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

fn standby_members(cluster: &Cluster) -> Judged {
    let detail = format!("{} instances, cluster {}", cluster.members, cluster.status);
    match cluster.available(false) {
        Some(right) => judged(
            right,
            detail,
            "add an instance of production size to the standby cluster",
        ),
        None => Judged::unknown(detail, "run the same command again in a minute"),
    }
}

fn replica_connected(view: &GlobalView, active: Side) -> Judged {
    let writer = view.writer.map_or("unknown", Side::name);
    let mut wrong = Vec::new();
    if view.writers != 1 || view.writer != Some(active) {
        wrong.push(format!(
            "{} writers, the writer is {writer}, active is {active}",
            view.writers
        ));
    }
    if let RoleChange::Underway(to) = view.role_change {
        wrong.push(format!("a role change towards {to} runs"));
    }
    if !view.replica_connected {
        wrong.push("the replica is not connected".to_owned());
    }
    wrongs(
        wrong,
        &format!("{writer} writes, the replica is connected"),
        "wait until the rebuild ends; no failover is possible meanwhile",
    )
}

/// A deployment that switches over is a gate: its writer is away, and no failover is. What cannot be read is
/// none: the region that is down does not answer, and an older policy does not allow the call.
fn deployment(found: &[AwsRead<Vec<String>>; 2]) -> Check {
    let all: Vec<&String> = found.iter().flatten().flatten().collect();
    if !all.is_empty() {
        let names: Vec<&str> = all.into_iter().map(String::as_str).collect();
        let detail = format!("blue/green deployment {} switches over", names.join(", "));
        let remedy = "wait until it ends: aws rds describe-blue-green-deployments";
        return Judged::red(detail, remedy).named("deployment", Gates::Failover);
    }
    let unread = found.iter().find_map(|one| one.as_ref().err());
    let judged = unread.map_or_else(
        || Judged::green("no blue/green deployment switches over"),
        not_known,
    );
    judged.named("deployment", Gates::Nothing)
}

fn suspended_processes(group: &ScalingGroup) -> Judged {
    let needed = |process: &&String| NEEDED.contains(&process.as_str());
    let suspended = group.suspended.iter().filter(needed);
    let wrong = suspended.map(|p| format!("{p} is suspended")).collect();
    wrongs(
        wrong,
        "no needed process is suspended",
        "aws autoscaling resume-processes --auto-scaling-group-name",
    )
}

fn group_max(group: &ScalingGroup, desired: u32) -> Judged {
    let detail = format!("MaxSize {}, to serve {desired}", group.max);
    judged(
        group.max >= desired,
        detail,
        "raise MaxSize of the standby's group to the size that serves",
    )
}

/// What a denied read needs.
const POLICY: &str = "give this caller the daemon's policy (deploy/, or the stack daemon)";

/// What credentials that AWS does not take need.
const RENEW: &str = "renew the credentials that this process uses";

/// A denied read means a denied act, most likely: the policy is not the one drd was given.
fn permissions(reads: &Reads) -> Judged {
    let check = reads
        .wiring
        .as_ref()
        .ok()
        .and_then(|w| w.health_check.as_ref());
    let errors = [
        check.and_then(|c| c.as_ref().err()),
        reads.active_cluster.as_ref().err(),
        reads.cluster.as_ref().err(),
        reads.global.as_ref().err(),
        reads.group.as_ref().err(),
        reads.targets.as_ref().err(),
        reads.wiring.as_ref().err(),
        reads.latch.0.iter().find_map(|store| store.as_ref().err()),
        reads.queue.as_ref().err(),
        reads.lag.as_ref().err(),
    ];
    let of = |class: Class| errors.iter().flatten().filter(move |e| e.class == class);
    let denied: Vec<String> = of(Class::Denied)
        .map(|e| format!("{e}{}", hint(e)))
        .collect();
    // Credentials that are renewed in a moment say nothing about the policy (rule 13).
    if let (true, Some(expired)) = (denied.is_empty(), of(Class::Unauthenticated).next()) {
        return Judged::unknown(expired.to_string(), RENEW);
    }
    if denied.is_empty() && errors[1..].iter().all(Option::is_some) {
        return Judged::unknown("nothing could be read", POLICY);
    }
    wrongs(denied, "no read was denied", POLICY)
}

fn hint(error: &AwsError) -> &'static str {
    if error.operation == "s3:GetObject" {
        " (without s3:ListBucket on the bucket, S3 denies what is not there)"
    } else {
        ""
    }
}

/// One store that outsiders read is enough to turn the record over.
fn latch_public(stores: &[AwsRead<()>]) -> Judged {
    let read = stores.iter().find(|store| store.is_ok());
    let unread = || Judged::unknown("no store of the latch was read", POLICY);
    read.or(stores.first()).map_or_else(unread, public)
}

/// What keeps users where they are when a region's S3 is away after a failover.
fn latch_stores(stores: &[AwsRead<()>]) -> Judged {
    let refused = stores.iter().find(|store| store.is_err());
    match (refused, stores) {
        (Some(refused), _) => public(refused),
        (None, [_]) => Judged::green(
            "one store: while its S3 is away, users go back to the primary; `second` in [dns] `latch` names another",
        ),
        (None, all) => Judged::green(format!("{} stores, read without credentials", all.len())),
    }
}

fn latch_state(latch: &StoresFound, active: Side) -> Judged {
    let points = match latch.asks_for() {
        Ok(points) => points,
        Err(error) => return not_known(error),
    };
    let detail = format!("the latch sends traffic to {points}, active is {active}");
    judged(
        points == active,
        detail,
        "traffic and writer are on different sides: drd status --why",
    )
}

fn queue_state(queue: &QueueAttributes) -> Judged {
    let waiting = queue
        .waiting
        .map_or("an unknown number of".to_owned(), |n| n.to_string());
    let dead = if queue.has_dead_letters { "a" } else { "no" };
    Judged::green(format!("{waiting} messages wait, {dead} dead-letter queue"))
}

fn failover_pair(wiring: &Wiring, topology: &Topology) -> Judged {
    wrongs(
        wiring.pair_faults(topology),
        "PRIMARY and SECONDARY are as they should be",
        "restore the pair as bootstrap made it: drd bootstrap --plan",
    )
}

/// What the PRIMARY record needs.
const LATCH_CHECK: &str = "give PRIMARY the latch's inverted health check (with two stores: one calculated of both), and nothing else";

fn latch_wired(wiring: &Wiring, topology: &Topology) -> Judged {
    let Some(check) = &wiring.health_check else {
        return Judged::red("PRIMARY has no health check", LATCH_CHECK);
    };
    on(check, |check| {
        let faults = wiring.latch_faults(check, topology);
        if faults.is_empty() && !check.reports_inversion() {
            let detail = "Route 53 does not report whether the check is inverted";
            return Judged::unknown(detail, "look at the health check by hand");
        }
        wrongs(faults, "PRIMARY follows the latch alone", LATCH_CHECK)
    })
}

#[cfg(test)]
mod tests;
