//! Follows a run until it ends: what changes in the first line of the status. Ctrl-C ends the following, never
//! the run.
//!
//! Deliberately absent: ordering anything.

use super::error::CliError;
use super::exit::Exit;
use super::output::{note, print};
use crate::config::Config;
use crate::daemon::client::{self, FetchError};
use crate::status::StatusView;
use drd_state_machine::Phase;
use std::time::Duration;

/// Between two looks: a run takes minutes.
const LOOK: Duration = Duration::from_millis(500);
/// How many looks in a row a daemon may leave without an answer, a minute of them: it may be restarted, and goes on
/// with the run.
const SILENT_MAX: u32 = 120;

/// Until the run that is open, or begins now, has ended or is held.
///
/// # Errors
/// When nothing can be printed, or the daemon of another estate answers.
pub(super) async fn follow(config: &Config) -> Result<Exit, CliError> {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {
            note("drd: the run goes on by itself: drd status\n");
            Ok(Exit::Unfinished)
        }
        ended = until_it_ends(config) => ended,
    }
}

async fn until_it_ends(config: &Config) -> Result<Exit, CliError> {
    let suffix = config.topology.suffix.as_str();
    let mut every = tokio::time::interval(LOOK);
    let (mut shown, mut silent) = (None, 0);
    loop {
        every.tick().await;
        let view = match client::fetch_of(config.listen, suffix).await {
            Ok(view) => view,
            Err(error @ FetchError::OtherEstate { .. }) => return Err(error.into()),
            Err(_) if silent < SILENT_MAX => {
                silent += 1;
                continue;
            }
            Err(_) => {
                note(
                    "drd: the daemon does not answer any more; start it: it goes on with the run\n",
                );
                return Ok(Exit::Unreachable);
            }
        };
        silent = 0;
        if shown.replace(view.state) != Some(view.state) {
            print(&view.headline())?;
        }
        if let Some(exit) = ended(&view) {
            return Ok(exit);
        }
    }
}

/// How it ended; `None` while it goes on.
fn ended(view: &StatusView) -> Option<Exit> {
    let incident = view.incident.as_ref();
    match view.state {
        Phase::Held => Some(Exit::Unfinished),
        Phase::Exposed | Phase::Watching | Phase::Suspecting => {
            let incident = incident.filter(|incident| incident.ended)?;
            let moved = incident.to == view.active_side;
            Some(match moved {
                false => Exit::Failed,
                true if incident.elapsed_seconds > incident.rto_seconds => Exit::Missed,
                true => Exit::Done,
            })
        }
        Phase::Fencing
        | Phase::Promoting
        | Phase::Redirecting
        | Phase::Verifying
        | Phase::Switching => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::tests::{calm, running};
    use drd_state_machine::event::Side;

    fn view(state: Phase, done: bool, took: f64, active_side: Side) -> StatusView {
        let mut incident = running();
        (incident.ended, incident.elapsed_seconds) = (done, took);
        StatusView {
            state,
            active_side,
            incident: Some(incident),
            ..calm()
        }
    }

    #[test]
    fn a_run_is_over_when_it_moved_was_given_up_or_is_held() {
        let moved = |took| ended(&view(Phase::Exposed, true, took, Side::Standby));
        assert_eq!(moved(178.0), Some(Exit::Done));
        assert_eq!(moved(301.0), Some(Exit::Missed));
        let given_up = view(Phase::Watching, true, 20.0, Side::Primary);
        assert_eq!(ended(&given_up), Some(Exit::Failed));
        let held = view(Phase::Held, false, 20.0, Side::Primary);
        assert_eq!(ended(&held), Some(Exit::Unfinished));
        for state in [Phase::Fencing, Phase::Promoting, Phase::Redirecting] {
            assert_eq!(
                ended(&view(state, false, 20.0, Side::Primary)),
                None,
                "{state}"
            );
        }
        let not_begun = view(Phase::Watching, false, 0.0, Side::Primary);
        assert_eq!(ended(&not_begun), None);
    }
}
