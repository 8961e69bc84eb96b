//! One message in, one reading out: recognises the shape of a body and passes it to its reader.
//!
//! Pure and total: no text makes it panic. Deliberately absent: duplicates (the machine keeps the
//! ids it has accepted) and clocks that run ahead (the machine clamps them).

use super::reading::{DiscardReason, EventHead, Parsed, Reading, SenderKind};
use super::trust::Known;
use super::{eventbridge, sns};
use drd_state_machine::time::Time;
use std::borrow::Cow;

/// EventBridge's own limit for one event is 256 KiB; SQS would carry 1 MiB.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// An id is remembered and written to the ledger. AWS's are 36 characters, ours (an ARN and a
/// time) below 350.
const ID_BYTES_MAX: usize = 512;

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
        Ok(head) => unwrapped(body, &head, None, known, now),
        Err(why) => Parsed::malformed(why).into(),
    }
}

/// SNS puts its own envelope around a message unless raw delivery is on. A publisher to a topic
/// chooses the text in it, so it counts only as what an alarm of a trusted topic sends.
fn unwrap_sns(outer: &EventHead<'_>, known: &Known, now: Time) -> Reading {
    if &*outer.sns_type != "Notification" {
        return Parsed::Discard(DiscardReason::Unsupported).into();
    }
    if !known.is_topic(&outer.topic) {
        return Parsed::Discard(DiscardReason::ForeignTopic).into();
    }
    let escaped = outer.message.trim_start().starts_with(ESCAPED);
    let message = match escaped {
        true => Cow::Owned(unescaped(&outer.message)),
        false => Cow::Borrowed(&*outer.message),
    };
    match head_of(&message) {
        // SNS makes one envelope; a second one is forged.
        Ok(inner) if inner.is_sns() => {
            Parsed::malformed("an SNS envelope inside an SNS envelope").into()
        }
        Ok(inner) => notified(&message, &inner, outer, known, now),
        Err(why) => Parsed::malformed(format!("the SNS message holds no event: {why}")).into(),
    }
}

/// An object whose quotes are HTML: an input transformer of a rule leaves them so.
const ESCAPED: &str = "{&quot;";

/// `&amp;` last, so that nothing is unescaped twice.
fn unescaped(text: &str) -> String {
    let entities = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let replaced = |text: String, (entity, plain)| text.replace(entity, plain);
    entities.into_iter().fold(text.to_owned(), replaced)
}

fn notified(
    body: &str,
    head: &EventHead<'_>,
    outer: &EventHead<'_>,
    known: &Known,
    now: Time,
) -> Reading {
    let event = !head.detail_type.is_empty();
    if event && &*head.source != "aws.cloudwatch" {
        let why = format!("{} inside SNS, where alarms alone count", &*head.source);
        return Reading {
            source: eventbridge::sender_of(&head.source),
            parsed: Parsed::malformed(why),
        };
    }
    let place = Some((&*outer.topic, &*outer.message_id));
    unwrapped(body, head, place, known, now)
}

/// `sns`: the topic and the message's id, where it came in an envelope of SNS.
fn unwrapped(
    body: &str,
    head: &EventHead<'_>,
    sns: Option<(&str, &str)>,
    known: &Known,
    now: Time,
) -> Reading {
    let message_id = sns.map_or("", |(_, id)| id);
    if head.id.len() > ID_BYTES_MAX || message_id.len() > ID_BYTES_MAX {
        return Parsed::malformed(format!("an id longer than {ID_BYTES_MAX} bytes")).into();
    }
    if !head.detail_type.is_empty() {
        return eventbridge::read(body, head, known, now);
    }
    if !head.alarm_name.is_empty() && !head.new_state.is_empty() {
        return sns::read(body, sns, known, now);
    }
    if known.sensor_of_alarm(&head.called_by).is_some() {
        return Reading {
            source: SenderKind::CloudwatchAlarm,
            parsed: Parsed::Discard(DiscardReason::AlarmAction),
        };
    }
    Parsed::malformed("JSON of no known shape").into()
}

fn head_of(body: &str) -> Result<EventHead<'_>, String> {
    // serde would take an array for a struct's fields in order.
    if !body.trim_start().starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_str(body).map_err(|error| error.to_string())
}
