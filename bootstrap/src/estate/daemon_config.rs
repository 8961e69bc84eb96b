//! From the stacks' outputs to what the daemon reads: a [`Topology`], and the configuration file
//! that holds it in TOML.
//!
//! The file is kept in the state folder and in the standby's configuration bucket, so that a daemon
//! can start while the primary's region is dark. Deliberately absent: policy (the defaults are
//! the daemon's own) and sensors that every estate has without configuration.

use crate::estate::naming::Suffix;
use crate::estate::settings::{Key, Settings};
use crate::estate::topology::{
    Capacity, Database, Dns, Events, Latch, SecondStore, SideTopology, Sides, Topology,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Outputs by stack name, then by output.
pub type NamedOutputs = BTreeMap<String, BTreeMap<String, String>>;

/// The object's key in the standby's configuration bucket.
pub const CONFIG_KEY: &str = "drd.toml";
/// The key of the latch object (DESIGN section 7).
const LATCH_KEY: &str = "active-side";

/// What is in no output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonFacts {
    /// The estate's suffix.
    pub suffix: Suffix,
    /// The primary's region.
    pub primary_region: String,
    /// The standby's region.
    pub standby_region: String,
    /// The witness's region.
    pub witness_region: String,
    /// MinSize of the side that serves.
    pub serving_min: u32,
    /// DesiredCapacity of the side that serves.
    pub serving_desired: u32,
    /// Whether several daemons run, so that the ledger must be the one they share.
    pub shared_ledger: bool,
}

impl DaemonFacts {
    /// As the settings have it.
    pub fn of(settings: &Settings) -> DaemonFacts {
        let region = |key| settings.get(key).to_owned();
        DaemonFacts {
            suffix: settings.suffix().clone(),
            primary_region: region(Key::PrimaryRegion),
            standby_region: region(Key::StandbyRegion),
            witness_region: region(Key::WitnessRegion),
            serving_min: settings.number(Key::ServingMin),
            serving_desired: settings.number(Key::ServingDesired),
            shared_ledger: settings.get(Key::Daemon) == "ecs",
        }
    }
}

/// Outputs that are not there, each as `stack: output`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the configuration cannot be written, outputs are missing: {}. \
     Run the same `drd bootstrap` again: it finishes what is not there",
    .0.join(", ")
)]
pub struct MissingOutputs(pub Vec<String>);

/// Reads outputs and remembers what was not there, so that all of it is reported at once.
struct Reader<'a> {
    suffix: &'a Suffix,
    outputs: &'a NamedOutputs,
    missing: Vec<String>,
}

impl Reader<'_> {
    fn get(&mut self, stack: &str, output: &str) -> String {
        let stack = self.suffix.name(&format!("stack-{stack}"));
        let found = self.outputs.get(&stack).and_then(|all| all.get(output));
        match found.filter(|value| !value.is_empty()) {
            Some(value) => value.clone(),
            None => {
                self.missing.push(format!("{stack}: {output}"));
                String::new()
            }
        }
    }

    fn side(&mut self, role: &str, edge: &str, region: &str) -> SideTopology {
        let (data, app) = (format!("data-{role}"), format!("app-{role}"));
        SideTopology {
            region: region.to_owned(),
            database: Database::Aurora {
                cluster_arn: self.get(&data, "ClusterArn"),
            },
            capacity: vec![Capacity::AutoScalingGroup {
                name: self.get(&app, "AsgName"),
                target_group_arn: Some(self.get(&app, "TargetGroupArn")),
            }],
            endpoint: self.get("edge", &format!("{edge}Endpoint")),
            traffic_target: self.get(&app, "AlbDnsName"),
            write_check: self.get("edge", &format!("{edge}WriteCheck")),
        }
    }
}

/// The estate that the outputs describe.
///
/// # Errors
/// Every output that is missing.
pub fn topology(facts: &DaemonFacts, outputs: &NamedOutputs) -> Result<Topology, MissingOutputs> {
    let mut reader = Reader {
        suffix: &facts.suffix,
        outputs,
        missing: Vec::new(),
    };
    let topology = Topology {
        suffix: facts.suffix.clone(),
        sides: Sides {
            primary: reader.side("primary", "Primary", &facts.primary_region),
            standby: reader.side("standby", "Standby", &facts.standby_region),
        },
        global_cluster: reader.get("global", "GlobalClusterId"),
        dns: Dns {
            record: absolute(reader.get("edge", "RecordName")),
            hosted_zone_id: reader.get("edge", "HostedZoneId"),
            latch: Latch::S3 {
                bucket: reader.get("latch", "LatchBucket"),
                key: LATCH_KEY.to_owned(),
                second: None,
            },
            resolvers: Vec::new(),
        },
        events: Events::Sqs {
            queue_url: reader.get("events", "QueueUrl"),
            event_bus: reader.get("events", "BusName"),
            // The one topic with a subscription of the queue: events.yaml, AlarmSubscription.
            topics: vec![reader.get("foundation-standby", "TopicArn")],
            witness_region: Some(facts.witness_region.clone()),
            verdict_table: Some(reader.get("events", "VerdictTableName")),
        },
        references: references(facts),
    };
    match reader.missing.is_empty() {
        true => Ok(topology),
        false => Err(MissingOutputs(reader.missing)),
    }
}

fn absolute(name: String) -> String {
    match name.is_empty() || name.ends_with('.') {
        true => name,
        false => format!("{name}."),
    }
}

/// Endpoints of AWS in two regions that are neither side's: where they answer, drd's own network
/// works. The witness's region first: most networks allow it already.
fn references(facts: &DaemonFacts) -> Vec<String> {
    let candidates = [
        &facts.witness_region,
        "eu-west-1",
        "eu-north-1",
        "us-west-2",
        "us-east-1",
    ];
    let mut regions: Vec<&str> = Vec::new();
    for region in candidates {
        let side = region == facts.primary_region || region == facts.standby_region;
        if !side && !regions.contains(&region) {
            regions.push(region);
        }
    }
    // Two services in two regions: neither alone can make the observer look cut off.
    let services = ["sts", "s3"];
    services
        .iter()
        .zip(regions)
        .map(|(service, region)| format!("https://{service}.{region}.amazonaws.com/"))
        .collect()
}

/// The configuration file that `drd run` reads.
pub fn toml(facts: &DaemonFacts, topology: &Topology) -> String {
    let mut text = String::from(
        "# Written by `drd bootstrap`. A copy lies in the standby's configuration bucket.\n\
         # What is left out has its default: `drd config check` shows what drd understands.\n",
    );
    line(&mut text, "suffix", topology.suffix.as_str());
    for (role, side) in [
        ("primary", &topology.sides.primary),
        ("standby", &topology.sides.standby),
    ] {
        side_table(&mut text, role, side);
    }
    text.push_str("[database]\n");
    line(&mut text, "global_cluster", &topology.global_cluster);
    let (min, desired) = (facts.serving_min, facts.serving_desired);
    let _ = writeln!(
        text,
        "[capacity]\nserving = {{ min = {min}, desired = {desired} }}"
    );
    text.push_str("[dns]\n");
    line(&mut text, "record", &topology.dns.record);
    line(&mut text, "hosted_zone_id", &topology.dns.hosted_zone_id);
    let _ = writeln!(text, "latch = {{ {} }}", latch(&topology.dns.latch));
    text.push_str("[intake]\n");
    let Events::Sqs {
        queue_url,
        event_bus,
        topics,
        witness_region,
        verdict_table,
    } = &topology.events;
    line(&mut text, "queue_url", queue_url);
    line(&mut text, "event_bus", event_bus);
    let _ = writeln!(text, "topics = [{}]", list(topics));
    if let Some(region) = witness_region {
        line(&mut text, "witness_region", region);
    }
    if let Some(table) = verdict_table {
        line(&mut text, "verdict_table", table);
    }
    for role in ["primary", "standby"] {
        sensors(&mut text, role, topology);
    }
    let references = list(&topology.references);
    let _ = writeln!(text, "[observer]\nreferences = [{references}]");
    ledger(&mut text, facts);
    text.push_str("[http]\nlisten = \"127.0.0.1:9817\"\n");
    text
}

fn ledger(text: &mut String, facts: &DaemonFacts) {
    text.push_str("[ledger]\n");
    if facts.shared_ledger {
        line(text, "kind", "dynamodb");
        line(text, "table", &facts.suffix.name("table-ledger"));
        return;
    }
    // Named by suffix: two estates may be watched from one host.
    let path = format!("/var/lib/drd/ledger-{}.jsonl", facts.suffix);
    line(text, "kind", "file");
    line(text, "path", &path);
}

fn side_table(text: &mut String, role: &str, side: &SideTopology) {
    let _ = writeln!(text, "[sides.{role}]");
    line(text, "region", &side.region);
    line(text, "cluster_arn", side.cluster_arn());
    for Capacity::AutoScalingGroup {
        name,
        target_group_arn,
    } in &side.capacity
    {
        line(text, "asg", name);
        if let Some(arn) = target_group_arn {
            line(text, "target_group_arn", arn);
        }
    }
    line(text, "endpoint", &side.endpoint);
    line(text, "traffic_target", &side.traffic_target);
    line(text, "write_check", &side.write_check);
}

/// The two alarms a side has: Route 53's in us-east-1, and the database's in the side's region.
fn sensors(text: &mut String, role: &str, topology: &Topology) {
    let side = match role {
        "primary" => &topology.sides.primary,
        _ => &topology.sides.standby,
    };
    let account = side.account().unwrap_or_default();
    let partition = side.cluster_arn().split(':').nth(1).unwrap_or("aws");
    let alarms = [
        ("route53", "health", crate::estate::side::GLOBAL_REGION),
        ("inside", "database", side.region.as_str()),
    ];
    for (vantage, what, region) in alarms {
        let name = topology.suffix.name(&format!("alarm-{what}-{role}"));
        let arn = format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}");
        text.push_str("[[sensors]]\n");
        line(text, "name", &format!("{vantage}-{role}"));
        line(text, "vantage", vantage);
        line(text, "side", role);
        line(text, "alarm_arn", &arn);
    }
}

fn line(text: &mut String, key: &str, value: &str) {
    let _ = writeln!(text, "{key} = {}", quoted(value));
}

/// The keys of the inline table `latch`.
fn latch(latch: &Latch) -> String {
    let Latch::S3 {
        bucket,
        key,
        second,
    } = latch;
    let first = format!("bucket = {}, key = {}", quoted(bucket), quoted(key));
    match second {
        None => first,
        Some(SecondStore { bucket, region }) => {
            let (bucket, region) = (quoted(bucket), quoted(region));
            format!("{first}, second = {{ bucket = {bucket}, region = {region} }}")
        }
    }
}

fn list(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    values.join(", ")
}

/// A JSON string is a TOML basic string (TOML 1.0, strings): the same escapes.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// The bucket in the standby's region that holds the file.
pub fn config_bucket(suffix: &Suffix) -> String {
    suffix.name("bucket-config-standby")
}

#[cfg(test)]
mod tests;
