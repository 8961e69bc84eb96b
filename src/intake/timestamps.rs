//! Timestamps as AWS writes them, both ways.
//!
//! Deliberately absent: the current time.

use drd_state_machine::time::Time;

/// Reads RFC 3339 and CloudWatch's own form, whose offset `+0000` has no colon (aws-facts 1.1).
pub fn read(text: &str) -> Option<Time> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Time(at.as_millisecond()))
}

/// `2026-03-01T12:00:00.123Z`.
pub(super) fn rfc3339(at: Time) -> String {
    format!("{:.3}", timestamp(at))
}

/// `2026-03-01T12:00:00Z`: EventBridge's `time` has whole seconds.
pub(super) fn whole_seconds(at: Time) -> String {
    format!("{:.0}", timestamp(at))
}

/// `2026-03-01T12:00:00.123+0000`.
pub(super) fn cloudwatch(at: Time) -> String {
    let mut text = rfc3339(at);
    text.pop();
    text.push_str("+0000");
    text
}

/// Years beyond 9999 cannot be written; they are not met outside tests, so the ends will do.
fn timestamp(at: Time) -> jiff::Timestamp {
    let end = if at.0 < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    };
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_the_same_moment() {
        let at = Time(1_570_035_880_989);
        assert_eq!(cloudwatch(at), "2019-10-02T17:04:40.989+0000");
        assert_eq!(rfc3339(at), "2019-10-02T17:04:40.989Z");
        assert_eq!(whole_seconds(at), "2019-10-02T17:04:40Z");
        assert_eq!(read(&cloudwatch(at)), Some(at));
        assert_eq!(read(&rfc3339(at)), Some(at));
        assert_eq!(read("2019-10-02T19:04:40.989+02:00"), Some(at));
        assert_eq!(read("2019-10-02"), None);
    }
}
