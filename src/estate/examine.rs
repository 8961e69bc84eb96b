//! One examination of an estate that exists, for `drd doctor`: readiness, and the path of events.
//!
//! The path is proven by the daemon's own heartbeat where one runs, else by one event and the
//! queue's counter. Deliberately absent: receiving; `drd_bootstrap::checks::event_path` has why.

use super::aurora::Aurora;
use super::readiness;
use crate::aws::error::AwsError;
use crate::aws::{database, notify, queue};
use drd_bootstrap::checks::Check;
use drd_bootstrap::checks::event_path::PathEvidence;
use drd_state_machine::event::Side;
use drd_state_machine::time::Time;
use std::time::Duration;
use tokio::time::sleep;

/// EventBridge delivers within a second or two; SQS's counter may follow later.
const LOOKS: u32 = 10;
const BETWEEN: Duration = Duration::from_secs(2);

/// Every readiness check, the evidence about the event path, and what `beside` reads, all at
/// once. `desired` is the size that must be served; `running` is a daemon's own evidence.
pub async fn examine<T>(
    estate: &Aurora,
    (active, desired): (Side, u32),
    running: Option<PathEvidence>,
    now: Time,
    beside: impl Future<Output = T>,
) -> (Vec<Check>, PathEvidence, T) {
    let path = async {
        match running {
            Some(evidence) => evidence,
            None => send_and_count(estate, now).await,
        }
    };
    tokio::join!(readiness::check(estate, active, desired, now), path, beside)
}

/// The side that writes now; the primary where that is unknown.
pub async fn writer(estate: &Aurora) -> Side {
    let view = database::global_view(&estate.clients, Side::Standby).await;
    view.ok().and_then(|v| v.writer).unwrap_or(Side::Primary)
}

async fn send_and_count(estate: &Aurora, now: Time) -> PathEvidence {
    let blind = |error: AwsError| PathEvidence::Blind(error.to_string());
    let before = match waiting(estate).await {
        Ok(count) => count,
        Err(error) => return blind(error),
    };
    if let Err(error) = notify::of_doctor(&estate.clients, now).await {
        return PathEvidence::Refused(error.to_string());
    }
    let mut after = before;
    for _ in 0..LOOKS {
        match waiting(estate).await {
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

async fn waiting(estate: &Aurora) -> Result<u64, AwsError> {
    let found = queue::attributes(&estate.clients).await?;
    Ok(found.waiting.unwrap_or(0))
}
