//! What people do to the estate behind drd's back, at one moment.
//!
//! Deliberately absent: what stays so for as long as a fault lasts (`faults`), and operators who order
//! drd (`rehearsal`).

use super::latch::LatchOwner;
use super::scenario::{Fault, FaultKind, Manner};
use super::world::World;
use drd_state_machine::event::Side;
use drd_state_machine::time::Span;

/// How long a deployment has the writer away when the fault does not say: AWS promises under a minute.
const DOWNTIME: Span = Span::secs(30);

/// Does it, if it is something of this kind. Gives a sentence for the timeline.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most kinds are not done by people"
)]
pub fn strike(world: &mut World, fault: &Fault) -> Option<String> {
    match fault.kind {
        FaultKind::LatchChanged => fault.to.map(|to| latch_set(world, to)),
        FaultKind::LatchRemoved => Some(latch_set(world, Side::Primary)),
        FaultKind::CapacityChanged => {
            let (min, desired) = (fault.min?, fault.desired?);
            world.set_group(fault.side(), min, desired);
            let side = fault.side();
            Some(format!(
                "somebody sets the {side} group to {desired} (min {min})"
            ))
        }
        FaultKind::RoleChangeByHand => fault.to.map(|to| roles_changed(world, to, fault.how)),
        FaultKind::BlueGreen => {
            let side = fault.side();
            let until = world.now + fault.downtime.unwrap_or(DOWNTIME);
            world.away_until[side.index()] = until;
            Some(format!(
                "a blue/green deployment takes the {side} cluster away"
            ))
        }
        _ => None,
    }
}

fn latch_set(world: &mut World, to: Side) -> String {
    world.latch.set(to, LatchOwner::Person, [true; 2]);
    world.disturbed_at = Some(world.now);
    format!("somebody sets the latch to {to}")
}

fn roles_changed(world: &mut World, to: Side, how: Option<Manner>) -> String {
    let lossy = how == Some(Manner::Failover);
    let kind = if lossy { "failover" } else { "switchover" };
    let ready = world.database_is_available(to)
        && !world.faults.version_mismatch
        && (lossy || world.replica_connected && world.database_answers(world.writer));
    if world.writer == to || world.role_change.is_some() || !ready {
        return format!("somebody asks for a {kind} to {to}: Aurora refuses");
    }
    world.begin_role_change(to, lossy);
    world.by_hand = true;
    format!("somebody asks for a {kind} to {to}")
}
