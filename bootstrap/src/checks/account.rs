//! Who asks, where it may, and by which clock.
//!
//! Deliberately absent: what the credentials may write; see the head of `checks`.

use super::check::{Judged, ReadResult, Verdict, not_known};
use crate::aws::error::{AwsError, Class};

/// Who the credentials belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// The ARN of the caller.
    pub arn: String,
    /// How far AWS's clock is ahead of ours in milliseconds, and by how much that may be wrong;
    /// `None` when the answer carried no date.
    pub skew: Option<Skew>,
}

/// How far AWS's clock is ahead of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Milliseconds; negative when ours is ahead.
    pub ahead_ms: i64,
    /// Half of the round trip, and the whole second that the header is rounded to.
    pub error_ms: i64,
}

/// The clock may be off by as much as an observation may be late before a reading counts as
/// stale in a hold-down: far less than the 5 min at which AWS refuses signatures.
const SKEW_MS_MAX: i64 = 10_000;

/// Whether there are credentials, and of the account that the estate is in, when one is known.
pub fn credentials(identity: &ReadResult<Identity>, expected: Option<&str>) -> Judged {
    match (identity, expected) {
        (Ok(found), Some(account)) if found.account != account => Judged::red(
            format!("{} is in account {}", found.arn, found.account),
            format!(
                "the estate is in {account}: set AWS_PROFILE or the credentials of that account"
            ),
        ),
        (Ok(found), _) => Judged::green(format!("account {}, {}", found.account, found.arn)),
        (Err(error), _) if !is_refusal(error) => not_known(error),
        (Err(error), _) => Judged::red(
            error.to_string(),
            "give valid credentials: AWS_PROFILE, AWS_ACCESS_KEY_ID, or a role of this host",
        ),
    }
}

/// Whether STS answered that these credentials are not accepted, or there are none to send.
fn is_refusal(error: &AwsError) -> bool {
    error.is_unauthenticated() || matches!(error.class, Class::Denied | Class::Gone)
}

/// Whether the clock is near AWS's.
pub fn clock(identity: &ReadResult<Identity>) -> Judged {
    const REMEDY: &str = "start a time service on this host: chrony or systemd-timesyncd";
    super::check::on(identity, |found| {
        let Some(skew) = found.skew else {
            return Judged::unknown("the answer carried no date", REMEDY);
        };
        let off = skew.ahead_ms as f64 / 1000.0;
        let error = skew.error_ms as f64 / 1000.0;
        let detail = format!("AWS is {off:+.1} s ahead of this host, give or take {error:.1} s");
        // Red only where even the best case is too far.
        if skew.ahead_ms.abs() - skew.error_ms > SKEW_MS_MAX {
            Judged::red(detail, REMEDY)
        } else {
            Judged::green(detail)
        }
    })
}

/// Whether a region is open to the account. `opted` is the state in the account service, `there`
/// whether STS of the region itself accepts the credentials: it decides where the former is not
/// known.
pub fn region(name: &str, opted: &ReadResult<String>, there: &ReadResult<Identity>) -> Judged {
    let enable = format!(
        "aws account enable-region --region-name {name}   (takes minutes to hours), then again"
    );
    match opted.as_deref() {
        Ok(status @ ("ENABLED" | "ENABLED_BY_DEFAULT")) => tried(name, status, there),
        Ok(status @ ("DISABLED" | "DISABLING")) => {
            Judged::red(format!("{name} is {status} in this account"), enable)
        }
        Ok("ENABLING") => Judged::red(
            format!("{name} is being enabled"),
            "wait until it is ENABLED, then run the same command again",
        ),
        Ok(_) | Err(_) => by_its_answer(name, opted, there, enable),
    }
}

/// A session token of STS's global endpoint is valid in no region that was opted in to (IAM user
/// guide, managing STS in a region): the region is enabled and refuses the caller nevertheless.
fn tried(name: &str, status: &str, there: &ReadResult<Identity>) -> Judged {
    const REMEDY: &str = "take a token of a regional endpoint: AWS_STS_REGIONAL_ENDPOINTS=regional \
                          where it is issued, then again";
    match there {
        Ok(_) => Judged::green(format!("{name} is {status} and answers these credentials")),
        Err(error) if error.is_unauthenticated() => {
            Judged::red(format!("{name} is {status}, and {error}"), REMEDY)
        }
        Err(error) => Judged::unknown(
            format!("{name} is {status}; whether it takes these credentials is not known: {error}"),
            REMEDY,
        ),
    }
}

fn by_its_answer(
    name: &str,
    opted: &ReadResult<String>,
    there: &ReadResult<Identity>,
    enable: String,
) -> Judged {
    let opted = match opted {
        Ok(word) => format!("the account service answers {word}"),
        Err(error) => error.to_string(),
    };
    match there {
        Ok(_) => Judged::green(format!("{name} answers these credentials ({opted})")),
        // A region that is not enabled does not know the account's credentials.
        Err(error) if error.is_unauthenticated() => {
            Judged::red(format!("{error}; {opted}"), enable)
        }
        Err(error) => Judged::unknown(format!("{error}; {opted}"), enable),
    }
}

/// Whether a read that bootstrap itself depends on was denied. `errors` are those reads'.
pub fn permissions(errors: &[&AwsError]) -> Judged {
    let mut denied: Vec<String> = errors
        .iter()
        .filter(|e| e.class == Class::Denied)
        .map(|e| format!("{} on {}", e.operation, e.object))
        .collect();
    denied.sort();
    denied.dedup();
    if denied.is_empty() {
        return Judged::green(
            "no read was denied (writes cannot be tried without doing them; a missing one stops \
             its stack with AWS's words)",
        );
    }
    Judged::red(
        format!("denied: {}", denied.join(", ")),
        "allow these actions to this caller, and look for an SCP that denies by aws:RequestedRegion",
    )
}

/// Whether the credentials are known to be none, so that asking on is pointless.
pub fn nobody(identity: &ReadResult<Identity>) -> bool {
    credentials(identity, None).verdict() == Verdict::Red
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::check::tests::{DENIED, REFUSED, SILENT, failed};

    fn me(skew: Option<Skew>) -> ReadResult<Identity> {
        Ok(Identity {
            account: "123456789012".to_owned(),
            arn: "arn:aws:iam::123456789012:user/anna".to_owned(),
            skew,
        })
    }

    #[test]
    fn credentials_of_another_account_are_red() {
        assert_eq!(credentials(&me(None), None).verdict(), Verdict::Green);
        assert_eq!(
            credentials(&me(None), Some("123456789012")).verdict(),
            Verdict::Green
        );
        let other = credentials(&me(None), Some("210987654321"));
        assert_eq!(other.verdict(), Verdict::Red);
        assert!(other.says("210987654321"));
    }

    #[test]
    fn refused_credentials_are_red_and_a_silent_sts_is_unknown() {
        let with = |code| credentials(&Err(failed(code)), None).verdict();
        assert_eq!(with(REFUSED), Verdict::Red);
        assert_eq!(with(DENIED), Verdict::Red);
        assert_eq!(with(SILENT), Verdict::Unknown);
        assert!(nobody(&Err(failed(REFUSED))));
        assert!(!nobody(&Err(failed(SILENT))));
    }

    #[test]
    fn a_clock_is_red_only_when_even_the_best_case_is_too_far() {
        let off = |ahead_ms, error_ms| clock(&me(Some(Skew { ahead_ms, error_ms }))).verdict();
        assert_eq!(off(400, 1_100), Verdict::Green);
        assert_eq!(off(-10_900, 1_000), Verdict::Green);
        assert_eq!(off(11_100, 1_000), Verdict::Red);
        assert_eq!(off(-3_600_000, 1_000), Verdict::Red);
        assert_eq!(clock(&me(None)).verdict(), Verdict::Unknown);
    }

    #[test]
    fn a_region_that_is_not_enabled_is_red_with_the_command_that_enables_it() {
        let in_state = |word: &str| region("eu-central-2", &Ok(word.to_owned()), &me(None));
        assert_eq!(in_state("ENABLED").verdict(), Verdict::Green);
        assert_eq!(in_state("ENABLED_BY_DEFAULT").verdict(), Verdict::Green);
        assert_eq!(in_state("DISABLED").verdict(), Verdict::Red);
        assert!(in_state("DISABLED").says("enable-region --region-name eu-central-2"));
        assert_eq!(in_state("DISABLING").verdict(), Verdict::Red);
        assert_eq!(in_state("ENABLING").verdict(), Verdict::Red);
        assert!(in_state("ENABLING").says("wait"));
    }

    #[test]
    fn an_enabled_region_that_refuses_the_token_is_red_and_a_silent_one_is_unknown() {
        let enabled = Ok("ENABLED".to_owned());
        let there = |code| region("eu-central-2", &enabled, &Err(failed(code)));
        assert_eq!(there(REFUSED).verdict(), Verdict::Red);
        assert!(there(REFUSED).says("AWS_STS_REGIONAL_ENDPOINTS"));
        assert_eq!(there(SILENT).verdict(), Verdict::Unknown);
    }

    #[test]
    fn where_the_account_service_is_silent_the_region_itself_decides() {
        let silent = Err(failed(SILENT));
        let there = |there: &ReadResult<Identity>| region("eu-central-2", &silent, there).verdict();
        assert_eq!(there(&me(None)), Verdict::Green);
        let refused = Err(failed(REFUSED));
        assert_eq!(there(&refused), Verdict::Red);
        assert_eq!(there(&Err(failed(SILENT))), Verdict::Unknown);
    }

    #[test]
    fn a_denied_read_is_named_and_a_silent_one_is_not_blamed() {
        let (denied, silent) = (failed(DENIED), failed(SILENT));
        let judged = permissions(&[&denied, &silent, &denied]);
        assert_eq!(judged.verdict(), Verdict::Red);
        assert!(judged.says("denied: rds:DescribeX on eu-central-2"));
        assert_eq!(permissions(&[&silent]).verdict(), Verdict::Green);
    }
}
