//! Events as EventBridge carries them: alarms, Aurora, Auto Scaling, and drd's own senders.
//!
//! Deliberately absent: `reasonData` (JSON inside JSON that says nothing more than the state),
//! and alarm configuration changes.

use super::envelope::{
    Discard, Head, Hint, HintKind, Parsed, Reading, Source, Statement, Text, is_stale, shortened,
    verdict_of_state,
};
use super::known::Known;
use super::sns::identity;
use super::stamp;
use drd_state_machine::event::{LagSample, Side, Verdict};
use drd_state_machine::time::{Span, Time};
use serde::Deserialize;
use std::sync::Arc;

/// The event's own part, read once its type is known.
#[derive(Deserialize)]
struct Event<T> {
    detail: T,
}

/// Where an event comes from and when it is read.
struct Context<'a> {
    head: &'a Head<'a>,
    known: &'a Known,
    now: Time,
}

/// Reads an EventBridge event whose head is read already.
pub(super) fn read(body: &str, head: &Head<'_>, known: &Known, now: Time) -> Reading {
    let source = source_of(&head.source);
    let context = Context { head, known, now };
    let parsed = context.read(body).unwrap_or_else(Parsed::malformed);
    Reading { source, parsed }
}

fn source_of(source: &str) -> Source {
    match source {
        "aws.cloudwatch" => Source::CloudwatchAlarm,
        "aws.rds" => Source::Rds,
        "aws.autoscaling" => Source::Autoscaling,
        "drd.witness" => Source::Witness,
        "drd.lag" => Source::LagMonitor,
        "drd.heartbeat" => Source::Heartbeat,
        _ => Source::Other,
    }
}

impl Context<'_> {
    fn read(&self, body: &str) -> Result<Parsed, String> {
        if !self.known.is_account(&self.head.account) {
            return Ok(Parsed::Discard(Discard::ForeignAccount));
        }
        // drd's own senders may sit anywhere: a witness is useful because it is elsewhere.
        if !self.head.source.starts_with("drd.") && !self.known.is_region(&self.head.region) {
            return Ok(Parsed::Discard(Discard::ForeignRegion));
        }
        match (&*self.head.source, &*self.head.detail_type) {
            ("aws.cloudwatch", "CloudWatch Alarm State Change") => self.alarm(body),
            ("aws.rds", "RDS DB Cluster Event" | "RDS DB Instance Event") => self.database(body),
            ("aws.autoscaling", kind) if kind.starts_with("EC2 Instance") => self.capacity(body),
            ("drd.witness", "Endpoint Verdict") => self.witness(body),
            ("drd.lag", "Replication Lag") => self.lag(body),
            ("drd.heartbeat", "Heartbeat") => self.heartbeat(body),
            // A rule that forwards everything of ours brings our pages back: no news, no puzzle.
            ("drd.page", _) => Ok(Parsed::Discard(Discard::OwnPage)),
            _ => Ok(Parsed::Discard(Discard::Unsupported)),
        }
    }

    fn alarm(&self, body: &str) -> Result<Parsed, String> {
        let event: AlarmEvent<'_> = detailed(body)?;
        let arn = self.alarm_arn(&event);
        let Some(sensor) = self.known.sensor_of_alarm(&arn) else {
            return Ok(Parsed::Discard(Discard::UnknownAlarm));
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
                return Ok(Parsed::Discard(Discard::Muted));
            }
            if state
                .suppressed_by
                .as_ref()
                .is_some_and(|by| !by.is_empty())
            {
                return Ok(Parsed::Discard(Discard::Suppressed));
            }
        }
        let id = identity(&self.head.id, &arn, &state.timestamp);
        let observed_at = moment(&state.timestamp, "detail.state.timestamp")?;
        let statement = Statement {
            id,
            sensor,
            verdict,
            observed_at,
        };
        Ok(statement.weighed(self.known, self.now))
    }

    /// The alarm's ARN stands in `resources`; an event without it has the parts.
    fn alarm_arn(&self, event: &AlarmEvent<'_>) -> String {
        match event.resources.first() {
            Some(arn) => arn.to_string(),
            None => {
                let (region, account) = (&*self.head.region, &*self.head.account);
                format!(
                    "arn:aws:cloudwatch:{region}:{account}:alarm:{}",
                    &*event.detail.name
                )
            }
        }
    }

    fn database(&self, body: &str) -> Result<Parsed, String> {
        let event: Event<RdsDetail<'_>> = detailed(body)?;
        let detail = event.detail;
        self.hint(
            HintKind::Database,
            &detail.code,
            &detail.subject,
            &detail.message,
        )
    }

    fn capacity(&self, body: &str) -> Result<Parsed, String> {
        let event: Event<ScalingDetail<'_>> = detailed(body)?;
        let detail = event.detail;
        let said = [&detail.status, &detail.description];
        let text = said.into_iter().flatten().find(|text| !text.is_empty());
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
            return Ok(Parsed::Discard(Discard::Stale));
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
        let event: Event<WitnessDetail<'_>> = detailed(body)?;
        let detail = event.detail;
        if !self.known.is_estate(detail.suffix.as_deref()) {
            return Ok(Parsed::Discard(Discard::ForeignEstate));
        }
        let side = Side::BOTH
            .into_iter()
            .find(|side| side.name() == &*detail.side);
        let side = side.ok_or_else(|| format!("detail.side is {:?}", &*detail.side))?;
        let observed_at = moment(&detail.observed_at, "detail.observed_at")?;
        let Some(sensor) = self.known.witness_of(side) else {
            return Ok(Parsed::Discard(Discard::UnknownAlarm));
        };
        let verdict = match &*detail.verdict {
            "healthy" => Verdict::Healthy,
            "unhealthy" => Verdict::Unhealthy,
            _ => Verdict::Unknown,
        };
        let id = identity(&self.head.id, &sensor, &detail.observed_at);
        let statement = Statement {
            id,
            sensor,
            verdict,
            observed_at,
        };
        Ok(statement.weighed(self.known, self.now))
    }

    fn lag(&self, body: &str) -> Result<Parsed, String> {
        let event: Event<LagDetail<'_>> = detailed(body)?;
        if !self.known.is_estate(event.detail.suffix.as_deref()) {
            return Ok(Parsed::Discard(Discard::ForeignEstate));
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
            return Ok(Parsed::Discard(Discard::Stale));
        }
        Ok(Parsed::Lag(LagSample {
            taken_at,
            lag: Span::millis(millis as i64),
        }))
    }

    /// Never stale: an old heartbeat says how late the path is, which is what it is for.
    fn heartbeat(&self, body: &str) -> Result<Parsed, String> {
        let event: Event<HeartbeatDetail<'_>> = detailed(body)?;
        if !self.known.is_estate(event.detail.suffix.as_deref()) {
            return Ok(Parsed::Discard(Discard::ForeignEstate));
        }
        Ok(Parsed::Heartbeat {
            id: Arc::from(&*self.head.id),
            sent_at: moment(&event.detail.sent_at, "detail.sent_at")?,
            stamped_at: moment(&self.head.time, "time")?,
        })
    }
}

fn detailed<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, String> {
    serde_json::from_str(body).map_err(|error| error.to_string())
}

fn moment(text: &str, key: &str) -> Result<Time, String> {
    stamp::read(text).ok_or_else(|| format!("{key} is no timestamp: {text:?}"))
}

#[derive(Deserialize)]
struct AlarmEvent<'a> {
    #[serde(borrow, default)]
    resources: Vec<Text<'a>>,
    #[serde(borrow)]
    detail: AlarmDetail<'a>,
}

#[derive(Deserialize)]
struct AlarmDetail<'a> {
    #[serde(borrow, rename = "alarmName")]
    name: Text<'a>,
    #[serde(borrow)]
    state: AlarmState<'a>,
    #[serde(borrow, default, rename = "muteDetail")]
    mute: Option<Mute<'a>>,
}

#[derive(Deserialize)]
struct AlarmState<'a> {
    #[serde(borrow)]
    value: Text<'a>,
    #[serde(borrow)]
    timestamp: Text<'a>,
    #[serde(borrow, default, rename = "actionsSuppressedBy")]
    suppressed_by: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Mute<'a> {
    #[serde(borrow, default, rename = "muteWindowStart")]
    start: Option<Text<'a>>,
    #[serde(borrow, default, rename = "muteWindowEnd")]
    end: Option<Text<'a>>,
}

impl Mute<'_> {
    /// An end that is missing or cannot be read leaves the window open there: a person muted it.
    fn covers(&self, now: Time) -> bool {
        let read = |text: &Option<Text<'_>>| text.as_deref().and_then(stamp::read);
        read(&self.start).is_none_or(|start| start <= now)
            && read(&self.end).is_none_or(|end| now < end)
    }
}

#[derive(Deserialize)]
struct RdsDetail<'a> {
    #[serde(borrow, default, rename = "EventID")]
    code: Text<'a>,
    #[serde(borrow, default, rename = "SourceIdentifier")]
    subject: Text<'a>,
    #[serde(borrow, default, rename = "Message")]
    message: Text<'a>,
}

#[derive(Deserialize)]
struct ScalingDetail<'a> {
    #[serde(borrow, default, rename = "AutoScalingGroupName")]
    group: Text<'a>,
    #[serde(borrow, default, rename = "StatusMessage")]
    status: Option<Text<'a>>,
    #[serde(borrow, default, rename = "Description")]
    description: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WitnessDetail<'a> {
    #[serde(borrow, default)]
    suffix: Option<Text<'a>>,
    #[serde(borrow)]
    side: Text<'a>,
    #[serde(borrow)]
    verdict: Text<'a>,
    #[serde(borrow)]
    observed_at: Text<'a>,
}

#[derive(Deserialize)]
struct LagDetail<'a> {
    #[serde(borrow, default)]
    suffix: Option<Text<'a>>,
    lag_seconds: f64,
    #[serde(borrow)]
    taken_at: Text<'a>,
}

#[derive(Deserialize)]
struct HeartbeatDetail<'a> {
    #[serde(borrow, default)]
    suffix: Option<Text<'a>>,
    #[serde(borrow)]
    sent_at: Text<'a>,
}
