//! Warnings and errors that repeat: each passes once a minute, the repetitions are counted.
//!
//! Two lines are the same when they come from the same place in the code with the same words. A
//! word that holds a digit (a request's id, a time, a count) does not make another reason, except
//! in the lines of a recovery, where the attempt's number is news. Deliberately absent: limits on
//! lines below a warning; those are not written by loops that fail.

use super::sink::REPORT_EVERY;
use crate::clock;
use drd_state_machine::time::Span;
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// About 35 places warn, each for a handful of reasons. Beyond that, what arrives is a flood.
const LINES_KEPT_MAX: usize = 256;
/// The field that marks a line of a recovery.
const OF_A_RECOVERY: &str = "drd_run";
/// Represents all lines beyond those that are kept.
const OTHERS: &str = "(more different lines than are told apart)";

/// Repetitions that were not logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suppressed {
    /// The line's message.
    pub message: String,
    /// How many were not logged.
    pub count: u64,
}

/// The layer that lets a line pass or not. Its clones share the memory.
#[derive(Clone, Debug, Default)]
pub(super) struct RepeatLimit(Arc<Mutex<Recent>>);

impl RepeatLimit {
    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The repetitions whose minute is over, each once.
    pub fn due(&self, now: Span) -> Vec<Suppressed> {
        self.lock().due(now)
    }
}

impl<S: Subscriber> Layer<S> for RepeatLimit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        let is_own_report = metadata.target().starts_with("drd::telemetry");
        if *metadata.level() > Level::WARN || is_own_report {
            return true;
        }
        let mut words = Words::new(metadata.fields().field(OF_A_RECOVERY).is_some());
        metadata.callsite().hash(&mut words.hasher);
        event.record(&mut words);
        let line = words.hasher.finish();
        self.lock().passes(line, words.message, clock::boot())
    }
}

#[derive(Debug)]
struct Kept {
    since: Span,
    message: String,
    repeated: u64,
}

#[derive(Debug, Default)]
struct Recent {
    lines: HashMap<u64, Kept>,
    beyond: u64,
}

impl Recent {
    fn passes(&mut self, line: u64, message: String, now: Span) -> bool {
        if let Some(kept) = self.lines.get_mut(&line) {
            let is_over = now - kept.since >= REPORT_EVERY;
            if !is_over || kept.repeated > 0 {
                // A count that waits for its report keeps the line back until then: seconds.
                kept.repeated += 1;
                return false;
            }
            kept.since = now;
            return true;
        }
        if self.lines.len() >= LINES_KEPT_MAX {
            self.beyond += 1;
            return false;
        }
        let kept = Kept {
            since: now,
            message,
            repeated: 0,
        };
        self.lines.insert(line, kept);
        true
    }

    fn due(&mut self, now: Span) -> Vec<Suppressed> {
        let is_over = |kept: &Kept| now - kept.since >= REPORT_EVERY;
        let over = self.lines.extract_if(|_, kept| is_over(kept));
        let mut due: Vec<Suppressed> = over
            .filter(|(_, kept)| kept.repeated > 0)
            .map(|(_, kept)| Suppressed {
                message: kept.message,
                count: kept.repeated,
            })
            .collect();
        if self.lines.len() < LINES_KEPT_MAX && self.beyond > 0 {
            due.push(Suppressed {
                message: OTHERS.to_owned(),
                count: std::mem::take(&mut self.beyond),
            });
        }
        due
    }
}

/// Reads an event's words into a hash.
struct Words {
    hasher: DefaultHasher,
    exact: bool,
    message: String,
    value: String,
}

impl Words {
    fn new(exact: bool) -> Words {
        Words {
            hasher: DefaultHasher::new(),
            exact,
            message: String::new(),
            value: String::new(),
        }
    }

    fn take(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.value.clear();
        // Only a value's own formatting can fail; what it wrote until then is compared.
        let _ = self.value.write_fmt(value);
        field.name().hash(&mut self.hasher);
        let names_a_reason = |word: &&str| self.exact || !word.bytes().any(|b| b.is_ascii_digit());
        let words = self.value.split_whitespace().filter(names_a_reason);
        words.for_each(|word| word.hash(&mut self.hasher));
        if field.name() == "message" {
            self.message.clone_from(&self.value);
        }
    }
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tracing_subscriber::layer::SubscriberExt as _;

    /// Counts what passes.
    #[derive(Clone, Debug, Default)]
    struct Passed(Arc<AtomicU64>);

    impl<S: Subscriber> Layer<S> for Passed {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn passed(log: impl FnOnce()) -> (u64, RepeatLimit) {
        let (limit, passed) = (RepeatLimit::default(), Passed::default());
        let subscriber = tracing_subscriber::registry()
            .with(limit.clone())
            .with(passed.clone());
        tracing::subscriber::with_default(subscriber, log);
        (passed.0.load(Ordering::Relaxed), limit)
    }

    fn queue_fails(error: &str) {
        tracing::warn!(target: "drd::daemon", %error, "the queue cannot be read");
    }

    #[test]
    fn a_loop_that_fails_for_one_reason_is_one_line_a_minute_and_a_count() {
        let (count, limit) = passed(|| {
            (0..50).for_each(|n| queue_fails(&format!("timed out, request 4f{n}")));
        });
        assert_eq!(count, 1);
        assert_eq!(limit.due(clock::boot()), [], "the minute is not over");
        let over = clock::boot() + REPORT_EVERY;
        let suppressed = Suppressed {
            message: "the queue cannot be read".to_owned(),
            count: 49,
        };
        assert_eq!(limit.due(over), [suppressed]);
        assert_eq!(limit.due(over), []);
    }

    #[test]
    fn another_reason_or_place_is_another_line() {
        let (count, _) = passed(|| {
            queue_fails("timed out");
            queue_fails("access denied");
            tracing::warn!(target: "drd::daemon", error = "timed out", "the queue cannot be read");
        });
        assert_eq!(count, 3);
    }

    #[test]
    fn what_is_no_warning_is_not_limited_nor_is_a_reports_own_line() {
        let (count, _) = passed(|| {
            for _ in 0..5 {
                tracing::info!(target: "drd::daemon", "hint");
                tracing::warn!(target: "drd::telemetry", "log lines were dropped");
            }
        });
        assert_eq!(count, 10);
    }

    #[test]
    fn in_a_recovery_another_attempt_is_news_and_a_plain_repetition_is_not() {
        let (count, _) = passed(|| {
            for attempt in [1, 2, 2, 2] {
                tracing::error!(target: "drd::daemon", drd_run = 7, attempt, "denied");
            }
        });
        assert_eq!(count, 2);
    }

    #[test]
    fn a_minute_later_the_line_passes_again() {
        let (mut recent, start) = (Recent::default(), clock::boot());
        let passes = |recent: &mut Recent, at| recent.passes(1, "m".to_owned(), at);
        assert!(passes(&mut recent, start));
        assert!(
            passes(&mut recent, start + REPORT_EVERY),
            "nothing was held back"
        );
        assert!(!passes(&mut recent, start + REPORT_EVERY));
        let over = start + REPORT_EVERY + REPORT_EVERY;
        assert_eq!(recent.due(over).len(), 1);
        assert!(passes(&mut recent, over));
    }

    #[test]
    fn a_flood_of_different_lines_is_counted_as_one() {
        let (mut recent, start) = (Recent::default(), clock::boot());
        let lines = 0..2 * LINES_KEPT_MAX as u64;
        let passed = lines.filter(|line| recent.passes(*line, String::new(), start));
        assert_eq!(passed.count(), LINES_KEPT_MAX);
        let others = Suppressed {
            message: OTHERS.to_owned(),
            count: LINES_KEPT_MAX as u64,
        };
        assert_eq!(recent.due(start + REPORT_EVERY), [others]);
    }
}
