//! The numbers: objectives, thresholds, slices of the RTO, what may happen unattended.
//!
//! Deliberately absent: defaults. They are, with their reasons, in `drd_state_machine::policy`.

use super::consistency::{HoldDowns, Objectives, hold_downs_fit};
use super::diagnostics::Origin;
use super::reader::{Field, Reader};
use super::tree::Node;
use super::values;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::policy::{Autonomy, Budget, Policy, Serving};
use drd_state_machine::time::Span;
use std::collections::BTreeMap;

/// The share of the capacity with which serving is better than waiting (DESIGN section 10).
const FLOOR_PERCENT: u32 = 50;

/// Reads `[policy]`.
pub(super) fn read(root: &mut Reader<'_>) -> Policy {
    let default = Policy::default();
    let mut table = root.table_or_empty("policy");
    let budget = read_budget(&mut table, default.budget);
    let hold_down = table.with_default("hold_down", default.hold_down, values::span);
    let hold_down_for = read_hold_down_for(&mut table, &default.hold_down_for);
    let objectives = Objectives {
        rto: table.with_default("rto", default.rto, values::span),
        rto_lossless: table.with_default("rto_lossless", default.rto_lossless, values::span),
        rpo: table.with_default("rpo", default.rpo, values::span),
        lag_fresh: table.with_default("lag_fresh", default.lag_fresh, values::span),
        lag_period: table.with_default("lag_period", default.lag_period, values::span),
    };
    objectives.check(table.notes(), &budget);
    hold_downs_fit(table.notes(), &hold_down, &hold_down_for, &budget);
    let quorum = table.with_default("quorum", default.quorum, quorum).value;
    let autonomy = read_autonomy(&mut table, default.autonomy);
    let mut span = |key, default| table.with_default(key, default, values::span).value;
    let policy = Policy {
        rto: objectives.rto.value,
        rto_lossless: objectives.rto_lossless.value,
        rpo: objectives.rpo.value,
        quorum,
        hold_down: hold_down.value,
        hold_down_for: hold_down_for
            .into_iter()
            .map(|(of, field)| (of, field.value))
            .collect(),
        lag_fresh: objectives.lag_fresh.value,
        lag_period: objectives.lag_period.value,
        lag_delivery: span("lag_delivery", default.lag_delivery),
        lag_read_delivery: span("lag_read_delivery", default.lag_read_delivery),
        aws_lag_period: span("aws_lag_period", default.aws_lag_period),
        aws_lag_delivery: span("aws_lag_delivery", default.aws_lag_delivery),
        cool_down: span("cool_down", default.cool_down),
        event_max_age: span("event_max_age", default.event_max_age),
        autonomy,
        budget,
    };
    table.finish();
    policy
}

fn quorum(node: &Node) -> Result<u8, String> {
    match node.whole().map_err(|why| format!("{why}; 2 or 3"))? {
        2 => Ok(2),
        3 => Ok(3),
        0 | 1 => Err("one fault domain alone must never cause an irreversible act".to_owned()),
        _ => Err("wants 2 or 3: three fault domains can see the endpoint".to_owned()),
    }
}

fn read_budget(policy: &mut Reader<'_>, default: Budget) -> Budget {
    let mut table = policy.table_or_empty("budget");
    let mut slice = |key, default| table.with_default(key, default, values::span).value;
    let budget = Budget {
        detect: slice("detect", default.detect),
        fence: slice("fence", default.fence),
        promote: slice("promote", default.promote),
        redirect: slice("redirect", default.redirect),
        verify: slice("verify", default.verify),
    };
    if budget.fence > budget.promote {
        let what = format!(
            "budget.fence {} > budget.promote {}",
            budget.fence, budget.promote
        );
        table
            .notes()
            .problem(table.origin(), what, "the fence runs beside the promotion");
    }
    table.finish();
    budget
}

/// The diagnoses that have a ladder: the only ones that can be tuned.
fn laddered() -> impl Iterator<Item = Diagnosis> {
    Diagnosis::ALL
        .into_iter()
        .filter(|diagnosis| diagnosis.has_ladder())
}

fn read_hold_down_for(policy: &mut Reader<'_>, default: &BTreeMap<Diagnosis, Span>) -> HoldDowns {
    let mut table = policy.table_or_empty("hold_down_for");
    let unwritten = |value| Field {
        value,
        origin: Origin::Nowhere,
    };
    let mut read: HoldDowns = default
        .iter()
        .map(|(of, span)| (*of, unwritten(*span)))
        .collect();
    for diagnosis in laddered() {
        if let Some(field) = table.optional(diagnosis.name(), values::span) {
            read.insert(diagnosis, field);
        }
    }
    table.finish();
    read
}

fn read_autonomy(
    policy: &mut Reader<'_>,
    mut autonomy: BTreeMap<Diagnosis, Autonomy>,
) -> BTreeMap<Diagnosis, Autonomy> {
    let mut table = policy.table_or_empty("autonomy");
    for diagnosis in laddered() {
        let word = table.optional(diagnosis.name(), |node| {
            values::named(
                node.text()?,
                [Autonomy::Observe, Autonomy::Advise, Autonomy::Act],
                Autonomy::name,
            )
        });
        autonomy.extend(word.map(|field| (diagnosis, field.value)));
    }
    table.finish();
    autonomy
}

/// Reads `[capacity]`.
pub(super) fn read_capacity(root: &mut Reader<'_>) -> Option<Serving> {
    let mut table = root.table("capacity", "how many instances the active side must reach")?;
    let floor_percent = table
        .with_default("floor_percent", FLOOR_PERCENT, values::percent)
        .value;
    let serving = table.table(
        "serving",
        "the size the active side must reach, { min, desired }",
    );
    table.finish();
    let mut serving = serving?;
    let min = serving.required("min", "MinSize of the active side", values::instances);
    let desired = serving.required(
        "desired",
        "DesiredCapacity of the active side",
        values::instances,
    );
    let notes = serving.notes();
    serving.finish();
    let (min, desired) = (min?, desired?);
    if min.value > desired.value {
        let what = format!(
            "serving.min {} > serving.desired {}",
            min.value, desired.value
        );
        notes.problem(
            &min.origin,
            what,
            "a group cannot want fewer instances than its minimum",
        );
    }
    Some(Serving {
        min: min.value,
        desired: desired.value,
        floor_percent,
    })
}
