//! `drd doctor`: could this estate be built, or the one that stands fail over? Asks, and says.
//!
//! Before an estate stands it is preflight; afterwards the daemon's own readiness checks, its
//! surroundings, the delegation of its zone and the path of its events. Deliberately absent:
//! judgement (`drd_bootstrap::doctor`, [`crate::readiness`]) and anything that could disturb a
//! running daemon: nothing is received from its queue.

mod path;
mod text;

use crate::aws::{Fence, Meter, Timers, database};
use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::client;
use crate::perform::Estate;
use crate::readiness;
use crate::resolve;
use aws_config::SdkConfig;
use drd_bootstrap::doctor::{self, Finding, SCHEMA, Verdict, Wanted, Weight, zone};
use drd_bootstrap::observe;
use drd_bootstrap::topology::Topology;
use drd_state_machine::event::{self, Check, Side};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What doctor found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The estate.
    pub suffix: String,
    /// Whether an estate of that name was looked at, or only whether one could be built.
    pub stands: bool,
    /// Whether a check is red that keeps an estate from being built, or drd from being armed.
    pub gated: bool,
    /// Every check.
    pub findings: Vec<Finding>,
}

impl Report {
    fn new(suffix: &str, stands: bool, findings: Vec<Finding>) -> Report {
        Report {
            schema: SCHEMA,
            suffix: suffix.to_owned(),
            stands,
            gated: findings.iter().any(Finding::gates),
            findings,
        }
    }

    /// Whether AWS did not say who asks: wrong credentials, none, or no answer.
    pub fn nobody(&self) -> bool {
        let unsaid = |f: &Finding| f.check == "credentials" && f.verdict != Verdict::Green;
        self.findings.iter().any(unsaid)
    }

    /// For people.
    pub fn table(&self) -> String {
        text::table(self)
    }
}

/// Whether the estate that is wanted could be built.
pub async fn before(sdk: &SdkConfig, wanted: &Wanted) -> Report {
    let now = Clock::start().read().0;
    let findings = observe::doctor::preflight(sdk, wanted, now).await;
    Report::new(&wanted.suffix, false, findings)
}

/// Whether the estate that stands could fail over.
///
/// # Errors
/// When the host has no certificate authorities to trust.
pub async fn standing(sdk: &SdkConfig, config: &Config) -> std::io::Result<Report> {
    let clock = Clock::start();
    let topology = &config.topology;
    let sides = &topology.sides;
    // It only reads: a closed fence would refuse whatever slipped in by mistake.
    let fence = Arc::new(Fence::closed(crate::clock::boot));
    let estate = Estate::connect(topology, Timers::default(), Arc::new(Uncounted), fence).await?;
    let daemon = client::fetch(config.listen).await.ok();
    let daemon = daemon.filter(|view| view.suffix == topology.suffix.as_str());
    let active = match &daemon {
        Some(view) => view.active_side,
        None => writer(&estate).await,
    };
    let (dns, desired) = (&topology.dns, config.serving.desired);
    let waiting = crate::aws::place(topology, active.other());
    let cluster = (waiting.region.as_str(), waiting.cluster_id());
    let both = [
        ("primary", sides.primary.region.as_str()),
        ("standby", sides.standby.region.as_str()),
    ];
    let now = clock.read();
    let (account, record) = (config.account(), dns.record.as_str());
    let regions = (sides.standby.region.as_str(), sides.primary.region.as_str());
    let (surroundings, classes, checks, seen) = tokio::join!(
        observe::doctor::surroundings(sdk, account, regions, (&dns.hosted_zone_id, record), now.0),
        observe::doctor::replaceable(sdk, cluster, both, now.0),
        readiness::check(&estate, active, desired, now),
        path::look(&estate, daemon.as_ref(), now),
    );
    let (mut findings, found) = surroundings;
    findings.extend(classes);
    findings.extend(checks.iter().map(finding));
    let name = found.as_ref().map(|z| z.name.clone()).unwrap_or_default();
    let heard = heard_servers(topology, &name, estate.timers().dns).await;
    findings
        .push(zone::delegated(&found, heard.as_ref()).named("dns_delegation", Weight::Failover));
    findings.push(doctor::arrival::path(&seen).named("event_path", Weight::Failover));
    Ok(Report::new(topology.suffix.as_str(), true, findings))
}

async fn heard_servers(
    topology: &Topology,
    zone: &str,
    deadline: Duration,
) -> Option<BTreeSet<String>> {
    match zone.is_empty() {
        true => None,
        false => resolve::name_servers(topology, zone, deadline).await,
    }
}

/// Who writes now; the primary where nobody says.
async fn writer(estate: &Estate) -> Side {
    let view = database::global_view(&estate.clients, Side::Standby).await;
    view.ok().and_then(|v| v.writer).unwrap_or(Side::Primary)
}

/// A check of readiness as one of doctor's.
fn finding(check: &Check) -> Finding {
    let verdict = match check.verdict {
        event::Verdict::Healthy => Verdict::Green,
        event::Verdict::Unhealthy => Verdict::Red,
        event::Verdict::Unknown => Verdict::Unknown,
    };
    Finding {
        check: check.name.to_string(),
        verdict,
        weight: if check.gates {
            Weight::Failover
        } else {
            Weight::Note
        },
        detail: check.detail.to_string(),
        remedy: (verdict != Verdict::Green).then(|| remedy(&check.name, verdict).to_owned()),
    }
}

fn remedy(check: &str, verdict: Verdict) -> &'static str {
    match (check, verdict) {
        ("permissions", _) => "give this caller the daemon's policy (deploy/, or the stack daemon)",
        (_, Verdict::Unknown) => "run the same command again in a minute; allow what was denied",
        ("engine_parity", _) => "bring both members to one minor version, the standby first",
        ("standby_members", _) => "add an instance of production size to the standby cluster",
        ("replica_connected", _) => {
            "wait until the rebuild ends; no failover is possible meanwhile"
        }
        ("suspended_processes", _) => "aws autoscaling resume-processes --auto-scaling-group-name",
        ("failover_pair", _) => "restore the pair as bootstrap made it: drd bootstrap --plan",
        ("group_max", _) => "raise MaxSize of the standby's group to the size that serves",
        ("latch_wired", _) => "give PRIMARY the latch's inverted health check, and nothing else",
        ("latch_state", _) => "traffic and writer are on different sides: drd status --why",
        _ => "see the detail",
    }
}

/// Doctor's calls are nobody's metric.
struct Uncounted;

impl Meter for Uncounted {
    fn request(&self, _: &'static str, _: &'static str, _: f64, _: Option<&'static str>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(verdict: event::Verdict, gates: bool) -> Check {
        Check {
            name: "engine_parity".into(),
            verdict,
            detail: "standby 16.4, active 16.6".into(),
            gates,
        }
    }

    #[test]
    fn what_disarms_the_daemon_gates_the_doctor() {
        let red = finding(&check(event::Verdict::Unhealthy, true));
        assert!(red.gates() && red.remedy.is_some());
        assert!(!finding(&check(event::Verdict::Unhealthy, false)).gates());
        let unknown = finding(&check(event::Verdict::Unknown, true));
        assert!(!unknown.gates() && unknown.remedy.is_some());
        assert_eq!(finding(&check(event::Verdict::Healthy, true)).remedy, None);
    }

    #[test]
    fn a_report_is_gated_by_one_red_check_that_gates() {
        let findings = |gates| vec![finding(&check(event::Verdict::Unhealthy, gates))];
        assert!(Report::new("shop1", true, findings(true)).gated);
        assert!(!Report::new("shop1", true, findings(false)).gated);
    }

    #[test]
    fn the_json_says_its_schema_and_each_remedy() {
        let report = Report::new(
            "shop1",
            true,
            vec![finding(&check(event::Verdict::Unhealthy, true))],
        );
        let json = serde_json::to_value(&report).expect("JSON");
        assert_eq!(json["schema"], "drd.doctor/1.0");
        assert_eq!(json["findings"][0]["verdict"], "red");
        assert_eq!(json["findings"][0]["weight"], "failover");
        assert!(json["findings"][0]["remedy"].is_string());
    }
}
