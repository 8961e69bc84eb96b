//! The text of `drd config check`: what drd understood, to be compared with what was meant.
//!
//! Deliberately absent: whether any of it exists in AWS (`drd doctor`).

use super::consistency::{endpoint_domains, in_sequence};
use super::loader::{Config, ConfigError, build, open};
use super::sensors::SensorConfig;
use super::settings::LedgerConfig;
use crate::engine::lease::clock_error;
use drd_bootstrap::{Events, Latch, SecondStore, SideTopology};
use drd_state_machine::diagnosis::Diagnosis;
use drd_state_machine::event::{LagSource, Side, Vantage};
use drd_state_machine::policy::{Autonomy, Policy};
use drd_state_machine::time::Span;
use std::fmt::{self, Write};
use std::path::Path;

/// What `drd config check` prints when all is well.
///
/// # Errors
/// Those of [`super::loader::load`]; their `Display` is what the command prints instead.
pub fn check_report(
    path: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<String, ConfigError> {
    let (name, text, overlay) = open(path, variables)?;
    let config = build(&name, &text, &overlay)?;
    let mut report = String::new();
    // Writing to a String cannot fail.
    let _ = write_report(&mut report, &name, &config);
    Ok(report)
}

fn write_report(out: &mut String, name: &str, config: &Config) -> fmt::Result {
    let topology = &config.topology;
    writeln!(out, "ok {name}")?;
    writeln!(
        out,
        "  estate     {}   account {}   {}",
        topology.suffix,
        config.account(),
        topology.global_cluster
    )?;
    write_side(out, Side::Primary, &topology.sides.primary)?;
    write_side(out, Side::Standby, &topology.sides.standby)?;
    let dns = &topology.dns;
    let Events::Sqs {
        queue_url,
        topics,
        witness_region,
        verdict_table,
        ..
    } = &topology.events;
    writeln!(
        out,
        "  traffic    {} in zone {}, latch {}",
        dns.record,
        dns.hosted_zone_id,
        latch_words(&dns.latch)
    )?;
    writeln!(out, "  intake     {queue_url}")?;
    writeln!(out, "    alarms by SNS: {}", topics_words(topics))?;
    writeln!(
        out,
        "    the witness: {}",
        witness_words(witness_region.as_deref(), verdict_table.as_deref())
    )?;
    writeln!(
        out,
        "  ledger     {}   http {}",
        ledger_words(&config.ledger),
        config.listen
    )?;
    write_sensors(out, config)?;
    write_policy(out, config)
}

/// Where the ledger is; for a shared one also when another daemon takes over, and the margin in it.
fn ledger_words(ledger: &LedgerConfig) -> String {
    match ledger {
        LedgerConfig::File { path } => path.display().to_string(),
        LedgerConfig::DynamoDb { table, terms, .. } => format!(
            "dynamodb table {table}, lease {} renewed every {}, taken over after {} + {} ms for clock error",
            terms.lease,
            terms.renew,
            terms.lease,
            clock_error(terms.lease).0
        ),
    }
}

/// Which SNS topics' alarm notifications count.
fn topics_words(topics: &[String]) -> String {
    match topics {
        [] => "topics in the account and region of a declared alarm, and raw ones \
               (`topics` in [intake] lists those that count)"
            .to_owned(),
        listed => listed.join(", "),
    }
}

fn witness_words(region: Option<&str>, table: Option<&str>) -> String {
    let region = match region {
        None => {
            "from any region (`witness_region` in [intake] names the one that counts)".to_owned()
        }
        Some(region) => format!("from {region}"),
    };
    match table {
        None => {
            format!("{region}; by the queue alone (`verdict_table` in [intake] names its table)")
        }
        Some(table) => format!("{region}; its newest verdicts are read from {table}"),
    }
}

fn latch_words(latch: &Latch) -> String {
    let Latch::S3 {
        bucket,
        key,
        second,
    } = latch;
    let first = format!("s3://{bucket}/{key}");
    match second {
        None => format!("{first} alone (`second` in `latch` names a store in a third region)"),
        Some(SecondStore { bucket, region }) => {
            format!("{first} and s3://{bucket}/{key} in {region}")
        }
    }
}

fn write_side(out: &mut String, side: Side, topology: &SideTopology) -> fmt::Result {
    let (region, cluster) = (&topology.region, topology.cluster_id());
    let (group, _) = topology.scaling_group().unwrap_or_default();
    writeln!(
        out,
        "  {:<10} {region}   {cluster}   {}   {}",
        side.name(),
        group,
        topology.endpoint
    )
}

fn write_sensors(out: &mut String, config: &Config) -> fmt::Result {
    writeln!(out, "  sensors    {}", config.sensors.len())?;
    for sensor in &config.sensors {
        let by = sensor.alarm_arn.as_deref().unwrap_or(source_of(sensor));
        let domain = sensor.vantage.domain().name();
        writeln!(
            out,
            "    {:<24} {:<14} {:<15} {by}",
            sensor.name,
            sensor.vantage.name(),
            domain
        )?;
    }
    for side in Side::BOTH {
        let seeing = endpoint_domains(&config.sensors, side);
        let names: Vec<_> = seeing.iter().map(|domain| domain.name()).collect();
        let quorum = config.policy.quorum;
        let seen = names.join(", ");
        writeln!(
            out,
            "  quorum     {quorum} of {} that see {side}'s endpoint: {seen}",
            names.len()
        )?;
    }
    Ok(())
}

fn source_of(sensor: &SensorConfig) -> &'static str {
    match sensor.vantage {
        Vantage::Witness => "its events",
        Vantage::Probe | Vantage::ControlPlane => "drd itself",
        Vantage::Replication => "lag samples",
        Vantage::Route53 | Vantage::Inside => "no alarm",
    }
}

fn write_policy(out: &mut String, config: &Config) -> fmt::Result {
    let Config {
        policy, serving, ..
    } = config;
    let words = policy
        .autonomy
        .iter()
        .map(|(of, autonomy)| format!("{of} {}", autonomy.name()));
    writeln!(out, "  unattended {}", words.collect::<Vec<_>>().join(", "))?;
    writeln!(
        out,
        "             act is the default; [policy] autonomy = {{ edge_down = \"advise\" }} leaves one to people"
    )?;
    let (min, desired) = (serving.min, serving.desired);
    writeln!(
        out,
        "  capacity   min {min}, desired {desired}, floor {} %",
        serving.floor_percent
    )?;
    let holds = policy
        .hold_down_for
        .iter()
        .map(|(of, span)| format!(", {of} {span}"));
    writeln!(
        out,
        "  hold-down  {}{}",
        policy.hold_down,
        holds.collect::<String>()
    )?;
    writeln!(
        out,
        "  objectives rto {}, without loss {}, rpo {}",
        policy.rto, policy.rto_lossless, policy.rpo
    )?;
    write_limits(out, policy)?;
    write_lossy_wait(out, policy)?;
    write_budget(out, policy)
}

/// What the thresholds mean for an outage: how short a one never acts, how late a vote still can.
fn write_limits(out: &mut String, policy: &Policy) -> fmt::Result {
    let acts = acted_on(policy);
    if acts.is_empty() {
        return writeln!(out, "  never acts by itself: no diagnosis has autonomy act");
    }
    let detect = policy.budget.detect;
    let waits = grouped(&acts, |of| wait(policy, of, LagSource::Events));
    let late = grouped(&acts, |of| left(policy, of, LagSource::Events));
    let quorum = policy.quorum;
    writeln!(out, "  never acts on an outage shorter than {waits}")?;
    writeln!(
        out,
        "  quorum     {quorum} fault domains; the last may turn bad after the first by up to"
    )?;
    writeln!(out, "             {late}:")?;
    writeln!(
        out,
        "             later, detection overruns its slice of {detect}, and the run may miss its objective"
    )
}

/// How long a move that may lose data waits for a lag sample that would disprove the outage, and what follows
/// for the RTO. Which sources bring samples shows when it runs.
fn write_lossy_wait(out: &mut String, policy: &Policy) -> fmt::Result {
    let mut lossy = acted_on(policy);
    lossy.retain(|of| !of.lossless_first());
    if lossy.is_empty() {
        return Ok(());
    }
    let waits = |source| grouped(&lossy, |of| wait(policy, of, source));
    let leaves = grouped(&lossy, |of| left(policy, of, LagSource::Metric));
    writeln!(
        out,
        "  lossy acts wait {} where every lag sample comes as an event,",
        waits(LagSource::Events)
    )?;
    writeln!(
        out,
        "             {} where some are only read, which leaves the last domain {leaves};",
        waits(LagSource::Metric)
    )?;
    write!(
        out,
        "             {} without drd's lag monitor, with AWS's own metric alone",
        waits(LagSource::Aws)
    )?;
    match policy.outlasts_rto(LagSource::Aws) {
        Some(lasts) => writeln!(
            out,
            ":\n             an outage then lasts up to {lasts}, more than rto {}: drd is not armed then",
            policy.rto
        ),
        None => writeln!(out),
    }
}

/// The diagnoses that drd acts on by itself.
fn acted_on(policy: &Policy) -> Vec<Diagnosis> {
    let acts = |of: &Diagnosis| of.has_ladder() && policy.autonomy(*of) == Autonomy::Act;
    Diagnosis::ALL.into_iter().filter(acts).collect()
}

/// The wait before an act: what may lose writes waits for a sample that would disprove it, where this is the
/// fastest source.
fn wait(policy: &Policy, of: Diagnosis, source: LagSource) -> Span {
    let hold_down = policy.hold_down(of);
    if of.lossless_first() {
        return hold_down;
    }
    hold_down.max(policy.lag_comes_within(source))
}

/// What that wait leaves of the slice of detection.
fn left(policy: &Policy, of: Diagnosis, source: LagSource) -> Span {
    (policy.budget.detect - wait(policy, of, source)).max(Span::ZERO)
}

/// One figure where all have the same; else each with the diagnoses that have it.
fn grouped(all: &[Diagnosis], figure: impl Fn(Diagnosis) -> Span) -> String {
    let mut groups: Vec<(Span, Vec<&str>)> = Vec::new();
    for of in all {
        let span = figure(*of);
        match groups.iter_mut().find(|(figure, _)| *figure == span) {
            Some((_, names)) => names.push(of.name()),
            None => groups.push((span, vec![of.name()])),
        }
    }
    if let [(span, _)] = groups.as_slice() {
        return span.to_string();
    }
    let named = groups
        .into_iter()
        .map(|(span, names)| format!("{span} ({})", names.join(", ")));
    named.collect::<Vec<_>>().join(", ")
}

/// 50 columns for the whole RTO: the bar and its labels fit into 80.
const BAR_COLUMNS: usize = 50;

fn write_budget(out: &mut String, policy: &Policy) -> fmt::Result {
    let mut from = Span::ZERO;
    for (name, slice) in in_sequence(&policy.budget) {
        write_slice(out, name, slice, from, policy.rto)?;
        if name == "promote" {
            write_slice(out, "  fence", policy.budget.fence, from, policy.rto)?;
        }
        from = from + slice;
    }
    let spare = policy.rto - from;
    write_slice(out, "spare", spare, from, policy.rto)
}

fn write_slice(out: &mut String, name: &str, slice: Span, from: Span, rto: Span) -> fmt::Result {
    let column = |at: Span| (at.0 as f64 / rto.0 as f64 * BAR_COLUMNS as f64).round() as usize;
    let start = column(from);
    let length = column(from + slice).saturating_sub(start);
    let bar = format!("{}{}", " ".repeat(start), "#".repeat(length));
    writeln!(
        out,
        "    {name:<10} {:>7}  |{bar:<BAR_COLUMNS$}|",
        slice.to_string()
    )
}
