//! One message in, one reading out: recognises the shape of a body and passes it to its reader.
//!
//! Pure and total: no text makes it panic. Deliberately absent: duplicates (the machine keeps the
//! ids it has accepted) and clocks that run ahead (the machine clamps them).

use super::reading::{DiscardReason, EventHead, Parsed, Reading};
use super::trust::Known;
use super::{eventbridge, sns};
use drd_state_machine::time::Time;

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
        Ok(head) => unwrapped(body, &head, "", known, now),
        Err(why) => Parsed::malformed(why).into(),
    }
}

/// SNS puts its own envelope around a message unless raw delivery is on.
fn unwrap_sns(outer: &EventHead<'_>, known: &Known, now: Time) -> Reading {
    if &*outer.sns_type != "Notification" {
        return Parsed::Discard(DiscardReason::Unsupported).into();
    }
    match head_of(&outer.message) {
        // SNS makes one envelope; a second one is forged.
        Ok(inner) if inner.is_sns() => {
            Parsed::malformed("an SNS envelope inside an SNS envelope").into()
        }
        Ok(inner) => unwrapped(&outer.message, &inner, &outer.message_id, known, now),
        Err(why) => Parsed::malformed(format!("the SNS message holds no event: {why}")).into(),
    }
}

fn unwrapped(
    body: &str,
    head: &EventHead<'_>,
    message_id: &str,
    known: &Known,
    now: Time,
) -> Reading {
    if head.id.len() > ID_BYTES_MAX || message_id.len() > ID_BYTES_MAX {
        return Parsed::malformed(format!("an id longer than {ID_BYTES_MAX} bytes")).into();
    }
    if !head.detail_type.is_empty() {
        return eventbridge::read(body, head, known, now);
    }
    if !head.alarm_name.is_empty() && !head.new_state.is_empty() {
        return sns::read(body, message_id, known, now);
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
