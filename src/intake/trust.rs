//! What a message is accepted from: our account, our regions, our alarms, our witnesses.
//!
//! Deliberately absent: anything learned from messages.

use drd_state_machine::event::Side;
use drd_state_machine::time::Span;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Accounts, regions, alarms and witnesses whose messages are accepted.
#[derive(Clone, Debug)]
pub struct Known {
    account: String,
    suffix: Option<String>,
    regions: Vec<String>,
    alarms: BTreeMap<String, Arc<str>>,
    witnesses: [Option<Arc<str>>; 2],
    topics: Vec<String>,
    witness_region: Option<String>,
    event_max_age: Span,
}

impl Known {
    /// Accepts this account and nothing else yet; readings older than `event_max_age` are stale.
    pub fn new(account: &str, event_max_age: Span) -> Known {
        Known {
            account: account.to_owned(),
            suffix: None,
            regions: Vec::new(),
            alarms: BTreeMap::new(),
            witnesses: [None, None],
            topics: Vec::new(),
            witness_region: None,
            event_max_age,
        }
    }

    /// Accepts the witness's verdicts from this region alone.
    pub fn witness_region(mut self, region: &str) -> Known {
        self.witness_region = Some(region.to_owned());
        self
    }

    /// Accepts events from this region.
    pub fn region(mut self, region: &str) -> Known {
        if !self.is_region(region) {
            self.regions.push(region.to_owned());
        }
        self
    }

    /// Accepts drd's own senders only where they name no estate, or this one. Two estates of one
    /// account may share an event bus.
    pub fn suffix(mut self, suffix: &str) -> Known {
        self.suffix = Some(suffix.to_owned());
        self
    }

    /// Accepts this alarm, and its region, as the source of a sensor.
    pub fn alarm(mut self, arn: &str, sensor: &str) -> Known {
        self.alarms.insert(arn.to_owned(), Arc::from(sensor));
        let region = arn.split(':').nth(3).unwrap_or_default().to_owned();
        self.region(&region)
    }

    /// Accepts the witness's verdicts about a side as this sensor's.
    pub fn witness(mut self, side: Side, sensor: &str) -> Known {
        self.witnesses[slot(side)] = Some(Arc::from(sensor));
        self
    }

    /// Accepts alarm notifications of this SNS topic, and from here on of listed ones alone.
    pub fn topic(mut self, arn: &str) -> Known {
        self.topics.push(arn.to_owned());
        self
    }

    /// Whether an SNS topic's alarm notifications count. Where none is listed: one in the account
    /// and region of a declared alarm, since CloudWatch notifies topics of its own region alone.
    pub(super) fn is_topic(&self, arn: &str) -> bool {
        if self.lists_topics() {
            return self.topics.iter().any(|listed| listed == arn);
        }
        let mut parts = arn.split(':');
        let is_sns = parts.nth(2) == Some("sns");
        let place = place_of(arn);
        is_sns && self.alarms.keys().any(|alarm| place_of(alarm) == place)
    }

    /// Whether topics are listed: then a notification without its topic proves nothing.
    pub(super) fn lists_topics(&self) -> bool {
        !self.topics.is_empty()
    }

    /// Whether a declared alarm of this account has this name.
    pub(super) fn is_alarm_name(&self, account: &str, name: &str) -> bool {
        let same = |arn: &String| arn.splitn(7, ':').nth(6) == Some(name);
        self.is_account(account) && self.alarms.keys().any(same)
    }

    pub(super) fn is_account(&self, account: &str) -> bool {
        self.account == account
    }

    pub(super) fn is_estate(&self, suffix: Option<&str>) -> bool {
        match (&self.suffix, suffix) {
            (Some(ours), Some(theirs)) => ours == theirs,
            (Some(_), None) | (None, _) => true,
        }
    }

    pub(super) fn is_region(&self, region: &str) -> bool {
        self.regions.iter().any(|known| known == region)
    }

    /// Whether the witness may report from this region: where none is named, from any.
    pub(super) fn is_witness_region(&self, region: &str) -> bool {
        let named = self.witness_region.as_deref();
        named.is_none_or(|named| named == region)
    }

    pub(super) fn sensor_of_alarm(&self, arn: &str) -> Option<Arc<str>> {
        self.alarms.get(arn).cloned()
    }

    pub(super) fn witness_of(&self, side: Side) -> Option<Arc<str>> {
        self.witnesses[slot(side)].clone()
    }

    pub(super) fn event_max_age(&self) -> Span {
        self.event_max_age
    }
}

/// The region and the account of an ARN.
pub(super) fn place_of(arn: &str) -> (&str, &str) {
    let mut parts = arn.split(':').skip(3);
    let mut next = || parts.next().unwrap_or_default();
    (next(), next())
}

fn slot(side: Side) -> usize {
    match side {
        Side::Primary => 0,
        Side::Standby => 1,
    }
}
