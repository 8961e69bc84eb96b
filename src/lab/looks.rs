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
    let lied = world.faults.lies(Vantage::ControlPlane, side);
    let answers = world.faults.answers(who, side, "rds") && !lied;
    own(Vantage::ControlPlane, side, verdict(answers), local)
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
        global: (parts.global && world.faults.answers(who, asked, "rds")).then(|| global(world)),
        sides: Side::BOTH.map(|side| {
            let view = wanted(side).then(|| side_view(world, who, side));
            view.flatten()
        }),
        dns: parts.dns.then_some(world.answer),
    }
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
    let rds = world.faults.answers(who, side, "rds");
    let asg = world.faults.answers(who, side, "autoscaling");
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
    let seen = world.faults.answers(who, waits, "rds");
    let check = |name: &str, well: bool, detail: &str| Check {
        name: name.into(),
        verdict: if seen {
            verdict(well)
        } else {
            Verdict::Unknown
        },
        detail: detail.into(),
        gates: true,
    };
    vec![
        check(
            "engine_parity",
            !world.faults.version_mismatch,
            "engine versions of both sides",
        ),
        check(
            "standby_members",
            world.database_is_available(waits),
            "members of the standby cluster",
        ),
        check("permissions", true, "every read that drd needs"),
        check("failover_pair", true, "PRIMARY follows the latch alone"),
    ]
}
