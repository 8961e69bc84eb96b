//! A CloudWatch alarm as SNS carries it (aws-facts 1.2).
//!
//! Deliberately absent: the `Region` key, which holds a display name ("EU (Frankfurt)").

use super::reading::{
    DiscardReason, JsonText, Parsed, Reading, SenderKind, identity, is_suppression, unless_stale,
    verdict_of_state,
};
use super::timestamps;
use super::trust::{Known, place_of};
use drd_state_machine::event::{Signal, Verdict};
use drd_state_machine::time::Time;
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Notification<'a> {
    #[serde(borrow, default, rename = "AlarmArn")]
    alarm_arn: Option<JsonText<'a>>,
    #[serde(borrow, rename = "AlarmName")]
    name: JsonText<'a>,
    #[serde(borrow, default, rename = "AWSAccountId")]
    account: Option<JsonText<'a>>,
    #[serde(borrow, rename = "NewStateValue")]
    new_state: JsonText<'a>,
    #[serde(borrow, rename = "StateChangeTime")]
    changed_at: JsonText<'a>,
    #[serde(borrow, default, rename = "ActionsSuppressedBy")]
    suppressed_by: Option<JsonText<'a>>,
    /// Of an alarm with several contributors: this is about one of them.
    #[serde(borrow, default, rename = "AlarmContributorId")]
    contributor: Option<JsonText<'a>>,
}

/// `sns` is the topic and the message's id; `None` under raw delivery.
pub(super) fn read(body: &str, sns: Option<(&str, &str)>, known: &Known, now: Time) -> Reading {
    let parsed = match serde_json::from_str::<Notification<'_>>(body) {
        Ok(_) if sns.is_none() && known.lists_topics() => Parsed::malformed(
            "an alarm notification without its topic: [intake] lists topics, so turn raw delivery off",
        ),
        Ok(notification) => signal_of(&notification, sns, known, now),
        Err(error) => Parsed::malformed(error),
    };
    Reading {
        source: SenderKind::CloudwatchAlarm,
        parsed,
    }
}

fn signal_of(
    notification: &Notification<'_>,
    sns: Option<(&str, &str)>,
    known: &Known,
    now: Time,
) -> Parsed {
    let Some(arn) = arn_of(notification, sns) else {
        let account = notification.account.as_deref().unwrap_or_default();
        let ours = known.is_alarm_name(account, &notification.name);
        return Parsed::Discard(match ours {
            true => DiscardReason::AlarmWithoutArn,
            false => DiscardReason::UnknownAlarm,
        });
    };
    let (region, account) = place_of(&arn);
    if !known.is_account(account) {
        return Parsed::Discard(DiscardReason::ForeignAccount);
    }
    if !known.is_region(region) {
        return Parsed::Discard(DiscardReason::ForeignRegion);
    }
    let Some(sensor) = known.sensor_of_alarm(&arn) else {
        return Parsed::Discard(DiscardReason::UnknownAlarm);
    };
    if notification.contributor.is_some() {
        return Parsed::Discard(DiscardReason::AlarmContributor);
    }
    let verdict = verdict_of_state(&notification.new_state);
    let suppressed = notification.suppressed_by.as_deref();
    if verdict == Verdict::Unhealthy && suppressed.is_some_and(is_suppression) {
        return Parsed::Discard(DiscardReason::Suppressed);
    }
    let Some(observed_at) = timestamps::read(&notification.changed_at) else {
        return Parsed::malformed("StateChangeTime is no timestamp");
    };
    let message_id = sns.map_or("", |(_, id)| id);
    let signal = Signal {
        id: identity(message_id, &arn, &notification.changed_at),
        sensor,
        verdict,
        observed_at,
        good_at: None,
    };
    unless_stale(signal, known, now)
}

/// Older notifications have no ARN. CloudWatch notifies topics of its own region alone, so the
/// topic's names the alarm's; its partition, too.
fn arn_of<'a>(
    notification: &'a Notification<'_>,
    sns: Option<(&str, &str)>,
) -> Option<Cow<'a, str>> {
    if let Some(arn) = &notification.alarm_arn {
        return Some(Cow::Borrowed(arn));
    }
    let (topic, _) = sns?;
    let partition = topic.split(':').nth(1)?;
    let (region, _) = place_of(topic);
    let (account, name) = (notification.account.as_deref()?, &*notification.name);
    let arn = format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}");
    Some(Cow::Owned(arn))
}
