//! What to do about a readiness check that is not healthy.
//!
//! Deliberately absent: remedies of checks that carry theirs in the detail (`key`, `vcpu_quota`).

use drd_state_machine::event::Verdict;

/// The remedy of the check of this name.
pub fn remedy(check: &str, verdict: Verdict) -> &'static str {
    match (check, verdict) {
        ("permissions", _) => "give this caller the daemon's policy (deploy/, or the stack daemon)",
        (_, Verdict::Unknown) => "run the same command again in a minute; allow what was denied",
        ("engine_parity", _) => "bring both members to one minor version, the standby first",
        ("standby_members", _) => "add an instance of production size to the standby cluster",
        ("replica_connected", _) => {
            "wait until the rebuild ends; no failover is possible meanwhile"
        }
        ("suspended_processes", _) => "aws autoscaling resume-processes --auto-scaling-group-name",
        ("failover_pair", _) => "restore the pair as bootstrap made it: drd bootstrap --plan",
        ("group_max", _) => "raise MaxSize of the standby's group to the size that serves",
        ("latch_wired", _) => "give PRIMARY the latch's inverted health check, and nothing else",
        ("latch_state", _) => "traffic and writer are on different sides: drd status --why",
        _ => "see the detail",
    }
}
