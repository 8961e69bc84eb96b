//! Looks at the world: the truth that decisions rest on, beside the sensors that push.
//!
//! Deliberately absent: conclusions. A part that could not be read is `None`; only a part that
//! answered and was ill is said to be ill. No part waits for another.

use crate::aws::capacity::{self, Group};
use crate::aws::database::{self, Cluster};
use crate::aws::{AwsError, Class, Clients, Reached, alarms};
use crate::perform::Estate;
use crate::probe::Probe;
use drd_state_machine::event::{
    GlobalView, LagSample, Observation, Side, SideView, Signal, Vantage, Verdict,
};
use drd_state_machine::time::Time;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// What is looked at. Each AWS part costs describe calls: the roles one, a side two or three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Our own references.
    pub references: bool,
    /// The global database, asked in the region that does not serve.
    pub global: bool,
    /// The side that serves. In its dark region each call takes its whole deadline.
    pub active: bool,
    /// The side that does not serve, or will.
    pub other: bool,
    /// What resolvers give for the record.
    pub dns: bool,
}

impl Parts {
    /// While nothing happens: everything but DNS.
    pub const ARMED: Parts = Parts {
        references: true,
        global: true,
        active: true,
        other: true,
        dns: false,
    };
    /// While roles and capacity move. The failed side is not asked: its deadline would be the
    /// pace of the recovery.
    pub const ACTING: Parts = Parts {
        active: false,
        ..Parts::ARMED
    };
    /// The cheapest look at a promotion: one describe call.
    pub const ROLES: Parts = Parts {
        other: false,
        ..Parts::ACTING
    };
    /// While traffic moves: no describe call at all.
    pub const REDIRECTING: Parts = Parts {
        global: false,
        dns: true,
        ..Parts::ROLES
    };
    /// The last look.
    pub const VERIFYING: Parts = Parts {
        dns: true,
        ..Parts::ACTING
    };
}

/// One look at these parts, all at once; it takes as long as the slowest one's own deadline.
pub async fn look(estate: &Estate, active: Side, parts: Parts) -> Observation {
    let aws = &estate.clients;
    let (references, global, serving, other, dns) = tokio::join!(
        when(parts.references, references(estate)),
        when(parts.global, global(aws, active.other())),
        when(parts.active, facts(aws, active)),
        when(parts.other, facts(aws, active.other())),
        when(
            parts.dns,
            estate
                .resolvers
                .side_answered(aws.topology(), aws.timers().dns)
        ),
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
    }
}

async fn when<T>(asked: bool, part: impl Future<Output = T>) -> Option<T> {
    if asked { Some(part.await) } else { None }
}

/// Whether drd itself is cut off: one reference that answers is enough to say no.
async fn references(estate: &Estate) -> Verdict {
    let urls = &estate.topology().references;
    let mut asked = JoinSet::new();
    for url in urls {
        let (probe, url) = (estate.probe.clone(), url.clone());
        let deadline = estate.timers().probe;
        asked.spawn(async move { probe.answers(&url, deadline).await });
    }
    while let Some(answered) = asked.join_next().await {
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

async fn global(aws: &Clients, asked: Side) -> Option<GlobalView> {
    readable(database::global_view(aws, asked).await)
}

/// What was read of one side.
#[derive(Debug)]
struct Facts {
    cluster: Option<Cluster>,
    group: Option<Group>,
    healthy_targets: Option<u32>,
}

async fn facts(aws: &Clients, side: Side) -> Facts {
    let (cluster, group, targets) = tokio::join!(
        database::cluster(aws, side),
        capacity::group(aws, side),
        capacity::healthy_targets(aws, side),
    );
    Facts {
        cluster: readable(cluster),
        group: readable(group),
        healthy_targets: readable(targets).flatten(),
    }
}

impl Facts {
    fn view(&self, writes: bool) -> SideView {
        SideView {
            database_available: self.cluster.as_ref().and_then(|c| c.available(writes)),
            in_service: self.group.as_ref().map(|g| g.in_service),
            healthy_targets: self.healthy_targets,
            min_size: self.group.as_ref().map(|g| g.min),
        }
    }
}

/// A read that failed is unknown. It is counted in the metrics and said by readiness; in a dark
/// region it fails every time, so the log has it at debug only.
fn readable<T>(read: Result<T, AwsError>) -> Option<T> {
    read.inspect_err(|error| tracing::debug!(%error, "could not be read"))
        .ok()
}

/// drd's own sensors: `probe` and `control_plane`, each by its configured name. Other vantages
/// speak for themselves and are left out.
pub async fn signals(
    estate: &Estate,
    sensors: impl IntoIterator<Item = (Arc<str>, Vantage, Side)>,
    now: Time,
) -> Vec<Signal> {
    let mut asked = JoinSet::new();
    for (sensor, vantage, side) in sensors {
        let (aws, probe) = (estate.clients.clone(), estate.probe.clone());
        asked.spawn(async move {
            let verdict = sense(&aws, &probe, vantage, side).await?;
            Some(Signal {
                id: Arc::default(),
                sensor,
                verdict,
                observed_at: now,
            })
        });
    }
    asked.join_all().await.into_iter().flatten().collect()
}

/// One reading of one sensor of ours.
async fn sense(aws: &Clients, probe: &Probe, vantage: Vantage, side: Side) -> Option<Verdict> {
    match vantage {
        Vantage::Probe => {
            let deadline: Duration = aws.timers().probe;
            Some(probe.endpoint(&aws.place(side).endpoint, deadline).await)
        }
        Vantage::ControlPlane => Some(answered(database::cluster(aws, side).await.err().as_ref())),
        Vantage::Witness | Vantage::Route53 | Vantage::Inside | Vantage::Replication => None,
    }
}

/// Whether a region's control plane answers: an error in AWS's own words is an answer. Denied
/// says something about us, not about the region.
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

/// Lag samples of the last ten minutes, from the region that is not active.
///
/// # Errors
/// What AWS said.
pub async fn lag(estate: &Estate, active: Side, now: Time) -> Result<Vec<LagSample>, AwsError> {
    alarms::lag(&estate.clients, active, now).await
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
        let nothing = Facts {
            cluster: None,
            group: None,
            healthy_targets: None,
        };
        assert_eq!(nothing.view(true), SideView::default());
    }
}
