//! One message in, one reading out: what shape it has, who it speaks for, whether to believe it.
//!
//! Pure and total: no text makes it panic. Deliberately absent: duplicates (the machine knows
//! what it has seen) and clocks that run ahead (the machine clamps them).

pub use super::known::Known;
use super::{bridge, sns};
use drd_state_machine::event::{LagSample, Signal, Verdict};
use drd_state_machine::time::Time;
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;

/// EventBridge's own limit for one event is 256 KiB; SQS would carry 1 MiB.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// An id is remembered and written to the ledger. AWS's are 36 characters, ours (an ARN and a
/// time) below 350.
pub(super) const ID_BYTES_MAX: usize = 512;
/// What is quoted from a message in logs and reports.
const QUOTE_CHARS_MAX: usize = 300;

/// What a message turned out to be, and from which kind of sender.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The sender's kind: a label of the metrics.
    pub source: Source,
    /// What it says.
    pub parsed: Parsed,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// A sensor spoke.
    Signal(Signal),
    /// The lag monitor took a sample.
    Lag(LagSample),
    /// Our heartbeat came back.
    Heartbeat {
        /// The event's id.
        id: Arc<str>,
        /// When drd sent it, by drd's clock.
        sent_at: Time,
        /// The `time` that AWS stamped on it, in whole seconds.
        stamped_at: Time,
    },
    /// Something may have changed: look now. Never evidence by itself, since AWS sends these on
    /// a best-effort basis (aws-facts 1.5).
    Hint(Hint),
    /// Understood, and not to be acted on.
    Discard(Discard),
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
    /// AWS's words, shortened.
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
pub enum Discard {
    /// Older than `event_max_age`.
    Stale,
    /// No configured sensor listens to this alarm or witness.
    UnknownAlarm,
    /// From another AWS account.
    ForeignAccount,
    /// From a region that the estate has nothing in.
    ForeignRegion,
    /// One of drd's own senders speaks about another estate of this account.
    ForeignEstate,
    /// A mute rule covers the alarm now.
    Muted,
    /// The composite alarm's suppressor holds it back.
    Suppressed,
    /// A page of ours that a forwarding rule brought back.
    OwnPage,
    /// A source or detail-type that drd has no use for.
    Unsupported,
}

impl Discard {
    /// Every reason.
    pub const ALL: [Discard; 9] = [
        Discard::Stale,
        Discard::UnknownAlarm,
        Discard::ForeignAccount,
        Discard::ForeignRegion,
        Discard::ForeignEstate,
        Discard::Muted,
        Discard::Suppressed,
        Discard::OwnPage,
        Discard::Unsupported,
    ];

    /// The name used in metrics and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Discard::Stale => "stale",
            Discard::UnknownAlarm => "unknown_alarm",
            Discard::ForeignAccount => "foreign_account",
            Discard::ForeignRegion => "foreign_region",
            Discard::ForeignEstate => "foreign_estate",
            Discard::Muted => "muted",
            Discard::Suppressed => "suppressed",
            Discard::OwnPage => "own_page",
            Discard::Unsupported => "unsupported",
        }
    }
}

/// The kind of sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
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

impl Source {
    /// Every kind.
    pub const ALL: [Source; 7] = [
        Source::CloudwatchAlarm,
        Source::Witness,
        Source::LagMonitor,
        Source::Heartbeat,
        Source::Rds,
        Source::Autoscaling,
        Source::Other,
    ];

    /// The name used in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Source::CloudwatchAlarm => "cloudwatch_alarm",
            Source::Witness => "witness",
            Source::LagMonitor => "lag_monitor",
            Source::Heartbeat => "heartbeat",
            Source::Rds => "rds",
            Source::Autoscaling => "autoscaling",
            Source::Other => "other",
        }
    }
}

impl Parsed {
    /// Whether the message must stay in the queue until the redrive policy moves it to the
    /// dead-letter queue, where a person can look at it. All others are deleted once the ledger
    /// holds what they led to.
    pub fn leave_in_queue(&self) -> bool {
        match self {
            Parsed::Malformed(_) | Parsed::Discard(Discard::Unsupported) => true,
            Parsed::Signal(_)
            | Parsed::Lag(_)
            | Parsed::Heartbeat { .. }
            | Parsed::Hint(_)
            | Parsed::Discard(
                Discard::Stale
                | Discard::UnknownAlarm
                | Discard::ForeignAccount
                | Discard::ForeignRegion
                | Discard::ForeignEstate
                | Discard::Muted
                | Discard::Suppressed
                | Discard::OwnPage,
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
            source: Source::Other,
            parsed,
        }
    }
}

/// JSON text that borrows from the body wherever it holds no escapes, also inside `Option` and
/// `Vec`, where a bare `Cow` would be copied.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// The keys that tell the shapes apart, and those that every EventBridge event has.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Head<'a> {
    #[serde(borrow, rename = "detail-type")]
    pub detail_type: Text<'a>,
    #[serde(borrow)]
    pub source: Text<'a>,
    #[serde(borrow)]
    pub account: Text<'a>,
    #[serde(borrow)]
    pub region: Text<'a>,
    #[serde(borrow)]
    pub time: Text<'a>,
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow, rename = "Type")]
    sns_type: Text<'a>,
    #[serde(borrow, rename = "TopicArn")]
    topic: Text<'a>,
    #[serde(borrow, rename = "MessageId")]
    message_id: Text<'a>,
    #[serde(borrow, rename = "Message")]
    message: Text<'a>,
    #[serde(borrow, rename = "AlarmName")]
    alarm_name: Text<'a>,
    #[serde(borrow, rename = "NewStateValue")]
    new_state: Text<'a>,
}

impl Head<'_> {
    /// The rule of aws-facts 1.2; a `detail-type` goes before.
    fn is_sns(&self) -> bool {
        self.detail_type.is_empty() && !self.sns_type.is_empty() && !self.topic.is_empty()
    }
}

/// What a body means, without its sender's kind.
pub fn parse(body: &str, known: &Known, now: Time) -> Parsed {
    read(body, known, now).parsed
}

/// What a body means. `body` is the text of one SQS message; `now` is the machine's time.
pub fn read(body: &str, known: &Known, now: Time) -> Reading {
    if body.len() > BODY_BYTES_MAX {
        let why = format!("{} bytes; {BODY_BYTES_MAX} are the most", body.len());
        return Parsed::Malformed(why).into();
    }
    match head_of(body) {
        Ok(head) if head.is_sns() => unwrap_sns(&head, known, now),
        Ok(head) => unwrapped(body, &head, "", known, now),
        Err(why) => Parsed::malformed(why).into(),
    }
}

/// SNS puts its own envelope around a message unless raw delivery is on.
fn unwrap_sns(outer: &Head<'_>, known: &Known, now: Time) -> Reading {
    if &*outer.sns_type != "Notification" {
        return Parsed::Discard(Discard::Unsupported).into();
    }
    match head_of(&outer.message) {
        // One envelope is what SNS makes; more of them is somebody's game.
        Ok(inner) if inner.is_sns() => {
            Parsed::malformed("an SNS envelope inside an SNS envelope").into()
        }
        Ok(inner) => unwrapped(&outer.message, &inner, &outer.message_id, known, now),
        Err(why) => Parsed::malformed(format!("the SNS message holds no event: {why}")).into(),
    }
}

fn unwrapped(body: &str, head: &Head<'_>, message_id: &str, known: &Known, now: Time) -> Reading {
    if head.id.len() > ID_BYTES_MAX || message_id.len() > ID_BYTES_MAX {
        return Parsed::malformed(format!("an id longer than {ID_BYTES_MAX} bytes")).into();
    }
    if !head.detail_type.is_empty() {
        return bridge::read(body, head, known, now);
    }
    if !head.alarm_name.is_empty() && !head.new_state.is_empty() {
        return sns::read(body, message_id, known, now);
    }
    Parsed::malformed("JSON of no known shape").into()
}

fn head_of(body: &str) -> Result<Head<'_>, String> {
    // serde would take an array for a struct's fields in order.
    if !body.trim_start().starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_str(body).map_err(|error| error.to_string())
}

/// A statement with everything checked but its age.
pub(super) struct Statement {
    pub id: Arc<str>,
    pub sensor: Arc<str>,
    pub verdict: Verdict,
    pub observed_at: Time,
}

impl Statement {
    /// Believed unless it is too old.
    pub fn weighed(self, known: &Known, now: Time) -> Parsed {
        if is_stale(self.observed_at, known, now) {
            return Parsed::Discard(Discard::Stale);
        }
        Parsed::Signal(Signal {
            id: self.id,
            sensor: self.sensor,
            verdict: self.verdict,
            observed_at: self.observed_at,
        })
    }
}

pub(super) fn is_stale(at: Time, known: &Known, now: Time) -> bool {
    now - at > known.event_max_age()
}

/// A verdict from CloudWatch's three states. A state that we have not heard of is not a failure.
pub(super) fn verdict_of_state(state: &str) -> Verdict {
    match state {
        "ALARM" => Verdict::Unhealthy,
        "OK" => Verdict::Healthy,
        _ => Verdict::Unknown,
    }
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
