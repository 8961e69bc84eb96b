//! What sensors make of the world: the messages that SQS would deliver, as the same JSON, and
//! drd's own looks.
//!
//! Deliberately absent: what drd makes of it. Every message goes through `intake`.

use super::estate::{ACCOUNT, WITNESS_REGION, alarm_arn, region, sensor_name};
use super::install::Install;
use super::rng::Chance;
use super::timing::EVALUATION;
use super::world::World;
use crate::intake::compose;
use drd_state_machine::event::{LagSample, Side, Signal, Vantage, Verdict};
use drd_state_machine::time::{Span, Time};
use std::sync::Arc;

/// The witness repeats itself this often when nothing changes.
const WITNESS_REPEATS: Span = Span::secs(60);
/// It writes its verdict into its table on every change, and this often.
const WITNESS_STORES: Span = Span::secs(30);
/// The inside alarm's period: one minute of a dead database.
const INSIDE_AFTER: Span = Span::secs(60);
/// Route 53: three failed checks of 10 s flip the status.
const CHECKS_TO_FLIP: u32 = 3;

/// A message on its way to the queue.
#[derive(Clone, Debug)]
pub struct SentMessage {
    /// What SQS would hand out.
    pub body: Arc<str>,
    /// Which sensor's reading it carries: for the judge, never for drd.
    pub reports: Option<SentReport>,
}

/// A sensor's reading, as it was.
#[derive(Clone, Debug)]
pub struct SentReport {
    /// The event's id.
    pub id: Arc<str>,
    /// The sensor.
    pub sensor: Arc<str>,
    /// What it found.
    pub verdict: Verdict,
    /// When it looked, by true time.
    pub looked: Time,
}

impl SentMessage {
    fn reading(
        body: String,
        id: &str,
        sensor: &str,
        verdict: Verdict,
        looked: Time,
    ) -> SentMessage {
        let reports = Some(SentReport {
            id: id.into(),
            sensor: sensor.into(),
            verdict,
            looked,
        });
        let body = body.into();
        SentMessage { body, reports }
    }

    fn other(body: String) -> SentMessage {
        let (body, reports) = (body.into(), None);
        SentMessage { body, reports }
    }
}

/// The memory of the sensors.
#[derive(Debug)]
pub struct Sensors {
    witness: [(Verdict, Time); 2],
    /// What its table has: the newest verdict and when it was found.
    stored: [(Verdict, Time); 2],
    /// When it last saw the side well.
    witness_good_at: [Option<Time>; 2],
    checks: [(u32, bool); 2],
    route53: [Verdict; 2],
    /// When what route53's alarm is about changed; its state follows after an evaluation.
    route53_at: [Time; 2],
    bad_database_since: [Option<Time>; 2],
    inside: [Verdict; 2],
    sent: u64,
    chance: Chance,
}

pub(super) fn verdict(well: bool) -> Verdict {
    if well {
        Verdict::Healthy
    } else {
        Verdict::Unhealthy
    }
}

impl Sensors {
    /// Sensors that have reported nothing yet.
    pub fn new(chance: Chance) -> Sensors {
        Sensors {
            witness: [(Verdict::Unknown, Time::default()); 2],
            stored: [(Verdict::Unknown, Time::default()); 2],
            witness_good_at: [None; 2],
            checks: [(0, true); 2],
            route53: [Verdict::Unknown; 2],
            route53_at: [Time::default(); 2],
            bad_database_since: [None; 2],
            inside: [Verdict::Unknown; 2],
            sent: 0,
            chance,
        }
    }

    fn id(&mut self) -> String {
        self.sent += 1;
        format!("{:08x}-0000-4000-8000-{:012x}", self.sent, self.sent)
    }

    pub(super) fn seen(world: &World, vantage: Vantage, side: Side) -> Verdict {
        let wrong = world.faults.wrong(vantage, side);
        wrong.unwrap_or_else(|| verdict(world.endpoint_is_well(side)))
    }

    /// What CloudWatch answers about an alarm's state: nothing while it is silent, and while the
    /// state is about to follow what it is about.
    pub fn alarm_state(
        &self,
        world: &World,
        who: Install,
        vantage: Vantage,
        side: Side,
        local: Time,
    ) -> Option<Signal> {
        let place = side.index();
        if vantage == Vantage::Witness {
            return self.stored_verdict(world, who, side);
        }
        let (verdict, answers) = if vantage == Vantage::Route53 {
            let evaluated = world.now - self.route53_at[place] >= EVALUATION.1;
            let refused = world
                .faults
                .refusal("cloudwatch", "DescribeAlarms")
                .is_some();
            let reached = !world.faults.isolated[who.index()] && !refused;
            (self.route53[place], reached && evaluated)
        } else {
            let answers = world
                .faults
                .reads(who, side, "cloudwatch", "DescribeAlarms");
            (self.inside[place], answers)
        };
        let known = answers && verdict != Verdict::Unknown;
        known.then(|| own(vantage, side, verdict, local))
    }

    /// The witness's newest verdict, as its table in the standby's region has it.
    fn stored_verdict(&self, world: &World, who: Install, side: Side) -> Option<Signal> {
        let reads = world
            .faults
            .reads(who, Side::Standby, "dynamodb", "GetItem");
        let (verdict, at) = self.stored[side.index()];
        let known = reads && verdict != Verdict::Unknown;
        known.then(|| Signal {
            // Kept with the verdict, which was stored no earlier.
            good_at: self.witness_good_at[side.index()].map(|good_at| good_at.min(at)),
            ..own(Vantage::Witness, side, verdict, at)
        })
    }

    /// The witness probes both sides, every 10 s.
    pub fn witness(&mut self, world: &World) -> Vec<SentMessage> {
        let sides = Side::BOTH.into_iter();
        sides
            .filter(|_| !world.faults.witness_silent)
            .filter_map(|side| self.witness_of(world, side))
            .collect()
    }

    fn witness_of(&mut self, world: &World, side: Side) -> Option<SentMessage> {
        let now_seen = Self::seen(world, Vantage::Witness, side);
        if now_seen == Verdict::Healthy {
            self.witness_good_at[side.index()] = Some(world.now);
        }
        let (stored, at) = self.stored[side.index()];
        // Nobody can write where nobody can read.
        if (stored != now_seen || world.now - at >= WITNESS_STORES)
            && world.is_reachable(Side::Standby)
        {
            self.stored[side.index()] = (now_seen, world.now);
        }
        let (before, posted) = self.witness[side.index()];
        if now_seen == before && world.now - posted < WITNESS_REPEATS {
            return None;
        }
        self.witness[side.index()] = (now_seen, world.now);
        let id = self.id();
        let looks = (world.now, self.witness_good_at[side.index()]);
        let body = compose::witness_event_json(&id, ACCOUNT, WITNESS_REGION, side, now_seen, looks);
        let sensor = sensor_name(Vantage::Witness, side);
        Some(SentMessage::reading(body, &id, sensor, now_seen, world.now))
    }

    /// Route 53's checkers look at both sides every 10 s.
    pub fn check(&mut self, world: &World) {
        for side in Side::BOTH {
            let well = Self::seen(world, Vantage::Route53, side) != Verdict::Unhealthy;
            let (streak, status) = &mut self.checks[side.index()];
            *streak = if well == *status { 0 } else { *streak + 1 };
            if *streak >= CHECKS_TO_FLIP {
                *status = well;
                *streak = 0;
            }
        }
    }

    /// The metric is published once a minute, and the alarm evaluated after it.
    pub fn alarm(&mut self, world: &World) -> Vec<SentMessage> {
        Side::BOTH
            .into_iter()
            .filter_map(|side| {
                let status = verdict(self.checks[side.index()].1);
                self.route53_reports(world, side, status)
            })
            .collect()
    }

    /// An alarm that flips whatever is so.
    pub fn flap(&mut self, world: &World) -> Option<SentMessage> {
        let side = Side::Primary;
        let flipped = match self.route53[side.index()] {
            Verdict::Unhealthy => Verdict::Healthy,
            Verdict::Healthy | Verdict::Unknown => Verdict::Unhealthy,
        };
        self.route53_reports(world, side, flipped)
    }

    fn route53_reports(&mut self, world: &World, side: Side, says: Verdict) -> Option<SentMessage> {
        let before = self.route53[side.index()];
        if before == says {
            return None;
        }
        self.route53[side.index()] = says;
        self.route53_at[side.index()] = world.now;
        Some(self.alarm_message(world, Vantage::Route53, side, before, says))
    }

    /// The active region's own alarm about its database; a dark region sends nothing.
    pub fn inside(&mut self, world: &World) -> Vec<SentMessage> {
        let mut out = Vec::new();
        for side in Side::BOTH {
            let i = side.index();
            let bad = world.faults.database_down[i] || world.faults.database_hung[i];
            let since = &mut self.bad_database_since[i];
            *since = if bad { since.or(Some(world.now)) } else { None };
            let says = verdict(since.is_none_or(|t| world.now - t < INSIDE_AFTER));
            let says = world.faults.wrong(Vantage::Inside, side).unwrap_or(says);
            let before = self.inside[i];
            if before != says && world.is_reachable(side) {
                self.inside[i] = says;
                out.push(self.alarm_message(world, Vantage::Inside, side, before, says));
            }
        }
        out
    }

    fn alarm_message(
        &mut self,
        world: &World,
        vantage: Vantage,
        side: Side,
        before: Verdict,
        says: Verdict,
    ) -> SentMessage {
        let id = self.id();
        let body =
            compose::alarm_event_json(&id, &alarm_arn(vantage, side), before, says, world.now);
        let sensor = sensor_name(vantage, side);
        SentMessage::reading(body, &id, sensor, says, world.now)
    }

    /// A sample of the lag monitor, in the region that receives the replication.
    pub fn lag(&mut self, side: Side, sample: LagSample) -> SentMessage {
        let id = self.id();
        SentMessage::other(compose::lag_event_json(&id, ACCOUNT, region(side), sample))
    }

    /// drd's heartbeat on its way through EventBridge.
    pub fn heartbeat(&mut self, world: &World, sent: (Time, &str)) -> SentMessage {
        let id = self.id();
        let body = compose::heartbeat_json(&id, ACCOUNT, region(Side::Standby), sent, world.now);
        SentMessage::other(body)
    }

    /// A body that is no JSON.
    pub fn poison() -> SentMessage {
        SentMessage::other("{\"detail-type\": [\"not\", ".to_owned())
    }

    /// How long a message takes to the queue: 1 to 3 s, more under a fault.
    pub fn transport(&mut self, world: &World) -> Option<Vec<Span>> {
        if world.faults.events_lost > 0.0 && self.chance.happens(world.faults.events_lost) {
            return None;
        }
        let copies = world.faults.events_copies.max(1);
        let spread = if world.faults.events_reordered {
            Span::secs(30)
        } else {
            Span::secs(3)
        };
        Some(
            (0..copies)
                .map(|_| self.chance.span(Span::secs(1), spread) + world.faults.events_delay)
                .collect(),
        )
    }
}

/// A reading that nobody sends: drd takes it itself.
pub(super) fn own(vantage: Vantage, side: Side, verdict: Verdict, local: Time) -> Signal {
    let sensor = sensor_name(vantage, side).into();
    Signal {
        id: Arc::from(""),
        sensor,
        verdict,
        observed_at: local,
        good_at: None,
    }
}
