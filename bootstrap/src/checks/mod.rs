//! Whether an estate can be built here, and whether the one that stands could fail over: pure
//! judgement of values that somebody else read.
//!
//! Each check gives green, red or unknown, what it rests on, and what to do about it. Unknown is
//! a value: a service that does not answer proves nothing, so it never refuses a bootstrap.
//! Deliberately absent: AWS (`observe::preflight` reads), DNS and the daemon (`drd doctor`
//! asks them), and `iam:SimulatePrincipalPolicy`: which writes are allowed is only known by
//! writing, so permissions are judged by the reads that were denied.

pub mod account;
pub mod database;
pub mod event_path;
pub mod names;
pub mod quota;
pub mod zone;

use crate::aws::error::{AwsError, Class};
use crate::estate::settings::{Key, Settings};
use crate::estate::side::{GLOBAL_REGION, Role};
use serde::Serialize;

/// The schema of `drd doctor -o json`.
pub const SCHEMA: &str = "drd.doctor/1.0";

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Green,
    /// Not as it should be.
    Red,
    /// Nobody knows.
    Unknown,
}

/// What a red check stands in the way of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Building: `drd bootstrap` would fail half-way, so it does not begin.
    Building,
    /// A failover: drd would not be armed.
    Failover,
    /// Nothing by itself.
    Note,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name: lower case, words joined by underscores.
    pub check: String,
    /// What it found.
    pub verdict: Verdict,
    /// What a red one stands in the way of.
    pub weight: Weight,
    /// What the verdict rests on.
    pub detail: String,
    /// What to do; nothing when it is green.
    pub remedy: Option<String>,
}

/// A verdict with what it rests on and, unless it is green, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    verdict: Verdict,
    detail: String,
    remedy: Option<String>,
}

impl Judged {
    /// As it should be.
    pub fn green(detail: impl Into<String>) -> Judged {
        Judged {
            verdict: Verdict::Green,
            detail: detail.into(),
            remedy: None,
        }
    }

    /// Not as it should be.
    pub fn red(detail: impl Into<String>, remedy: impl Into<String>) -> Judged {
        Judged {
            verdict: Verdict::Red,
            detail: detail.into(),
            remedy: Some(remedy.into()),
        }
    }

    /// Nobody knows.
    pub fn unknown(detail: impl Into<String>, remedy: impl Into<String>) -> Judged {
        Judged {
            verdict: Verdict::Unknown,
            detail: detail.into(),
            remedy: Some(remedy.into()),
        }
    }

    /// Green, red or unknown.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What the verdict rests on, and what to do unless it is green.
    pub fn words(&self) -> String {
        match &self.remedy {
            Some(remedy) => format!("{}; {remedy}", self.detail),
            None => self.detail.clone(),
        }
    }

    /// As a check of this name and weight.
    pub fn named(self, check: impl Into<String>, weight: Weight) -> Finding {
        Finding {
            check: check.into(),
            verdict: self.verdict,
            weight,
            detail: self.detail,
            remedy: self.remedy,
        }
    }
}

impl Finding {
    /// Whether drd would not be armed, or could not even be built.
    pub fn gates(&self) -> bool {
        self.verdict == Verdict::Red && self.weight != Weight::Note
    }
}

/// The findings that keep `drd bootstrap` from beginning. Nothing was created when there are any.
pub fn refusals(findings: &[Finding]) -> Vec<&Finding> {
    findings
        .iter()
        .filter(|f| f.verdict == Verdict::Red && f.weight == Weight::Building)
        .collect()
}

/// A value, or the failure of its read.
pub type Read<T> = Result<T, AwsError>;

/// Judges what was read; what could not be read is unknown.
fn on<T>(read: &Read<T>, by: impl FnOnce(&T) -> Judged) -> Judged {
    match read {
        Ok(found) => by(found),
        Err(error) => not_known(error),
    }
}

/// The remedy of a read that failed is what makes the read succeed: a denied one is not called
/// silent.
pub fn not_known(error: &AwsError) -> Judged {
    let remedy = match error.class {
        _ if error.is_unauthenticated() => "see the check `credentials`".to_owned(),
        Class::Denied => format!("allow {}, or look by hand", error.operation),
        Class::Gone => "look by hand whether it should exist".to_owned(),
        Class::Malformed => "look by hand: the same request fails again".to_owned(),
        Class::Transient | Class::Unauthenticated | Class::Conflict => {
            "run the same command again in a minute".to_owned()
        }
    };
    Judged::unknown(error.to_string(), remedy)
}

/// What an estate needs, as far as doctor asks about it. Plain values: whoever has settings, or a
/// running estate, fills it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The suffix as it was typed.
    pub suffix: String,
    /// Both sides, primary first.
    pub sides: [Side; 2],
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
pub struct Side {
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

impl Wanted {
    /// What these settings ask for.
    pub fn of(settings: &Settings) -> Wanted {
        let text = |key| settings.get(key).to_owned();
        let serving = settings.number(Key::ServingDesired);
        let side = |role: Role, built, gateways| Side {
            role: role.name(),
            region: settings.region(role).to_owned(),
            built,
            serving,
            nat_gateways: settings.number(gateways),
        };
        let waiting = settings.number(Key::StandbyMin);
        Wanted {
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
pub(crate) mod tests {
    use super::*;

    /// A read that failed with this code; none: it was not answered.
    pub(crate) fn failed(code: Option<&str>) -> AwsError {
        AwsError::said("rds:DescribeX", "eu-central-2", code, "no".to_owned())
    }

    pub(crate) const DENIED: Option<&str> = Some("AccessDenied");
    pub(crate) const NOT_FOUND: Option<&str> = Some("NoSuchX");
    pub(crate) const REFUSED: Option<&str> = Some("InvalidClientTokenId");
    pub(crate) const SILENT: Option<&str> = None;

    pub(crate) fn wanted() -> Wanted {
        let side = |role, region: &str, built, nat_gateways| Side {
            role,
            region: region.to_owned(),
            built,
            serving: 6,
            nat_gateways,
        };
        Wanted {
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

    impl Judged {
        pub(crate) fn says(&self, words: &str) -> bool {
            let remedy = self.remedy.as_deref().unwrap_or_default();
            self.detail.contains(words) || remedy.contains(words)
        }
    }

    #[test]
    fn only_what_is_known_to_prevent_building_refuses_it() {
        let findings = [
            Judged::red("", "").named("a", Weight::Failover),
            Judged::unknown("", "").named("b", Weight::Building),
            Judged::green("").named("c", Weight::Building),
            Judged::red("", "").named("d", Weight::Building),
        ];
        let names = |all: Vec<&Finding>| all.iter().map(|f| f.check.clone()).collect::<Vec<_>>();
        assert_eq!(names(refusals(&findings)), ["d"]);
        let gating = findings.iter().filter(|f| f.gates()).collect();
        assert_eq!(names(gating), ["a", "d"]);
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

    #[test]
    fn a_read_that_failed_is_unknown_and_never_red() {
        for (code, remedy) in [
            (DENIED, "allow rds:DescribeX"),
            (NOT_FOUND, "whether it should exist"),
            (REFUSED, "credentials"),
            (SILENT, "again in a minute"),
        ] {
            let read: Read<()> = Err(failed(code));
            let judged = on(&read, |()| Judged::green(""));
            assert_eq!(judged.verdict, Verdict::Unknown, "{code:?}");
            assert!(judged.says(remedy), "{judged:?}");
        }
    }
}
