//! The path of events: the daemon's own heartbeat where it runs, else one event and a counter.
//!
//! Deliberately absent: receiving. See `drd_bootstrap::checks::event_path` for why.

use crate::aws::{AwsError, notify, queue};
use crate::perform::Estate;
use crate::status::StatusView;
use drd_bootstrap::checks::event_path::PathEvidence;
use drd_state_machine::time::Time;
use std::time::Duration;
use tokio::time::sleep;

/// EventBridge delivers within a second or two; SQS's counter may follow later.
const LOOKS: u32 = 10;
const BETWEEN: Duration = Duration::from_secs(2);

pub(super) async fn look(estate: &Estate, daemon: Option<&StatusView>, now: Time) -> PathEvidence {
    if let Some(view) = daemon {
        return PathEvidence::Daemon(view.heartbeat_age_seconds);
    }
    let blind = |error: AwsError| PathEvidence::Blind(error.to_string());
    let before = match held(estate).await {
        Ok(count) => count,
        Err(error) => return blind(error),
    };
    if let Err(error) = notify::of_doctor(&estate.clients, now).await {
        return PathEvidence::Refused(error.to_string());
    }
    let mut after = before;
    for _ in 0..LOOKS {
        match held(estate).await {
            Ok(count) => after = after.max(count),
            Err(error) => return blind(error),
        }
        if after > before {
            break;
        }
        sleep(BETWEEN).await;
    }
    PathEvidence::Counted { before, after }
}

async fn held(estate: &Estate) -> Result<u64, AwsError> {
    let found = queue::attributes(&estate.clients).await?;
    Ok(found.waiting.unwrap_or(0))
}
