//! Writes the events that `envelope` reads, in the shape AWS sends them (aws-facts 1.1).
//!
//! The lab and the tests compose their messages here. Deliberately absent: SNS envelopes, Aurora's
//! events, which the lab does without, and sending anything.

use super::timestamps;
use drd_state_machine::event::{LagSample, Side, Verdict};
use drd_state_machine::time::Time;
use std::fmt;

/// A metric alarm's transition from one verdict to another, at `at`.
pub fn alarm_event_json(id: &str, arn: &str, before: Verdict, now: Verdict, at: Time) -> String {
    // arn:PARTITION:cloudwatch:REGION:ACCOUNT:alarm:NAME
    let mut parts = arn.splitn(7, ':').skip(3);
    let mut next = || parts.next().unwrap_or_default();
    let (region, account, _, name) = (next(), next(), next(), next());
    let (before, now) = (state(before), state(now));
    let (changed, name) = (timestamps::cloudwatch(at), JsonString(name));
    let detail = format!(
        "{{\"alarmName\":{name},\"configuration\":{{\"description\":\"\",\"metrics\":[{{\"id\":\"m1\",\
         \"metricStat\":{{\"metric\":{{\"dimensions\":{{}},\"name\":\"Health\",\"namespace\":\"drd\"}},\
         \"period\":60,\"stat\":\"Minimum\"}},\"returnData\":true}}]}},\
         \"previousState\":{{\"value\":\"{before}\",\"reason\":\"Threshold Crossed\",\
         \"reasonData\":\"{{\\\"version\\\":\\\"1.0\\\"}}\",\"timestamp\":\"{changed}\"}},\
         \"state\":{{\"value\":\"{now}\",\"reason\":\"Threshold Crossed\",\
         \"reasonData\":\"{{\\\"version\\\":\\\"1.0\\\"}}\",\"timestamp\":\"{changed}\"}}}}"
    );
    let resources = JsonString(arn).to_string();
    let kind = ("aws.cloudwatch", "CloudWatch Alarm State Change");
    EnvelopeFields {
        id,
        account,
        region,
        time: at,
    }
    .around(kind, &resources, &detail)
}

/// The witness's verdict about one side's endpoint, which it looked at at `at` and last saw well at `good_at`.
pub fn witness_event_json(
    id: &str,
    account: &str,
    region: &str,
    side: Side,
    verdict: Verdict,
    (at, good_at): (Time, Option<Time>),
) -> String {
    let reported = verdict.name();
    let looked = timestamps::rfc3339(at);
    let good_at = good_at.map(|at| format!(",\"good_at\":\"{}\"", timestamps::rfc3339(at)));
    let good_at = good_at.unwrap_or_default();
    let detail = format!(
        "{{\"side\":\"{side}\",\"verdict\":\"{reported}\",\"observed_at\":\"{looked}\",\"reason\":\"{reported}\"{good_at}}}"
    );
    EnvelopeFields {
        id,
        account,
        region,
        time: at,
    }
    .around(("drd.witness", "Endpoint Verdict"), "", &detail)
}

/// A lag sample as the monitor emits it.
pub fn lag_event_json(id: &str, account: &str, region: &str, sample: LagSample) -> String {
    let LagSample { taken_at, lag, .. } = sample;
    let detail = format!(
        "{{\"lag_seconds\":{},\"taken_at\":\"{}\"}}",
        lag.as_secs_f64(),
        timestamps::rfc3339(taken_at)
    );
    let head = EnvelopeFields {
        id,
        account,
        region,
        time: taken_at,
    };
    head.around(("drd.lag", "Replication Lag"), "", &detail)
}

/// A heartbeat as it comes back: sent by drd's clock, stamped by AWS's.
pub fn heartbeat_json(
    id: &str,
    account: &str,
    region: &str,
    (sent_at, nonce): (Time, &str),
    stamped_at: Time,
) -> String {
    let sent_at = timestamps::rfc3339(sent_at);
    let detail = format!("{{\"sent_at\":\"{sent_at}\",\"nonce\":\"{nonce}\"}}");
    let head = EnvelopeFields {
        id,
        account,
        region,
        time: stamped_at,
    };
    head.around(("drd.heartbeat", "Heartbeat"), "", &detail)
}

/// CloudWatch's name of a verdict.
fn state(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "OK",
        Verdict::Unhealthy => "ALARM",
        Verdict::Unknown => "INSUFFICIENT_DATA",
    }
}

/// What every event has beside its detail.
struct EnvelopeFields<'a> {
    id: &'a str,
    account: &'a str,
    region: &'a str,
    time: Time,
}

impl EnvelopeFields<'_> {
    fn around(&self, (source, kind): (&str, &str), resources: &str, detail: &str) -> String {
        format!(
            "{{\"version\":\"0\",\"id\":{},\"detail-type\":\"{kind}\",\"source\":\"{source}\",\
             \"account\":{},\"time\":\"{}\",\"region\":{},\"resources\":[{resources}],\
             \"detail\":{detail}}}",
            JsonString(self.id),
            JsonString(self.account),
            timestamps::whole_seconds(self.time),
            JsonString(self.region),
        )
    }
}

/// Text as a JSON string.
struct JsonString<'a>(&'a str);

impl fmt::Display for JsonString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let mut plain_from = 0;
        for (at, byte) in self.0.bytes().enumerate() {
            // Only these must be escaped in a JSON string (RFC 8259, section 7).
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                continue;
            }
            f.write_str(&self.0[plain_from..at])?;
            write!(f, "\\u{byte:04x}")?;
            plain_from = at + 1;
        }
        f.write_str(&self.0[plain_from..])?;
        f.write_str("\"")
    }
}
