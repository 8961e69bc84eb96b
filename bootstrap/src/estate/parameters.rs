//! Where each parameter of each template comes from. A test compares it with the templates' own
//! `Parameters`: all without a default are supplied, and none that does not exist.
//!
//! Deliberately absent: ARNs that a name gives; templates derive those themselves.

use crate::estate::settings::{Key, Settings, SubnetKind};
use crate::estate::side::Role;
use crate::estate::templates::Template;

/// Which of a template's stacks is meant, seen from the stack that takes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackOf {
    /// The only one.
    Once,
    /// The one of the same side.
    Same,
    /// The one of the other side.
    Peer,
    /// The primary side's.
    Primary,
    /// The standby side's.
    Standby,
}

/// Where a parameter's value comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// The estate's suffix.
    Suffix,
    /// The stack's side.
    Role,
    /// The other side.
    PeerRole,
    /// One setting as it is.
    Set(Key),
    /// Something made of the settings, for this side.
    Made(fn(&Settings, Role) -> String),
    /// Another stack's output.
    Output(Template, StackOf, &'static str),
    /// The folder of the sample application in the artefact bucket.
    Artefact,
    /// `yes`, but `no` at creation: the other side's bucket is not there yet.
    Replicate,
    /// All settings, to be remembered.
    Memory,
}

type ParameterSources = &'static [(&'static str, Source)];

use Key as K;
use Source::{Artefact, Made, Memory, Output, PeerRole, Replicate, Set, Suffix};
use StackOf::{Once, Peer, Primary, Same, Standby};
use Template as T;

const ROLE: Source = Source::Role;
const KEY_ARN: Source = Output(T::Foundation, Same, "KeyArn");
const TOPIC_ARN: Source = Output(T::Foundation, Same, "TopicArn");
const PEER_REGION: Source = Made(|s, role| s.region(role.peer()).to_owned());

/// The port of both clusters. The security groups are there before the cluster is, so they take
/// this value; whoever connects takes the cluster's own output. 5432: PostgreSQL's, registered.
const DATABASE_PORT: Source = Made(|_, _| "5432".to_owned());

const ANCHOR: ParameterSources = &[("Suffix", Suffix), ("Settings", Memory)];
const FOUNDATION: ParameterSources = &[
    ("Suffix", Suffix),
    ("Role", ROLE),
    ("NotificationEmail", Set(K::Email)),
];
const NETWORK: ParameterSources = &[
    ("Suffix", Suffix),
    ("Role", ROLE),
    ("KeyArn", KEY_ARN),
    (
        "VpcCidr",
        Made(|s, role| {
            s.get(by(role, K::VpcCidrPrimary, K::VpcCidrStandby))
                .to_owned()
        }),
    ),
    (
        "PublicSubnetCidrs",
        Made(|s, role| s.subnets(role, SubnetKind::Public)),
    ),
    (
        "AppSubnetCidrs",
        Made(|s, role| s.subnets(role, SubnetKind::App)),
    ),
    (
        "DataSubnetCidrs",
        Made(|s, role| s.subnets(role, SubnetKind::Data)),
    ),
    ("DatabasePort", DATABASE_PORT),
    (
        "NatGateways",
        Made(|s, role| {
            s.get(by(role, K::NatGatewaysPrimary, K::NatGatewaysStandby))
                .to_owned()
        }),
    ),
];
const GLOBAL: ParameterSources = &[("Suffix", Suffix), ("EngineVersion", Set(K::EngineVersion))];
const DATA: ParameterSources = &[
    ("Suffix", Suffix),
    ("Role", ROLE),
    ("KeyArn", KEY_ARN),
    ("PeerKeyArn", Output(T::Foundation, Peer, "KeyArn")),
    ("PeerRegion", PEER_REGION),
    ("PrimaryRegion", Set(K::PrimaryRegion)),
    ("DataSubnets", Output(T::Network, Same, "DataSubnets")),
    (
        "DataSecurityGroup",
        Output(T::Network, Same, "DataSecurityGroup"),
    ),
    (
        "GlobalClusterId",
        Output(T::Global, Once, "GlobalClusterId"),
    ),
    ("EngineVersion", Set(K::EngineVersion)),
    (
        "ParameterFamily",
        Made(|s, _| family(s.get(K::EngineVersion))),
    ),
    ("InstanceClass", Set(K::InstanceClass)),
    (
        "Instances",
        Made(|s, role| {
            s.get(by(
                role,
                K::DatabaseInstancesPrimary,
                K::DatabaseInstancesStandby,
            ))
            .to_owned()
        }),
    ),
    (
        "GlobalRpoSeconds",
        Made(|s, role| by(role, s.get(K::GlobalRpo), "0").to_owned()),
    ),
    ("BackupRetentionDays", Set(K::BackupRetentionDays)),
    ("Port", DATABASE_PORT),
    ("DatabaseName", Set(K::DatabaseName)),
    (
        "DataApi",
        Made(|s, role| {
            s.get(by(role, K::DataApiPrimary, K::DataApiStandby))
                .to_owned()
        }),
    ),
];
const STORAGE: ParameterSources = &[
    ("Suffix", Suffix),
    ("Role", ROLE),
    ("KeyArn", KEY_ARN),
    ("PeerKeyArn", Output(T::Foundation, Peer, "KeyArn")),
    ("PeerRegion", PEER_REGION),
    ("PeerRole", PeerRole),
    ("Replicate", Replicate),
];
const EVENTS: ParameterSources = &[
    ("Suffix", Suffix),
    ("KeyArn", Output(T::Foundation, Standby, "KeyArn")),
    ("PrimaryRegion", Set(K::PrimaryRegion)),
    ("WitnessRegion", Set(K::WitnessRegion)),
    ("TopicArn", Output(T::Foundation, Standby, "TopicArn")),
    ("NotificationEmail", Set(K::Email)),
];
const LATCH: ParameterSources = &[("Suffix", Suffix)];
const APP: ParameterSources = &[
    ("Suffix", Suffix),
    ("Role", ROLE),
    ("VpcId", Output(T::Network, Same, "VpcId")),
    ("PublicSubnets", Output(T::Network, Same, "PublicSubnets")),
    ("AppSubnets", Output(T::Network, Same, "AppSubnets")),
    (
        "AlbSecurityGroup",
        Output(T::Network, Same, "AlbSecurityGroup"),
    ),
    (
        "AppSecurityGroup",
        Output(T::Network, Same, "AppSecurityGroup"),
    ),
    ("KeyArn", KEY_ARN),
    ("ArtefactBucket", Output(T::Storage, Same, "ArtefactBucket")),
    ("ArtefactKey", Artefact),
    (
        "CertificateArn",
        Made(|s, role| {
            s.get(by(role, K::CertificateArnPrimary, K::CertificateArnStandby))
                .to_owned()
        }),
    ),
    ("InstanceType", Set(K::InstanceType)),
    (
        "MinSize",
        Made(|s, role| s.get(by(role, K::ServingMin, K::StandbyMin)).to_owned()),
    ),
    (
        "DesiredCapacity",
        Made(|s, role| s.get(by(role, K::ServingDesired, K::StandbyMin)).to_owned()),
    ),
    ("MaxSize", Set(K::ServingMax)),
    ("WriterEndpoint", Output(T::Data, Same, "WriterEndpoint")),
    ("ReaderEndpoint", Output(T::Data, Same, "ReaderEndpoint")),
    ("DatabasePort", Output(T::Data, Same, "Port")),
    ("DatabaseName", Set(K::DatabaseName)),
    ("TopicArn", TOPIC_ARN),
];
const MONITOR: ParameterSources = &[
    ("Suffix", Suffix),
    ("Role", ROLE),
    ("KeyArn", KEY_ARN),
    ("TopicArn", TOPIC_ARN),
    ("PeerRole", PeerRole),
    ("PeerRegion", PEER_REGION),
    ("PrimaryRegion", Set(K::PrimaryRegion)),
    ("StandbyRegion", Set(K::StandbyRegion)),
    ("DatabaseName", Set(K::DatabaseName)),
    ("AlbFullName", Output(T::App, Same, "AlbFullName")),
    (
        "TargetGroupFullName",
        Output(T::App, Same, "TargetGroupFullName"),
    ),
    ("PrimaryDataApi", Set(K::DataApiPrimary)),
    ("StandbyDataApi", Set(K::DataApiStandby)),
];
const EDGE: ParameterSources = &[
    ("Suffix", Suffix),
    ("HostedZoneId", Set(K::HostedZoneId)),
    ("DomainName", Set(K::Domain)),
    ("PrimaryAlbDnsName", Output(T::App, Primary, "AlbDnsName")),
    ("PrimaryAlbZoneId", Output(T::App, Primary, "AlbZoneId")),
    ("StandbyAlbDnsName", Output(T::App, Standby, "AlbDnsName")),
    ("StandbyAlbZoneId", Output(T::App, Standby, "AlbZoneId")),
    ("StandbyRegion", Set(K::StandbyRegion)),
    ("PrimaryRegion", Set(K::PrimaryRegion)),
    (
        "WithTls",
        Made(|s, _| if s.with_tls() { "yes" } else { "no" }.to_owned()),
    ),
    ("NotificationEmail", Set(K::Email)),
];
const WITNESS: ParameterSources = &[
    ("Suffix", Suffix),
    ("PrimaryEndpoint", Output(T::Edge, Once, "PrimaryEndpoint")),
    ("StandbyEndpoint", Output(T::Edge, Once, "StandbyEndpoint")),
    ("QueueUrl", Output(T::Events, Once, "QueueUrl")),
    ("StandbyRegion", Set(K::StandbyRegion)),
    ("NotificationEmail", Set(K::Email)),
    ("References", Set(K::WitnessReferences)),
];
const DASHBOARD: ParameterSources = &[
    ("Suffix", Suffix),
    ("PrimaryRegion", Set(K::PrimaryRegion)),
    ("StandbyRegion", Set(K::StandbyRegion)),
    ("WitnessRegion", Set(K::WitnessRegion)),
    ("PrimaryAlbFullName", Output(T::App, Primary, "AlbFullName")),
    (
        "PrimaryTargetGroupFullName",
        Output(T::App, Primary, "TargetGroupFullName"),
    ),
    ("StandbyAlbFullName", Output(T::App, Standby, "AlbFullName")),
    (
        "StandbyTargetGroupFullName",
        Output(T::App, Standby, "TargetGroupFullName"),
    ),
    (
        "PrimaryHealthCheckId",
        Output(T::Edge, Once, "PrimaryHealthCheckId"),
    ),
    (
        "StandbyHealthCheckId",
        Output(T::Edge, Once, "StandbyHealthCheckId"),
    ),
    (
        "LatchHealthCheckId",
        Output(T::Edge, Once, "LatchHealthCheckId"),
    ),
];
const DAEMON: ParameterSources = &[
    ("Suffix", Suffix),
    ("KeyArn", Output(T::Foundation, Standby, "KeyArn")),
    ("DaemonMode", Set(K::Daemon)),
    ("DaemonImage", Set(K::DaemonImage)),
    ("VpcId", Output(T::Network, Standby, "VpcId")),
    ("AppSubnets", Output(T::Network, Standby, "AppSubnets")),
    ("PrimaryRegion", Set(K::PrimaryRegion)),
    ("HostedZoneId", Output(T::Edge, Once, "HostedZoneId")),
    (
        "GlobalClusterId",
        Output(T::Global, Once, "GlobalClusterId"),
    ),
    (
        "LatchHealthCheckId",
        Output(T::Edge, Once, "LatchHealthCheckId"),
    ),
    ("ConfigBucket", Output(T::Storage, Standby, "ConfigBucket")),
];

/// Where each parameter of a template comes from.
pub fn sources(template: Template) -> ParameterSources {
    match template {
        T::Anchor => ANCHOR,
        T::Foundation => FOUNDATION,
        T::Network => NETWORK,
        T::Global => GLOBAL,
        T::Data => DATA,
        T::Storage => STORAGE,
        T::Events => EVENTS,
        T::Latch => LATCH,
        T::App => APP,
        T::Monitor => MONITOR,
        T::Edge => EDGE,
        T::Witness => WITNESS,
        T::Dashboard => DASHBOARD,
        T::Daemon => DAEMON,
    }
}

/// Stacks that must be there first though nothing is taken from them: what a template names.
pub(crate) fn extra(template: Template) -> &'static [(Template, StackOf)] {
    match template {
        // The secondary cluster joins a global cluster that has its writer; for the primary's own
        // stack this adds nothing (a stack is not after itself).
        T::Data => &[(T::Data, Primary)],
        // Whether outsiders may read a public object is shown by the latch, before what costs money
        // and takes long.
        T::Network => &[(T::Latch, Once)],
        T::Monitor => &[(T::Events, Once), (T::Data, Same)],
        T::Edge => &[(T::Latch, Once), (T::Events, Once)],
        T::Dashboard => &[(T::Events, Once), (T::Data, Primary), (T::Data, Standby)],
        T::Daemon => &[(T::Events, Once), (T::Latch, Once), (T::Storage, Primary)],
        T::Anchor | T::Foundation | T::Global | T::Storage => &[],
        T::Events | T::Latch | T::App | T::Witness => &[],
    }
}

fn by<T>(role: Role, primary: T, standby: T) -> T {
    match role {
        Role::Primary => primary,
        Role::Standby => standby,
    }
}

/// `17.7` -> `aurora-postgresql17`.
fn family(version: &str) -> String {
    let major = version.split('.').next().unwrap_or_default();
    format!("aurora-postgresql{major}")
}
