//! What a passed game day leaves for node_exporter's textfile collector.
//!
//! A rehearsal is a short run of a command, usually on another host: the daemon does not know of
//! it. Deliberately absent: a rehearsal that failed. Its exit code reports that, and the time of
//! the last success remains until there is a newer one.

use super::family::FamilyInfo;
use super::register::{Family, MetricsError, Register, gauges, seconds};
use drd_state_machine::time::Time;
use prometheus::{GaugeVec, Result, TextEncoder};

fn last_success(r: &Register) -> Result<GaugeVec> {
    let family = (
        "drd_gameday_last_success_timestamp_seconds",
        "When a rehearsal last came out as expected, by how it came out.",
    );
    gauges(r, family, &["scenario", "outcome"])
}

/// The page of one passed rehearsal, to be collected.
///
/// # Errors
/// When the family cannot be registered, which would be a defect.
pub fn gameday_passed(
    scenario: &str,
    outcome: &str,
    now: Time,
) -> std::result::Result<String, MetricsError> {
    let r = Register::default();
    last_success(&r)?
        .child(&[scenario, outcome])?
        .set(seconds(now));
    Ok(TextEncoder::new().encode_to_string(&r.registry().gather())?)
}

/// What such a page holds.
///
/// # Errors
/// As [`gameday_passed`].
pub fn gameday_families() -> std::result::Result<Vec<FamilyInfo>, MetricsError> {
    let r = Register::default();
    last_success(&r)?;
    Ok(r.families())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passed_game_day_leaves_one_line_that_a_collector_reads() {
        let page =
            gameday_passed("region-dark", "failed_over", Time(1_000_000_000)).expect("a page");
        let series = "drd_gameday_last_success_timestamp_seconds{outcome=\"failed_over\",scenario=\"region-dark\"}";
        assert!(page.contains(&format!("{series} 1000000")), "{page}");
        let listed = gameday_families().expect("a list");
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].labels, ["scenario", "outcome"]);
    }
}
