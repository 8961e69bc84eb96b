//! One check: its verdict, what the verdict rests on, what a red one prevents, and its remedy.
//!
//! The only type of a check beside the one in the machine's ledger, which has no remedy: a decision
//! does not depend on it. Deliberately absent: the checks themselves.

use crate::aws::error::{AwsError, Class};
use serde::Serialize;

/// The schema of `drd doctor -o json`.
pub const SCHEMA: &str = "drd.doctor/1.0";

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Green,
    /// Not as it should be.
    Red,
    /// Not known.
    Unknown,
}

/// What a red check prevents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gates {
    /// Building: `drd bootstrap` would fail half-way, so it does not begin.
    Building,
    /// A failover: drd would not be armed.
    Failover,
    /// Nothing by itself; `note` is its name in `drd.doctor/1.0`.
    #[serde(rename = "note")]
    Nothing,
}

/// One check. Programs read it as a finding of `drd.doctor/1.0`, which calls the name `check` and
/// the gate `weight`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name: lower case, words joined by underscores.
    #[serde(rename = "check")]
    pub name: String,
    /// Its result.
    pub verdict: Verdict,
    /// What a red one prevents.
    #[serde(rename = "weight")]
    pub gates: Gates,
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

    /// Not known.
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

    /// As a check of this name and gate.
    pub fn named(self, name: impl Into<String>, gates: Gates) -> Check {
        Check {
            name: name.into(),
            verdict: self.verdict,
            gates,
            detail: self.detail,
            remedy: self.remedy,
        }
    }
}

impl Check {
    /// Whether drd would not be armed, or the estate could not even be built.
    pub fn is_gating(&self) -> bool {
        self.verdict == Verdict::Red && self.gates != Gates::Nothing
    }

    /// What the verdict rests on, and the remedy unless it is green.
    pub fn text(&self) -> String {
        match &self.remedy {
            Some(remedy) => format!("{}; {remedy}", self.detail),
            None => self.detail.clone(),
        }
    }
}

/// The checks that keep `drd bootstrap` from beginning. Nothing was created when there are any.
pub fn refusals(checks: &[Check]) -> Vec<&Check> {
    checks
        .iter()
        .filter(|c| c.verdict == Verdict::Red && c.gates == Gates::Building)
        .collect()
}

/// A value, or the failure of its read.
pub type ReadResult<T> = Result<T, AwsError>;

/// Judges what was read; what could not be read is unknown.
pub(super) fn on<T>(read: &ReadResult<T>, by: impl FnOnce(&T) -> Judged) -> Judged {
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A read that failed with this code; none: it was not answered.
    pub(in crate::checks) fn failed(code: Option<&str>) -> AwsError {
        AwsError::said("rds:DescribeX", "eu-central-2", code, "no".to_owned())
    }

    pub(in crate::checks) const DENIED: Option<&str> = Some("AccessDenied");
    pub(in crate::checks) const NOT_FOUND: Option<&str> = Some("NoSuchX");
    pub(in crate::checks) const REFUSED: Option<&str> = Some("InvalidClientTokenId");
    pub(in crate::checks) const SILENT: Option<&str> = None;

    impl Judged {
        pub(in crate::checks) fn says(&self, words: &str) -> bool {
            let remedy = self.remedy.as_deref().unwrap_or_default();
            self.detail.contains(words) || remedy.contains(words)
        }
    }

    #[test]
    fn only_what_is_known_to_prevent_building_refuses_it() {
        let checks = [
            Judged::red("", "").named("a", Gates::Failover),
            Judged::unknown("", "").named("b", Gates::Building),
            Judged::green("").named("c", Gates::Building),
            Judged::red("", "").named("d", Gates::Building),
        ];
        let names = |all: Vec<&Check>| all.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(refusals(&checks)), ["d"]);
        let gating = checks.iter().filter(|c| c.is_gating()).collect();
        assert_eq!(names(gating), ["a", "d"]);
    }

    #[test]
    fn a_read_that_failed_is_unknown_and_never_red() {
        for (code, remedy) in [
            (DENIED, "allow rds:DescribeX"),
            (NOT_FOUND, "whether it should exist"),
            (REFUSED, "credentials"),
            (SILENT, "again in a minute"),
        ] {
            let read: ReadResult<()> = Err(failed(code));
            let judged = on(&read, |()| Judged::green(""));
            assert_eq!(judged.verdict, Verdict::Unknown, "{code:?}");
            assert!(judged.says(remedy), "{judged:?}");
        }
    }
}
