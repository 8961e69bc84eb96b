//! How often the simulated estate reports, and what its answers take.
//!
//! Deliberately absent: what is drawn from a seed (`world`, `sensors`).

use drd_state_machine::time::Span;

/// The witness probes every 10 s.
pub const WITNESS: Span = Span::secs(10);
/// Route 53's checkers look every 10 s.
pub const CHECK: Span = Span::secs(10);
/// CloudWatch evaluates an alarm once a minute.
pub const ALARM: Span = Span::secs(60);
/// The inside alarm's metric is looked at every 10 s.
pub const INSIDE: Span = Span::secs(10);
/// The lag monitor samples every 30 s, and sends each sample as an event as well.
pub const LAG_SAMPLE: Span = Span::secs(30);
/// The bounds of how long CloudWatch takes until a datapoint is given out.
pub const DATAPOINT: (Span, Span) = (Span::secs(10), Span::secs(60));
/// The same of AWS's own metric, after the beginning of its minute.
pub const AWS_DATAPOINT: (Span, Span) = (Span::secs(60), Span::secs(120));
/// The bounds of an alarm's evaluation after the metric (aws-facts 1.4: several minutes may elapse).
pub const EVALUATION: (Span, Span) = (Span::secs(5), Span::secs(40));

/// What an attempt against a silent region costs drd.
pub const CALL_TIMEOUT: Span = Span::secs(5);
/// The bounds of what a region's answer takes.
pub const ANSWER: (Span, Span) = (Span::millis(100), Span::millis(600));
/// How far back the lag is read (`aws::alarms`).
pub const LAG_WINDOW: Span = Span::secs(600);
/// One call to CloudWatch, or to the event bus.
pub const ONE_CALL: Span = Span::millis(300);
/// A dozen describe calls beside each other.
pub const READINESS: Span = Span::secs(1);
/// How long a resolver's answer is good for: the record's TTL (edge.yaml), or what is left of it.
pub const TTL: (Span, Span) = (Span::secs(20), Span::secs(30));
