//! Whether the application of the side that waits is proven, so that traffic may move there without
//! loss (DESIGN section 4, rule 17).
//!
//! Deliberately absent: whether to move it (`gates`, `machine`).

use crate::event::{Vantage, Verdict};
use crate::policy::Setup;
use crate::record::Facts;
use crate::time::Time;

/// drd's own probe and one more domain.
const DOMAINS_MIN: u32 = 2;

/// The capacity of the floor serves, and the endpoint has been well for the hold-down as drd's own
/// probe and a further domain see it.
///
/// # Errors
/// What is missing, with its figures.
pub(crate) fn proven(facts: &Facts, setup: &Setup, now: Time) -> Result<(), String> {
    let side = facts.active.other();
    let view = facts.evidence.side_now(side, now);
    let serving = view.and_then(|view| view.serving()).unwrap_or(0);
    if serving < setup.serving.floor() {
        let floor = setup.serving.floor();
        return Err(format!(
            "{serving} instances of {side} serve, the floor is {floor}"
        ));
    }
    let policy = &setup.policy;
    let mut well = 0;
    let readings = facts.evidence.readings.iter();
    for reading in readings.filter(|r| r.side == side && r.vantage.sees_endpoint()) {
        let for_long = now - reading.since >= policy.hold_down;
        match (reading.vantage, reading.current_verdict(now, policy)) {
            (_, Verdict::Unhealthy) => {
                return Err(format!(
                    "{} reports that {side} is not well",
                    reading.sensor
                ));
            }
            (_, Verdict::Healthy) if for_long => well += 1,
            (Vantage::Probe, _) => {
                let wait = policy.hold_down;
                return Err(format!(
                    "drd's own probe has not found {side} well for {wait}"
                ));
            }
            (_, Verdict::Healthy | Verdict::Unknown) => {}
        }
    }
    if well < DOMAINS_MIN {
        return Err(format!(
            "{well} of {DOMAINS_MIN} fault domains have found {side} well for {}",
            policy.hold_down
        ));
    }
    Ok(())
}
