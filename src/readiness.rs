//! Whether the standby could take over now: reads, then pure judgement of each.
//!
//! Deliberately absent: calls that change anything, even as a dry run. What the active region
//! does not answer stays unknown: readiness is about the standby, and judged before it is needed.

use crate::aws::capacity::Group;
use crate::aws::database::Cluster;
use crate::aws::traffic::Latch;
use crate::aws::wiring::{self, Wiring};
use crate::aws::{AwsError, Class, alarms, capacity, database, queue, traffic};
use crate::perform::Estate;
use drd_bootstrap::topology::Topology;
use drd_state_machine::event::{Check, GlobalView, LagSample, RoleChange, Side, Verdict};
use drd_state_machine::time::Time;

/// Processes without which a group cannot take load: new instances, their health, their traffic
/// (EC2 Auto Scaling User Guide, suspending processes).
const NEEDED: [&str; 3] = ["Launch", "HealthCheck", "AddToLoadBalancer"];

type Read<T> = Result<T, AwsError>;
/// A verdict and what it rests on.
type Judged = (Verdict, String);

/// Everything that is read for one run.
#[derive(Debug)]
struct Reads {
    active_cluster: Read<Cluster>,
    cluster: Read<Cluster>,
    global: Read<GlobalView>,
    group: Read<Group>,
    targets: Read<Option<u32>>,
    wiring: Read<Wiring>,
    latch: Read<Option<Latch>>,
    queue: Read<queue::Attributes>,
    lag: Read<Vec<LagSample>>,
}

/// Runs every check. `desired` is the size that the serving side must reach.
pub async fn check(estate: &Estate, active: Side, desired: u32, now: Time) -> Vec<Check> {
    let (aws, standby) = (&estate.clients, active.other());
    let (active_cluster, cluster, global, group, targets, wiring, latch, queue, lag) = tokio::join!(
        database::cluster(aws, active),
        database::cluster(aws, standby),
        database::global_view(aws, standby),
        capacity::group(aws, standby),
        capacity::healthy_targets(aws, standby),
        wiring::read(aws),
        traffic::latch(aws),
        queue::attributes(aws),
        alarms::lag(aws, active, now),
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
    };
    judge(&reads, active, desired, aws.topology())
}

fn judge(reads: &Reads, active: Side, desired: u32, topology: &Topology) -> Vec<Check> {
    let gate = |name: &str, found: Judged| named(name, true, found);
    let note = |name: &str, found: Judged| named(name, false, found);
    let (group, latch, wiring) = (&reads.group, &reads.latch, &reads.wiring);
    let connected = on(&reads.global, |g| replica_connected(g, active));
    vec![
        gate("engine_parity", engine_parity(reads)),
        gate("standby_members", on(&reads.cluster, standby_members)),
        gate("replica_connected", connected),
        gate("suspended_processes", on(group, suspended_processes)),
        gate("failover_pair", on(wiring, |w| failover_pair(w, topology))),
        gate("permissions", permissions(reads)),
        note("group_max", on(group, |g| group_max(g, desired))),
        note("latch_wired", on(wiring, |w| latch_wired(w, topology))),
        note("latch_state", on(latch, |l| latch_state(l, active))),
        note("queue", on(&reads.queue, queue_state)),
    ]
}

fn named(name: &str, gates: bool, (verdict, detail): Judged) -> Check {
    Check {
        name: name.into(),
        verdict,
        detail: detail.into(),
        gates,
    }
}

/// Judges what was read. What is gone is red; what could not be read is unknown.
fn on<T>(read: &Read<T>, by: impl FnOnce(&T) -> Judged) -> Judged {
    match read {
        Ok(found) => by(found),
        Err(error) => match error.class {
            Class::Gone => (Verdict::Unhealthy, error.to_string()),
            Class::Transient | Class::Denied | Class::Conflict => {
                (Verdict::Unknown, error.to_string())
            }
        },
    }
}

fn judged(right: bool, detail: String) -> Judged {
    match right {
        true => (Verdict::Healthy, detail),
        false => (Verdict::Unhealthy, detail),
    }
}

fn wrongs(wrong: Vec<String>, right: String) -> Judged {
    if wrong.is_empty() {
        judged(true, right)
    } else {
        judged(false, wrong.join("; "))
    }
}

/// A managed failover needs the same major and minor engine version on both members; patch levels
/// may differ (Aurora User Guide, upgrading a global database). The active region may be silent.
fn engine_parity(reads: &Reads) -> Judged {
    let active = match &reads.active_cluster {
        Ok(cluster) => cluster,
        Err(error) => return (Verdict::Unknown, error.to_string()),
    };
    on(&reads.cluster, |standby| {
        let (ours, theirs) = (&standby.engine_version, &active.engine_version);
        let detail = format!("standby {ours}, active {theirs}");
        match (major_minor(ours), major_minor(theirs)) {
            (Some(ours), Some(theirs)) => judged(ours == theirs, detail),
            (None, _) | (_, None) => (Verdict::Unknown, detail),
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
        Some(right) => judged(right, detail),
        None => (Verdict::Unknown, detail),
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
    wrongs(wrong, format!("{writer} writes, the replica is connected"))
}

fn suspended_processes(group: &Group) -> Judged {
    let needed = |process: &&String| NEEDED.contains(&process.as_str());
    let suspended = group.suspended.iter().filter(needed);
    let wrong = suspended.map(|p| format!("{p} is suspended")).collect();
    wrongs(wrong, "no needed process is suspended".to_owned())
}

fn group_max(group: &Group, desired: u32) -> Judged {
    let detail = format!("MaxSize {}, to serve {desired}", group.max);
    judged(group.max >= desired, detail)
}

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
        reads.latch.as_ref().err(),
        reads.queue.as_ref().err(),
        reads.lag.as_ref().err(),
    ];
    let denied: Vec<String> = errors
        .iter()
        .flatten()
        .filter(|e| e.class == Class::Denied)
        .map(|e| format!("{e}{}", hint(e)))
        .collect();
    if denied.is_empty() && errors[1..].iter().all(Option::is_some) {
        return (Verdict::Unknown, "nothing could be read".to_owned());
    }
    wrongs(denied, "no read was denied".to_owned())
}

fn hint(error: &AwsError) -> &'static str {
    if error.operation == "s3:GetObject" {
        " (without s3:ListBucket on the bucket, S3 denies what is not there)"
    } else {
        ""
    }
}

fn latch_state(latch: &Option<Latch>, active: Side) -> Judged {
    let points = latch.as_ref().map_or(Side::Primary, |_| Side::Standby);
    let detail = format!("the latch sends traffic to {points}, active is {active}");
    judged(points == active, detail)
}

fn queue_state(queue: &queue::Attributes) -> Judged {
    let waiting = queue
        .waiting
        .map_or("an unknown number of".to_owned(), |n| n.to_string());
    let dead = if queue.has_dead_letters { "a" } else { "no" };
    judged(
        true,
        format!("{waiting} messages wait, {dead} dead-letter queue"),
    )
}

fn failover_pair(wiring: &Wiring, topology: &Topology) -> Judged {
    wrongs(
        wiring.pair_faults(topology),
        "PRIMARY and SECONDARY are as they should be".to_owned(),
    )
}

fn latch_wired(wiring: &Wiring, topology: &Topology) -> Judged {
    let Some(check) = &wiring.health_check else {
        return judged(false, "PRIMARY has no health check".to_owned());
    };
    on(check, |check| {
        let faults = wiring.latch_faults(check, topology);
        if faults.is_empty() && check.inverted.is_none() {
            let detail = "Route 53 does not say whether the check is inverted";
            return (Verdict::Unknown, detail.to_owned());
        }
        wrongs(faults, "PRIMARY follows the latch alone".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::tests::topology;

    fn cluster(version: &str) -> Cluster {
        Cluster {
            status: "available".to_owned(),
            members: 1,
            has_writer: false,
            engine_version: version.to_owned(),
        }
    }

    fn group(max: u32) -> Group {
        Group {
            min: 1,
            desired: 1,
            max,
            in_service: 1,
            suspended: Vec::new(),
        }
    }

    fn fit() -> Reads {
        Reads {
            active_cluster: Ok(cluster("16.6")),
            cluster: Ok(cluster("16.6")),
            global: Ok(GlobalView {
                writer: Some(Side::Primary),
                writers: 1,
                role_change: RoleChange::Idle,
                replica_connected: true,
            }),
            group: Ok(group(6)),
            targets: Ok(None),
            wiring: Err(error("route53:ListX", "Throttling")),
            latch: Ok(None),
            queue: Ok(queue::Attributes::default()),
            lag: Ok(Vec::new()),
        }
    }

    fn error(operation: &'static str, code: &str) -> AwsError {
        AwsError::said(operation, "it", Some(code), "no".to_owned())
    }

    /// The names of the checks that have this verdict after a change.
    fn with(verdict: Verdict, change: impl FnOnce(&mut Reads)) -> Vec<String> {
        let mut reads = fit();
        change(&mut reads);
        judge(&reads, Side::Primary, 6, &topology())
            .iter()
            .filter(|c| c.verdict == verdict)
            .map(|c| c.name.to_string())
            .collect()
    }

    fn red(change: impl FnOnce(&mut Reads)) -> Vec<String> {
        with(Verdict::Unhealthy, change)
    }

    #[test]
    fn a_fit_standby_is_green_and_what_is_not_known_is_unknown() {
        let wiring = ["failover_pair", "latch_wired"];
        assert_eq!(with(Verdict::Healthy, |_| {}).len(), 8);
        assert_eq!(with(Verdict::Unknown, |_| {}), wiring);
        assert_eq!(red(|r| r.wiring = Ok(Wiring::default())), wiring);
    }

    #[test]
    fn each_fault_is_found_by_its_own_check() {
        let cluster_red = |c: Cluster| red(|r| r.cluster = Ok(c));
        assert_eq!(cluster_red(cluster("16.4")), ["engine_parity"]);
        let headless = Cluster {
            members: 0,
            ..cluster("16.6")
        };
        assert_eq!(cluster_red(headless), ["standby_members"]);
        for change in [
            |g: &mut GlobalView| g.replica_connected = false,
            |g: &mut GlobalView| g.writer = Some(Side::Standby),
            |g: &mut GlobalView| g.writers = 2,
            |g: &mut GlobalView| g.role_change = RoleChange::Underway(Side::Standby),
        ] {
            let reds = red(|r| r.global.iter_mut().for_each(change));
            assert_eq!(reds, ["replica_connected"]);
        }
        let thrown = Latch {
            etag: "e".to_owned(),
            epoch: Some(3),
        };
        assert_eq!(red(|r| r.latch = Ok(Some(thrown))), ["latch_state"]);
    }

    #[test]
    fn only_a_process_that_is_needed_may_not_be_suspended() {
        let suspended = |process: &str| {
            let names = vec![process.to_owned()];
            red(|r| {
                r.group = Ok(Group {
                    suspended: names,
                    ..group(6)
                })
            })
        };
        assert_eq!(suspended("Launch"), ["suspended_processes"]);
        assert!(suspended("AZRebalance").is_empty());
        assert_eq!(red(|r| r.group = Ok(group(5))), ["group_max"]);
    }

    #[test]
    fn a_denied_read_is_red_with_its_action() {
        let denied = |r: &mut Reads| r.lag = Err(error("cloudwatch:GetX", "AccessDenied"));
        assert_eq!(red(denied), ["permissions"]);
    }

    #[test]
    fn a_silent_active_region_is_unknown_and_not_red() {
        let dark = |r: &mut Reads| r.active_cluster = Err(error("rds:DescribeX", "Throttling"));
        assert!(with(Verdict::Unknown, dark).contains(&"engine_parity".to_owned()));
        assert!(red(dark).is_empty());
    }

    #[test]
    fn a_standby_that_is_gone_is_red() {
        let gone =
            |r: &mut Reads| r.cluster = Err(error("rds:DescribeX", "DBClusterNotFoundFault"));
        assert_eq!(red(gone), ["engine_parity", "standby_members"]);
    }

    #[test]
    fn versions_are_compared_by_major_and_minor() {
        assert_eq!(major_minor("16.6"), Some((16, 6)));
        assert_eq!(major_minor("16.6.2"), Some((16, 6)));
        assert_eq!(major_minor("8.0.mysql_aurora.3.04.1"), Some((3, 4)));
        assert_eq!(major_minor(""), None);
    }
}
