//! The way in for commands: what the simulated AWS does with each, and what it answers.
//!
//! This is the lab's `perform`: look before acting, one attempt, an honest `Unknown` when no
//! answer came. Deliberately absent: deciding, and any use of what only `judge` may know.

use super::api::api;
use super::install::Install;
use super::latch::LatchOwner;
use super::rng::Chance;
use super::world::World;
use crate::estate::error::outcome_of;
use drd_bootstrap::aws::error::classify;
use drd_state_machine::command::Command;
use drd_state_machine::event::{Outcome, Side};
use drd_state_machine::time::Span;

/// What became of one attempt.
pub struct Act {
    /// What drd receives.
    pub outcome: Outcome,
    /// After how long.
    pub after: Span,
    /// Whether the estate was changed.
    pub changed: bool,
    /// Whether the answer got lost although it took effect.
    pub lost: bool,
    /// A sentence for the timeline, when something happened.
    pub told: Option<String>,
}

/// How long drd waits for an answer before it gives an attempt up.
pub const DEADLINE: Span = Span::secs(10);

enum Reach {
    Yes,
    No(Outcome, Span),
}

/// Carries a command out, at the moment that its request arrives.
pub fn act(world: &mut World, chance: &mut Chance, who: Install, command: &Command) -> Act {
    let (service, operation) = api(command);
    let side = endpoint(world, command);
    if let Reach::No(outcome, after) = reach(world, chance, (who, side), service, operation) {
        return Act {
            outcome,
            after,
            changed: false,
            lost: false,
            told: None,
        };
    }
    let latency = chance.span(Span::millis(100), Span::millis(900));
    let (outcome, changed, told) = carry_out(world, command);
    if changed && world.faults.loses_reply(operation) {
        let why = format!("no answer to {operation} within {DEADLINE}");
        return Act {
            outcome: Outcome::Unknown { why },
            after: DEADLINE,
            changed,
            lost: true,
            told,
        };
    }
    Act {
        outcome,
        after: latency,
        changed,
        lost: false,
        told,
    }
}

/// The region that the request goes to. A failover goes to the side that is promoted; only the
/// lossless switchover goes to the writer.
pub fn endpoint(world: &World, command: &Command) -> Side {
    match command {
        Command::Prescale { side, .. }
        | Command::ScaleBack { side, .. }
        | Command::Scale { side, .. }
        | Command::Fence { side, .. }
        | Command::ProveWrite { side, .. } => *side,
        Command::Promote { to, .. } => *to,
        Command::Switchover { .. } => world.writer,
        Command::Redirect { .. } | Command::Page { .. } => Side::Standby,
    }
}

fn reach(
    world: &mut World,
    chance: &mut Chance,
    (who, side): (Install, Side),
    service: &str,
    operation: &str,
) -> Reach {
    if !world.faults.answers(who, side, service) {
        let why = format!("{service}:{operation}: no answer from {side} within {DEADLINE}");
        return Reach::No(Outcome::Unknown { why }, DEADLINE);
    }
    let rate = world.faults.throttle_rate(service);
    if rate > 0.0 && chance.happens(rate) {
        let why = format!("{service}:{operation}: Throttling: Rate exceeded");
        return Reach::No(Outcome::Unknown { why }, Span::millis(300));
    }
    if let Some(code) = world.faults.refusal(service, operation) {
        return Reach::No(error(service, operation, code), Span::millis(300));
    }
    let lost = world.faults.pages_lost;
    if (service, operation) == ("events", "PutEvents") && lost > 0.0 && chance.happens(lost) {
        let why = "nobody took the page".to_owned();
        return Reach::No(Outcome::Unknown { why }, Span::millis(300));
    }
    if let Some(code) = world.faults.take_error(service, operation) {
        return Reach::No(error(service, operation, &code), Span::millis(300));
    }
    Reach::Yes
}

/// What drd's classes make of an AWS error code.
fn error(service: &str, operation: &str, code: &str) -> Outcome {
    let why = format!("{service}:{operation}: {code}");
    outcome_of(classify(Some(code), "", None), why)
}

type Carried = (Outcome, bool, Option<String>);

fn carry_out(world: &mut World, command: &Command) -> Carried {
    match command {
        Command::Prescale { side, min, .. } => {
            let (side, min) = (*side, *min);
            let group = world.group(side);
            if group.min >= min {
                return (Outcome::AlreadySo, false, None);
            }
            let desired = group.desired.max(min);
            size(world, side, min, desired)
        }
        Command::ScaleBack { side, min, .. } => size(world, *side, *min, *min),
        Command::Scale {
            side, min, desired, ..
        } => {
            let group = world.group(*side);
            if group.min >= *min && group.desired >= *desired {
                return (Outcome::AlreadySo, false, None);
            }
            let (min, desired) = (group.min.max(*min), group.desired.max(*desired));
            size(world, *side, min, desired)
        }
        Command::Fence { side, .. } => size(world, *side, 0, 0),
        Command::Promote { to, .. } => change_roles(world, *to, true),
        Command::Switchover { to, .. } => change_roles(world, *to, false),
        Command::ProveWrite { side, .. } => prove(world, *side),
        Command::Redirect { to, .. } => latch(world, *to),
        Command::Page { severity, .. } => {
            world.pages.take(world.now, *severity);
            (Outcome::Done, false, None)
        }
    }
}

fn size(world: &mut World, side: Side, min: u32, desired: u32) -> Carried {
    world.set_group(side, min, desired);
    (
        Outcome::Done,
        true,
        Some(format!("the {side} group is set to {desired} (min {min})")),
    )
}

fn change_roles(world: &mut World, to: Side, lossy: bool) -> Carried {
    if world.writer == to && world.role_change.is_none() {
        return (Outcome::AlreadySo, false, None);
    }
    if let Some(change) = world.role_change {
        let outcome = if change.to == to {
            Outcome::Done
        } else {
            refused("InvalidGlobalClusterStateFault: another role change runs")
        };
        return (outcome, false, None);
    }
    if world.faults.version_mismatch {
        return (
            refused("InvalidGlobalClusterStateFault: engine versions differ"),
            false,
            None,
        );
    }
    let ready = world.database_is_available(to) && (lossy || world.database_answers(world.writer));
    if !ready {
        return (
            refused("InvalidDBClusterStateFault: a member is not available"),
            false,
            None,
        );
    }
    world.begin_role_change(to, lossy);
    let kind = if lossy { "failover" } else { "switchover" };
    (
        Outcome::Done,
        true,
        Some(format!("Aurora accepted the {kind} to {to}")),
    )
}

fn refused(why: &str) -> Outcome {
    Outcome::Refused {
        why: why.to_owned(),
    }
}

fn prove(world: &mut World, side: Side) -> Carried {
    if !world.takes_writes(side) {
        return (refused("the write check did not answer 200"), false, None);
    }
    world.prove(side);
    (
        Outcome::Done,
        false,
        Some(format!("a write on {side} was read back")),
    )
}

fn latch(world: &mut World, to: Side) -> Carried {
    let reached = world.readable_latches();
    let (before, owner) = (world.latch.asks_for(reached), world.latch.owner(reached));
    if before == to && owner != Some(LatchOwner::Person) && reached == [true; 2] {
        return (Outcome::AlreadySo, false, None);
    }
    if !world.latch.set(to, LatchOwner::Drd, reached) {
        let why = "a store of the latch does not answer".to_owned();
        return (Outcome::Unknown { why }, before != to, None);
    }
    let told = format!("the latch is thrown to {to}");
    (
        Outcome::Done,
        before != to,
        Some(told).filter(|_| before != to),
    )
}
