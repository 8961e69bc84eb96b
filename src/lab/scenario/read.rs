//! How a scenario file writes durations and moments.
//!
//! Deliberately absent: whether they make sense together.

use super::at::At;
use drd_state_machine::phase::Phase;
use drd_state_machine::time::Span;
use serde::{Deserialize, Deserializer};

fn parse_span(text: &str) -> Result<Span, String> {
    text.parse::<jiff::SignedDuration>()
        .map(|d| Span::millis(i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
        .map_err(|e| format!("{text:?} is not a duration like \"90s\" or \"15m\": {e}"))
}

pub(in crate::lab::scenario) fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
    let text = String::deserialize(from)?;
    parse_span(&text).map_err(serde::de::Error::custom)
}

pub(in crate::lab::scenario) fn optional_span<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Span>, D::Error> {
    span(from).map(Some)
}

pub(in crate::lab::scenario) fn at<'de, D: Deserializer<'de>>(from: D) -> Result<At, D::Error> {
    let text = String::deserialize(from)?;
    match text.strip_prefix("step:") {
        Some(name) => step(name).map(At::Step).map_err(serde::de::Error::custom),
        None => parse_span(&text)
            .map(At::Time)
            .map_err(serde::de::Error::custom),
    }
}

fn step(name: &str) -> Result<Phase, String> {
    let known = Phase::ALL.into_iter().find(|phase| phase.name() == name);
    known.ok_or_else(|| {
        let names = Phase::ALL.map(Phase::name).join(", ");
        format!("no state is called {name}; use one of {names}")
    })
}
