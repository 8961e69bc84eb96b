//! A CloudWatch alarm as SNS carries it (aws-facts 1.2).
//!
//! Deliberately absent: the `Region` key, which holds a display name ("EU (Frankfurt)").

use super::envelope::{Discard, Parsed, Reading, Source, Statement, Text, verdict_of_state};
use super::known::Known;
use super::stamp;
use drd_state_machine::time::Time;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
struct Notification<'a> {
    #[serde(borrow, rename = "AlarmArn")]
    alarm_arn: Text<'a>,
    #[serde(borrow, rename = "NewStateValue")]
    new_state: Text<'a>,
    #[serde(borrow, rename = "StateChangeTime")]
    changed_at: Text<'a>,
}

/// `message_id` is empty under raw delivery.
pub(super) fn read(body: &str, message_id: &str, known: &Known, now: Time) -> Reading {
    let parsed = match serde_json::from_str::<Notification<'_>>(body) {
        Ok(notification) => weigh(&notification, message_id, known, now),
        Err(error) => Parsed::malformed(error),
    };
    Reading {
        source: Source::CloudwatchAlarm,
        parsed,
    }
}

fn weigh(notification: &Notification<'_>, message_id: &str, known: &Known, now: Time) -> Parsed {
    let arn: &str = &notification.alarm_arn;
    let mut parts = arn.split(':').skip(3);
    let (region, account) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    if !known.is_account(account) {
        return Parsed::Discard(Discard::ForeignAccount);
    }
    if !known.is_region(region) {
        return Parsed::Discard(Discard::ForeignRegion);
    }
    let Some(sensor) = known.sensor_of_alarm(arn) else {
        return Parsed::Discard(Discard::UnknownAlarm);
    };
    let Some(observed_at) = stamp::read(&notification.changed_at) else {
        return Parsed::malformed("StateChangeTime is no timestamp");
    };
    let statement = Statement {
        id: identity(message_id, arn, &notification.changed_at),
        sensor,
        verdict: verdict_of_state(&notification.new_state),
        observed_at,
    };
    statement.weighed(known, now)
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
