//! A CloudWatch alarm as SNS carries it (aws-facts 1.2).
//!
//! Deliberately absent: the `Region` key, which holds a display name ("EU (Frankfurt)").

use super::reading::{
    DiscardReason, JsonText, Parsed, Reading, SenderKind, SensorReport, identity, verdict_of_state,
};
use super::timestamps;
use super::trust::Known;
use drd_state_machine::time::Time;
use serde::Deserialize;

#[derive(Deserialize)]
struct Notification<'a> {
    #[serde(borrow, rename = "AlarmArn")]
    alarm_arn: JsonText<'a>,
    #[serde(borrow, rename = "NewStateValue")]
    new_state: JsonText<'a>,
    #[serde(borrow, rename = "StateChangeTime")]
    changed_at: JsonText<'a>,
}

/// `message_id` is empty under raw delivery.
pub(super) fn read(body: &str, message_id: &str, known: &Known, now: Time) -> Reading {
    let parsed = match serde_json::from_str::<Notification<'_>>(body) {
        Ok(notification) => signal_of(&notification, message_id, known, now),
        Err(error) => Parsed::malformed(error),
    };
    Reading {
        source: SenderKind::CloudwatchAlarm,
        parsed,
    }
}

fn signal_of(
    notification: &Notification<'_>,
    message_id: &str,
    known: &Known,
    now: Time,
) -> Parsed {
    let arn: &str = &notification.alarm_arn;
    let mut parts = arn.split(':').skip(3);
    let (region, account) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    if !known.is_account(account) {
        return Parsed::Discard(DiscardReason::ForeignAccount);
    }
    if !known.is_region(region) {
        return Parsed::Discard(DiscardReason::ForeignRegion);
    }
    let Some(sensor) = known.sensor_of_alarm(arn) else {
        return Parsed::Discard(DiscardReason::UnknownAlarm);
    };
    let Some(observed_at) = timestamps::read(&notification.changed_at) else {
        return Parsed::malformed("StateChangeTime is no timestamp");
    };
    let report = SensorReport {
        id: identity(message_id, arn, &notification.changed_at),
        sensor,
        verdict: verdict_of_state(&notification.new_state),
        observed_at,
    };
    report.unless_stale(known, now)
}
