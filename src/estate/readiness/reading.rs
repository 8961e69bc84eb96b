//! One read of a readiness run, and the check in the form that the machine's ledger has.
//!
//! Deliberately absent: the verdicts themselves.

use crate::aws::error::{AwsError, Class};
use drd_bootstrap::checks::{self, Gates, Judged, not_known};
use drd_state_machine::event;

/// What was read, or why it was not.
pub(super) type AwsRead<T> = Result<T, AwsError>;

/// Judges what was read. What is gone is red; what could not be read is unknown.
pub(super) fn on<T>(read: &AwsRead<T>, by: impl FnOnce(&T) -> Judged) -> Judged {
    match read {
        Ok(found) => by(found),
        Err(error) if error.class == Class::Gone => Judged::red(
            error.to_string(),
            "correct its name in the configuration, or create it",
        ),
        Err(error) => not_known(error),
    }
}

/// The check as the machine's ledger has it. No decision depends on a remedy: it is a part of the
/// text there.
pub(crate) fn recorded(check: &checks::Check) -> event::Check {
    let verdict = match check.verdict {
        checks::Verdict::Green => event::Verdict::Healthy,
        checks::Verdict::Red => event::Verdict::Unhealthy,
        checks::Verdict::Unknown => event::Verdict::Unknown,
    };
    event::Check {
        name: check.name.as_str().into(),
        verdict,
        detail: check.text().into(),
        gates: check.gates == Gates::Failover,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_has_the_remedy_in_the_text_and_gates_what_gates_a_failover() {
        let red = Judged::red("MaxSize 4", "raise it").named("group_max", Gates::Nothing);
        let check = recorded(&red);
        assert_eq!(check.verdict, event::Verdict::Unhealthy);
        assert_eq!(&*check.detail, "MaxSize 4; raise it");
        assert!(!check.gates);
        assert!(recorded(&Judged::green("").named("key", Gates::Failover)).gates);
    }

    #[test]
    fn a_denied_read_is_unknown_with_the_action_to_allow() {
        let denied = AwsError::said("rds:DescribeX", "x", Some("AccessDenied"), "no".to_owned());
        let judged = on(&Err::<(), _>(denied), |()| Judged::green(""));
        let check = judged.named("engine_parity", Gates::Failover);
        assert_eq!(check.verdict, checks::Verdict::Unknown);
        assert!(check.text().contains("allow rds:DescribeX"), "{check:?}");
    }
}
