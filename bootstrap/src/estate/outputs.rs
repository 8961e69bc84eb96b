//! What an estate offers, by names that people and scripts use, whichever stack has it.
//!
//! Deliberately absent: the daemon's configuration (`handover`).

use crate::estate::settings::{Key, Settings};
use crate::estate::side::Role;
use crate::estate::stacks::StackId;
use crate::estate::templates::Template;
use crate::estate::values::StackOutputs;
use serde_json::{Value, json};

/// Name, template, side, the template's output.
type Offer = (&'static str, Template, Option<Role>, &'static str);

const P: Option<Role> = Some(Role::Primary);
const S: Option<Role> = Some(Role::Standby);

const OFFERS: [Offer; 37] = [
    ("record", Template::Edge, None, "RecordName"),
    ("primary_endpoint", Template::Edge, None, "PrimaryEndpoint"),
    (
        "secondary_endpoint",
        Template::Edge,
        None,
        "StandbyEndpoint",
    ),
    (
        "primary_write_check",
        Template::Edge,
        None,
        "PrimaryWriteCheck",
    ),
    (
        "secondary_write_check",
        Template::Edge,
        None,
        "StandbyWriteCheck",
    ),
    ("latch_url", Template::Latch, None, "LatchUrl"),
    (
        "primary_health_check_id",
        Template::Edge,
        None,
        "PrimaryHealthCheckId",
    ),
    (
        "secondary_health_check_id",
        Template::Edge,
        None,
        "StandbyHealthCheckId",
    ),
    (
        "latch_health_check_id",
        Template::Edge,
        None,
        "LatchHealthCheckId",
    ),
    ("dashboard_url", Template::Dashboard, None, "DashboardUrl"),
    ("hosted_zone_id", Template::Edge, None, "HostedZoneId"),
    ("name_servers", Template::Edge, None, "NameServers"),
    ("primary_load_balancer", Template::App, P, "AlbDnsName"),
    ("secondary_load_balancer", Template::App, S, "AlbDnsName"),
    ("primary_asg", Template::App, P, "AsgName"),
    ("secondary_asg", Template::App, S, "AsgName"),
    ("global_cluster", Template::Global, None, "GlobalClusterId"),
    ("primary_cluster_arn", Template::Data, P, "ClusterArn"),
    ("secondary_cluster_arn", Template::Data, S, "ClusterArn"),
    (
        "primary_database_endpoint",
        Template::Data,
        P,
        "WriterEndpoint",
    ),
    (
        "secondary_database_endpoint",
        Template::Data,
        S,
        "WriterEndpoint",
    ),
    ("secret_arn", Template::Data, P, "SecretArn"),
    ("queue_url", Template::Events, None, "QueueUrl"),
    (
        "dead_letter_queue_url",
        Template::Events,
        None,
        "DeadQueueUrl",
    ),
    ("event_bus", Template::Events, None, "BusName"),
    ("ledger_table", Template::Events, None, "TableName"),
    ("primary_topic_arn", Template::Foundation, P, "TopicArn"),
    ("secondary_topic_arn", Template::Foundation, S, "TopicArn"),
    ("page_topic_arn", Template::Events, None, "PageTopicArn"),
    ("global_topic_arn", Template::Edge, None, "TopicArn"),
    (
        "primary_config_bucket",
        Template::Storage,
        P,
        "ConfigBucket",
    ),
    (
        "secondary_config_bucket",
        Template::Storage,
        S,
        "ConfigBucket",
    ),
    (
        "primary_artefact_bucket",
        Template::Storage,
        P,
        "ArtefactBucket",
    ),
    (
        "secondary_artefact_bucket",
        Template::Storage,
        S,
        "ArtefactBucket",
    ),
    ("latch_bucket", Template::Latch, None, "LatchBucket"),
    ("witness_topic_arn", Template::Witness, None, "TopicArn"),
    ("daemon_role_arn", Template::Daemon, None, "DaemonRoleArn"),
];

/// What an estate offers now; what no stack has yet is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    suffix: String,
    regions: (String, String, String),
    values: Vec<(&'static str, String)>,
    missing: Vec<&'static str>,
}

/// Collects the stacks' outputs.
pub fn offered(settings: &Settings, outputs: &StackOutputs) -> Offered {
    let mut values = Vec::new();
    let mut missing = Vec::new();
    for (name, template, role, output) in OFFERS {
        let value = outputs
            .get(&StackId { template, role })
            .and_then(|o| o.get(output));
        match value {
            Some(value) => values.push((name, value.clone())),
            None => missing.push(name),
        }
    }
    let region = |key| settings.get(key).to_owned();
    Offered {
        suffix: settings.suffix().to_string(),
        regions: (
            region(Key::PrimaryRegion),
            region(Key::StandbyRegion),
            region(Key::WitnessRegion),
        ),
        values,
        missing,
    }
}

impl Offered {
    /// Whether everything is there.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }

    /// What no stack has yet.
    pub fn missing(&self) -> &[&'static str] {
        &self.missing
    }

    /// For people.
    pub fn table(&self) -> String {
        let lines = self
            .values
            .iter()
            .map(|(name, value)| format!("{name:<28} {value}\n"));
        let mut out: String = lines.collect();
        if !self.missing.is_empty() {
            out.push_str(&format!("not there yet: {}\n", self.missing.join(", ")));
        }
        out
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let values: serde_json::Map<String, Value> = self
            .values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        json!({
            "schema": "drd.outputs/1.0",
            "suffix": self.suffix,
            "regions": {
                "primary": self.regions.0, "standby": self.regions.1, "witness": self.regions.2,
            },
            "outputs": values,
            "missing": self.missing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::template_shape::shape;

    #[test]
    fn every_offer_is_an_output_of_its_template() {
        for (name, template, role, output) in OFFERS {
            let declared = shape(template.source()).outputs;
            assert!(
                declared.iter().any(|o| o == output),
                "{name}: {}.{output}",
                template.name()
            );
            assert_eq!(role.is_some(), template.is_sided(), "{name}");
        }
    }
}
