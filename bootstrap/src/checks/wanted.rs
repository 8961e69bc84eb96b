//! What an estate needs, as far as it is checked before it is built.
//!
//! Deliberately absent: prices, and what AWS offers; the checks compare it with this.

use crate::estate::settings::{Key, Settings};
use crate::estate::side::{GLOBAL_REGION, Role};

/// What an estate needs, as far as it is checked. Plain values, filled from settings or from a
/// running estate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirements {
    /// The suffix as it was typed.
    pub suffix: String,
    /// Both sides, primary first.
    pub sides: [SideRequirements; 2],
    /// Where the witness runs.
    pub witness_region: String,
    /// A hosted zone that exists; `None` when bootstrap creates one.
    pub hosted_zone_id: Option<String>,
    /// The domain in which `api.`, `primary.` and `standby.` will be.
    pub domain: String,
    /// Aurora PostgreSQL's version, e.g. `16.9`.
    pub engine_version: String,
    /// The database's class, e.g. `db.r6g.large`.
    pub instance_class: String,
    /// The application's instance type, e.g. `t3.medium`.
    pub instance_type: String,
}

/// One side of what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideRequirements {
    /// `primary` or `standby`.
    pub role: &'static str,
    /// Its region.
    pub region: String,
    /// Application instances that run from the beginning.
    pub built: u32,
    /// Application instances that run when it serves.
    pub serving: u32,
    /// NAT gateways, each with an address of its own.
    pub nat_gateways: u32,
}

impl Requirements {
    /// What these settings ask for.
    pub fn of(settings: &Settings) -> Requirements {
        let text = |key| settings.get(key).to_owned();
        let serving = settings.number(Key::ServingDesired);
        let side = |role: Role, built, gateways| SideRequirements {
            role: role.name(),
            region: settings.region(role).to_owned(),
            built,
            serving,
            nat_gateways: settings.number(gateways),
        };
        let waiting = settings.number(Key::StandbyMin);
        Requirements {
            suffix: settings.suffix().to_string(),
            sides: [
                side(Role::Primary, serving, Key::NatGatewaysPrimary),
                side(Role::Standby, waiting, Key::NatGatewaysStandby),
            ],
            witness_region: text(Key::WitnessRegion),
            hosted_zone_id: Some(text(Key::HostedZoneId)).filter(|id| !id.is_empty()),
            domain: text(Key::Domain),
            engine_version: text(Key::EngineVersion),
            instance_class: text(Key::InstanceClass),
            instance_type: text(Key::InstanceType),
        }
    }

    /// Every region that something is built in, each once.
    pub fn regions(&self) -> Vec<&str> {
        let [primary, standby] = &self.sides;
        let all = [
            primary.region.as_str(),
            &standby.region,
            GLOBAL_REGION,
            &self.witness_region,
        ];
        let mut regions = Vec::new();
        for region in all {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        regions
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::checks) fn wanted() -> Requirements {
        let side = |role, region: &str, built, nat_gateways| SideRequirements {
            role,
            region: region.to_owned(),
            built,
            serving: 6,
            nat_gateways,
        };
        Requirements {
            suffix: "shop1".to_owned(),
            sides: [
                side("primary", "eu-central-1", 6, 3),
                side("standby", "eu-central-2", 1, 1),
            ],
            witness_region: "eu-west-1".to_owned(),
            hosted_zone_id: None,
            domain: "shop1.example.com".to_owned(),
            engine_version: "16.9".to_owned(),
            instance_class: "db.r6g.large".to_owned(),
            instance_type: "t3.medium".to_owned(),
        }
    }

    #[test]
    fn each_region_is_asked_once() {
        let mut wanted = wanted();
        assert_eq!(
            wanted.regions(),
            ["eu-central-1", "eu-central-2", "us-east-1", "eu-west-1"]
        );
        wanted.witness_region = "us-east-1".to_owned();
        assert_eq!(wanted.regions().len(), 3);
    }
}
