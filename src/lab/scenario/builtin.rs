//! The built-in scenarios, embedded: they ship in the binary.
//!
//! Deliberately absent: running them.

use super::{Scenario, ScenarioError};

const TEXTS: [&str; 69] = [
    include_str!("files/region-dark.toml"),
    include_str!("files/region-dark-at-night.toml"),
    include_str!("files/database-down.toml"),
    include_str!("files/database-hung.toml"),
    include_str!("files/reply-lost.toml"),
    include_str!("files/crash-in-promoting.toml"),
    include_str!("files/crash-in-redirecting.toml"),
    include_str!("files/promotion-fails-once.toml"),
    include_str!("files/promotion-slow.toml"),
    include_str!("files/promotion-throttled.toml"),
    include_str!("files/promotion-lands-late.toml"),
    include_str!("files/resolvers-keep-the-old-answer.toml"),
    include_str!("files/events-mangled.toml"),
    include_str!("files/clock-jump.toml"),
    include_str!("files/capacity-floor.toml"),
    include_str!("files/leader-dies-in-promoting.toml"),
    include_str!("files/leader-frozen-wakes-up-fenced.toml"),
    include_str!("files/leader-cut-off.toml"),
    include_str!("files/takeover-twice.toml"),
    include_str!("files/hand-over-on-stop.toml"),
    include_str!("files/lease-answer-lost.toml"),
    include_str!("files/line-answer-lost.toml"),
    include_str!("files/ledger-table-comes-back.toml"),
    include_str!("files/operator-fails-over.toml"),
    include_str!("files/operator-switches-over.toml"),
    include_str!("files/way-back-waits-for-old-requests.toml"),
    include_str!("files/capacity-shortage.toml"),
    include_str!("files/lag-over-rpo.toml"),
    include_str!("files/version-mismatch.toml"),
    include_str!("files/promotion-denied.toml"),
    include_str!("files/disk-full.toml"),
    include_str!("files/ledger-table-unreachable.toml"),
    include_str!("files/both-cut-off.toml"),
    include_str!("files/blip-of-43-seconds.toml"),
    include_str!("files/one-sensor-lies.toml"),
    include_str!("files/one-domain-lies.toml"),
    include_str!("files/alarm-flap.toml"),
    include_str!("files/observer-isolated.toml"),
    include_str!("files/application-down.toml"),
    include_str!("files/application-lies.toml"),
    include_str!("files/edge-down.toml"),
    include_str!("files/control-plane-down.toml"),
    include_str!("files/replication-stall.toml"),
    include_str!("files/events-lost.toml"),
    include_str!("files/follower-dies.toml"),
    include_str!("files/paused.toml"),
    include_str!("files/events-late.toml"),
    include_str!("files/clock-jumps-across-a-restart.toml"),
    include_str!("files/witness-silent.toml"),
    include_str!("files/standby-unproven.toml"),
    include_str!("files/latch-store-down.toml"),
    include_str!("files/latch-changed-by-hand.toml"),
    include_str!("files/latch-removed.toml"),
    include_str!("files/record-edited.toml"),
    include_str!("files/capacity-lowered.toml"),
    include_str!("files/roles-moved-by-hand.toml"),
    include_str!("files/blue-green.toml"),
    include_str!("files/credentials-expire.toml"),
    include_str!("files/permission-granted.toml"),
    include_str!("files/pages-lost.toml"),
    include_str!("files/lag-lost.toml"),
    include_str!("files/lag-delayed.toml"),
    include_str!("files/lag-wrong.toml"),
    include_str!("files/host-clock-ahead.toml"),
    include_str!("files/log-hangs.toml"),
    include_str!("files/disk-hangs.toml"),
    include_str!("files/ledger-replaced.toml"),
    include_str!("files/readiness-flickers.toml"),
    include_str!("files/old-writer-unfenced.toml"),
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
    let scenario = Scenario::parse(name_or_path, &text)?;
    let file = Some(name_or_path.to_owned());
    Ok(Scenario { file, ..scenario })
}
