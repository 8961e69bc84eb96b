//! Each fault is found by its own check, and what is not known is never red.

use super::*;
use crate::aws::latch_object::LatchObject;
use crate::estate::side::tests::topology;
use drd_bootstrap::checks::Verdict;

fn cluster(version: &str) -> Cluster {
    Cluster {
        status: "available".to_owned(),
        members: 1,
        has_writer: false,
        engine_version: version.to_owned(),
        key: None,
    }
}

fn group(max: u32) -> ScalingGroup {
    ScalingGroup {
        min: 1,
        desired: 1,
        max,
        in_service: 1,
        suspended: Vec::new(),
        instance_type: None,
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
        latch: StoresFound(vec![Ok(None)]),
        queue: Ok(QueueAttributes::default()),
        lag: Ok(Vec::new()),
        outsider: vec![Ok(())],
        deployments: [Ok(Vec::new()), Ok(Vec::new())],
        record: Ok(known(&["192.0.2.53:53"], &[])),
    }
}

fn known(given_by: &[&str], denied_by: &[&str]) -> RecordKnown {
    let at = |all: &[&str]| all.iter().map(|a| a.parse().expect("an address")).collect();
    RecordKnown {
        given_by: at(given_by),
        denied_by: at(denied_by),
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
    with(Verdict::Red, change)
}

#[test]
fn a_fit_standby_is_green_and_what_is_not_known_is_unknown() {
    let wiring = ["failover_pair", "latch_wired"];
    assert_eq!(with(Verdict::Green, |_| {}).len(), 12);
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
    let outside = |code| red(|r| r.outsider = vec![Err(error("s3:GetObject", code))]);
    assert_eq!(outside("AccessDenied"), ["latch_public", "latch_stores"]);
    assert_eq!(outside("SlowDown"), [""; 0]);
    let second = |r: &mut Reads| r.outsider.push(Err(error("s3:GetObject", "AccessDenied")));
    assert_eq!(
        red(second),
        ["latch_stores"],
        "one store turns the record over"
    );
    let denied = known(&["192.0.2.53:53"], &["192.0.2.54:53"]);
    assert_eq!(red(|r| r.record = Ok(denied)), ["dns_record"]);
    let thrown = LatchObject {
        etag: "e".to_owned(),
        incident_id: Some(3),
    };
    assert_eq!(
        red(|r| r.latch = StoresFound(vec![Ok(None), Ok(Some(thrown))])),
        ["latch_state"]
    );
}

#[test]
fn only_a_process_that_is_needed_may_not_be_suspended() {
    let suspended = |process: &str| {
        let names = vec![process.to_owned()];
        red(|r| {
            r.group = Ok(ScalingGroup {
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
fn credentials_that_expired_are_unknown_and_not_red() {
    let expired = |r: &mut Reads| r.lag = Err(error("cloudwatch:GetX", "ExpiredToken"));
    assert!(red(expired).is_empty());
    assert!(with(Verdict::Unknown, expired).contains(&"permissions".to_owned()));
    let both = |r: &mut Reads| {
        expired(r);
        r.latch = StoresFound(vec![Err(error("s3:GetX", "AccessDenied"))]);
    };
    assert!(red(both).contains(&"permissions".to_owned()));
}

#[test]
fn a_silent_active_region_is_unknown_and_not_red() {
    let dark = |r: &mut Reads| r.active_cluster = Err(error("rds:DescribeX", "Throttling"));
    assert!(with(Verdict::Unknown, dark).contains(&"engine_parity".to_owned()));
    assert!(red(dark).is_empty());
}

#[test]
fn a_standby_that_is_gone_is_red() {
    let gone = |r: &mut Reads| r.cluster = Err(error("rds:DescribeX", "DBClusterNotFoundFault"));
    assert_eq!(red(gone), ["engine_parity", "standby_members"]);
}

#[test]
fn versions_are_compared_by_major_and_minor() {
    assert_eq!(major_minor("16.6"), Some((16, 6)));
    assert_eq!(major_minor("16.6.2"), Some((16, 6)));
    assert_eq!(major_minor("8.0.mysql_aurora.3.04.1"), Some((3, 4)));
    assert_eq!(major_minor(""), None);
}

#[test]
fn a_deployment_that_switches_over_is_a_gate_and_one_that_cannot_be_read_is_none() {
    let found = |reads: &Reads| {
        let all = judge(reads, Side::Primary, 6, &topology());
        let check = all.into_iter().find(|check| check.name == "deployment");
        check.map(|check| (check.verdict, check.gates))
    };
    let mut reads = fit();
    assert_eq!(found(&reads), Some((Verdict::Green, Gates::Nothing)));
    reads.deployments[0] = Err(error("rds:DescribeBlueGreenDeployments", "AccessDenied"));
    assert_eq!(found(&reads), Some((Verdict::Unknown, Gates::Nothing)));
    reads.deployments[1] = Ok(vec!["next".to_owned()]);
    assert_eq!(found(&reads), Some((Verdict::Red, Gates::Failover)));
}
