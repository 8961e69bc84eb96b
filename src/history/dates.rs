//! Moments and lengths as the screens and documents of the past print them.
//!
//! Deliberately absent: local time. Everything is UTC, as in the ledger.

use drd_state_machine::time::Time;
use jiff::Timestamp;

/// RFC 3339, for programs.
pub fn moment(at: Time) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(|_| "unknown".to_owned(), |t| t.to_string())
}

/// `2026-11-22 03:11:08`, for people.
pub fn date(at: Time) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(
        |_| "unknown".to_owned(),
        |t| t.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// `2:58`; hours stay minutes, as objectives are.
pub fn minutes(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}

/// `43 s`, `4 min 5 s`, `2 h 3 min`, `50 d 4 h`: the two largest units.
pub fn length(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {} min", whole / 3600, whole / 60 % 60),
        _ => format!("{} d {} h", whole / 86_400, whole / 3600 % 24),
    }
}
