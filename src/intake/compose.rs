//! Writes the events that `envelope` reads, in the shape AWS sends them (aws-facts 1.1).
//!
//! The lab and the tests speak through here, and drd's own heartbeat. Deliberately absent: SNS
//! envelopes and Aurora's events, which drd never sends.

use super::stamp;
use drd_state_machine::event::{LagSample, Side, Verdict};
use drd_state_machine::time::Time;
use std::fmt;

/// `source` of the heartbeat.
pub const HEARTBEAT_SOURCE: &str = "drd.heartbeat";
/// `detail-type` of the heartbeat.
pub const HEARTBEAT_DETAIL_TYPE: &str = "Heartbeat";

/// A CloudWatch alarm's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// The condition does not hold.
    Ok,
    /// The condition holds.
    Alarm,
    /// There is not enough data.
    InsufficientData,
}

impl AlarmState {
    /// CloudWatch's word.
    pub const fn name(self) -> &'static str {
        match self {
            AlarmState::Ok => "OK",
            AlarmState::Alarm => "ALARM",
            AlarmState::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// What every event has.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The event's id.
    pub id: &'a str,
    /// The sender's account.
    pub account: &'a str,
    /// The sender's region.
    pub region: &'a str,
    /// When EventBridge got it.
    pub time: Time,
}

/// A metric alarm's transition.
#[derive(Clone, Copy, Debug)]
pub struct AlarmEvent<'a> {
    /// Where and when.
    pub origin: Origin<'a>,
    /// The alarm's name.
    pub alarm: &'a str,
    /// The metric's namespace and name.
    pub metric: (&'a str, &'a str),
    /// The state before, and since when.
    pub previous: (AlarmState, Time),
    /// The state now, and since when.
    pub state: (AlarmState, Time),
    /// CloudWatch's reason.
    pub reason: &'a str,
}

/// The EventBridge event of a metric alarm's transition.
pub fn alarm_event_json(event: &AlarmEvent<'_>) -> String {
    let (region, account, name) = (event.origin.region, event.origin.account, Json(event.alarm));
    let (namespace, metric) = (Json(event.metric.0), Json(event.metric.1));
    let (before, before_at) = (event.previous.0.name(), stamp::cloudwatch(event.previous.1));
    let (now, now_at) = (event.state.0.name(), stamp::cloudwatch(event.state.1));
    let arn = format!(
        "arn:aws:cloudwatch:{region}:{account}:alarm:{}",
        event.alarm
    );
    let detail = format!(
        "{{\"alarmName\":{name},\"configuration\":{{\"description\":\"\",\"metrics\":[{{\"id\":\"m1\",\
         \"metricStat\":{{\"metric\":{{\"dimensions\":{{}},\"name\":{metric},\"namespace\":{namespace}}},\
         \"period\":60,\"stat\":\"Minimum\"}},\"returnData\":true}}]}},\
         \"previousState\":{{\"value\":\"{before}\",\"reason\":\"\",\"timestamp\":\"{before_at}\"}},\
         \"state\":{{\"value\":\"{now}\",\"reason\":{},\"timestamp\":\"{now_at}\"}}}}",
        Json(event.reason)
    );
    let resources = Json(&arn).to_string();
    wrapped(
        &event.origin,
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        &resources,
        &detail,
    )
}

/// The witness's verdict about one side's endpoint.
#[derive(Clone, Copy, Debug)]
pub struct WitnessEvent<'a> {
    /// Where and when.
    pub origin: Origin<'a>,
    /// The side it looked at.
    pub side: Side,
    /// What it saw.
    pub verdict: Verdict,
    /// When it looked.
    pub observed_at: Time,
    /// What it saw, in words.
    pub reason: &'a str,
}

/// The witness's event.
pub fn witness_event_json(event: &WitnessEvent<'_>) -> String {
    let verdict = match event.verdict {
        Verdict::Healthy => "healthy",
        Verdict::Unhealthy => "unhealthy",
        Verdict::Unknown => "unknown",
    };
    let (side, at) = (event.side, stamp::rfc3339(event.observed_at));
    let detail = format!(
        "{{\"side\":\"{side}\",\"verdict\":\"{verdict}\",\"observed_at\":\"{at}\",\"reason\":{}}}",
        Json(event.reason)
    );
    wrapped(
        &event.origin,
        "drd.witness",
        "Endpoint Verdict",
        "",
        &detail,
    )
}

/// The lag monitor's event.
pub fn lag_event_json(origin: &Origin<'_>, sample: &LagSample) -> String {
    let (seconds, at) = (sample.lag.as_secs_f64(), stamp::rfc3339(sample.taken_at));
    let detail = format!("{{\"lag_seconds\":{seconds},\"taken_at\":\"{at}\"}}");
    wrapped(origin, "drd.lag", "Replication Lag", "", &detail)
}

/// The `detail` of a heartbeat, for `PutEvents`.
pub fn heartbeat_detail(sent_at: Time) -> String {
    format!("{{\"sent_at\":\"{}\"}}", stamp::rfc3339(sent_at))
}

/// A heartbeat as it comes back; `origin.time` is what AWS stamped.
pub fn heartbeat_json(origin: &Origin<'_>, sent_at: Time) -> String {
    let detail = heartbeat_detail(sent_at);
    wrapped(origin, HEARTBEAT_SOURCE, HEARTBEAT_DETAIL_TYPE, "", &detail)
}

fn wrapped(origin: &Origin<'_>, source: &str, kind: &str, resources: &str, detail: &str) -> String {
    format!(
        "{{\"version\":\"0\",\"id\":{},\"detail-type\":\"{kind}\",\"source\":\"{source}\",\
         \"account\":{},\"time\":\"{}\",\"region\":{},\"resources\":[{resources}],\"detail\":{detail}}}",
        Json(origin.id),
        Json(origin.account),
        stamp::whole_seconds(origin.time),
        Json(origin.region),
    )
}

/// Text as a JSON string.
struct Json<'a>(&'a str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let mut plain_from = 0;
        for (at, byte) in self.0.bytes().enumerate() {
            // Only these may not stand in a JSON string as they are (RFC 8259, section 7).
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
