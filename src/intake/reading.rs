//! What a queue message turns out to be: the values that `envelope` gives and its readers fill.
//!
//! Deliberately absent: recognising a shape (`envelope`, `eventbridge`, `sns`) and what is
//! accepted (`trust`).

use super::trust::Known;
use drd_state_machine::event::{LagSample, Signal, Verdict};
use drd_state_machine::time::Time;
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;

/// What is quoted from a message in logs and reports.
const QUOTE_CHARS_MAX: usize = 300;

/// What a message turned out to be, and from which kind of sender.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The sender's kind: a label of the metrics.
    pub source: SenderKind,
    /// What it means.
    pub parsed: Parsed,
}

/// What a message means.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// A sensor reported a verdict.
    Signal(Signal),
    /// The lag monitor took a sample.
    Lag(LagSample),
    /// Our heartbeat came back.
    Heartbeat {
        /// The event's id.
        id: Arc<str>,
        /// What drd sent with it; empty where nothing was.
        nonce: Arc<str>,
        /// The `time` that AWS stamped on it, in whole seconds.
        stamped_at: Time,
    },
    /// Something may have changed: look now. Never evidence by itself, since AWS sends these on
    /// a best-effort basis (aws-facts 1.5).
    Hint(Hint),
    /// Understood, and not to be acted on.
    Discard(DiscardReason),
    /// Not understood, and why.
    Malformed(String),
}

/// A reason to look at the world sooner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The event's id.
    pub id: Arc<str>,
    /// What kind of thing it is about.
    pub kind: HintKind,
    /// AWS's code, such as `RDS-EVENT-0184`, or the detail-type where there is none.
    pub code: String,
    /// The cluster, instance or group.
    pub subject: String,
    /// AWS's text, shortened.
    pub text: String,
    /// When AWS sent it.
    pub at: Time,
}

/// What a hint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// An RDS cluster or instance.
    Database,
    /// An Auto Scaling group.
    Capacity,
}

/// Why an understood message is not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscardReason {
    /// Older than `event_max_age`.
    Stale,
    /// No configured sensor is bound to this alarm or witness.
    UnknownAlarm,
    /// From another AWS account.
    ForeignAccount,
    /// From a region that the estate has nothing in.
    ForeignRegion,
    /// One of drd's own senders reports on another estate of this account.
    ForeignEstate,
    /// A mute rule covers the alarm now.
    Muted,
    /// The composite alarm's suppressor holds it back.
    Suppressed,
    /// One contributor of an alarm changed its state: the alarm as a whole reports separately.
    AlarmContributor,
    /// A declared alarm was created, edited or deleted.
    AlarmConfiguration,
    /// The form in which an alarm calls a function, passed on: neither of the ways in that are
    /// trusted.
    AlarmAction,
    /// A declared alarm's name without an ARN: an alarm of another region may have the same one.
    AlarmWithoutArn,
    /// An SNS topic whose messages are not trusted.
    ForeignTopic,
    /// A heartbeat that this process did not send, or that came back before.
    UnknownHeartbeat,
    /// A page of ours that a forwarding rule brought back.
    OwnPage,
    /// A source or detail-type that drd has no use for.
    Unsupported,
}

impl DiscardReason {
    /// Every reason.
    pub const ALL: [DiscardReason; 15] = [
        DiscardReason::Stale,
        DiscardReason::UnknownAlarm,
        DiscardReason::ForeignAccount,
        DiscardReason::ForeignRegion,
        DiscardReason::ForeignEstate,
        DiscardReason::Muted,
        DiscardReason::Suppressed,
        DiscardReason::AlarmContributor,
        DiscardReason::AlarmConfiguration,
        DiscardReason::AlarmAction,
        DiscardReason::AlarmWithoutArn,
        DiscardReason::ForeignTopic,
        DiscardReason::UnknownHeartbeat,
        DiscardReason::OwnPage,
        DiscardReason::Unsupported,
    ];

    /// The name used in metrics and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            DiscardReason::Stale => "stale",
            DiscardReason::UnknownAlarm => "unknown_alarm",
            DiscardReason::ForeignAccount => "foreign_account",
            DiscardReason::ForeignRegion => "foreign_region",
            DiscardReason::ForeignEstate => "foreign_estate",
            DiscardReason::Muted => "muted",
            DiscardReason::Suppressed => "suppressed",
            DiscardReason::AlarmContributor => "alarm_contributor",
            DiscardReason::AlarmConfiguration => "alarm_configuration",
            DiscardReason::AlarmAction => "alarm_action",
            DiscardReason::AlarmWithoutArn => "alarm_without_arn",
            DiscardReason::ForeignTopic => "foreign_topic",
            DiscardReason::UnknownHeartbeat => "unknown_heartbeat",
            DiscardReason::OwnPage => "own_page",
            DiscardReason::Unsupported => "unsupported",
        }
    }

    /// What people need to know of it: a declared alarm's message that is no verdict, or one that
    /// is refused. The others are everyday, and counted.
    pub const fn remark(self) -> Option<&'static str> {
        match self {
            DiscardReason::AlarmContributor => {
                Some("one contributor of a declared alarm changed: not a verdict")
            }
            DiscardReason::AlarmConfiguration => {
                Some("a declared alarm was created, edited or deleted: not a verdict")
            }
            DiscardReason::AlarmAction => {
                Some("a declared alarm's call of a function, passed on: not a verdict")
            }
            DiscardReason::AlarmWithoutArn => {
                Some("a declared alarm's name without its ARN: not a verdict")
            }
            DiscardReason::ForeignTopic => {
                Some("its SNS topic is not this estate's (topics in [intake])")
            }
            DiscardReason::UnknownHeartbeat => {
                Some("this daemon does not await it: one of another process, or a second copy")
            }
            DiscardReason::Stale
            | DiscardReason::UnknownAlarm
            | DiscardReason::ForeignAccount
            | DiscardReason::ForeignRegion
            | DiscardReason::ForeignEstate
            | DiscardReason::Muted
            | DiscardReason::Suppressed
            | DiscardReason::OwnPage
            | DiscardReason::Unsupported => None,
        }
    }
}

/// The kind of sender of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderKind {
    /// A CloudWatch alarm, by EventBridge or SNS.
    CloudwatchAlarm,
    /// The witness in the third region.
    Witness,
    /// The function that samples replication lag.
    LagMonitor,
    /// drd itself.
    Heartbeat,
    /// Aurora.
    Rds,
    /// EC2 Auto Scaling.
    Autoscaling,
    /// Anything else, and what could not be read.
    Other,
}

impl SenderKind {
    /// Every kind.
    pub const ALL: [SenderKind; 7] = [
        SenderKind::CloudwatchAlarm,
        SenderKind::Witness,
        SenderKind::LagMonitor,
        SenderKind::Heartbeat,
        SenderKind::Rds,
        SenderKind::Autoscaling,
        SenderKind::Other,
    ];

    /// The name used in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            SenderKind::CloudwatchAlarm => "cloudwatch_alarm",
            SenderKind::Witness => "witness",
            SenderKind::LagMonitor => "lag_monitor",
            SenderKind::Heartbeat => "heartbeat",
            SenderKind::Rds => "rds",
            SenderKind::Autoscaling => "autoscaling",
            SenderKind::Other => "other",
        }
    }
}

impl Parsed {
    /// Whether the message must stay in the queue until the redrive policy moves it to the
    /// dead-letter queue, where a person can look at it. All others are deleted once the ledger
    /// holds what they led to.
    pub fn leave_in_queue(&self) -> bool {
        match self {
            Parsed::Malformed(_)
            | Parsed::Discard(DiscardReason::Unsupported | DiscardReason::ForeignTopic) => true,
            Parsed::Signal(_)
            | Parsed::Lag(_)
            | Parsed::Heartbeat { .. }
            | Parsed::Hint(_)
            | Parsed::Discard(
                DiscardReason::Stale
                | DiscardReason::UnknownAlarm
                | DiscardReason::ForeignAccount
                | DiscardReason::ForeignRegion
                | DiscardReason::ForeignEstate
                | DiscardReason::Muted
                | DiscardReason::Suppressed
                | DiscardReason::AlarmContributor
                | DiscardReason::AlarmConfiguration
                | DiscardReason::AlarmAction
                | DiscardReason::AlarmWithoutArn
                | DiscardReason::UnknownHeartbeat
                | DiscardReason::OwnPage,
            ) => false,
        }
    }

    pub(super) fn malformed(why: impl std::fmt::Display) -> Parsed {
        Parsed::Malformed(shortened(&why.to_string()))
    }
}

impl From<Parsed> for Reading {
    fn from(parsed: Parsed) -> Reading {
        Reading {
            source: SenderKind::Other,
            parsed,
        }
    }
}

/// JSON text that borrows from the body wherever it holds no escapes, also inside `Option` and
/// `Vec`, where a bare `Cow` would be copied.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct JsonText<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl std::ops::Deref for JsonText<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// The keys that distinguish the shapes, and those that every EventBridge event has.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EventHead<'a> {
    #[serde(borrow, rename = "detail-type")]
    pub detail_type: JsonText<'a>,
    #[serde(borrow)]
    pub source: JsonText<'a>,
    #[serde(borrow)]
    pub account: JsonText<'a>,
    #[serde(borrow)]
    pub region: JsonText<'a>,
    #[serde(borrow)]
    pub time: JsonText<'a>,
    #[serde(borrow)]
    pub id: JsonText<'a>,
    #[serde(borrow, rename = "Type")]
    pub sns_type: JsonText<'a>,
    #[serde(borrow, rename = "TopicArn")]
    pub topic: JsonText<'a>,
    #[serde(borrow, rename = "MessageId")]
    pub message_id: JsonText<'a>,
    #[serde(borrow, rename = "Message")]
    pub message: JsonText<'a>,
    #[serde(borrow, rename = "AlarmName")]
    pub alarm_name: JsonText<'a>,
    #[serde(borrow, rename = "NewStateValue")]
    pub new_state: JsonText<'a>,
    /// Of the form in which an alarm calls a function.
    #[serde(borrow, rename = "alarmArn")]
    pub called_by: JsonText<'a>,
}

impl EventHead<'_> {
    /// The rule of aws-facts 1.2; a `detail-type` goes before.
    pub fn is_sns(&self) -> bool {
        self.detail_type.is_empty() && !self.sns_type.is_empty() && !self.topic.is_empty()
    }
}

/// A sensor's signal, unless it is too old.
pub(super) fn unless_stale(signal: Signal, known: &Known, now: Time) -> Parsed {
    if is_stale(signal.observed_at, known, now) {
        return Parsed::Discard(DiscardReason::Stale);
    }
    Parsed::Signal(signal)
}

pub(super) fn is_stale(at: Time, known: &Known, now: Time) -> bool {
    now - at > known.event_max_age()
}

/// The witness's word for a verdict; one that nobody knows yet is no vote.
pub fn verdict_of_witness(word: &str) -> Verdict {
    match word {
        "healthy" => Verdict::Healthy,
        "unhealthy" => Verdict::Unhealthy,
        _ => Verdict::Unknown,
    }
}

/// A verdict from CloudWatch's three states. A state that is not documented is not a failure.
pub(super) fn verdict_of_state(state: &str) -> Verdict {
    match state {
        "ALARM" => Verdict::Unhealthy,
        "OK" => Verdict::Healthy,
        _ => Verdict::Unknown,
    }
}

/// Whether a suppressor holds a composite alarm's actions back. `WaitPeriod` does not: it is the
/// wait until the suppressor itself goes off, and without that the alarm acts (CloudWatch User
/// Guide, alarm suppression).
pub(super) fn is_suppression(by: &str) -> bool {
    matches!(by, "Alarm" | "ExtensionPeriod")
}

/// Foreign text, short enough for a log line.
pub(super) fn shortened(text: &str) -> String {
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(QUOTE_CHARS_MAX).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

/// The delivery's id; where it has none, the transition itself, which AWS stamps to the
/// millisecond.
pub(super) fn identity(id: &str, arn: &str, at: &str) -> Arc<str> {
    if id.is_empty() {
        Arc::from(format!("{arn}@{at}"))
    } else {
        Arc::from(id)
    }
}
