//! What values the keys of a fault may have: one without effect is refused, and so is one that a rehearsal
//! would not come to the end of.
//!
//! Deliberately absent: which keys a kind uses (`fault_keys`).

use super::DURATION_MAX;
use super::fault::{Fault, FaultKind};
use super::fault_keys::shown;
use crate::lab::world::SERVING_DESIRED;
use drd_state_machine::event::Verdict;
use drd_state_machine::time::Span;

/// An alarm that changes faster than the client writes cannot be told from noise; and a day of changes is
/// then 86,400 messages, some seconds of a rehearsal.
const PERIOD_MIN: Span = Span::secs(1);
/// SQS delivers a message a second time now and then; a hundred of each is some hundred a second, still as
/// many as the daemon reads: a rehearsal of 20 minutes takes two seconds, one of a day some minutes.
const COPIES_MAX: u32 = 100;
/// Groups of this estate have six instances. Each is a line of the lab's book, so that a thousand cost
/// nothing; four thousand million cost all memory.
const GROUP_MAX: u32 = 1000;
/// As many as a day of calls every second.
const TIMES_MAX: u32 = 86_400;
/// A clock that starts at 1970 is 60 years behind; no wrong clock is further off.
const CLOCK_MAX: Span = Span::secs(100 * 366 * 24 * 3600);

/// One bound: the key, its value as people read it, whether it is within, and what is allowed.
type Bound = (&'static str, Option<String>, bool, &'static str);

fn span(key: &'static str, value: Option<Span>, least: Span, allowed: &'static str) -> Bound {
    let within = value.is_none_or(|value| value >= least && value <= DURATION_MAX);
    (key, value.map(|value| value.to_string()), within, allowed)
}

fn count(
    key: &'static str,
    value: Option<u32>,
    from: u32,
    to: u32,
    allowed: &'static str,
) -> Bound {
    let within = value.is_none_or(|value| (from..=to).contains(&value));
    (key, shown(value), within, allowed)
}

impl Fault {
    fn span_bounds(&self) -> [Bound; 9] {
        let moment = Span::millis(1);
        let longer = "more than 0 s and at most a day: in no time nothing changes";
        [
            span("for", self.lasts, moment, longer),
            span("latency", self.latency, moment, longer),
            span("delay", self.delay, moment, longer),
            span("duration", self.duration, moment, longer),
            span("downtime", self.downtime, moment, longer),
            span(
                "period",
                self.period,
                PERIOD_MIN,
                "1 s to a day: what changes faster is noise, and a rehearsal would not end",
            ),
            span("lag", self.lag, Span::ZERO, "0 s to a day"),
            span(
                "restart_after",
                self.restart_after,
                Span::ZERO,
                "0 s to a day",
            ),
            (
                "by",
                self.by.map(|by| by.to_string()),
                self.by.is_none_or(|by| {
                    by != Span::ZERO && by <= CLOCK_MAX && by >= Span::ZERO - CLOCK_MAX
                }),
                "at most 100 years either way, and not 0 s: a clock that is right is no fault",
            ),
        ]
    }

    fn count_bounds(&self) -> [Bound; 7] {
        let size = "0 to 1000 instances: no group of this estate has more";
        [
            count(
                "times",
                self.times,
                1,
                TIMES_MAX,
                "1 to 86400: with 0 it never strikes, and nobody calls more often in a day",
            ),
            count(
                "copies",
                self.copies,
                2,
                COPIES_MAX,
                "2 to 100: 1 is the message itself, and more than 100 are more than is read",
            ),
            count("min", self.min, 0, GROUP_MAX, size),
            count("desired", self.desired, 0, GROUP_MAX, size),
            count("available", self.available, 0, GROUP_MAX, size),
            count(
                "rows",
                self.rows,
                0,
                86_400,
                "0 to 86400: the client writes one a second",
            ),
            (
                "rate",
                shown(self.rate),
                self.rate.is_none_or(|rate| rate > 0.0 && rate <= 1.0),
                "more than 0 and at most 1: it is a share, and a share of 0 never strikes",
            ),
        ]
    }

    /// A value that is out of its bounds.
    pub(super) fn out_of_bounds(&self) -> Option<String> {
        let all = self.span_bounds().into_iter().chain(self.count_bounds());
        let name = self.kind.name();
        let wrong = all.filter(|(_, _, within, _)| !within).find_map(|bound| {
            let (key, value, _, allowed) = bound;
            Some(format!("{name} with `{key}` = {}: use {allowed}", value?))
        });
        wrong.or_else(|| self.without_effect())
    }

    fn without_effect(&self) -> Option<String> {
        let name = self.kind.name();
        if self.kind == FaultKind::SingleSensorFalse && self.verdict == Some(Verdict::Healthy) {
            return Some(format!(
                "{name} with `verdict` = healthy: a sensor of a side that is well reports that anyway; use unhealthy or unknown, or sensor_wrong for one that reports healthy in an outage"
            ));
        }
        None
    }

    /// More instances to be had than anybody asks for. `asked`: the most that a group is set to by hand.
    pub(super) fn never_short(&self, asked: u32) -> Option<String> {
        let most = asked.max(SERVING_DESIRED);
        let available = self.available?;
        (self.kind == FaultKind::CapacityShortage && available > most).then(|| {
            format!(
                "{} with `available` = {available}: nobody asks for more than {most} instances; use 0 to {most}",
                self.kind.name(),
            )
        })
    }
}
