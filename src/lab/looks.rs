//! What drd finds when it looks itself: its probe, the control planes, one look at the parts, and the
//! readiness checks.
//!
//! Deliberately absent: what reports by itself (`sensors`).

use super::install::Install;
use super::sensors::{Sensors, own, verdict};
use super::world::World;
use crate::engine::port::Parts;
use drd_state_machine::event::{
    Check, GlobalView, Observation, RoleChange, Side, SideView, Signal, Vantage, Verdict,
};
use drd_state_machine::time::Time;

/// drd's own probe of a side, by drd's own clock.
pub fn probe(world: &World, who: Install, side: Side, local: Time) -> Signal {
    let verdict = if world.faults.isolated[who.index()] {
        Verdict::Unhealthy
    } else {
        Sensors::seen(world, Vantage::Probe, side)
    };
    own(Vantage::Probe, side, verdict, local)
}

/// Whether the side's regional endpoints answer drd.
pub fn control_plane(world: &World, who: Install, side: Side, local: Time) -> Signal {
    let answers = verdict(world.faults.answers(who, side, "rds"));
    let wrong = world.faults.wrong(Vantage::ControlPlane, side);
    own(Vantage::ControlPlane, side, wrong.unwrap_or(answers), local)
}

/// One look at these parts.
pub fn look(world: &World, who: Install, active: Side, parts: Parts) -> Observation {
    if world.faults.isolated[who.index()] {
        let references = if parts.references {
            Verdict::Unhealthy
        } else {
            Verdict::Unknown
        };
        return Observation {
            references,
            ..Observation::default()
        };
    }
    let asked = active.other();
    let references = if parts.references {
        Verdict::Healthy
    } else {
        Verdict::Unknown
    };
    let wanted = |side| {
        if side == active {
            parts.active
        } else {
            parts.other
        }
    };
    Observation {
        references,
        global: (parts.global
            && world
                .faults
                .reads(who, asked, "rds", "DescribeGlobalClusters"))
        .then(|| global(world)),
        sides: Side::BOTH.map(|side| {
            let view = wanted(side).then(|| side_view(world, who, side));
            view.flatten()
        }),
        dns: parts.dns.then_some(world.answer),
        latch: latch(world).filter(|_| parts.dns),
    }
}

/// What the stores of the latch that can be read say; both are away from a region that drd asks.
fn latch(world: &World) -> Option<Side> {
    let readable = world.readable_latches();
    let refused = world.faults.refusal("s3", "GetObject").is_some();
    (readable.contains(&true) && !refused).then(|| world.latch.asks_for(readable))
}

fn global(world: &World) -> GlobalView {
    GlobalView {
        writer: Some(world.writer),
        writers: 1,
        role_change: world
            .role_change
            .map_or(RoleChange::Idle, |c| RoleChange::Underway(c.to)),
        replica_connected: world.replica_connected,
    }
}

fn side_view(world: &World, who: Install, side: Side) -> Option<SideView> {
    let faults = &world.faults;
    let rds = faults.reads(who, side, "rds", "DescribeDBClusters") && !world.is_away(side);
    let asg = faults.reads(who, side, "autoscaling", "DescribeAutoScalingGroups");
    let group = world.group(side);
    let well = group.serving(world.now);
    let targets = if world.faults.application_down[side.index()] {
        0
    } else {
        well
    };
    (rds || asg).then(|| SideView {
        database_available: rds.then(|| world.database_is_available(side)),
        in_service: asg.then_some(well),
        healthy_targets: asg.then_some(targets),
        min_size: asg.then_some(group.min),
    })
}

/// The readiness checks, asked about the side that waits.
pub fn readiness(world: &World, who: Install, active: Side) -> Vec<Check> {
    let waits = active.other();
    let seen = world.faults.reads(who, waits, "rds", "DescribeDBClusters");
    let serves = world.faults.reads(who, active, "rds", "DescribeDBClusters");
    let deployment = world.faults.deployment;
    let check = |name: &str, seen: bool, well: bool, detail: &str| Check {
        name: name.into(),
        verdict: if seen {
            verdict(well && !is_red(world, name))
        } else {
            Verdict::Unknown
        },
        detail: detail.into(),
        gates: true,
    };
    let permitted = world.faults.refusal("rds", "DescribeDBClusters") != Some("AccessDenied");
    vec![
        check(
            "engine_parity",
            seen,
            !world.faults.version_mismatch,
            "engine versions of both sides",
        ),
        check(
            "standby_members",
            seen,
            world.database_is_available(waits),
            "members of the standby cluster",
        ),
        check(
            "permissions",
            seen || !permitted,
            permitted,
            "every read that drd needs",
        ),
        check(
            "failover_pair",
            seen,
            true,
            "PRIMARY follows the latch alone",
        ),
        check(
            "deployment",
            seen || serves,
            deployment == [false; 2],
            "blue/green deployments of both sides",
        ),
    ]
}

/// Whether a check that flickers shows red now.
fn is_red(world: &World, name: &str) -> bool {
    let flickers = world
        .faults
        .flickers
        .as_ref()
        .filter(|(check, _)| check == name);
    flickers.is_some_and(|(_, period)| {
        let half = (period.0 / 2).max(1);
        (world.now - super::EPOCH).0 / half % 2 == 1
    })
}
