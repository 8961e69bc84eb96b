//! Numbers that must fit into each other: slices into the RTO, hold-downs into detection, the
//! lag's period into the RPO, the quorum into the vantages that there are.
//!
//! Deliberately absent: changing a number so that it fits.

use super::diagnostics::Origin;
use super::reader::{Field, Notes};
use super::sensors::SensorConfig;
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{Domain, Side};
use drd_state_machine::policy::Budget;
use drd_state_machine::time::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Hold-downs by diagnosis.
pub(super) type HoldDowns = BTreeMap<Diagnosis, Field<Span>>;

/// The lengths that must fit into each other.
pub(super) struct Objectives {
    pub rto: Field<Span>,
    pub rto_lossless: Field<Span>,
    pub rpo: Field<Span>,
    pub lag_fresh: Field<Span>,
    pub lag_period: Field<Span>,
}

impl Objectives {
    /// Notes what does not fit, with the numbers.
    pub fn check(&self, notes: &Notes, budget: &Budget) {
        let (total, rto) = (total(budget), self.rto.value);
        if total > rto {
            let slices = in_sequence(budget).map(|(name, slice)| format!("{name} {slice}"));
            let what = format!(
                "the slices do not fit: {} = {total} > rto {rto}",
                slices.join(" + ")
            );
            let hint = "shorten slices in `budget`, or set a longer rto";
            notes.problem(&self.rto.origin, what, hint);
        }
        if self.rto_lossless.value < rto {
            let what = format!("rto_lossless {} < rto {rto}", self.rto_lossless.value);
            let hint = "a move that waits for every row takes longer than one that does not";
            notes.problem(&self.rto_lossless.origin, what, hint);
        }
        if self.rpo.value <= self.lag_period.value {
            let what = format!(
                "rpo {} <= lag_period {}",
                self.rpo.value, self.lag_period.value
            );
            let hint = "the RPO gate adds one period to the lag, so it could never pass";
            notes.problem(&self.rpo.origin, what, hint);
        }
        if self.lag_fresh.value < self.lag_period.value {
            let what = format!(
                "lag_fresh {} < lag_period {}",
                self.lag_fresh.value, self.lag_period.value
            );
            let hint = "a sample would be too old before the next one comes";
            notes.problem(&self.lag_fresh.origin, what, hint);
        }
    }
}

/// Notes hold-downs that detection cannot afford.
pub(super) fn hold_downs_fit(
    notes: &Notes,
    hold_down: &Field<Span>,
    others: &HoldDowns,
    budget: &Budget,
) {
    let named = others
        .iter()
        .map(|(name, field)| (format!("hold_down_for.{name}"), field));
    for (name, field) in named.chain([("hold_down".to_owned(), hold_down)]) {
        if field.value >= budget.detect {
            let what = format!("{name} {} >= budget.detect {}", field.value, budget.detect);
            notes.problem(
                &field.origin,
                what,
                "detection would eat its slice before it may decide",
            );
        }
    }
}

/// The slices that follow each other, with their names. The fence runs beside the promotion.
pub(super) fn in_sequence(budget: &Budget) -> [(&'static str, Span); 4] {
    [
        ("detect", budget.detect),
        ("promote", budget.promote),
        ("redirect", budget.redirect),
        ("verify", budget.verify),
    ]
}

fn total(budget: &Budget) -> Span {
    in_sequence(budget)
        .into_iter()
        .fold(Span::ZERO, |sum, (_, slice)| sum + slice)
}

/// Whether enough fault domains can see each side's endpoint; else drd could never act.
pub(super) fn quorum_reachable(notes: &Notes, quorum: u8, sensors: &[SensorConfig]) {
    for side in Side::BOTH {
        let seeing = endpoint_domains(sensors, side);
        if seeing.len() < usize::from(quorum) {
            let names: Vec<_> = seeing.iter().map(|domain| domain.name()).collect();
            let what = format!(
                "quorum {} cannot be reached on {side}: its endpoint is seen from {} only",
                quorum,
                names.join(", ")
            );
            notes.problem(
                &Origin::Nowhere,
                what,
                "declare a route53 sensor for that side, or quorum = 2",
            );
        }
    }
}

/// The fault domains from which a side's endpoint is seen.
pub(super) fn endpoint_domains(sensors: &[SensorConfig], side: Side) -> BTreeSet<Domain> {
    let seeing = sensors
        .iter()
        .filter(|s| s.side == side && s.vantage.sees_endpoint());
    seeing.map(|sensor| sensor.vantage.domain()).collect()
}
