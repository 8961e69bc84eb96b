//! The parameters of an estate: each one of `drd bootstrap` with its default and its help.
//!
//! One table serves the command line, the checks, the memory (the state file and the anchor
//! stack) and the documentation. Deliberately absent: what AWS thinks of a value; preflight asks.

mod checks;
mod table;

pub use table::{Key, PARAMETERS, Parameter};

use crate::error::Error;
use crate::estate::naming::Suffix;
use crate::estate::side::Role;
use std::collections::BTreeMap;

/// Every parameter's value, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    suffix: Suffix,
    values: BTreeMap<Key, String>,
}

/// Values as given: on the command line, or remembered.
pub type Said = BTreeMap<Key, String>;

impl Settings {
    /// Defaults, then what is remembered, then what is given now.
    ///
    /// # Errors
    /// [`Error::Usage`] with every bad value at once; [`Error::Refused`] when a fixed parameter of
    /// an existing estate would change.
    pub fn resolve(
        suffix: &Suffix,
        remembered: Option<&Said>,
        said: &Said,
    ) -> Result<Settings, Error> {
        let mut values = BTreeMap::new();
        let mut problems = Vec::new();
        let mut moved = Vec::new();
        for parameter in &PARAMETERS {
            let key = parameter.key;
            let before = remembered.and_then(|r| r.get(&key));
            let value = said
                .get(&key)
                .or(before)
                .cloned()
                .unwrap_or_else(|| parameter.default.replace("{suffix}", suffix.as_str()));
            if let Err(why) = (parameter.check)(&value) {
                problems.push(format!("--{} {value:?}: {why}", parameter.name));
            }
            if let Some(before) = before.filter(|b| parameter.fixed && **b != value) {
                moved.push(format!("--{} is {before:?}, not {value:?}", parameter.name));
            }
            values.insert(key, value);
        }
        let settings = Settings {
            suffix: suffix.clone(),
            values,
        };
        problems.extend(settings.contradictions());
        if !problems.is_empty() {
            return Err(Error::Usage(problems.join("\n")));
        }
        if !moved.is_empty() {
            return Err(Error::Refused(format!(
                "estate {suffix} exists, and this cannot change while it does: {}.\nNothing was \
                 changed. Leave the flag out, or choose another --suffix.",
                moved.join("; ")
            )));
        }
        Ok(settings)
    }

    fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.get(Key::PrimaryRegion) == self.get(Key::StandbyRegion) {
            found.push("--standby-region must differ from --primary-region".to_owned());
        }
        for side in [Key::PrimaryRegion, Key::StandbyRegion] {
            if self.get(side) == self.get(Key::WitnessRegion) {
                found.push(
                    "--witness-region must be a third region: a witness that shares a \
                    side's fate is no witness"
                        .to_owned(),
                );
            }
        }
        if self.get(Key::VpcCidrPrimary) == self.get(Key::VpcCidrStandby) {
            found.push("--vpc-cidr-standby must differ from --vpc-cidr-primary".to_owned());
        }
        for (low, high) in [
            (Key::ServingMin, Key::ServingDesired),
            (Key::ServingDesired, Key::ServingMax),
            (Key::StandbyMin, Key::ServingMax),
        ] {
            if self.number(low) > self.number(high) {
                found.push(format!("--{} is above --{}", low.name(), high.name()));
            }
        }
        let certificates = [Key::CertificateArnPrimary, Key::CertificateArnStandby];
        if certificates
            .iter()
            .filter(|k| self.get(**k).is_empty())
            .count()
            == 1
        {
            found.push(
                "give both certificates or none: clients reach either side under the \
                same name"
                    .to_owned(),
            );
        }
        if self.get(Key::Daemon) == "ecs" && self.get(Key::DaemonImage).is_empty() {
            found.push("--daemon ecs needs --daemon-image".to_owned());
        }
        found
    }

    /// The estate's suffix.
    pub fn suffix(&self) -> &Suffix {
        &self.suffix
    }

    /// One value.
    pub fn get(&self, key: Key) -> &str {
        self.values.get(&key).map_or("", String::as_str)
    }

    /// One value that its check knows as a number.
    pub fn number(&self, key: Key) -> u32 {
        self.get(key).parse().unwrap_or(0)
    }

    /// A side's region.
    pub fn region(&self, role: Role) -> &str {
        self.get(match role {
            Role::Primary => Key::PrimaryRegion,
            Role::Standby => Key::StandbyRegion,
        })
    }

    /// Every region that holds something of the estate, each once.
    pub fn regions(&self) -> Vec<&str> {
        let mut all = vec![
            self.region(Role::Primary),
            self.region(Role::Standby),
            crate::estate::side::GLOBAL_REGION,
            self.get(Key::WitnessRegion),
        ];
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether clients reach the estate over TLS.
    pub fn with_tls(&self) -> bool {
        !self.get(Key::CertificateArnPrimary).is_empty()
    }

    /// What to remember: names as on the command line.
    pub fn remembered(&self) -> BTreeMap<String, String> {
        let named = |(key, value): (&Key, &String)| (key.name().to_owned(), value.clone());
        self.values.iter().map(named).collect()
    }

    /// Reads what was remembered; names of another drd's version are left out.
    pub fn recall(remembered: &BTreeMap<String, String>) -> Said {
        let known = |(name, value): (&String, &String)| Some((Key::named(name)?, value.clone()));
        remembered.iter().filter_map(known).collect()
    }

    /// Three subnets of a kind out of a side's VPC: a sixteenth of it each.
    pub fn subnets(&self, role: Role, kind: SubnetKind) -> String {
        let cidr = self.get(match role {
            Role::Primary => Key::VpcCidrPrimary,
            Role::Standby => Key::VpcCidrStandby,
        });
        checks::sixteenths(cidr, kind as u32).unwrap_or_default()
    }
}

/// What a subnet is for; its first sixteenth of the VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubnetKind {
    /// Load balancer and NAT gateways.
    Public = 0,
    /// The application.
    App = 4,
    /// The database.
    Data = 8,
}

#[cfg(test)]
mod tests;
