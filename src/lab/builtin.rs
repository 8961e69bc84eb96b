//! The built-in scenarios, embedded: they ship in the binary.
//!
//! Deliberately absent: running them.

use super::scenario::{Scenario, ScenarioError};

const TEXTS: [&str; 46] = [
    include_str!("scenarios/region-dark.toml"),
    include_str!("scenarios/region-dark-at-night.toml"),
    include_str!("scenarios/database-down.toml"),
    include_str!("scenarios/database-hung.toml"),
    include_str!("scenarios/reply-lost.toml"),
    include_str!("scenarios/crash-in-promoting.toml"),
    include_str!("scenarios/crash-in-redirecting.toml"),
    include_str!("scenarios/promotion-fails-once.toml"),
    include_str!("scenarios/promotion-slow.toml"),
    include_str!("scenarios/promotion-throttled.toml"),
    include_str!("scenarios/promotion-lands-late.toml"),
    include_str!("scenarios/resolvers-keep-the-old-answer.toml"),
    include_str!("scenarios/events-mangled.toml"),
    include_str!("scenarios/clock-jump.toml"),
    include_str!("scenarios/capacity-floor.toml"),
    include_str!("scenarios/leader-dies-in-promoting.toml"),
    include_str!("scenarios/leader-frozen-wakes-up-fenced.toml"),
    include_str!("scenarios/leader-cut-off.toml"),
    include_str!("scenarios/takeover-twice.toml"),
    include_str!("scenarios/hand-over-on-stop.toml"),
    include_str!("scenarios/lease-answer-lost.toml"),
    include_str!("scenarios/line-answer-lost.toml"),
    include_str!("scenarios/ledger-table-comes-back.toml"),
    include_str!("scenarios/operator-fails-over.toml"),
    include_str!("scenarios/operator-switches-over.toml"),
    include_str!("scenarios/way-back-waits-for-old-requests.toml"),
    include_str!("scenarios/capacity-shortage.toml"),
    include_str!("scenarios/lag-over-rpo.toml"),
    include_str!("scenarios/version-mismatch.toml"),
    include_str!("scenarios/promotion-denied.toml"),
    include_str!("scenarios/disk-full.toml"),
    include_str!("scenarios/ledger-table-unreachable.toml"),
    include_str!("scenarios/both-cut-off.toml"),
    include_str!("scenarios/blip-of-43-seconds.toml"),
    include_str!("scenarios/one-sensor-lies.toml"),
    include_str!("scenarios/one-domain-lies.toml"),
    include_str!("scenarios/alarm-flap.toml"),
    include_str!("scenarios/observer-isolated.toml"),
    include_str!("scenarios/application-down.toml"),
    include_str!("scenarios/application-lies.toml"),
    include_str!("scenarios/edge-down.toml"),
    include_str!("scenarios/control-plane-down.toml"),
    include_str!("scenarios/replication-stall.toml"),
    include_str!("scenarios/events-lost.toml"),
    include_str!("scenarios/follower-dies.toml"),
    include_str!("scenarios/paused.toml"),
];

/// Every built-in scenario, in the order in which people should meet them.
///
/// # Errors
/// Never for the shipped ones: a test reads them all.
pub fn all() -> Result<Vec<Scenario>, ScenarioError> {
    TEXTS
        .iter()
        .map(|text| Scenario::parse("built-in", text))
        .collect()
}

/// The built-in scenario of this name, or the file at this path.
///
/// # Errors
/// When there is neither, or the file is not a scenario.
pub fn find(name_or_path: &str) -> Result<Scenario, ScenarioError> {
    for scenario in all()? {
        if scenario.name == name_or_path {
            return Ok(scenario);
        }
    }
    let text = fs_err::read_to_string(name_or_path).map_err(|source| ScenarioError::Io {
        name: name_or_path.to_owned(),
        source,
    })?;
    Scenario::parse(name_or_path, &text)
}
