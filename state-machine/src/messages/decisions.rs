//! Sentences about what drd decided and about what an operator ordered.
//!
//! Deliberately absent: what refuses an order (`Blocker`).

use crate::assessment::Assessment;
use crate::policy::Setup;
use crate::record::{Facts, Operation, Trigger};
use crate::time::Time;

fn loss(seen: &Assessment) -> String {
    match seen.loss {
        Some(loss) => format!("at most {loss} of writes would be lost"),
        None => "what would be lost is unknown".to_owned(),
    }
}

pub(crate) fn decided(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> String {
    seen_and(&loss(seen), facts, setup, now, seen)
}

fn seen_and(costs: &str, facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> String {
    let summary = seen.summary(facts, setup, now);
    format!("{}: {summary}; {costs}", seen.diagnosis)
}

/// What a run has begun: for an operator who waits for the answer, or with what drd decided on.
pub(crate) fn begun(facts: &Facts, setup: &Setup, now: Time, seen: &Assessment) -> String {
    let Some(i) = &facts.incident else {
        return decided(facts, setup, now, seen);
    };
    let (operation, costs) = match i.operation {
        Operation::Failover => ("failover", loss(seen)),
        Operation::Switchover => ("switchover", lossless(seen)),
    };
    match i.trigger {
        Trigger::Operator => format!(
            "run {} is begun, as ordered: {operation} from {} to {}; {costs}. Seen: {}",
            i.incident_id, i.from, i.to, seen.diagnosis
        ),
        Trigger::Automatic => seen_and(&costs, facts, setup, now, seen),
    }
}

/// A switchover ends when the replica has caught up, and until then nobody writes.
fn lossless(seen: &Assessment) -> String {
    let behind = seen.loss.map_or("by how much is unknown".to_owned(), |by| {
        format!("at most {by}")
    });
    format!("no write is lost, and none is taken until the replica has caught up ({behind} behind)")
}

pub(crate) fn order_expired(facts: &Facts, now: Time) -> String {
    let decided_at = facts.incident.as_ref().map_or(now, |i| i.decided_at);
    format!(
        "run {}: the operator's order of {} ago is given up, nothing came of it and no role was changed. Give it again",
        facts.incident_id,
        now - decided_at
    )
}
