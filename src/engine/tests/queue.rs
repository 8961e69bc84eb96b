//! When messages are received.

use super::*;
use crate::engine::port::Message;

/// A ledger that refused, and whose receive has ended: the opening line that tries it again is on
/// its way.
fn tried_again() -> Bench {
    let mut bench = Bench::alone();
    bench.wait(Span::secs(5));
    bench.order(1, Word::Pause);
    assert!(!bench.appends.is_empty(), "an order has a line");
    bench.fails_lines(refused());
    bench.answer(Answer::Received(Some(Vec::new())));
    bench.wait(Span::secs(1));
    assert!(!bench.appends.is_empty(), "it is tried again");
    bench
}

#[test]
fn a_ledger_that_is_tried_again_has_to_work_before_messages_are_received() {
    let mut bench = tried_again();
    assert_eq!(bench.receives(), 0);
    bench.answer(Answer::HeartbeatSent);
    assert_eq!(bench.receives(), 0);
    bench.takes_lines();
    bench.wait(Span::millis(1));
    assert_eq!(bench.receives(), 1);
}

#[test]
fn a_receive_that_is_due_and_not_allowed_wakes_nobody() {
    let bench = tried_again();
    assert!(bench.engine.next_wakeup() > Some(bench.now));
}

#[test]
fn a_ledger_that_is_tried_again_has_to_work_before_anything_is_decided() {
    let mut bench = tried_again();
    bench.order(2, Word::Pause);
    bench.wait(Span::secs(5));
    assert_eq!(bench.appends.len(), 1, "nothing but the line that tries it");
    bench.takes_lines();
    assert_eq!(bench.replies, [1, 2], "refused, and then taken");
}

/// Whether a message of this text is deleted.
fn is_deleted(body: &str) -> bool {
    let mut bench = Bench::alone();
    bench.answer(Answer::Received(Some(vec![Message {
        receipt: Arc::from("receipt"),
        id: Arc::from("id"),
        body: Arc::from(body),
        receive_count: 1,
    }])));
    let deletes = |action: &Action| matches!(action, Action::Delete(_));
    bench.newest.iter().any(deletes)
}

#[test]
fn what_a_person_should_look_at_is_left_in_the_queue_and_what_is_foreign_is_deleted() {
    let foreign = r#"{"version":"0","id":"e","source":"aws.rds","detail-type":"Something",
        "account":"666666666666","region":"eu-central-2","time":"2026-01-01T00:00:00Z",
        "resources":[],"detail":{}}"#;
    let confirmation = r#"{"Type":"SubscriptionConfirmation","MessageId":"m","TopicArn":"t",
        "Message":"confirm","Timestamp":"2026-01-01T00:00:00Z"}"#;
    assert!(!is_deleted("no JSON"));
    assert!(!is_deleted(confirmation));
    assert!(is_deleted(foreign));
}

#[test]
fn orders_that_wait_when_the_ledger_refuses_are_answered_with_it() {
    let mut bench = Bench::alone();
    bench.order(1, Word::Pause);
    bench.order(2, Word::Resume);
    bench.fails_lines(refused());
    bench.replies.sort_unstable();
    assert_eq!(bench.replies, [1, 2]);
}

/// Six minutes old by a host's clock that is six minutes ahead: whether it is old is not known before a
/// heartbeat is back, and without one the clock is taken as it is after 30 s.
#[test]
fn a_message_that_looks_old_is_kept_until_the_clock_is_known_or_half_a_minute_has_passed() {
    let sensor = r#"{"version":"0","id":"e","source":"drd.lag","detail-type":"Replication Lag",
        "account":"000000000000","region":"eu-central-2","time":"2025-12-31T23:54:00Z",
        "resources":[],"detail":{"taken_at":"2025-12-31T23:54:00Z","lag_seconds":0.001}}"#;
    let deleted = |bench: &Bench| {
        let all = bench.newest.iter();
        all.filter(|action| matches!(action, Action::Delete(_)))
            .count()
    };
    let mut bench = Bench::alone();
    let message = Message {
        receipt: Arc::from("one"),
        id: Arc::from("one"),
        body: Arc::from(sensor),
        receive_count: 1,
    };
    bench.answer(Answer::Received(Some(vec![message])));
    let at_once = deleted(&bench);
    let mut late = 0;
    for second in 1..=31 {
        bench.wait(Span::secs(1));
        late += deleted(&bench);
        assert!(late == 0 || second >= 30, "after {second} s");
    }
    assert_eq!((at_once, late), (0, 1));
}
