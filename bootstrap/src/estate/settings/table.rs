//! The table of parameters: name, default, help, check.

use super::checks::{self, ValueCheck};

/// One parameter of `drd bootstrap`.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its key.
    pub key: Key,
    /// Its flag, without the hyphens; also its name in the state file.
    pub name: &'static str,
    /// What its value is called in the help.
    pub value: &'static str,
    /// Its default; `{suffix}` is replaced by the suffix.
    pub default: &'static str,
    /// Its help.
    pub help: &'static str,
    /// Whether it cannot change while the estate exists.
    pub fixed: bool,
    pub(super) check: ValueCheck,
}

macro_rules! parameters {
    ($($key:ident $name:literal $value:literal $default:literal $check:ident $fixed:literal $help:literal;)*) => {
        /// The name of a parameter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key { $(#[doc = $help] $key),* }

        /// Every parameter, in the order of the help.
        pub const PARAMETERS: [Parameter; [$(Key::$key),*].len()] = [$(Parameter {
            key: Key::$key, name: $name, value: $value, default: $default, help: $help,
            fixed: $fixed, check: checks::$check,
        }),*];

        impl Key {
            /// Its flag, without the hyphens.
            pub const fn name(self) -> &'static str {
                match self { $(Key::$key => $name),* }
            }

            /// Its default, as in [`Parameter::default`].
            pub const fn default_text(self) -> &'static str {
                match self { $(Key::$key => $default),* }
            }
        }
    };
}

impl Key {
    /// The key of a flag.
    pub fn named(name: &str) -> Option<Key> {
        PARAMETERS.iter().find(|p| p.name == name).map(|p| p.key)
    }
}

parameters! {
    PrimaryRegion "primary-region" "REGION" "eu-central-1" region true
        "Where the estate serves when all is well.";
    StandbyRegion "standby-region" "REGION" "eu-central-2" region true
        "Where it serves after a failover; the daemon, its queue and its ledger live here.";
    WitnessRegion "witness-region" "REGION" "eu-west-1" region true
        "A third region, for the witness that probes both sides from outside.";
    Domain "domain" "NAME" "{suffix}.drd.internal" domain true
        "The zone's name; clients use api.NAME. The default is a name that nobody else can own and that no resolver can be sent to: it can be built and looked at, and drd is never armed for it.";
    HostedZoneId "hosted-zone-id" "ID" "" zone true
        "An existing public hosted zone for --domain; a new one is made when absent.";
    CertificateArnPrimary "certificate-arn-primary" "ARN" "" certificate false
        "ACM certificate in the primary region for api.NAME, primary.NAME and standby.NAME (or *.NAME): drd asks each side by its own name. HTTP only when absent.";
    CertificateArnStandby "certificate-arn-standby" "ARN" "" certificate false
        "The same in the standby region.";
    Email "email" "ADDRESS" "" email false
        "Who is mailed; AWS asks the address to confirm. Nobody when absent.";
    Daemon "daemon" "none|ecs" "none" daemon false
        "Whether AWS runs the daemon (ECS on Fargate, standby region) or you do.";
    DaemonImage "daemon-image" "IMAGE" "" text false
        "The container image for --daemon ecs.";
    VpcCidrPrimary "vpc-cidr-primary" "CIDR" "10.10.0.0/16" cidr true
        "The primary side's network, /16 to /20; each subnet takes a sixteenth.";
    VpcCidrStandby "vpc-cidr-standby" "CIDR" "10.20.0.0/16" cidr true
        "The standby side's network.";
    NatGatewaysPrimary "nat-gateways-primary" "1..3" "3" gateways false
        "NAT gateways of the primary side.";
    NatGatewaysStandby "nat-gateways-standby" "1..3" "1" gateways false
        "NAT gateways of the standby side. 1 is cheaper; after a failover the loss of one availability zone then cuts off the others' way out.";
    EngineVersion "engine-version" "VERSION" "17.7" version false
        "Aurora PostgreSQL, minor version included; both sides have the same.";
    InstanceClass "instance-class" "CLASS" "db.r6g.large" database_class false
        "Class of every database instance: memory optimised and known in both regions.";
    DatabaseInstancesPrimary "database-instances-primary" "1..3" "2" instances false
        "Database instances of the primary side. With 1, a lost host or zone keeps the database away for minutes while Aurora builds another writer: longer than drd waits, so it becomes a failover to the other region, with its loss.";
    DatabaseInstancesStandby "database-instances-standby" "1..3" "1" instances false
        "Database instances of the standby side. 1 is cheaper; after a failover the loss of that one then has no reader to take over, until another is added.";
    DatabaseName "database-name" "NAME" "trading" database_name true
        "The database that the application uses.";
    BackupRetentionDays "backup-retention-days" "1..35" "7" days false
        "How long Aurora keeps backups.";
    GlobalRpo "global-rpo" "SECONDS" "0" rpo false
        "rds.global_db_rpo of the primary: Aurora itself blocks commits while the standby lags further behind (20 and more). 0 is off: a lost standby then never stops the primary.";
    InstanceType "instance-type" "TYPE" "t4g.small" instance_type false
        "Type of the application's instances (ARM).";
    ServingMin "serving-min" "N" "6" size false
        "Least instances of the side that serves.";
    ServingDesired "serving-desired" "N" "6" size false
        "Instances of the side that serves, to begin with.";
    ServingMax "serving-max" "N" "12" size false
        "Most instances of either side.";
    StandbyMin "standby-min" "N" "1" size false
        "Instances of the side that waits; drd raises it when it becomes suspicious.";
    DataApiPrimary "data-api-primary" "yes|no" "yes" yes_or_no false
        "Whether the RDS Data API exists in the primary region; the lag sampler reads through it.";
    DataApiStandby "data-api-standby" "yes|no" "no" yes_or_no false
        "The same for the standby region (not in eu-central-2). Where there is none, the lag comes from CloudWatch, minutes late.";
    WitnessReferences "witness-references" "URLS" "https://sts.eu-west-1.amazonaws.com/,https://s3.eu-north-1.amazonaws.com/,https://sts.us-west-2.amazonaws.com/" text false
        "What must answer the witness for its word to count: URLs outside both sides, with commas.";
}
