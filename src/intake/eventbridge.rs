//! Events as EventBridge carries them: alarms, Aurora, Auto Scaling, and drd's own senders.
//!
//! Deliberately absent: `reasonData` (JSON inside JSON that adds nothing to the state), and what
//! changed in an alarm's configuration.

use super::reading::{
    DiscardReason, EventHead, Hint, HintKind, JsonText, Parsed, Reading, SenderKind, identity,
    is_stale, is_suppression, shortened, unless_stale, verdict_of_state, verdict_of_witness,
};
use super::timestamps;
use super::trust::Known;
use drd_state_machine::event::{LagSample, LagSource, Side, Signal, Verdict};
use drd_state_machine::time::{Span, Time};
use serde::Deserialize;
use std::sync::Arc;

/// The event's own part, read once its type is known.
#[derive(Deserialize)]
struct EventBody<T> {
    detail: T,
}

/// An event's origin, what is trusted, and when it is read.
struct EventReader<'a> {
    head: &'a EventHead<'a>,
    known: &'a Known,
    now: Time,
}

/// Reads an EventBridge event whose head is read already.
pub(super) fn read(body: &str, head: &EventHead<'_>, known: &Known, now: Time) -> Reading {
    let source = sender_of(&head.source);
    let reader = EventReader { head, known, now };
    let parsed = reader.read(body).unwrap_or_else(Parsed::malformed);
    Reading { source, parsed }
}

pub(super) fn sender_of(source: &str) -> SenderKind {
    match source {
        "aws.cloudwatch" => SenderKind::CloudwatchAlarm,
        "aws.rds" => SenderKind::Rds,
        "aws.autoscaling" => SenderKind::Autoscaling,
        "drd.witness" => SenderKind::Witness,
        "drd.lag" => SenderKind::LagMonitor,
        "drd.heartbeat" => SenderKind::Heartbeat,
        _ => SenderKind::Other,
    }
}

impl EventReader<'_> {
    fn read(&self, body: &str) -> Result<Parsed, String> {
        if !self.known.is_account(&self.head.account) {
            return Ok(Parsed::Discard(DiscardReason::ForeignAccount));
        }
        // A witness is useful because it is elsewhere; every other sender is where the estate is.
        let region = &*self.head.region;
        let expected = match &*self.head.source {
            "drd.witness" => self.known.is_witness_region(region),
            _ => self.known.is_region(region),
        };
        if !expected {
            return Ok(Parsed::Discard(DiscardReason::ForeignRegion));
        }
        match (&*self.head.source, &*self.head.detail_type) {
            ("aws.cloudwatch", "CloudWatch Alarm State Change") => self.alarm(body),
            ("aws.cloudwatch", "CloudWatch Alarm Contributor State Change") => {
                self.of_alarm(body, DiscardReason::AlarmContributor)
            }
            ("aws.cloudwatch", "CloudWatch Alarm Configuration Change") => {
                self.of_alarm(body, DiscardReason::AlarmConfiguration)
            }
            ("aws.rds", "RDS DB Cluster Event" | "RDS DB Instance Event") => self.database(body),
            ("aws.autoscaling", kind) if kind.starts_with("EC2 Instance") => self.capacity(body),
            ("drd.witness", "Endpoint Verdict") => self.witness(body),
            ("drd.lag", "Replication Lag") => self.lag(body),
            ("drd.heartbeat", "Heartbeat") => self.heartbeat(body),
            // A rule that forwards every event of ours returns our pages: nothing to act on.
            ("drd.page", _) => Ok(Parsed::Discard(DiscardReason::OwnPage)),
            _ => Ok(Parsed::Discard(DiscardReason::Unsupported)),
        }
    }

    /// An event about a declared alarm that is no change of its state.
    fn of_alarm(&self, body: &str, what: DiscardReason) -> Result<Parsed, String> {
        let event: AlarmEvent<'_, NamedAlarm<'_>> = detailed(body)?;
        let arn = self.alarm_arn(&event.resources, &event.detail.name);
        let declared = self.known.sensor_of_alarm(&arn).is_some();
        Ok(Parsed::Discard(match declared {
            true => what,
            false => DiscardReason::UnknownAlarm,
        }))
    }

    fn alarm(&self, body: &str) -> Result<Parsed, String> {
        let event: AlarmEvent<'_, AlarmDetail<'_>> = detailed(body)?;
        let arn = self.alarm_arn(&event.resources, &event.detail.name);
        let Some(sensor) = self.known.sensor_of_alarm(&arn) else {
            return Ok(Parsed::Discard(DiscardReason::UnknownAlarm));
        };
        let state = &event.detail.state;
        let verdict = verdict_of_state(&state.value);
        // A mute silences alarms; it must not hide that one has ended.
        if verdict == Verdict::Unhealthy {
            if event
                .detail
                .mute
                .as_ref()
                .is_some_and(|mute| mute.covers(self.now))
            {
                return Ok(Parsed::Discard(DiscardReason::Muted));
            }
            if state
                .suppressed_by
                .as_ref()
                .is_some_and(|by| is_suppression(by))
            {
                return Ok(Parsed::Discard(DiscardReason::Suppressed));
            }
        }
        let id = identity(&self.head.id, &arn, &state.timestamp);
        let observed_at = moment(&state.timestamp, "detail.state.timestamp")?;
        let signal = Signal {
            id,
            sensor,
            verdict,
            observed_at,
            good_at: None,
        };
        Ok(unless_stale(signal, self.known, self.now))
    }

    /// The alarm's ARN is in `resources`, not always alone; an event without it has the parts.
    fn alarm_arn(&self, resources: &Option<Vec<JsonText<'_>>>, name: &str) -> String {
        let is_alarm = |arn: &&JsonText<'_>| {
            let mut parts = arn.split(':').skip(2);
            parts.next() == Some("cloudwatch") && parts.nth(2) == Some("alarm")
        };
        match resources.iter().flatten().find(is_alarm) {
            Some(arn) => arn.to_string(),
            None => {
                let (region, account) = (&*self.head.region, &*self.head.account);
                format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}")
            }
        }
    }

    fn database(&self, body: &str) -> Result<Parsed, String> {
        let event: EventBody<RdsDetail<'_>> = detailed(body)?;
        let detail = event.detail;
        self.hint(
            HintKind::Database,
            &detail.code,
            &detail.subject,
            &detail.message,
        )
    }

    fn capacity(&self, body: &str) -> Result<Parsed, String> {
        let event: EventBody<ScalingDetail<'_>> = detailed(body)?;
        let detail = event.detail;
        let texts = [&detail.status, &detail.description];
        let text = texts.into_iter().flatten().find(|text| !text.is_empty());
        let text = text.map_or("", |text| text);
        self.hint(
            HintKind::Capacity,
            &self.head.detail_type,
            &detail.group,
            text,
        )
    }

    fn hint(
        &self,
        kind: HintKind,
        code: &str,
        subject: &str,
        text: &str,
    ) -> Result<Parsed, String> {
        let at = moment(&self.head.time, "time")?;
        if is_stale(at, self.known, self.now) {
            return Ok(Parsed::Discard(DiscardReason::Stale));
        }
        Ok(Parsed::Hint(Hint {
            id: Arc::from(&*self.head.id),
            kind,
            code: shortened(code),
            subject: shortened(subject),
            text: shortened(text),
            at,
        }))
    }

    fn witness(&self, body: &str) -> Result<Parsed, String> {
        let event: EventBody<WitnessDetail<'_>> = detailed(body)?;
        let detail = event.detail;
        if !self.known.is_estate(detail.suffix.as_deref()) {
            return Ok(Parsed::Discard(DiscardReason::ForeignEstate));
        }
        let side = Side::BOTH
            .into_iter()
            .find(|side| side.name() == &*detail.side);
        let side = side.ok_or_else(|| format!("detail.side is {:?}", &*detail.side))?;
        let observed_at = moment(&detail.observed_at, "detail.observed_at")?;
        let good_at = detail.good_at.as_deref();
        let good_at = good_at.map(|text| moment(text, "detail.good_at"));
        let good_at = good_at.transpose()?;
        let Some(sensor) = self.known.witness_of(side) else {
            return Ok(Parsed::Discard(DiscardReason::UnknownAlarm));
        };
        let verdict = verdict_of_witness(&detail.verdict);
        let id = identity(&self.head.id, &sensor, &detail.observed_at);
        let signal = Signal {
            id,
            sensor,
            verdict,
            observed_at,
            good_at,
        };
        Ok(unless_stale(signal, self.known, self.now))
    }

    fn lag(&self, body: &str) -> Result<Parsed, String> {
        let event: EventBody<LagDetail<'_>> = detailed(body)?;
        if !self.known.is_estate(event.detail.suffix.as_deref()) {
            return Ok(Parsed::Discard(DiscardReason::ForeignEstate));
        }
        let taken_at = moment(&event.detail.taken_at, "detail.taken_at")?;
        let millis = (event.detail.lag_seconds * 1000.0).round();
        // A year: more is a wrong unit, and below zero is no lag.
        if !(0.0..=3.2e10).contains(&millis) {
            return Err(format!(
                "detail.lag_seconds is {}",
                event.detail.lag_seconds
            ));
        }
        if is_stale(taken_at, self.known, self.now) {
            return Ok(Parsed::Discard(DiscardReason::Stale));
        }
        Ok(Parsed::Lag(LagSample {
            source: LagSource::Events,
            taken_at,
            lag: Span::millis(millis as i64),
        }))
    }

    /// Never stale: an old heartbeat measures how late the path is, which is its purpose.
    fn heartbeat(&self, body: &str) -> Result<Parsed, String> {
        let event: EventBody<HeartbeatDetail<'_>> = detailed(body)?;
        if !self.known.is_estate(event.detail.suffix.as_deref()) {
            return Ok(Parsed::Discard(DiscardReason::ForeignEstate));
        }
        Ok(Parsed::Heartbeat {
            id: Arc::from(&*self.head.id),
            nonce: Arc::from(event.detail.nonce.as_deref().unwrap_or_default()),
            stamped_at: moment(&self.head.time, "time")?,
        })
    }
}

fn detailed<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, String> {
    serde_json::from_str(body).map_err(|error| error.to_string())
}

fn moment(text: &str, key: &str) -> Result<Time, String> {
    timestamps::read(text).ok_or_else(|| format!("{key} is no timestamp: {text:?}"))
}

#[derive(Deserialize)]
struct AlarmEvent<'a, T> {
    /// Seen as `null`, too.
    #[serde(borrow, default)]
    resources: Option<Vec<JsonText<'a>>>,
    detail: T,
}

#[derive(Deserialize)]
struct NamedAlarm<'a> {
    #[serde(borrow, default, rename = "alarmName")]
    name: JsonText<'a>,
}

#[derive(Deserialize)]
struct AlarmDetail<'a> {
    #[serde(borrow, rename = "alarmName")]
    name: JsonText<'a>,
    #[serde(borrow)]
    state: AlarmState<'a>,
    #[serde(borrow, default, rename = "muteDetail")]
    mute: Option<Mute<'a>>,
}

#[derive(Deserialize)]
struct AlarmState<'a> {
    #[serde(borrow)]
    value: JsonText<'a>,
    #[serde(borrow)]
    timestamp: JsonText<'a>,
    #[serde(borrow, default, rename = "actionsSuppressedBy")]
    suppressed_by: Option<JsonText<'a>>,
}

#[derive(Deserialize)]
struct Mute<'a> {
    #[serde(borrow, default, rename = "muteWindowStart")]
    start: Option<JsonText<'a>>,
    #[serde(borrow, default, rename = "muteWindowEnd")]
    end: Option<JsonText<'a>>,
}

impl Mute<'_> {
    /// An end that is missing or cannot be read leaves the window open there: a person muted it.
    fn covers(&self, now: Time) -> bool {
        let read = |text: &Option<JsonText<'_>>| text.as_deref().and_then(timestamps::read);
        read(&self.start).is_none_or(|start| start <= now)
            && read(&self.end).is_none_or(|end| now < end)
    }
}

#[derive(Deserialize)]
struct RdsDetail<'a> {
    #[serde(borrow, default, rename = "EventID")]
    code: JsonText<'a>,
    #[serde(borrow, default, rename = "SourceIdentifier")]
    subject: JsonText<'a>,
    #[serde(borrow, default, rename = "Message")]
    message: JsonText<'a>,
}

#[derive(Deserialize)]
struct ScalingDetail<'a> {
    #[serde(borrow, default, rename = "AutoScalingGroupName")]
    group: JsonText<'a>,
    #[serde(borrow, default, rename = "StatusMessage")]
    status: Option<JsonText<'a>>,
    #[serde(borrow, default, rename = "Description")]
    description: Option<JsonText<'a>>,
}

#[derive(Deserialize)]
struct WitnessDetail<'a> {
    #[serde(borrow, default)]
    suffix: Option<JsonText<'a>>,
    #[serde(borrow)]
    side: JsonText<'a>,
    #[serde(borrow)]
    verdict: JsonText<'a>,
    #[serde(borrow)]
    observed_at: JsonText<'a>,
    #[serde(borrow, default)]
    good_at: Option<JsonText<'a>>,
}

#[derive(Deserialize)]
struct LagDetail<'a> {
    #[serde(borrow, default)]
    suffix: Option<JsonText<'a>>,
    lag_seconds: f64,
    #[serde(borrow)]
    taken_at: JsonText<'a>,
}

#[derive(Deserialize)]
struct HeartbeatDetail<'a> {
    #[serde(borrow, default)]
    suffix: Option<JsonText<'a>>,
    #[serde(borrow, default)]
    nonce: Option<JsonText<'a>>,
}
