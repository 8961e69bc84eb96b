//! Sentences about what an operator ordered.
//!
//! Deliberately absent: what refuses an order (`Blocker`).

use crate::diagnosis::Diagnosis;
use crate::record::{Facts, Incident, Operation};
use crate::time::Span;

/// What an order has begun, for the operator who waits for the answer; `loss` is what a failover may lose.
pub(super) fn begun(i: &Incident, seen: Diagnosis, loss: String) -> String {
    let (operation, costs) = match i.operation {
        Operation::Failover => ("failover", loss),
        Operation::Switchover => ("switchover", "no write is lost".to_owned()),
    };
    format!(
        "run {} is begun, as ordered: {operation} from {} to {}; {costs}. Seen: {seen}",
        i.incident_id, i.from, i.to
    )
}

pub(crate) fn order_expired(facts: &Facts, age: Span) -> String {
    format!(
        "run {}: the operator's order is {age} old and nothing came of it: it is given up, no role was changed. Give it again",
        facts.incident_id
    )
}
