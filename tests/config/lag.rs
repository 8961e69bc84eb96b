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

#[test]
fn each_wait_is_printed_and_the_rto_that_follows_from_aws_s_metric_alone() -> std::io::Result<()> {
    let alone = "             180 s without drd's lag monitor, with AWS's own metric alone";
    let printed = report("default", SHOP1)?;
    let waits = "lossy acts wait 60 s (region_dark), 90 s (database_down) where every lag sample comes as an event,\n             90 s where some are only read";
    let rto = format!(
        "{alone}:\n             an outage then lasts up to 415 s, more than rto 300 s: drd is not armed then"
    );
    assert_contains(&printed, &[waits, &rto]);
    let longer = report("longer", &SHOP1.replace("rto = \"300s\"", "rto = \"415s\""))?;
    assert_contains(&longer, &[&format!("{alone}\n")]);
    Ok(())
}
