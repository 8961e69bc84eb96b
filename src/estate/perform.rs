//! Carries out one command: look, act once, report how it ended. Every error names the operation,
//! the object and AWS's own code and message.
//!
//! Deliberately absent: retries and decisions. Another attempt is another command.

use super::aurora::Aurora;
use super::error::outcome_of;
use crate::aws::capacity::{self, ScalingGroup, Sizes};
use crate::aws::clients::Clients;
use crate::aws::error::{AwsError, Class};
use crate::aws::latch;
use crate::aws::latch_object::Moved;
use crate::aws::{database, notify};
use drd_state_machine::command::{Command, Kind};
use drd_state_machine::event::{Completion, GlobalView, Outcome, RoleChange, Side};

/// One attempt of one command, within its deadline. Never fails: how it ended is the answer.
pub(super) async fn perform(estate: &Aurora, command: &Command) -> Completion {
    let timers = estate.timers();
    let deadline = match command.kind() {
        Kind::Fence => timers.fence,
        Kind::Prescale
        | Kind::ScaleBack
        | Kind::Promote
        | Kind::Switchover
        | Kind::Scale
        | Kind::ProveWrite
        | Kind::Redirect
        | Kind::Page => timers.command,
    };
    let outcome = tokio::time::timeout(deadline, attempt(estate, command))
        .await
        .unwrap_or_else(|_| Outcome::Unknown {
            why: format!("{}: no end within {} s", command.kind(), deadline.as_secs()),
        });
    Completion {
        kind: command.kind(),
        incident_id: command.incident_id(),
        attempt: command.attempt(),
        outcome,
    }
}

async fn attempt(estate: &Aurora, command: &Command) -> Outcome {
    let aws = &estate.clients;
    let ended = match command {
        Command::Promote { to, .. } => promote(aws, *to).await,
        Command::Switchover { to, .. } => switchover(aws, *to).await,
        Command::Prescale { side, min, .. } => prescale(aws, *side, *min).await,
        Command::ScaleBack { side, min, .. } => resize(aws, *side, |g| g.lowered(*min)).await,
        Command::Fence { side, .. } => resize(aws, *side, ScalingGroup::fenced).await,
        Command::Scale {
            side, min, desired, ..
        } => resize(aws, *side, |g| g.serving(*min, *desired)).await,
        Command::ProveWrite { side, .. } => Ok(prove_write(estate, *side).await),
        Command::Redirect {
            incident_id, to, ..
        } => redirect(aws, *to, *incident_id).await,
        Command::Page {
            incident_id,
            severity,
            text,
        } => notify::page(aws, *severity, text, *incident_id)
            .await
            .map(|()| DONE),
    };
    ended.unwrap_or_else(|error| outcome_of(error.class, error.to_string()))
}

const DONE: Outcome = Outcome::Done;

/// What a look at the global database means for a role change towards `to`: an end, or the side
/// that writes now and accepts the request.
fn ready_for(view: &GlobalView, to: Side) -> Result<Option<Side>, Outcome> {
    let refused = |why: String| Err(Outcome::Refused { why });
    match (view.role_change, view.writer) {
        (RoleChange::Underway(other), _) if other != to => refused(format!(
            "a role change towards {other} runs: {to} cannot be promoted"
        )),
        (RoleChange::Underway(_) | RoleChange::Idle, Some(writer)) if writer == to => {
            Err(Outcome::AlreadySo)
        }
        (RoleChange::Underway(_), _) => Err(DONE),
        (RoleChange::Idle, None) if view.writers > 0 => refused(format!(
            "{} writers, none of them known alone",
            view.writers
        )),
        (RoleChange::Idle, writer) => Ok(writer),
    }
}

/// Calls the new region only: the old one may hang.
async fn promote(aws: &Clients, to: Side) -> Result<Outcome, AwsError> {
    let view = database::global_view(aws, to).await?;
    match ready_for(&view, to) {
        Err(end) => Ok(end),
        Ok(_) => judge_by_truth(aws, to, database::failover(aws, to).await).await,
    }
}

async fn switchover(aws: &Clients, to: Side) -> Result<Outcome, AwsError> {
    let view = database::global_view(aws, to).await?;
    match ready_for(&view, to) {
        Err(end) => Ok(end),
        Ok(writer) => {
            let writer = writer.unwrap_or_else(|| to.other());
            judge_by_truth(aws, to, database::switchover(aws, writer, to).await).await
        }
    }
}

/// A conflict may be our own earlier call, whose reply was lost: the observed state decides.
async fn judge_by_truth(
    aws: &Clients,
    to: Side,
    requested: Result<(), AwsError>,
) -> Result<Outcome, AwsError> {
    match requested {
        Ok(()) => Ok(DONE),
        Err(error) if error.class == Class::Conflict => {
            let view = database::global_view(aws, to).await;
            let so = view
                .is_ok_and(|v| v.writer == Some(to) || v.role_change == RoleChange::Underway(to));
            if so { Ok(DONE) } else { Err(error) }
        }
        Err(error) => Err(error),
    }
}

async fn prescale(aws: &Clients, side: Side, min: u32) -> Result<Outcome, AwsError> {
    let group = capacity::group(aws, side).await?;
    match group.raised(min) {
        None => Ok(Outcome::AlreadySo),
        Some(sizes) => {
            capacity::update(aws, side, sizes).await?;
            Ok(Outcome::Done)
        }
    }
}

/// Resizes a group to what `wanted` computes from it; no call when it has that size.
async fn resize(
    aws: &Clients,
    side: Side,
    wanted: impl Fn(&ScalingGroup) -> Option<Sizes>,
) -> Result<Outcome, AwsError> {
    match wanted(&capacity::group(aws, side).await?) {
        None => Ok(Outcome::AlreadySo),
        Some(sizes) => capacity::update(aws, side, sizes).await.map(|()| DONE),
    }
}

/// Proof is a 200 and nothing else. Anything else is no proof yet, and no proof of the contrary:
/// a writer that was promoted a second ago may still refuse its first connections.
async fn prove_write(estate: &Aurora, side: Side) -> Outcome {
    let url = &estate.clients.place(side).write_check;
    match estate.probe.get(url, estate.timers().act).await {
        Ok(answer) if answer.status == 200 => DONE,
        Ok(answer) => Outcome::Unknown {
            why: format!("GET {url}: {}", answer.summary()),
        },
        Err(failure) => Outcome::Unknown {
            why: format!("GET {url}: {failure}"),
        },
    }
}

async fn redirect(aws: &Clients, to: Side, incident_id: u64) -> Result<Outcome, AwsError> {
    Ok(match latch::move_to(aws, to, incident_id).await? {
        Moved::Now => DONE,
        Moved::Before => Outcome::AlreadySo,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(writer: Option<Side>, writers: u8, role_change: RoleChange) -> GlobalView {
        GlobalView {
            writer,
            writers,
            role_change,
            replica_connected: true,
        }
    }

    fn verdict(view: GlobalView) -> Result<Option<Side>, Outcome> {
        ready_for(&view, Side::Standby)
    }

    fn is_refused(view: GlobalView) -> bool {
        matches!(verdict(view), Err(Outcome::Refused { .. }))
    }

    #[test]
    fn a_promotion_is_asked_for_only_where_none_runs() {
        let primary = Some(Side::Primary);
        assert_eq!(verdict(view(primary, 1, RoleChange::Idle)), Ok(primary));
        let ours = RoleChange::Underway(Side::Standby);
        assert_eq!(verdict(view(primary, 1, ours)), Err(DONE), "no second call");
        assert!(is_refused(view(
            primary,
            1,
            RoleChange::Underway(Side::Primary)
        )));
    }

    #[test]
    fn a_goal_that_is_reached_is_no_call() {
        let there = Some(Side::Standby);
        assert_eq!(
            verdict(view(there, 1, RoleChange::Idle)),
            Err(Outcome::AlreadySo)
        );
        let settling = RoleChange::Underway(Side::Standby);
        assert_eq!(verdict(view(there, 1, settling)), Err(Outcome::AlreadySo));
        let leaving = RoleChange::Underway(Side::Primary);
        assert!(
            is_refused(view(there, 1, leaving)),
            "a role change moves it back"
        );
    }

    #[test]
    fn two_writers_or_an_unknown_one_are_refused() {
        assert!(is_refused(view(None, 2, RoleChange::Idle)));
        assert!(is_refused(view(None, 1, RoleChange::Idle)));
        assert_eq!(
            verdict(view(None, 0, RoleChange::Idle)),
            Ok(None),
            "no writer at all"
        );
    }

    #[test]
    fn classes_become_outcomes() {
        let outcome = |code| {
            let error = AwsError::said("rds:FailoverGlobalCluster", "g", Some(code), "m".into());
            outcome_of(error.class, error.to_string())
        };
        let why = |code: &str| format!("rds:FailoverGlobalCluster g: {code}: m");
        for (code, expected) in [
            (
                "Throttling",
                Outcome::Unknown {
                    why: why("Throttling"),
                },
            ),
            (
                "AccessDenied",
                Outcome::Denied {
                    why: why("AccessDenied"),
                },
            ),
            (
                "DBClusterNotFoundFault",
                Outcome::Denied {
                    why: why("DBClusterNotFoundFault"),
                },
            ),
            (
                "InvalidGlobalClusterStateFault",
                Outcome::Refused {
                    why: why("InvalidGlobalClusterStateFault"),
                },
            ),
        ] {
            assert_eq!(outcome(code), expected);
        }
    }
}
