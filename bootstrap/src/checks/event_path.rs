//! Whether an event that is sent arrives in drd's queue, judged without taking anything from it.
//!
//! A doctor that received from the queue would hide messages from the daemon for a whole
//! visibility timeout, and count a receive against the redrive policy: after three
//! of them an alarm is in the dead-letter queue. So it never receives. Where a daemon runs on this host,
//! that one sends a heartbeat every minute over the same path and knows when the last came back.
//! Elsewhere the queue's own counter must rise after an event that every daemon drops unread: it
//! names no estate that can exist. Deliberately absent: the sending.

use super::check::Judged;

/// What is known of the path.
#[derive(Clone, Debug, PartialEq)]
pub enum PathEvidence {
    /// The daemon on this host: seconds since its last heartbeat came back.
    Daemon(Option<f64>),
    /// The bus did not take the event.
    Refused(String),
    /// The event was taken; the queue's counters could not be read.
    Blind(String),
    /// Messages in the queue (waiting and in flight) before, and the most seen after.
    Counted {
        /// Before the event was sent.
        before: u64,
        /// The most that was seen afterwards.
        after: u64,
    },
}

/// Three periods of a minute and some slack: what the daemon itself allows before it reports it.
const SILENCE_SECONDS_MAX: f64 = 195.0;

const REMEDY: &str = "look at the bus's rule (enabled? its pattern?), the queue's policy and its key, and the rule's \
     FailedInvocations in CloudWatch";

/// Whether events arrive.
pub fn path(seen: &PathEvidence) -> Judged {
    match seen {
        PathEvidence::Daemon(Some(age)) if *age <= SILENCE_SECONDS_MAX => {
            Judged::green(format!("the daemon's heartbeat came back {age:.0} s ago"))
        }
        PathEvidence::Daemon(Some(age)) => Judged::red(
            format!("the daemon's heartbeat came back {age:.0} s ago"),
            REMEDY,
        ),
        PathEvidence::Daemon(None) => Judged::unknown(
            "no heartbeat has come back to the daemon yet",
            "it sends one a minute: ask again in three",
        ),
        PathEvidence::Refused(why) => {
            Judged::red(why.clone(), "the bus must exist and take drd's events")
        }
        PathEvidence::Blind(why) => Judged::unknown(why.clone(), "allow sqs:GetQueueAttributes"),
        PathEvidence::Counted { before, after } if after > before => Judged::green(format!(
            "an event sent just now is in the queue ({before} messages before, {after} after)"
        )),
        PathEvidence::Counted { before, .. } => Judged::unknown(
            format!(
                "the bus took an event, the queue's counter stayed at {before}: it is late, lost, \
                 or a daemon elsewhere took it"
            ),
            format!("run drd doctor on the daemon's host, which knows; else {REMEDY}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::check::Verdict;

    #[test]
    fn the_daemons_own_heartbeat_counts_for_three_periods() {
        assert_eq!(
            path(&PathEvidence::Daemon(Some(60.0))).verdict(),
            Verdict::Green
        );
        assert_eq!(
            path(&PathEvidence::Daemon(Some(196.0))).verdict(),
            Verdict::Red
        );
        assert_eq!(
            path(&PathEvidence::Daemon(None)).verdict(),
            Verdict::Unknown
        );
    }

    #[test]
    fn a_counter_that_does_not_rise_proves_nothing() {
        let counted = |before, after| path(&PathEvidence::Counted { before, after }).verdict();
        assert_eq!(counted(0, 1), Verdict::Green);
        assert_eq!(
            counted(3, 3),
            Verdict::Unknown,
            "a daemon may have taken it"
        );
        assert_eq!(counted(3, 0), Verdict::Unknown);
    }

    #[test]
    fn an_event_that_the_bus_refuses_is_red() {
        let why = "events:PutEvents bus-shop1: ResourceNotFoundException".to_owned();
        assert_eq!(path(&PathEvidence::Refused(why)).verdict(), Verdict::Red);
        assert_eq!(
            path(&PathEvidence::Blind(String::new())).verdict(),
            Verdict::Unknown
        );
    }
}
