//! Whether an estate can be built here, and whether the one that stands could fail over: pure
//! judgement of values that somebody else read.
//!
//! Each check gives green, red or unknown, what it rests on, and what to do about it. Unknown is
//! a value: a service that does not answer proves nothing, so it never refuses a bootstrap.
//! Deliberately absent: AWS ([`crate::observe::preflight`] reads), DNS and the daemon (`drd doctor`
//! asks them), and `iam:SimulatePrincipalPolicy`: which writes are allowed is only known by
//! writing, so permissions are judged by the reads that were denied.

pub mod account;
pub mod database;
pub mod event_path;
pub mod names;
pub mod quota;
pub mod zone;

use crate::estate::settings::{Key, Settings};
use crate::estate::side::{GLOBAL_REGION, Role};
use serde::Serialize;
use std::fmt;

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

/// How a read failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// These credentials may not ask.
    Denied,
    /// These credentials are no credentials (here).
    NotAuthenticated,
    /// There is no such thing.
    Absent,
    /// Throttled, a server error, no answer, an answer that nobody could read.
    Silent,
}

/// A read that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The IAM name of what was asked.
    pub operation: &'static str,
    /// Whom it was asked about.
    pub object: String,
    /// How it failed.
    pub failure: Failure,
    /// AWS's own words.
    pub said: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.operation, self.object, self.said)
    }
}

/// A value, or why there is none.
pub type Read<T> = Result<T, Trouble>;

/// Judges what was read; what could not be read is unknown.
fn on<T>(read: &Read<T>, by: impl FnOnce(&T) -> Judged) -> Judged {
    match read {
        Ok(found) => by(found),
        Err(trouble) => not_known(trouble),
    }
}

pub(crate) fn not_known(trouble: &Trouble) -> Judged {
    let remedy = match trouble.failure {
        Failure::Denied => format!("allow {}, or look by hand", trouble.operation),
        Failure::NotAuthenticated => "see the check `credentials`".to_owned(),
        Failure::Absent => "look by hand whether it should exist".to_owned(),
        Failure::Silent => "run the same command again in a minute".to_owned(),
    };
    Judged::unknown(trouble.to_string(), remedy)
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

    pub(crate) fn trouble(failure: Failure) -> Trouble {
        Trouble {
            operation: "rds:DescribeX",
            object: "eu-central-2".to_owned(),
            failure,
            said: "no".to_owned(),
        }
    }

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
        for failure in [Failure::Denied, Failure::Absent, Failure::Silent] {
            let read: Read<()> = Err(trouble(failure));
            let judged = on(&read, |()| Judged::green(""));
            assert_eq!(judged.verdict, Verdict::Unknown, "{failure:?}");
        }
    }
}
