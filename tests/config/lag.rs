//! What `drd config check` prints about the source of lag samples: how long a move that may lose data waits for
//! it, and whether the RTO allows for that.
//!
//! Deliberately absent: the waiting itself (the machine's `lag_sources`).

use crate::{SHOP1, assert_contains};
use drd::config;

fn report(name: &str, text: &str) -> std::io::Result<String> {
    let file = format!("drd-config-{name}-{}.toml", std::process::id());
    let path = std::env::temp_dir().join(file);
    std::fs::write(&path, text)?;
    let report = config::check_report(Some(&path), []);
    std::fs::remove_file(&path)?;
    Ok(report.unwrap_or_else(|error| error.to_string()))
}

const MONITOR: &str =
    "\n[[sensors]]\nname = \"lag\"\nvantage = \"replication\"\nside = \"primary\"\n";

#[test]
fn without_a_monitor_of_drd_s_own_the_wait_and_the_rto_that_follows_are_printed()
-> std::io::Result<()> {
    let alone = report("alone", SHOP1)?;
    assert_contains(
        &alone,
        &[
            "lossy acts wait 180 s: no sensor has the vantage replication",
            "an outage then lasts up to 415 s, more than rto 300 s: not armed for its RTO",
        ],
    );
    let longer = report("longer", &SHOP1.replace("rto = \"300s\"", "rto = \"415s\""))?;
    assert_contains(&longer, &["lossy acts wait 180 s"]);
    assert!(!longer.contains("not armed for its RTO"), "{longer}");
    Ok(())
}

#[test]
fn with_a_monitor_all_three_waits_are_printed() -> std::io::Result<()> {
    let report = report("monitor", &format!("{SHOP1}{MONITOR}"))?;
    let line = "lossy acts wait 60 s where every lag sample comes as an event, 90 s where some are only read, 180 s with AWS's own metric alone";
    assert_contains(&report, &[line]);
    assert!(!report.contains("not armed for its RTO"), "{report}");
    Ok(())
}
