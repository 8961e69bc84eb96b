//! Polls the estate: the state that decisions rest on, beside the sensors that push.
//!
//! Deliberately absent: conclusions. A part that could not be read is `None`; only a part that
//! answered and was unhealthy is reported as unhealthy. No part waits for another.

use super::aurora::Aurora;
use super::http_probe::Probe;
use super::sensor_source::SensorSource;
use crate::aws::alarm_states;
use crate::aws::capacity::{self, ScalingGroup};
use crate::aws::clients::Clients;
use crate::aws::database::{self, Cluster};
use crate::aws::error::{AwsError, Class, Reached};
use crate::aws::latch;
use crate::aws::verdicts::{self, StoredVerdict};
use crate::engine::port::Parts;
use drd_state_machine::event::{GlobalView, Observation, Side, SideView, Signal, Vantage, Verdict};
use drd_state_machine::time::Time;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// One look at these parts, all at once; it takes as long as the slowest one's own deadline.
pub(super) async fn look(estate: &Aurora, active: Side, parts: Parts) -> Observation {
    let aws = &estate.clients;
    let (references, global, serving, other, dns, latch) = tokio::join!(
        when(parts.references, references(estate)),
        when(parts.global, global(aws, active.other())),
        when(parts.active, side_reads(aws, active)),
        when(parts.other, side_reads(aws, active.other())),
        when(
            parts.dns,
            estate
                .resolvers
                .side_answered(aws.topology(), aws.timers().dns)
        ),
        when(parts.dns, latch_asks_for(aws)),
    );
    let global = global.flatten();
    let writes = |side| global.map_or(side == active, |g| g.writer == Some(side));
    let (mut serving, mut other) = (serving, other);
    let sides = Side::BOTH.map(|side| {
        let found = if side == active {
            serving.take()
        } else {
            other.take()
        };
        found.map(|f| f.view(writes(side)))
    });
    Observation {
        references: references.unwrap_or_default(),
        global,
        sides,
        dns: dns.flatten(),
        latch: latch.flatten(),
    }
}

/// Where the latch sends users, as far as its stores answer.
async fn latch_asks_for(aws: &Clients) -> Option<Side> {
    let found = latch::find(aws).await;
    readable(found.asks_for())
}

async fn when<T>(wanted: bool, part: impl Future<Output = T>) -> Option<T> {
    if wanted { Some(part.await) } else { None }
}

/// Whether drd itself is cut off: one reference that answers is enough for no.
async fn references(estate: &Aurora) -> Verdict {
    let urls = &estate.topology().references;
    let mut readings = JoinSet::new();
    for url in urls {
        let (probe, url) = (estate.probe.clone(), url.clone());
        let deadline = estate.timers().probe;
        readings.spawn(async move { probe.answers(&url, deadline).await });
    }
    while let Some(answered) = readings.join_next().await {
        if matches!(answered, Ok(true)) {
            return Verdict::Healthy;
        }
    }
    if urls.is_empty() {
        Verdict::Healthy
    } else {
        Verdict::Unhealthy
    }
}

async fn global(aws: &Clients, region_of: Side) -> Option<GlobalView> {
    readable(database::global_view(aws, region_of).await)
}

/// What was read of one side.
#[derive(Debug)]
struct SideReads {
    cluster: Option<Cluster>,
    group: Option<ScalingGroup>,
    healthy_targets: Option<u32>,
}

async fn side_reads(aws: &Clients, side: Side) -> SideReads {
    let (cluster, group, targets) = tokio::join!(
        database::cluster(aws, side),
        capacity::group(aws, side),
        capacity::healthy_targets(aws, side),
    );
    SideReads {
        cluster: readable(cluster),
        group: readable(group),
        healthy_targets: readable(targets).flatten(),
    }
}

impl SideReads {
    fn view(&self, writes: bool) -> SideView {
        SideView {
            database_available: self.cluster.as_ref().and_then(|c| c.available(writes)),
            in_service: self.group.as_ref().map(|g| g.in_service),
            healthy_targets: self.healthy_targets,
            min_size: self.group.as_ref().map(|g| g.min),
        }
    }
}

/// A read that failed is unknown. It is counted in the metrics and reported by readiness; in a
/// dark region it fails every time, so the log has it at debug only.
fn readable<T, E: Display>(read: Result<T, E>) -> Option<T> {
    read.inspect_err(|error| tracing::debug!(%error, "could not be read"))
        .ok()
}

/// What can be read, each by its configured name: drd's own sensors, states of alarms, and the witness's
/// stored verdicts. Replication has sources of its own and is left out.
pub(super) async fn signals(estate: &Aurora, sensors: Vec<SensorSource>, now: Time) -> Vec<Signal> {
    let mut readings = JoinSet::new();
    for sensor in sensors {
        let (aws, probe) = (estate.clients.clone(), estate.probe.clone());
        readings.spawn(async move {
            let sensed = sense(&aws, &probe, &sensor, now).await?;
            Some(Signal {
                id: Arc::default(),
                sensor: sensor.name,
                verdict: sensed.verdict,
                observed_at: sensed.observed_at,
                good_at: sensed.good_at,
            })
        });
    }
    readings.join_all().await.into_iter().flatten().collect()
}

/// One reading of one sensor, and when it looked: now, but for the witness, whose own date (by AWS's clock)
/// is stored with its verdict.
async fn sense(
    aws: &Clients,
    probe: &Probe,
    sensor: &SensorSource,
    now: Time,
) -> Option<StoredVerdict> {
    let side = sensor.side;
    let verdict = match sensor.vantage {
        Vantage::Probe => {
            let deadline: Duration = aws.timers().probe;
            Some(probe.endpoint(&aws.place(side).endpoint, deadline).await)
        }
        Vantage::ControlPlane => Some(answered(database::cluster(aws, side).await.err().as_ref())),
        Vantage::Route53 | Vantage::Inside => {
            let alarm = sensor.alarm_arn.as_deref()?;
            readable(alarm_states::state(aws, alarm).await).flatten()
        }
        Vantage::Witness => return readable(verdicts::newest(aws, side).await).flatten(),
        Vantage::Replication => None,
    };
    verdict.map(|verdict| StoredVerdict {
        verdict,
        observed_at: now,
        good_at: None,
    })
}

/// Whether a region's control plane answers: an error with an AWS code is an answer. Denied is
/// about our credentials, not about the region.
fn answered(error: Option<&AwsError>) -> Verdict {
    let Some(error) = error else {
        return Verdict::Healthy;
    };
    match (error.class, error.reached) {
        (Class::Denied | Class::Unauthenticated | Class::Malformed, _) => Verdict::Unknown,
        (_, Reached::NotSent | Reached::OtherParty) => Verdict::Unknown,
        (_, Reached::Answered) => Verdict::Healthy,
        (_, Reached::Silent) => Verdict::Unhealthy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_plane_that_throttles_answers() {
        let said = |code| AwsError::said("rds:DescribeDBClusters", "aurora", Some(code), "".into());
        let silence =
            AwsError::no_answer("rds:DescribeDBClusters", "aurora", Duration::from_secs(5));
        assert_eq!(answered(None), Verdict::Healthy);
        assert_eq!(answered(Some(&said("Throttling"))), Verdict::Healthy);
        assert_eq!(
            answered(Some(&said("DBClusterNotFoundFault"))),
            Verdict::Healthy
        );
        assert_eq!(answered(Some(&said("AccessDenied"))), Verdict::Unknown);
        assert_eq!(answered(Some(&silence)), Verdict::Unhealthy);
    }

    #[test]
    fn what_was_not_read_stays_unknown() {
        let nothing = SideReads {
            cluster: None,
            group: None,
            healthy_targets: None,
        };
        assert_eq!(nothing.view(true), SideView::default());
    }
}
