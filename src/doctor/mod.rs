//! `drd doctor`: could this estate be built, or the one that exists fail over? Reads, and reports.
//!
//! Before an estate exists it is preflight; afterwards the daemon's own readiness checks, its
//! surroundings, the delegation of its zone and the path of its events. Deliberately absent:
//! judgement (`drd_bootstrap::checks`, `crate::estate::readiness`) and anything that could disturb
//! a running daemon: nothing is received from its queue.

mod report;
mod text;

pub use report::DoctorReport;
pub use text::table;

use crate::aws::sdk::sdk_config;
use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::client;
use crate::estate::aurora::Aurora;
use crate::estate::lease_gate::LeaseGate;
use crate::estate::meter::Meter;
use crate::estate::timers::Timers;
use crate::estate::{dns, examine, side};
use drd_bootstrap::checks::event_path::{self, PathEvidence};
use drd_bootstrap::checks::{Check, Gates, Requirements, zone};
use drd_bootstrap::observe;
use drd_bootstrap::topology::Topology;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Whether the estate that is wanted could be built; `region` is the standby's, `lacking` what its
/// settings leave open.
pub async fn before(region: &str, wanted: &Requirements, lacking: Vec<Check>) -> DoctorReport {
    let sdk = sdk_config(region).await;
    let now = Clock::start().read().0;
    let mut findings = observe::preflight::preflight(&sdk, wanted, now).await;
    findings.extend(lacking);
    DoctorReport::new(&wanted.suffix, false, findings)
}

/// Whether the estate that exists could fail over; `lacking` as for [`before`].
///
/// # Errors
/// When the host has no certificate authorities to trust.
pub async fn existing(config: &Config, lacking: Vec<Check>) -> std::io::Result<DoctorReport> {
    let clock = Clock::start();
    let topology = &config.topology;
    let sides = &topology.sides;
    // It only reads: a closed gate would refuse any change made by mistake.
    let gate = Arc::new(LeaseGate::closed(crate::clock::boot));
    let estate = Aurora::connect(topology, Timers::default(), Arc::new(Uncounted), gate).await?;
    let daemon = client::fetch(config.listen).await.ok();
    let daemon = daemon.filter(|view| view.suffix == topology.suffix.as_str());
    let active = match &daemon {
        Some(view) => view.active_side,
        None => examine::writer(&estate).await,
    };
    let (dns, desired) = (&topology.dns, config.serving.desired);
    let waiting = side::configured(topology, active.other());
    let cluster = (waiting.region.as_str(), waiting.cluster_id());
    let both = [
        ("primary", sides.primary.region.as_str()),
        ("standby", sides.standby.region.as_str()),
    ];
    let now = clock.read();
    let (account, record) = (config.account(), dns.record.as_str());
    let regions = (sides.standby.region.as_str(), sides.primary.region.as_str());
    let sdk = sdk_config(&sides.standby.region).await;
    let surroundings = async {
        let zone = (dns.hosted_zone_id.as_str(), record);
        let surroundings =
            observe::preflight::surroundings(&sdk, account, regions, zone, now.0).await;
        let classes = observe::preflight::replaceable(&sdk, cluster, both, now.0).await;
        (surroundings, classes)
    };
    let running = daemon.map(|view| PathEvidence::Daemon(view.heartbeat_age_seconds));
    let (checks, path, ((mut findings, found), classes)) =
        examine::examine(&estate, (active, desired), running, now, surroundings).await;
    findings.extend(classes);
    findings.extend(checks);
    let name = found.as_ref().map(|z| z.name.clone()).unwrap_or_default();
    let resolved = resolved_servers(topology, &name, estate.timers().dns).await;
    findings
        .push(zone::delegated(&found, resolved.as_ref()).named("dns_delegation", Gates::Failover));
    findings.extend(lacking);
    findings.push(event_path::path(&path).named("event_path", Gates::Failover));
    Ok(DoctorReport::new(topology.suffix.as_str(), true, findings))
}

async fn resolved_servers(
    topology: &Topology,
    zone: &str,
    deadline: Duration,
) -> Option<BTreeSet<String>> {
    match zone.is_empty() {
        true => None,
        false => dns::name_servers(topology, zone, deadline).await,
    }
}

/// Doctor's calls are not in any metric.
struct Uncounted;

impl Meter for Uncounted {
    fn request(&self, _: &'static str, _: &'static str, _: f64, _: Option<&'static str>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use drd_bootstrap::checks::Judged;

    fn parity(gates: Gates) -> Check {
        Judged::red("standby 16.4, active 16.6", "bring both to one").named("engine_parity", gates)
    }

    #[test]
    fn a_report_is_gated_by_one_red_check_that_gates() {
        let is_gated = |gates| DoctorReport::new("shop1", true, vec![parity(gates)]).gated;
        assert!(is_gated(Gates::Failover));
        assert!(!is_gated(Gates::Nothing));
    }

    #[test]
    fn the_json_has_its_schema_and_each_remedy() {
        let report = DoctorReport::new("shop1", true, vec![parity(Gates::Failover)]);
        let json = serde_json::to_value(&report).expect("JSON");
        assert_eq!(json["schema"], "drd.doctor/1.0");
        assert_eq!(json["findings"][0]["check"], "engine_parity");
        assert_eq!(json["findings"][0]["verdict"], "red");
        assert_eq!(json["findings"][0]["weight"], "failover");
        assert!(json["findings"][0]["remedy"].is_string());
    }
}
