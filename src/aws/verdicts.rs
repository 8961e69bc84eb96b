//! The witness's newest verdicts, as it keeps them in its table in the standby's region: an event about
//! them may be lost or late.
//!
//! The table has one item a side: `side` (the key), `verdict`, `observed_at` (RFC 3339) and, where it is known,
//! `good_at`, written by `bootstrap/lambda/witness.py` on each change and every 30 s. Deliberately absent:
//! judging its age (the machine does, as of a message).

use super::clients::Clients;
use super::error::AwsError;
use crate::intake::{rfc3339_time, verdict_of_witness};
use aws_sdk_dynamodb::types::AttributeValue;
use drd_bootstrap::topology::Events;
use drd_state_machine::event::{Side, Verdict};
use drd_state_machine::time::Time;
use std::collections::HashMap;

/// A verdict, and by the witness's own clock when it looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredVerdict {
    /// What it found.
    pub verdict: Verdict,
    /// When it looked.
    pub observed_at: Time,
    /// When it last found the side well.
    pub good_at: Option<Time>,
}

/// The newest verdict about a side; `None` where no table is configured, or it has none yet.
///
/// # Errors
/// The failed call, or that the item is no verdict.
pub async fn newest(aws: &Clients, side: Side) -> Result<Option<StoredVerdict>, AwsError> {
    const OPERATION: &str = "dynamodb:GetItem";
    let Events::Sqs { verdict_table, .. } = &aws.topology().events;
    let Some(table) = verdict_table else {
        return Ok(None);
    };
    let request = aws
        .dynamodb()
        .get_item()
        .table_name(table)
        .key("side", AttributeValue::S(side.name().to_owned()));
    let answer = aws.read(OPERATION, table, request.send()).await?;
    let Some(item) = answer.item else {
        return Ok(None);
    };
    let strange = || {
        let why = format!("the item side={} is no verdict", side.name());
        AwsError::said(OPERATION, table, None, why)
    };
    verdict_in(&item).map(Some).ok_or_else(strange)
}

fn verdict_in(item: &HashMap<String, AttributeValue>) -> Option<StoredVerdict> {
    let text = |name: &str| item.get(name)?.as_s().ok();
    Some(StoredVerdict {
        verdict: verdict_of_witness(text("verdict")?),
        observed_at: rfc3339_time(text("observed_at")?)?,
        good_at: text("good_at").and_then(|at| rfc3339_time(at)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(verdict: &str, observed_at: &str) -> HashMap<String, AttributeValue> {
        [("verdict", verdict), ("observed_at", observed_at)]
            .map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned())))
            .into()
    }

    #[test]
    fn a_verdict_is_dated_by_when_the_witness_looked() {
        let mut stored = item("unhealthy", "2026-03-01T12:00:00.123Z");
        let read =
            |item: &_| verdict_in(item).map(|read| (read.verdict, read.observed_at, read.good_at));
        let looked = Time(1_772_366_400_123);
        assert_eq!(read(&stored), Some((Verdict::Unhealthy, looked, None)));
        let well = AttributeValue::S("2026-03-01T11:59:50.123Z".to_owned());
        stored.insert("good_at".to_owned(), well);
        let good_at = Some(Time(1_772_366_390_123));
        assert_eq!(read(&stored), Some((Verdict::Unhealthy, looked, good_at)));
        let read = verdict_in(&item("what nobody knows yet", "2026-03-01T12:00:00Z"));
        assert_eq!(read.map(|read| read.verdict), Some(Verdict::Unknown));
    }

    #[test]
    fn what_is_no_verdict_is_none() {
        assert_eq!(verdict_in(&item("healthy", "yesterday")), None);
        assert_eq!(verdict_in(&HashMap::new()), None);
    }
}
