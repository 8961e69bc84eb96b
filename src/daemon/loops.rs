//! The loops that look at the world, each at its own pace and none waiting for another: a dark
//! region costs only the loop that asks it.
//!
//! Deliberately absent: conclusions. What was seen goes to the control loop as an event.

use super::{News, Parts, Stance, duration};
use crate::estate::parts::Parts as Look;
use drd_state_machine::event::{Event, LagSample, Side, Vantage};
use drd_state_machine::time::Span;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// The lag monitor samples every 30 s; asking three times as often finds a sample within 10 s.
const LAG_EVERY: Duration = Duration::from_secs(10);

/// What every loop holds.
#[derive(Clone)]
struct Looper {
    parts: Parts,
    tell: mpsc::Sender<News>,
    stance: watch::Receiver<Stance>,
}

pub(super) fn spawn(
    tasks: &mut JoinSet<&'static str>,
    parts: &Parts,
    tell: &mpsc::Sender<News>,
    stance: &watch::Receiver<Stance>,
) {
    let looper = Looper {
        parts: parts.clone(),
        tell: tell.clone(),
        stance: stance.clone(),
    };
    let (a, b, c, d, e, f) = (
        looper.clone(),
        looper.clone(),
        looper.clone(),
        looper.clone(),
        looper.clone(),
        looper,
    );
    tasks.spawn(async move { named("the look at what will serve", a.look_around()).await });
    tasks.spawn(async move { named("the look at what serves", b.look_at_active()).await });
    tasks.spawn(async move { named("the probe", c.probe()).await });
    tasks.spawn(async move { named("the lag reading", d.lag()).await });
    tasks.spawn(async move { named("the readiness check", e.readiness()).await });
    tasks.spawn(async move { named("the heartbeat", f.heartbeat()).await });
}

async fn named(name: &'static str, work: impl Future<Output = Option<()>>) -> &'static str {
    work.await;
    name
}

impl Looper {
    fn stance(&self) -> Stance {
        *self.stance.borrow()
    }

    async fn say(&self, event: Event) -> Option<()> {
        self.tell.send(event.into()).await.ok()
    }

    /// Until the next look is due: its pace, a change of stance, or a hint from AWS.
    async fn pause(&mut self) -> Option<()> {
        let observe = &self.parts.config.observe;
        let pace = if self.stance().closely {
            observe.acting
        } else {
            observe.armed
        };
        let hint = self.parts.hint.clone();
        tokio::select! {
            () = tokio::time::sleep(duration(pace)) => Some(()),
            changed = self.stance.changed() => changed.ok(),
            () = hint.notified() => Some(()),
        }
    }

    /// The global database, the side that waits or will serve, our references, the resolvers.
    async fn look_around(mut self) -> Option<()> {
        loop {
            let stance = self.stance();
            let parts = parts_for(stance);
            let seen = self.parts.estate.look(stance.active, parts).await;
            self.say(Event::Observed(seen)).await?;
            self.pause().await?;
        }
    }

    /// The side that serves, and whether its region's control plane answers at all. After a
    /// failover was sent, the failed region still says whether it is back.
    async fn look_at_active(mut self) -> Option<()> {
        loop {
            let stance = self.stance();
            self.sense(Vantage::ControlPlane, &[stance.active]).await?;
            let estate = &self.parts.estate;
            let seen = estate.look(stance.active, Look::ACTIVE_SIDE).await;
            self.say(Event::Observed(seen)).await?;
            self.pause().await?;
        }
    }

    /// drd's own probe: the side that serves, and while looking closely the other one as well.
    async fn probe(self) -> Option<()> {
        let every = duration(self.parts.config.observe.probe);
        let mut beat = tokio::time::interval(every);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            let stance = self.stance();
            let both = [stance.active, stance.active.other()];
            let sides = if stance.closely {
                &both[..]
            } else {
                &both[..1]
            };
            self.sense(Vantage::Probe, sides).await?;
        }
    }

    async fn sense(&self, vantage: Vantage, sides: &[Side]) -> Option<()> {
        let now = self.parts.clock.read();
        let sensors = self
            .parts
            .config
            .sensors
            .iter()
            .filter(|s| s.vantage == vantage && sides.contains(&s.side))
            .map(|s| (Arc::from(s.name.as_str()), s.vantage, s.side));
        for signal in self.parts.estate.sense(sensors, now).await {
            self.say(Event::Signalled(signal)).await?;
        }
        Some(())
    }

    async fn lag(self) -> Option<()> {
        let pace = LAG_EVERY.min(duration(self.parts.config.observe.armed));
        let mut beat = tokio::time::interval(pace);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut newest = None;
        loop {
            beat.tick().await;
            let (active, now) = (self.stance().active, self.parts.clock.read());
            match self.parts.estate.lag(active, now).await {
                Ok(samples) => {
                    let known = newest;
                    let new = |s: &LagSample| known.is_none_or(|t| s.taken_at > t);
                    for sample in samples.into_iter().filter(new) {
                        newest = Some(sample.taken_at);
                        let source = crate::metrics::LagSource::Cloudwatch;
                        self.parts.metrics.lag_sampled(source, &sample);
                        self.say(Event::Sampled(sample)).await?;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "replication lag cannot be read: unknown, not zero")
                }
            }
        }
    }

    async fn readiness(mut self) -> Option<()> {
        let every = duration(self.parts.config.observe.readiness);
        let desired = self.parts.config.serving.desired;
        loop {
            let active = self.stance().active;
            let now = self.parts.clock.read();
            let checks = self.parts.estate.readiness(active, desired, now).await;
            self.say(Event::Checked { checks }).await?;
            let swapped = self.stance.wait_for(|stance| stance.active != active);
            // After the roles swapped, the other side is the one that must be fit.
            let _ = tokio::time::timeout(every, swapped).await;
        }
    }

    async fn heartbeat(self) -> Option<()> {
        let every: Span = self.parts.config.observe.heartbeat;
        let mut beat = tokio::time::interval(duration(every));
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for count in 0_u64.. {
            beat.tick().await;
            let now = self.parts.clock.read();
            let nonce = format!("{}-{count}", std::process::id());
            let sent = self.parts.estate.heartbeat(now, &nonce).await;
            if let Err(error) = sent {
                tracing::warn!(%error, "the heartbeat was not taken: the event path may be broken");
            }
        }
        None
    }
}

/// Resolvers are asked only while traffic moves.
fn parts_for(stance: Stance) -> Look {
    match stance.state {
        "redirecting" | "verifying" | "held" => Look::VERIFYING,
        _ => Look::ACTING,
    }
}
